"""The small numbers that people text back."""

from __future__ import annotations

from sqlmodel import Session, col, func, select

from community_store.models import Reference


def several(session: Session, kind: str, count: int) -> list[int]:
    """As many references at once, ascending."""
    references = [Reference(kind=kind) for _ in range(count)]
    session.add_all(references)
    session.flush()
    return sorted(reference.id for reference in references if reference.id is not None)


def following(session: Session, kind: str) -> int:
    """The next reference, for an alert or a request. Some may stay unused."""
    reference = Reference(kind=kind)
    session.add(reference)
    session.flush()
    assert reference.id is not None
    return reference.id


def next_about(session: Session) -> int:
    """About the reference that the next alert will have: as many digits, all but always."""
    return (session.exec(select(func.max(col(Reference.id)))).one() or 0) + 1
