"""The neighbours whom a member may see, looked for by what the member may see of them (S64)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from community_store import circles
from community_store.folding import folded
from community_store.models import Member, MemberState
from community_store.visibility import Seen, Viewer, viewer_of, visible
from gateway import numbers

PAGE = 30
NUMBER = re.compile(r"[+\d][\d\s.\-()]{2,}")


@dataclass(frozen=True, slots=True)
class Card:
    """A neighbour as neighbours see them, oneself too."""

    id: int
    seen: Seen
    referent: bool
    myself: bool
    writable: bool  # a message can be begun: not to oneself, nor to whom one blocked


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of cards, by last name; `page` counts from 1, `all` is how many there are."""

    cards: Sequence[Card]
    count: int
    all: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE))


def everybody(db: Session, me: Member) -> list[Card]:
    """The active members of my community, by last name; as many queries for one as for all."""
    return _cards(db, me, _in_order(db, me))


def _in_order(db: Session, me: Member) -> list[int]:
    """Their ids by last name: names alone, since a page shows few of them."""
    query = select(Member.id, Member.last_name, Member.first_name).where(
        Member.community_id == me.community_id, Member.state == MemberState.ACTIVE
    )
    named = [(folded(last), folded(first), id_) for id_, last, first in db.exec(query) if id_]
    return [id_ for *_, id_ in sorted(named)]


def _cards(db: Session, me: Member, ids: Sequence[int]) -> list[Card]:
    found = {one.id: one for one in db.exec(select(Member).where(col(Member.id).in_(ids)))}
    blocked = circles.blocked(db, me)
    return [card(db, me, found[id_], blocked) for id_ in ids if id_ in found]


def card(db: Session, me: Member, one: Member, blocked: Collection[int]) -> Card:
    """My own is what neighbours see of me: nobody is surprised by what others read."""
    what = viewer_of(db, me, one)
    mine = what is Viewer.SELF
    seen = visible(one, Viewer.NEIGHBOUR if mine else what)
    return Card(one.id or 0, seen, one.referent, mine, not mine and one.id not in blocked)


def neighbour(db: Session, me: Member, id_: int) -> Card | None:
    """One of them; None for whoever is not an active member of my community."""
    found = db.get(Member, id_) if id_ < 2**31 else None
    if found is None or found.community_id != me.community_id:
        return None
    return _cards(db, me, [id_])[0] if found.state == MemberState.ACTIVE else None


def listed(db: Session, me: Member, wanted: str, page: int) -> Listed:
    """A page of those who fit. What is hidden is not searched: it cannot be guessed at."""
    ids = _in_order(db, me)
    fitting = [one.id for one in _cards(db, me, ids) if fits(one, wanted)] if wanted else ids
    page = min(max(page, 1), max(1, -(-len(fitting) // PAGE)))
    shown = _cards(db, me, fitting[(page - 1) * PAGE : page * PAGE])
    return Listed(shown, len(fitting), len(ids), page)


def fits(one: Card, wanted: str) -> bool:
    """Every word that was typed begins or stands somewhere in the name or the street; figures
    stand in a number.
    """
    if NUMBER.fullmatch(wanted.strip()):
        return any(_digits(wanted) in shown for shown in _numbers(one.seen))
    said = folded(f"{one.seen.name} {one.seen.address}")
    return all(word in said for word in folded(wanted).split())


def _numbers(seen: Seen) -> list[str]:
    """As they are written here and abroad."""
    shown = [one for one in (seen.mobile, seen.landline) if one]
    return [_digits(one) for one in shown] + [_digits(numbers.national(one)) for one in shown]


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
