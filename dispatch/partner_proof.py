"""A partner says where somebody lives: is that the home that they declared? (S26)

What the partner said is geocoded and compared. The address is then the one that it proved, and
what did not prove it is forgotten. What stays is that it was asked, how far apart the two were,
and a keyed name of whom it spoke of: one person does not prove two homes.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, select

from community_store.errors import RuleError
from community_store.geometry import between_m
from community_store.models import Member, MemberState, PartnerProof
from community_store.store import lock
from config import Settings
from dispatch import evidence, matching, team
from dispatch.act import Act
from gateway import geocoder
from gateway.geocoder import Place, PlaceKind
from gateway.openid import Claim

MOVED = timedelta(days=30)  # nobody proves another home sooner


@dataclass(frozen=True, slots=True)
class Told:
    """Where a partner says that somebody lives, and the keyed name of whom it speaks of."""

    partner: str
    subject: str
    place: Place


def require_may_prove(act: Act, member: Member) -> tuple[float, float]:
    """The home to compare with, degrees. Raises RuleError "partner_not_pending",
    "partner_not_team" (others vouch for this home), "partner_no_home", "partner_nowhere".
    """
    if member.state != MemberState.PENDING:
        raise RuleError("partner_not_pending", f"member {member.id} is {member.state}")
    if not team.has(act, member):
        raise RuleError("partner_not_team", "the référents or the town vouch for this home")
    if member.lat is None or member.lon is None:
        raise RuleError("partner_no_home", f"the home of member {member.id} has no place")
    if member.community_id is None:
        raise RuleError("partner_nowhere", f"member {member.id} has chosen no community")
    return member.lon, member.lat


def look_up(settings: Settings, partner: str, claim: Claim) -> Told:
    """The house that a partner means; asked outside any transaction.

    Raises RuleError "partner_no_address", "partner_unplaced"; GeocoderAway.
    """
    if not claim.address:
        raise RuleError("partner_no_address", "the partner told no address")
    places = asyncio.run(geocoder.at(settings.geo.geocoder_url).search(claim.address))
    found = matching.match(claim.address, places).certain
    if found is None or found.kind is not PlaceKind.HOUSE:
        raise RuleError("partner_unplaced", "no house is certain to be meant")
    return Told(partner, _subject(settings, partner, claim.subject), found)


def compare(act: Act, member: Member, told: Told) -> int | None:
    """None when it is the same home, which is then proved (see evidence.py); else how many
    metres apart.

    The address is then the one that was proved, whatever was typed beside the place.
    Every comparison is kept. Raises RuleError as `require_may_prove`, and "partner_used"
    (whom the partner speaks of has just proved another home).
    """
    lock(act.session, f"partner:{member.id}")
    act.session.refresh(member)
    home = require_may_prove(act, member)
    lock(act.session, f"partner:{told.subject}")
    _require_one_home(act, told.subject, home)
    apart = round(between_m(home, (told.place.lon, told.place.lat)))
    same = apart <= act.settings.joining.partner_m
    assert member.id is not None
    act.session.add(
        PartnerProof(
            member_id=member.id, partner=told.partner, subject=told.subject, distance_m=apart,
            accepted=same, created_at=act.now,
        )
    )  # fmt: skip
    act.session.flush()
    if not same:
        return apart
    if not matching.names(member.address, told.place):
        member.address = told.place.label
        act.session.add(member)
    evidence.accept(act, member, by=f"partner:{told.partner}")
    return None


def _require_one_home(act: Act, subject: str, home: tuple[float, float]) -> None:
    """A household may share whom the partner knows; two households may not."""
    others = act.session.exec(
        select(Member)
        .join(PartnerProof, col(PartnerProof.member_id) == col(Member.id))
        .where(
            PartnerProof.subject == subject,
            col(PartnerProof.accepted),
            col(PartnerProof.created_at) > act.now - MOVED,
        )
    )
    for other in others:
        if other.lon is None or other.lat is None:
            continue
        if between_m(home, (other.lon, other.lat)) > act.settings.joining.partner_m:
            raise RuleError("partner_used", "another home was proved by the same person")


def _subject(settings: Settings, name: str, subject: str) -> str:
    key = f"partner:{settings.secret_key()}".encode()
    return hmac.new(key, f"{name}:{subject}".encode(), hashlib.sha256).hexdigest()
