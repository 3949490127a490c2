"""A resident makes a community, or asks to join one that was chosen (S16 to S20)."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely import Point, Polygon

from community_store import audit, communities, lookup, membership, offices, towns
from community_store.errors import RuleError
from community_store.geometry import BoundaryError, Place, distance_m
from community_store.models import Community, JoinRequest, Member, MemberState
from community_store.store import lock
from dispatch import requests, rerouting
from dispatch.act import Act

FAR_M = 5_000.0  # from home to the boundary: as far as the map of communities reaches


@dataclass(frozen=True, slots=True)
class Founding:
    """What a resident says of the community that they make.

    `town` is the INSEE code of their home and `town_name` its name, for a town in which
    nobody lives yet who uses the service.
    """

    name: str
    boundary: Polygon
    town: str
    town_name: str
    address: str = ""
    referent: bool = False


def create_by_member(act: Act, member: Member, new: Founding) -> Community:
    """Make a community around a resident's home, in mode team (S17 to S19).

    All those of no community whose home is inside join too (S18), and whoever vouches for
    them is asked. Of two who overlap at the same moment the second is told where. Raises
    RuleError "founder_suspended", "founder_has_community", "founder_no_home", "name", "office",
    "exists", "insee"; BoundaryError, of which "founder_outside" is one.
    """
    lock(act.session, "boundaries")
    act.session.refresh(member)
    _require_free(act, member)
    _require_founder(member, new.boundary)
    offices.require_place(new.name, service=act.settings.service.name)
    towns.ensure(act.session, new.town, new.town_name)
    made = communities.NewCommunity(new.name, new.town, new.boundary, new.address)
    community = communities.add(act.session, made, geo=act.settings.geo)
    act.session.refresh(member)  # gathered with the others
    if new.referent:
        membership.set_referent(act.session, member, referent=True)
    act.session.flush()
    audit.note(
        act.session, f"member {member.id}", "founded", f"community {community.id}", at=act.now
    )
    rerouting.catch_up(act)
    if member.state == MemberState.PENDING:
        requests.ask(act, member)
    return community


def _require_free(act: Act, member: Member) -> None:
    """A neighbour who drew around both homes a moment earlier has gathered this one."""
    home = act.session.get(Community, member.community_id) if member.community_id else None
    if home is not None:
        raise RuleError(
            "founder_has_community",
            f"member {member.id} is in community {home.id} already",
            facts={"name": home.name},
        )


def _require_founder(member: Member, boundary: Polygon) -> None:
    if member.state not in (MemberState.PENDING, MemberState.ACTIVE):
        raise RuleError("founder_suspended", f"member {member.id} is {member.state}")
    if member.lat is None or member.lon is None:
        raise RuleError("founder_no_home", f"the home of member {member.id} has no place")
    require_inside(boundary, (member.lon, member.lat))


def require_inside(boundary: Polygon, home: Place) -> None:
    """Whoever makes a community lives in it; said while it is drawn, too. Raises BoundaryError."""
    if not shapely.intersects_xy(boundary, *home):
        raise BoundaryError("founder_outside", "your own home is outside the boundary", home)


def apply_to(act: Act, member: Member, community: Community) -> JoinRequest | None:
    """Ask to join a community that was chosen (S16); whoever vouches for it is asked.

    Another request of theirs that waits goes to this community instead, and its time begins
    anew. An active member of no community is in at once (None) where they live inside, and
    pending again where they do not. Raises RuleError "apply_not_pending", "apply_no_home",
    "apply_far".
    """
    lock(act.session, f"request:{member.id}")
    act.session.refresh(member)
    _require_outsider(member)
    _require_near(member, community)
    at_once = member.state == MemberState.ACTIVE and lookup.lives_in(member, community)
    if not at_once:
        membership.wait(act.session, member)  # before they are in it: they have not arrived
    membership.move(act.session, member, community)
    act.session.flush()
    if not at_once:
        return rerouting.follow(act, member)
    requests.welcome(act, member)
    return None


def _require_outsider(member: Member) -> None:
    """On the way in, or vouched for and of no community."""
    alone = member.state == MemberState.ACTIVE and member.community_id is None
    if member.state != MemberState.PENDING and not alone:
        raise RuleError("apply_not_pending", f"member {member.id} is {member.state}")


def in_reach(member: Member, community: Community) -> bool:
    """Whether a home is near enough to ask."""
    if member.lat is None or member.lon is None:
        return False
    return distance_m(Point(member.lon, member.lat), community.boundary) <= FAR_M


def _require_near(member: Member, community: Community) -> None:
    if member.lat is None or member.lon is None:
        raise RuleError("apply_no_home", f"the home of member {member.id} has no place")
    apart = distance_m(Point(member.lon, member.lat), community.boundary)
    if apart > FAR_M:
        raise RuleError(
            "apply_far",
            f"community {community.id} is {apart / 1000:.1f} km away",
            facts={"kilometres": apart / 1000, "most": FAR_M / 1000},
        )
