"""A text from a phone becomes one row, however often and by whichever way it comes."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from community_store.models import InboundState, InboundText
from gateway import numbers
from gateway.contract import Inbound

_TABLE = InboundText.__table__  # type: ignore[attr-defined]  # SQLModel hides __table__
_KEEP = {  # made once: to set it up again for each text took as long as to send it
    name: dialect.insert(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.id)
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}


def store(connection: Connection, gateway: str, inbound: Inbound, now: datetime) -> int | None:
    """Keep a text; its row's id, or None when this gateway's id was known already.

    A gateway that gives no id says nothing of repeats: each of its texts is a new row.
    """
    row = {
        "gateway": gateway,
        "gateway_id": storable(inbound.id).strip()[:200] or f"none:{uuid4().hex}",
        "sender": numbers.sender(storable(inbound.sender))[:40],
        "recipient": numbers.sender(storable(inbound.recipient))[:40],
        "text": storable(inbound.text),
        "sent_at": inbound.sent_at,
        "received_at": now,
        "state": InboundState.NEW.value,
        "outcome": "",
        "tries": 0,
    }
    found = connection.execute(_KEEP[connection.dialect.name], row).first()
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
