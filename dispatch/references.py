"""The small numbers that people text back."""

from __future__ import annotations

from sqlmodel import Session

from community_store.models import Reference


def following(session: Session, kind: str) -> int:
    """The next reference, for an alert or a request. Some may stay unused."""
    reference = Reference(kind=kind)
    session.add(reference)
    session.flush()
    assert reference.id is not None
    return reference.id
