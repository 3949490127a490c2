"""Whom a member may write to: neighbours by their name, members of twinned communities by
their pseudonym (S48, S49).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from community_store import circles, twinning, visibility
from community_store.errors import NotFound
from community_store.folding import folded
from community_store.models import Community, Member, MemberState

PAGE = 20


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as the reader may know them; `place` is the twinned community of a twin, `home`
    its id, or that of one's own.
    """

    id: int
    home: int
    name: str
    street: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the people of one community; `page` counts from 1."""

    people: Sequence[Person]
    count: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE))


@dataclass(frozen=True, slots=True)
class Asked:
    """Those of one community, with `wanted` in their name; `page` counts from 1."""

    place: int
    wanted: str = ""
    page: int = 1


def places(session: Session, me: Member) -> dict[int, str]:
    """The communities whose members one may write to: one's own first, then its twins."""
    if me.community_id is None:
        return {}
    home = session.get_one(Community, me.community_id)
    return {me.community_id: home.name, **dict(twinning.twins(session, me.community_id))}


def listed(session: Session, me: Member, asked: Asked) -> Listed:
    """A page of those of one community, in alphabetical order.

    Those whom one blocked are left out. A twin is found by pseudonym alone: looking for
    somebody must not tell more than reading does. Raises NotFound for a strange community.
    """
    known = places(session, me)
    if asked.place not in known:
        raise NotFound(f"community {asked.place} is not one of member {me.id}'s")
    parts = folded(asked.wanted).split()
    names = _names(session, me, asked.place)
    fitting = [id_ for name, id_ in names if all(part in name for part in parts)]
    page = min(max(asked.page, 1), max(1, -(-len(fitting) // PAGE)))
    shown = fitting[(page - 1) * PAGE : page * PAGE]
    return Listed(_people(session, me, known, shown), len(fitting), page)


def _names(session: Session, me: Member, place: int) -> list[tuple[str, int]]:
    """What each can be looked for by, in the order of the list."""
    own = place == me.community_id
    columns = (Member.last_name, Member.first_name) if own else (Member.pseudonym,)
    rows: Iterable[Any] = session.connection().execute(
        select(col(Member.id), *map(col, columns)).where(
            col(Member.community_id) == place,
            col(Member.state) == MemberState.ACTIVE.value,
            col(Member.id) != me.id,
            col(Member.id).not_in(circles.blocked(session, me)),
        )
    )
    found = sorted(([folded(name) for name in names], int(id_)) for id_, *names in rows)
    return [(" ".join(reversed(names)), id_) for names, id_ in found]


def _people(
    session: Session, me: Member, known: dict[int, str], ids: Sequence[int]
) -> list[Person]:
    members = session.exec(select(Member).where(col(Member.id).in_(ids))).all()
    viewers = visibility.viewers_of(session, me, members)
    found = {one.id or 0: _person(known, me, one, viewers[one.id or 0]) for one in members}
    return [found[id_] for id_ in ids if id_ in found]


def _person(known: dict[int, str], me: Member, member: Member, viewer: visibility.Viewer) -> Person:
    seen = visibility.visible(member, viewer)
    twin = member.community_id != me.community_id
    place = known.get(member.community_id or 0, "") if twin else ""
    return Person(member.id or 0, member.community_id or 0, seen.called, seen.address, place)


def ids(session: Session, place: int) -> Sequence[int]:
    """The numbers of a community's active members."""
    query = select(Member.id).where(
        Member.community_id == place, Member.state == MemberState.ACTIVE
    )
    return [id_ for id_ in session.exec(query) if id_ is not None]


def chosen(session: Session, me: Member, ids: Collection[int]) -> list[Person]:
    """Those whom one chose, in that order, each once. Raises NotFound when one may not
    write to somebody among them.
    """
    wanted = list(dict.fromkeys(ids))
    known = places(session, me)
    gone = circles.blocked(session, me) | {me.id or 0}
    people = _people(session, me, known, wanted)
    if len(people) != len(wanted) or any(one.id in gone or not one.name for one in people):
        raise NotFound("not somebody that one may write to")
    return people
