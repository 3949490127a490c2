"""A home that has no place is put on the map: by whoever lives there, or by the team (S06, S12)."""

from __future__ import annotations

from dataclasses import dataclass

from community_store import boundaries, lookup, membership
from community_store.errors import RuleError
from community_store.models import Community, Member, MemberState
from community_store.store import lock
from dispatch import requests, rerouting
from dispatch.act import Act


@dataclass(frozen=True, slots=True)
class Home:
    """An address, and where it is in degrees when that is known."""

    address: str
    lat: float | None = None
    lon: float | None = None


def may_place(member: Member) -> bool:
    """Whether it is for the member to say where they live: their home has no place, and nobody
    vouched for what belongs to a community.
    """
    if member.lat is not None:
        return False
    pending, active = MemberState.PENDING, MemberState.ACTIVE
    return member.state == pending or (member.state == active and member.community_id is None)


def by_member(act: Act, member: Member, home: Home) -> None:
    """They say where they live; whoever vouches for homes there is asked. Without a place only
    the address is kept, for the team.

    What was vouched for was not this place, so an active member is pending again. Raises
    RuleError "placed" (it has a place by now).
    """
    lock(act.session, f"request:{member.id}")
    act.session.refresh(member)
    if not may_place(member):
        raise RuleError("placed", f"the home of member {member.id} has a place, or needs none")
    if home.lat is None:
        _put(act, member, home)
        return
    membership.wait(act.session, member)  # before they are in a community: they have not arrived
    _put(act, member, home)
    rerouting.follow(act, member)


def by_team(act: Act, member: Member, home: Home) -> None:
    """The team vouches for what it does: who is active stays so. Raises RuleError "closed",
    "position".
    """
    lock(act.session, f"request:{member.id}")
    act.session.refresh(member)
    before = member.community_id
    _put(act, member, home)
    if member.state == MemberState.PENDING:
        rerouting.follow(act, member)
    elif member.state == MemberState.ACTIVE and member.community_id != before:
        requests.welcome(act, member)


def _put(act: Act, member: Member, home: Home) -> None:
    """Who has a community stays in it, wherever the home is: somebody chose that."""
    boundaries.require_point(home.lat, home.lon)
    member.address = " ".join(home.address.split()) or member.address
    member.lat, member.lon = home.lat, home.lon
    if member.community_id is None and home.lat is not None and home.lon is not None:
        around = lookup.holder(act.session, (home.lon, home.lat))
        community = act.session.get_one(Community, around) if around else None
        membership.move(act.session, member, community)
    act.session.add(member)
    act.session.flush()
