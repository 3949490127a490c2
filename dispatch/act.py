"""What every rule of dispatch works with: one transaction, the settings, one instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from config import Settings


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is being done. The caller at the edge owns the transaction.

    `now` is aware, UTC, and the same for all that is written.
    """

    session: Session
    settings: Settings
    now: datetime
