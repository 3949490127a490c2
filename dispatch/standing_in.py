"""Who sends while Redis is away: one housekeeping, and no worker (decision 1).

Slots kept in one process's memory cannot be shared, so whoever sends by them holds a
duty in the database, and every pump asks for it whenever it looks for lanes. A change
of sides is safe because each begins with the guard of pace.py, which is longer than
what the other may have reserved ahead: a worker whose Redis comes back with its memory
waits for the duty to be given up, and that happens once the last local slot has passed.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from community_store.models import Duty
from dispatch import duty
from dispatch.runtime import Runtime

DUTY = "pump"
SECONDS = 8.0  # another housekeeping goes on within 10 s of the death of one (R3)
MARGIN = 1.0  # seconds before its end that a duty is no longer relied on


def take(runtime: Runtime) -> bool:
    """Begin or go on standing in; False while another process does."""
    return duty.take(runtime, DUTY, SECONDS)


def end(runtime: Runtime) -> None:
    """Let the workers send again."""
    duty.give_up(runtime, DUTY)


def mine(runtime: Runtime, session: Session, now: datetime) -> bool:
    """Whether this process still stands in: another may have taken over after a long wait."""
    held = session.get(Duty, DUTY)
    left = 0.0 if held is None else (held.until - now).total_seconds()
    return held is not None and held.holder == runtime.worker and left > MARGIN


def nobody(session: Session, now: datetime) -> bool:
    """Whether workers may send, by the slots that they share."""
    held = session.get(Duty, DUTY)
    return held is None or held.until <= now
