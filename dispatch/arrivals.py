"""A text from a phone becomes one row, however often and by whichever way it comes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import CursorResult, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from community_store.models import InboundState, InboundText
from gateway import numbers
from gateway.contract import Inbound


def store(session: Session, gateway: str, inbound: Inbound, now: datetime) -> int | None:
    """Keep a text; its row's id, or None when this gateway's id was known already.

    A gateway that gives no id says nothing of repeats: each of its texts is a new row.
    """
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    table = InboundText.__table__  # type: ignore[attr-defined]  # SQLModel hides __table__
    statement = (
        dialect.insert(table)
        .values(
            gateway=gateway,
            gateway_id=storable(inbound.id).strip()[:200] or f"none:{uuid4().hex}",
            sender=numbers.sender(storable(inbound.sender))[:40],
            recipient=numbers.sender(storable(inbound.recipient))[:40],
            text=storable(inbound.text),
            sent_at=inbound.sent_at,
            received_at=now,
            state=InboundState.NEW.value,
            outcome="",
            tries=0,
        )
        .on_conflict_do_nothing()
        .returning(table.c.id)
    )
    found = cast("CursorResult[Any]", session.execute(statement)).first()
    return int(found[0]) if found else None


def known(session: Session, gateway: str, ids: list[str]) -> set[str]:
    """Which of a gateway's ids are stored already."""
    return set(
        session.scalars(
            select(col(InboundText.gateway_id)).where(
                col(InboundText.gateway) == gateway, col(InboundText.gateway_id).in_(ids)
            )
        )
    )


def storable(text: str) -> str:
    """Without what no database takes: NUL, and halves of characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
