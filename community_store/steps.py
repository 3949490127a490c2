"""What happened to deliveries besides attempts and receipts, kept for `delivery explain`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, literal, select
from sqlmodel import Session, col

from community_store.columns import UtcDateTime
from community_store.models import Delivery, Step, StepKind

COLUMNS = ("delivery_id", "at", "kind", "detail")


def note(session: Session, delivery: int, kind: StepKind, *, at: datetime, detail: str) -> None:
    """Keep one step of one delivery."""
    session.add(Step(delivery_id=delivery, kind=kind, at=at, detail=detail[:200]))


def note_all(
    session: Session, where: list[ColumnElement[bool]], kind: StepKind, *, at: datetime, detail: str
) -> None:
    """Keep the same step of all deliveries of which something holds, in one statement."""
    rows: Any = select(
        col(Delivery.id), literal(at, UtcDateTime()), literal(kind.value), literal(detail[:200])
    ).where(*where)
    table = Step.__table__  # type: ignore[attr-defined]  # SQLModel hides __table__
    session.execute(insert(table).from_select(COLUMNS, rows))
