"""What a référent changes of their community: its name, its boundary, who vouches for homes."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field

from shapely import Polygon

from community_store import audit, boundaries, communities, offices
from community_store.errors import RuleError
from community_store.geometry import BoundaryError
from community_store.models import Community, Member, MemberState, Mode, Town
from community_store.store import lock
from dispatch import rerouting
from dispatch.act import Act

MODES = (Mode.TEAM, Mode.REFERENT)  # the third is for the town to choose (S56)


@dataclass(frozen=True, slots=True)
class Redrawing:
    """A boundary that a référent drew from the one that they saw (`version`).

    `outside` are the members whom they confirmed as left outside (S60).
    """

    polygon: Polygon
    seen: str
    outside: Collection[int] = field(default=())


def community_of(act: Act, member: Member) -> Community:
    """The community that a member looks after now. Raises RuleError "not_referent"."""
    act.session.refresh(member)
    looks_after = member.referent and member.state == MemberState.ACTIVE
    home = act.session.get(Community, member.community_id) if member.community_id else None
    if not looks_after or home is None:
        raise RuleError("not_referent", f"member {member.id} looks after no community")
    return home


def version(community: Community) -> str:
    """Tells one boundary of a community from another."""
    return hashlib.sha256(community.boundary.wkb).hexdigest()[:16]


def rename(act: Act, member: Member, name: str) -> bool:
    """Whether it has another name now. Raises RuleError "name", "office", "exists",
    "not_referent".
    """
    home = community_of(act, member)
    before = home.name
    if name.casefold() != before.casefold():  # one that an operator chose stays
        offices.require_place(name, service=act.settings.service.name)
    communities.rename(act.session, home, name)
    changed = home.name != before
    if changed:
        _note(act, member, "renamed", home)
    return changed


def redraw(act: Act, member: Member, new: Redrawing) -> bool:
    """Whether it has another boundary now (S58 to S62).

    Those left outside stay members; those of no community whose home is inside join, and
    whoever vouches for them is asked. Raises BoundaryError, of which "stale" says that
    another référent was quicker; RuleError "not_referent".
    """
    lock(act.session, "boundaries")
    home = community_of(act, member)
    act.session.refresh(home)
    if new.seen != version(home):
        raise BoundaryError(
            "stale", f"the boundary of community {home.id} was changed meanwhile",
            shape=home.boundary,
        )  # fmt: skip
    if new.polygon.normalize() == home.boundary.normalize():
        return False
    geo = act.settings.geo
    communities.redraw(act.session, home, new.polygon, geo=geo, outside=new.outside)
    _note(act, member, "redrew", home)
    rerouting.catch_up(act)
    return True


def town_decides(act: Act, community: Community) -> Town | None:
    """The town, when it is subscribed: then it chooses who vouches for homes (S56)."""
    town = act.session.get(Town, community.town_insee)
    return town if town is not None and town.subscribed else None


def choose_mode(act: Act, member: Member, wanted: str) -> bool:
    """Whether others vouch for homes from now on; they are asked what is waiting.

    Raises RuleError "mode", "mode_town", "not_referent".
    """
    home = community_of(act, member)
    if town_decides(act, home) is not None:
        raise RuleError("mode_town", f"town {home.town_insee} chooses the mode")
    mode = communities.read_mode(wanted)
    if mode not in MODES:
        raise RuleError("mode", f"a référent cannot choose the mode {mode}")
    if mode == home.mode:
        return False
    communities.choose_mode(act.session, home, mode)
    _note(act, member, f"mode {mode}", home)
    act.session.flush()
    rerouting.ask_anew(act, home)
    return True


def outside(act: Act, community: Community) -> list[int]:
    """The ids of the members whose home the boundary does not hold; they are members all the
    same.
    """
    return boundaries.left_outside(act.session, community, community.boundary)


def _note(act: Act, member: Member, action: str, community: Community) -> None:
    act.session.flush()
    audit.note(act.session, f"member {member.id}", action, f"community {community.id}", at=act.now)
