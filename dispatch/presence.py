"""Is somebody at home? What their device says of where it is, beside the declared home (S22).

A position is a claim: whoever writes their own program can send any. It is worth what the
team makes of it, so it counts only where the team decides, a few times a day, and each try
is kept with its distance (not its place).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, func, select

from community_store.errors import RuleError
from community_store.geometry import between_m, in_france
from community_store.models import Member, MemberState, PositionTry
from community_store.store import lock
from dispatch import evening, evidence, team
from dispatch.act import Act

DAY = timedelta(days=1)
BY = "position"
UNSURE = ("position_unreadable", "position_vague")  # refused, since the device does not know


@dataclass(frozen=True, slots=True)
class Fix:
    """Where a device says it is: degrees, and the radius in metres that it is sure of."""

    lat: float
    lon: float
    accuracy_m: float


@dataclass(frozen=True, slots=True)
class Presence:
    """What came of a try. `again_at` is when an e-mail brings a link to try again (S24)."""

    at_home: bool
    distance_m: int
    allowed_m: int
    again_at: datetime | None = None


def read_fix(lat: str, lon: str, accuracy: str) -> Fix:
    """A position as a form brings it. Raises RuleError "position_unreadable"."""
    try:
        fix = Fix(float(lat), float(lon), float(accuracy))
    except (TypeError, ValueError, OverflowError):
        raise _unreadable() from None
    if not all(math.isfinite(one) for one in (fix.lat, fix.lon, fix.accuracy_m)):
        raise _unreadable()
    if fix.accuracy_m < 0 or not in_france(fix.lon, fix.lat):
        raise _unreadable()
    return fix


def _unreadable() -> RuleError:
    return RuleError("position_unreadable", "that is no position in France")


def check(act: Act, member: Member, fix: Fix) -> Presence:
    """Compare a position with the declared home; at home, the account becomes active, if it is
    inside the boundary of the community (see evidence.py).

    If not at home, an e-mail of that evening has a link to try again. Raises RuleError:
    "position_not_pending", "position_not_team" (others vouch for this home),
    "position_no_home" (the home was never placed), "position_nowhere" (no community was
    chosen), "position_vague" (the device does not know well enough), "position_too_many".
    """
    lock(act.session, f"position:{member.id}")
    act.session.refresh(member)
    home = _require_home(act, member)
    _require_few(act, member)
    terms = act.settings.joining
    if fix.accuracy_m > terms.accuracy_max_m:
        raise RuleError(
            "position_vague",
            f"the device is sure to {fix.accuracy_m:.0f} m only",
            facts={"accuracy": round(fix.accuracy_m), "most": round(terms.accuracy_max_m)},
        )
    apart = between_m(home, (fix.lon, fix.lat))
    allowed = min(terms.position_m + fix.accuracy_m, terms.position_max_m)
    _keep(act, member, fix, apart, accepted=apart <= allowed)
    if apart <= allowed:
        evidence.accept(act, member, by=BY)
        return Presence(True, round(apart), round(allowed))
    return Presence(False, round(apart), round(allowed), evening.promise(act, member))


def failed(act: Act, member: Member) -> datetime | None:
    """The device did not say where it is, or not well enough; or there is none that could.

    When the e-mail of the evening brings a link to try again (S24); None for whom it would not
    help, or without an e-mail.
    """
    lock(act.session, f"position:{member.id}")
    act.session.refresh(member)
    try:
        _require_home(act, member)
    except RuleError:
        return None
    return evening.promise(act, member)


def _require_home(act: Act, member: Member) -> tuple[float, float]:
    if member.state != MemberState.PENDING:
        raise RuleError("position_not_pending", f"member {member.id} is {member.state}")
    if not team.has(act, member):
        raise RuleError("position_not_team", "the référents or the town vouch for this home")
    if member.lat is None or member.lon is None:
        raise RuleError("position_no_home", f"the home of member {member.id} has no place")
    if member.community_id is None:
        raise RuleError("position_nowhere", f"member {member.id} has chosen no community")
    return member.lon, member.lat


def _require_few(act: Act, member: Member) -> None:
    tried = act.session.exec(
        select(func.count())
        .select_from(PositionTry)
        .where(PositionTry.member_id == member.id, col(PositionTry.created_at) > act.now - DAY)
    ).one()
    if tried >= act.settings.joining.position_tries:
        raise RuleError("position_too_many", "too many tries today")


def _keep(act: Act, member: Member, fix: Fix, apart: float, *, accepted: bool) -> None:
    assert member.id is not None
    act.session.add(
        PositionTry(
            member_id=member.id,
            distance_m=round(apart),
            accuracy_m=round(fix.accuracy_m),
            accepted=accepted,
            created_at=act.now,
        )
    )
    act.session.flush()
