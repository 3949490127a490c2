"""When a telephone may ring, and what is promotional leave, for anything that is not an alert:
from 8:00 to 21:30.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

MORNING, EVENING = time(8), time(21, 30)


def ring_from(zone: str, at: datetime) -> datetime:
    """`at`, or the next morning when it is night then in `zone`. Aware instants."""
    local = at.astimezone(ZoneInfo(zone))
    if MORNING <= local.time() < EVENING:
        return at
    day = local.date() if local.time() < MORNING else local.date() + timedelta(days=1)
    return datetime.combine(day, MORNING, ZoneInfo(zone)).astimezone(at.tzinfo)


def is_night(zone: str, at: datetime) -> bool:
    """Whether a telephone may not ring now for anything but an alert."""
    return ring_from(zone, at) != at


def evening_of(zone: str, at: datetime) -> datetime:
    """When the evening of that day ends: what is only for the day leaves before, or never."""
    day = at.astimezone(ZoneInfo(zone)).date()
    return datetime.combine(day, EVENING, ZoneInfo(zone)).astimezone(at.tzinfo)
