"""Who did and who looked at what: append-only, the database refuses anything else."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from community_store.models import AuditEntry


def note(session: Session, actor: str, action: str, subject: str, *, at: datetime) -> None:
    """Keep that `actor` ("agent 3", "operator root") did `action` to `subject` ("proof 12").

    Ids and roles only: what is kept for ever names nobody.
    """
    session.add(AuditEntry(at=at, actor=actor[:80], action=action[:40], subject=subject[:80]))
    session.flush()


def of(session: Session, subject: str) -> list[AuditEntry]:
    """What was done to something, oldest first."""
    query = select(AuditEntry).where(AuditEntry.subject == subject)
    return list(session.exec(query.order_by(col(AuditEntry.id))))
