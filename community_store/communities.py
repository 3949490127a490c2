"""Communities: made, named, found, listed, taken away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from shapely import Polygon
from sqlalchemy import ColumnElement, case, update
from sqlmodel import Session, col, func, or_, select

from community_store import audit, boundaries, membership, movements, names, towns
from community_store.errors import Ambiguous, NotFound, RuleError
from community_store.models import AfterHold, Community, Member, MemberState, Mode, Town
from community_store.store import lock
from config import Geo


@dataclass(frozen=True, slots=True)
class NewCommunity:
    """What a community is made of. `town` is an INSEE code, `mode` one of Mode."""

    name: str
    town: str
    boundary: Polygon
    address: str = ""
    mode: str = Mode.TEAM


def add(session: Session, new: NewCommunity, *, geo: Geo) -> Community:
    """Make a community; registrants of no community whose home is inside join (S18).

    Raises RuleError, BoundaryError.
    """
    lock(session, "boundaries")
    town = towns.get(session, new.town)
    community = Community(
        name=_free_name(session, new.name, town.insee),
        town_insee=town.insee,
        address=new.address.strip(),
        mode=read_mode(new.mode),
        boundary=new.boundary,
        area_ha=0.0,
    )
    boundaries.place(session, community, new.boundary, geo=geo)
    movements.founded(session, community)
    membership.gather(session, community)
    return community


def read_mode(text: str) -> Mode:
    """Who vouches for new members. Raises RuleError."""
    try:
        return Mode(text.strip().lower())
    except ValueError:
        known = ", ".join(Mode)
        raise RuleError("mode", f"unknown mode {text[:20]!r}: one of {known}") from None


def choose_after_hold(session: Session, community: Community, choice: str) -> None:
    """What becomes of held alerts that nobody decided in time (A8). Raises RuleError."""
    try:
        community.after_hold = AfterHold(choice)
    except ValueError:
        raise RuleError(
            "after_hold", f"unknown choice {choice[:20]!r}: one of {', '.join(AfterHold)}"
        ) from None
    session.add(community)


def rename(session: Session, community: Community, name: str) -> None:
    """Raises RuleError when the name is empty or taken in the town."""
    wanted, before = " ".join(name.split()), community.name
    if wanted == before:
        return
    lock(session, "boundaries")  # as `add` holds it: of two of one name at once one is told
    if wanted.casefold() == before.casefold():
        community.name = wanted  # the name that it has, written otherwise
    else:
        community.name = _free_name(session, wanted, community.town_insee)
    session.add(community)
    movements.renamed(session, community, before)


def choose_mode(session: Session, community: Community, mode: Mode) -> None:
    """Who vouches for new members (S56); whether they may choose is for the caller to know."""
    before = community.mode
    if mode == before:
        return
    community.mode = mode
    session.add(community)
    movements.mode_chosen(session, community, mode, before)


def redraw(
    session: Session, community: Community, boundary: Polygon, *, geo: Geo,
    outside: Collection[int] = (),
) -> None:  # fmt: skip
    """Give a community another boundary; see boundaries.place. Raises BoundaryError."""
    changed = boundary.normalize() != community.boundary.normalize()
    boundaries.place(session, community, boundary, geo=geo, outside=outside)
    if changed:
        movements.redrawn(session, community)
    membership.gather(session, community)


def remove(session: Session, community: Community, *, with_members: bool = False) -> int:
    """Take a community away, with its twinnings. Returns how many members it had.

    `with_members` lets its members go: they keep their accounts, in no community. Raises
    RuleError when there are members and that was not said.
    """
    mine = (col(Member.community_id) == community.id, col(Member.state) != MemberState.CLOSED)
    count = session.exec(select(func.count()).select_from(Member).where(*mine)).one()
    if count and not with_members:
        raise RuleError(
            "has_members",
            f"community {community.id} has {count} members: remove them first, or let them"
            " go with --with-members",
        )
    gone = update(Member).where(col(Member.community_id) == community.id)
    session.execute(gone.values(community_id=None, referent=False))
    movements.removed(session, community)
    session.delete(community)
    session.flush()
    return count


def leave_with(session: Session, founder: Member, id_: int | None) -> bool:
    """A member whom nobody vouched for is gone: so is the community that they drew, if nobody
    else is in it or ever was a neighbour there. It would keep the ground from others.
    """
    community = session.get(Community, id_) if id_ is not None else None
    drawn = {(f"member {founder.id}", "founded")}
    if community is None or drawn.isdisjoint(
        (one.actor, one.action) for one in audit.of(session, f"community {id_}")
    ):
        return False
    lock(session, "boundaries")
    if movements.lived_in(session, community):
        return False
    inside = select(Member.id).where(Member.community_id == id_, Member.state != MemberState.CLOSED)
    if session.exec(inside).first() is not None:
        return False
    remove(session, community)
    return True


def find(session: Session, named: str) -> Community:
    """By id, or by name where unique (case does not matter). Raises NotFound, Ambiguous."""
    wanted = named.strip()
    by_id = session.get(Community, int(wanted)) if _is_id(wanted) else None
    if by_id:
        return by_id
    found = session.exec(
        select(Community).where(_same_name(wanted)).order_by(col(Community.id)).limit(10)
    ).all()
    if not found:
        raise NotFound(f"no community {named!r}: see `tocsin community list`")
    if len(found) > 1:
        ids = ", ".join(f"{c.id} ({c.town_insee})" for c in found)
        raise Ambiguous(f"several communities are called {named!r}: give the id, one of {ids}")
    return found[0]


def list_all(
    session: Session, *, town: str | None = None, only: int | None = None
) -> list[tuple[Community, str, int, int]]:
    """Each community, its town's name, its active and its pending members; one query."""
    active = func.count(case((col(Member.state) == MemberState.ACTIVE, 1)))
    pending = func.count(case((col(Member.state) == MemberState.PENDING, 1)))
    counts = (
        select(Member.community_id, active.label("active"), pending.label("pending"))
        .group_by(col(Member.community_id))
        .subquery()
    )
    query = (
        select(
            Community,
            Town.name,
            func.coalesce(counts.c.active, 0),
            func.coalesce(counts.c.pending, 0),
        )
        .join(Town)
        .outerjoin(counts, counts.c.community_id == Community.id)
        .order_by(col(Community.id))
    )
    if town is not None:
        query = query.where(Community.town_insee == town)
    if only is not None:
        query = query.where(Community.id == only)
    return [(home, name, int(on), int(off)) for home, name, on, off in session.exec(query)]


def referents(session: Session, community: Community) -> list[Member]:
    """The active members who look after a community (S57), by id."""
    query = select(Member).where(
        Member.community_id == community.id,
        col(Member.referent),
        Member.state == MemberState.ACTIVE,
    )
    return list(session.exec(query.order_by(col(Member.id))))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _same_name(name: str) -> ColumnElement[bool]:
    """Case does not matter; the database lowers both, since SQLite knows only ASCII."""
    return or_(col(Community.name) == name, func.lower(Community.name) == func.lower(name))


def _free_name(session: Session, name: str, insee: str) -> str:
    """The name, trimmed. A town has no two communities of one name."""
    wanted = " ".join(name.split())
    if not names.is_community_name(wanted):
        raise RuleError(
            "name",
            "a community needs a name of 2 to 80 characters: letters, figures and punctuation,"
            " at least two letters, no emoji and no web address",
        )
    taken = session.exec(
        select(Community.id).where(_same_name(wanted), Community.town_insee == insee)
    ).first()
    if taken:
        raise RuleError("exists", f"town {insee} has a community {wanted!r} already: id {taken}")
    return wanted
