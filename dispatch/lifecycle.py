"""The states of a delivery, and which may follow which: pure, so that it can be proved.

    queued -> sending -> accepted -> sent -> delivered | undelivered | failed
      |          |-> unknown -> (a look or a receipt) -> accepted ...
      |          |-> queued        nothing had left
      |-> expired | suppressed | cancelled        held -> queued

Evidence from a provider only moves forward, whatever the order it comes in, so that
every permutation of receipts ends in the same state.
"""

from __future__ import annotations

from collections.abc import Mapping

from community_store.models import DeliveryState as State
from gateway.contract import Stage

RANK: Mapping[str, int] = {
    State.QUEUED: 0,
    State.HELD: 0,
    State.SENDING: 1,
    State.UNKNOWN: 2,
    State.EXPIRED: 3,
    State.SUPPRESSED: 3,
    State.CANCELLED: 3,
    State.ACCEPTED: 4,
    State.SENT: 5,
    State.NO_RECEIPT: 6,
    State.FAILED: 7,
    State.UNDELIVERED: 8,
    State.DELIVERED: 9,
}

BY_STAGE: Mapping[Stage, State] = {
    Stage.ACCEPTED: State.ACCEPTED,
    Stage.SENT: State.SENT,
    Stage.DELIVERED: State.DELIVERED,
    Stage.UNDELIVERED: State.UNDELIVERED,
    Stage.FAILED: State.FAILED,
}

FINAL = frozenset(
    {
        State.DELIVERED,
        State.UNDELIVERED,
        State.FAILED,
        State.EXPIRED,
        State.SUPPRESSED,
        State.CANCELLED,
        State.NO_RECEIPT,
    }
)
HANDED_OVER = frozenset(
    {State.ACCEPTED, State.SENT, State.DELIVERED, State.UNDELIVERED, State.NO_RECEIPT}
)


BAD_NEWS = frozenset({Stage.UNDELIVERED, Stage.FAILED})
AWAITED = (State.SENDING, State.UNKNOWN, State.ACCEPTED, State.SENT, State.NO_RECEIPT)


def below(state: str) -> tuple[str, ...]:
    """The states that evidence for `state` may replace."""
    return tuple(name for name, rank in RANK.items() if rank < RANK[state])


def replaced_by(stage: Stage) -> tuple[str, ...]:
    """The states that a provider's word may replace.

    That a message arrived counts whatever we thought; that it did not counts only while
    an attempt is awaited, or a late word of an earlier attempt would stop the next.
    """
    lower = below(BY_STAGE[stage])
    if stage not in BAD_NEWS:
        return lower
    awaited = {*AWAITED, State.FAILED, State.UNDELIVERED}
    return tuple(state for state in lower if state in awaited)
