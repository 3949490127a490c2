"""Who is in a conversation, as one of them knows the others, and whether it still goes on.

What two people are to one another is what they were when it began. Once one of them has
moved, or a twinning has ended, they are nothing to one another here, whatever they have
become elsewhere: a conversation must never give a pseudonym its name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from sqlmodel import Session, col, select

from community_store import visibility
from community_store.models import (
    Block,
    Community,
    Conversation,
    Member,
    MemberState,
    Participant,
    Twinning,
)

Link = tuple[int, int]


class Why(StrEnum):
    """Why nothing can be written any more."""

    LEFT = "left"  # the reader lives elsewhere now
    CLOSED = "closed"
    AWAY = "away"  # suspended: their affair
    MOVED = "moved"
    UNTWINNED = "untwinned"
    ALONE = "alone"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Fellow:
    """Another participant. No `name`: the reader may not know them any more. `place` is the
    community of one from a twinned community, `home` the id of theirs. `here` while they
    take part.
    """

    id: int
    home: int
    name: str
    place: str
    state: str
    here: bool
    left: bool
    blocked: bool


@dataclass(frozen=True, slots=True)
class Circle:
    """`why` nothing can be written, None when it can; `place` is the community that it is
    about. `with_twins` when somebody here knows the reader by pseudonym alone.
    """

    fellows: Sequence[Fellow]
    why: Why | None
    place: str
    with_twins: bool

    @property
    def here(self) -> list[Fellow]:
        return [one for one in self.fellows if one.here]

    def find(self, member_id: int | None) -> Fellow | None:
        return next((one for one in self.fellows if one.id == member_id), None)


def circles(
    session: Session, me: Member, conversations: Iterable[Conversation]
) -> dict[int, Circle]:
    """The circle of each conversation; as many questions for twenty as for one."""
    found = {one.id or 0: one for one in conversations}
    rows = _rows(session, found)
    people = [member for seats in rows.values() for _, member in seats]
    known = _Known.of(session, me, people, {seat.community_id for seat in _seats(rows)})
    return {id_: _circle(known, found[id_], seats) for id_, seats in rows.items()}


def circle(session: Session, me: Member, conversation: Conversation) -> Circle:
    return circles(session, me, [conversation])[conversation.id or 0]


Seats = Sequence[tuple[Participant, Member]]


def _rows(session: Session, ids: Collection[int]) -> dict[int, list[tuple[Participant, Member]]]:
    query = (
        select(Participant, Member)
        .join(Member, col(Member.id) == col(Participant.member_id))
        .where(col(Participant.conversation_id).in_(ids))
        .order_by(col(Participant.member_id))
    )
    rows: dict[int, list[tuple[Participant, Member]]] = {id_: [] for id_ in ids}
    for seat, member in session.exec(query):
        rows[seat.conversation_id].append((seat, member))
    return rows


def _seats(rows: Mapping[int, Seats]) -> list[Participant]:
    return [seat for seats in rows.values() for seat, _ in seats]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the reader is to everybody, asked once for all conversations."""

    me: Member
    viewers: Mapping[int, visibility.Viewer]
    links: Collection[Link]
    names: Mapping[int, str]
    blocked: Collection[int]

    @classmethod
    def of(
        cls, session: Session, me: Member, people: Iterable[Member], places: Iterable[int | None]
    ) -> _Known:
        ids = {id_ for id_ in places if id_ is not None}
        names = session.exec(select(Community.id, Community.name).where(col(Community.id).in_(ids)))
        return cls(
            me,
            visibility.viewers_of(session, me, people),
            linked(session, ids),
            {id_: name for id_, name in names if id_ is not None},
            blocked(session, me),
        )


def linked(session: Session, communities: Collection[int]) -> set[Link]:
    """The twinnings among some communities, each the smaller id first."""
    found = session.exec(
        select(Twinning.a_id, Twinning.b_id).where(
            col(Twinning.a_id).in_(communities), col(Twinning.b_id).in_(communities)
        )
    )
    return set(found)


def apart(communities: Iterable[int], links: Collection[Link]) -> Link | None:
    """Two of them that are not twinned; None when all know one another."""
    pairs = combinations(sorted(set(communities)), 2)
    return next((pair for pair in pairs if pair not in links), None)


def blocked(session: Session, me: Member) -> set[int]:
    """Those from whom a member wants nothing."""
    return set(session.exec(select(Block.blocked_id).where(Block.member_id == me.id)))


def stays(seat: Participant, member: Member) -> bool:
    """Whether somebody lives where they did when the conversation began."""
    return member.community_id is not None and member.community_id == seat.community_id


def _circle(known: _Known, conversation: Conversation, seats: Seats) -> Circle:
    mine = next(seat for seat, member in seats if member.id == known.me.id)
    i_stay = stays(mine, known.me)
    fellows = [_fellow(known, pair, mine, i_stay=i_stay) for pair in seats if pair[0] is not mine]
    why, place = _why(known, conversation, seats, fellows) if i_stay else (Why.LEFT, "")
    return Circle(fellows, why, place, any(one.place for one in fellows if one.here))


def _fellow(
    known: _Known, pair: tuple[Participant, Member], mine: Participant, *, i_stay: bool
) -> Fellow:
    seat, member = pair
    staying = stays(seat, member)
    viewer = known.viewers[member.id or 0]
    name = visibility.visible(member, viewer).called if staying and i_stay else ""
    twin = bool(name) and seat.community_id != mine.community_id
    return Fellow(
        seat.member_id,
        seat.community_id or 0,
        name,
        known.names.get(seat.community_id or 0, "") if twin else "",
        member.state,
        here=staying and member.state == MemberState.ACTIVE and seat.left_at is None,
        left=seat.left_at is not None,
        blocked=member.id in known.blocked,
    )


def _why(
    known: _Known, conversation: Conversation, seats: Seats, fellows: Sequence[Fellow]
) -> tuple[Why | None, str]:
    """Of one who still lives where it began."""
    if not conversation.is_group and (gone := _gone(fellows[0])):
        return gone, ""
    here = {one.id for one in fellows if one.here} | {known.me.id}
    if len(here) < 2:
        return Why.ALONE, ""
    places = [seat.community_id for seat, member in seats if member.id in here]
    parted = apart([id_ for id_ in places if id_ is not None], known.links)
    if parted:
        return Why.UNTWINNED, _other(known, parted)
    if not conversation.is_group and fellows[0].blocked:
        return Why.BLOCKED, ""
    return None, ""


def _gone(fellow: Fellow) -> Why | None:
    if fellow.here:
        return None
    match fellow.state:
        case MemberState.CLOSED:
            return Why.CLOSED
        case MemberState.ACTIVE:
            return Why.MOVED
        case _:
            return Why.AWAY


def _other(known: _Known, parted: Link) -> str:
    """Of two communities that are no longer twinned, the one to name: not the reader's."""
    a, b = parted
    return known.names.get(b if a == known.me.community_id else a, "")
