"""Twinnings: links between neighbouring communities (S50)."""

from __future__ import annotations

from sqlmodel import Session, col, or_, select

from community_store import movements
from community_store.errors import RuleError
from community_store.geometry import distance_m
from community_store.models import Community, Movement, MovementKind, Twinning
from community_store.store import lock
from config import Geo


def twin(session: Session, a: Community, b: Community, *, geo: Geo) -> Twinning:
    """Link two communities; twice is once.

    Raises RuleError when they are one, or more than `geo.twin_distance_m` metres apart.
    """
    if a.id == b.id:
        raise RuleError("same", "a community cannot be twinned with itself")
    first, second = hold(session, a, b)
    existing = session.get(Twinning, (first, second))
    if existing:
        return existing
    require_near(a, b, geo=geo)
    link = Twinning(a_id=first, b_id=second)
    session.add(link)
    session.flush()
    movements.twinned(session, a, b)
    return link


def require_near(a: Community, b: Community, *, geo: Geo) -> float:
    """How many metres two boundaries are apart. Raises RuleError when that is too far (S50)."""
    apart = distance_m(a.boundary, b.boundary)
    if apart > geo.twin_distance_m:
        raise RuleError(
            "too_far",
            f"communities {a.id} ({a.name}) and {b.id} ({b.name}) are {apart / 1000:.1f} km"
            f" apart: {geo.twin_distance_m / 1000:g} km is the most",
            facts={"kilometres": apart / 1000, "most": geo.twin_distance_m / 1000},
        )
    return apart


def hold(session: Session, a: Community, b: Community) -> tuple[int, int]:
    """Hold the link of two communities until the end of the transaction; its key."""
    first, second = _key(a, b)
    lock(session, f"twinning:{first}:{second}")
    return first, second


def untwin(session: Session, a: Community, b: Community) -> bool:
    """End a link; either may. Returns whether there was one."""
    first, second = hold(session, a, b)
    link = session.get(Twinning, (first, second))
    if link:
        session.delete(link)
        session.flush()
        movements.untwinned(session, a, b)
    return link is not None


def twins(session: Session, community_id: int) -> list[tuple[int, str]]:
    """The ids and names of the communities twinned with one, by id."""
    either = or_(
        (col(Twinning.a_id) == community_id) & (col(Twinning.b_id) == Community.id),
        (col(Twinning.b_id) == community_id) & (col(Twinning.a_id) == Community.id),
    )
    query = select(Community.id, Community.name).join(Twinning, either)
    return [(int(i or 0), name) for i, name in session.exec(query.order_by(col(Community.id)))]


def are_twins(session: Session, a_id: int, b_id: int) -> bool:
    return session.get(Twinning, (min(a_id, b_id), max(a_id, b_id))) is not None


def were_twins(session: Session, mine: int, other: int) -> bool:
    """Whether a community's history has the end of a twinning with the other."""
    ended = select(Movement.id).where(
        Movement.community_id == mine,
        Movement.other_id == other,
        Movement.kind == MovementKind.UNTWINNED,
    )
    return session.exec(ended.limit(1)).first() is not None


def _key(a: Community, b: Community) -> tuple[int, int]:
    assert a.id is not None
    assert b.id is not None
    return min(a.id, b.id), max(a.id, b.id)
