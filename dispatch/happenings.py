"""What happened in a community, as one of its members may read it (S53, S54)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, func, select

from community_store import movements
from community_store.models import (
    Community,
    JoinRequest,
    Member,
    MemberState,
    Mode,
    Movement,
    MovementKind,
    RequestState,
)
from community_store.visibility import viewer_of, visible
from dispatch import requests
from dispatch.act import Act

PAGE = 20
RECENT = 6
FOR_REFERENTS = (MovementKind.REQUEST.value, MovementKind.NAME.value)


@dataclass(frozen=True, slots=True)
class Happening:
    """One line. `name` is empty where nobody may be named; `other` is a twin.

    Of a request only its `standing` is told: waiting, accepted, refused or gone, and `ref`,
    for who may decide it.
    """

    kind: str
    at: datetime
    name: str = ""
    other: str = ""
    said: str = ""
    before: str = ""
    count: int = 1
    standing: str = ""
    ref: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """A page of it, the newest first; `page` counts from 1."""

    lines: Sequence[Happening]
    count: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE))


def recent(act: Act, reader: Member, most: int = RECENT) -> list[Happening]:
    """The newest in a member's community."""
    return _read(act, reader, 0, most)


def history(act: Act, reader: Member, page: int) -> History:
    """All of it, a page at a time."""
    where = _told(reader)
    count = act.session.exec(select(func.count()).select_from(Movement).where(*where)).one()
    page = min(max(page, 1), max(1, -(-count // PAGE)))
    return History(_read(act, reader, (page - 1) * PAGE, PAGE), count, page)


def _told(reader: Member) -> list[ColumnElement[bool]]:
    """What of it a member is told: of requests and of who is called otherwise référents are."""
    mine = col(Movement.community_id) == reader.community_id
    if not reader.referent or reader.state != MemberState.ACTIVE:
        return [mine, col(Movement.kind).not_in(FOR_REFERENTS)]
    request = col(Movement.kind) == MovementKind.REQUEST.value
    return [mine, or_(~request, col(Movement.request_id).is_not(None))]


def _read(act: Act, reader: Member, first: int, most: int) -> list[Happening]:
    if reader.state != MemberState.ACTIVE or reader.community_id is None:
        return []
    rows = act.session.exec(
        select(Movement, Community.name, JoinRequest)
        .outerjoin(Community, col(Community.id) == col(Movement.other_id))
        .outerjoin(JoinRequest, col(JoinRequest.id) == col(Movement.request_id))
        .where(*_told(reader))
        .order_by(col(Movement.created_at).desc(), col(Movement.id).desc())
        .offset(first)
        .limit(most)
    ).all()
    names = _names(act, reader, [movement.member_id for movement, _, _ in rows])
    decides = any(request for _, _, request in rows) and _decides(act, reader)
    lines = [
        Happening(
            movement.kind, movement.created_at, name=names.get(movement.member_id or 0, ""),
            other=name or movement.said, said=movement.said, before=movement.before,
            count=movement.count, standing=(standing := _standing(movement, request)),
            ref=movement.request_id if decides and standing == "waiting" else None,
        )
        for movement, name, request in rows
    ]  # fmt: skip
    return [_discreet(one) for one in lines]


def _discreet(line: Happening) -> Happening:
    """Whoever may not be named is not, by a name that they had."""
    if line.kind != MovementKind.NAME or line.name:
        return line
    return replace(line, said="", before="", other="")


def _names(act: Act, reader: Member, ids: Sequence[int | None]) -> dict[int, str]:
    """As neighbours see them, and only while they are neighbours."""
    known = [id_ for id_ in ids if id_ is not None]
    found = movements.still_here(act.session, reader.community_id or 0, known)
    return {
        id_: visible(one, viewer_of(act.session, reader, one)).name for id_, one in found.items()
    }


def _decides(act: Act, reader: Member) -> bool:
    """Whether it is for the référents to accept who asks."""
    home = act.session.get(Community, reader.community_id)
    return requests.decider(act, home) is Mode.REFERENT


def _standing(movement: Movement, request: JoinRequest | None) -> str:
    if request is None:
        return ""
    if request.community_id != movement.community_id:
        return "gone"
    return "waiting" if request.state == RequestState.OPEN else request.state
