"""The order in which deliveries leave a number (decision 5 of the architecture)."""

from enum import IntEnum


class Priority(IntEnum):
    """Lower goes first; inside a class communities go in turn (turns.py)."""

    ANSWER = 0
    TOWN_EMERGENCY = 1
    ALERT = 2
    TOWN_INFORMATION = 3
    OTHER = 4


def priority_of(*, exercise: bool) -> Priority:
    """The class of a resident's alert, and of what is said after it: an exercise waits for all."""
    return Priority.TOWN_INFORMATION if exercise else Priority.ALERT
