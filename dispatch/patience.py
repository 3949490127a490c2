"""How long a message in doubt waits before it is sent again (R6).

After a second doubt an outage is likelier than an answer that was lost: the last attempts
are kept for when it is over. It is over for sure once the gateway took anything else.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from community_store.models import Attempt, Delivery

OUTAGE = 10  # quiet periods after a second doubt: a provider may be down for ten minutes
NEWEST = 2000  # attempts, of all gateways, among which one that was taken is looked for


def is_tried(doubts: int, most: int) -> bool:
    """Whether so many of at most `most` doubts ask for the long wait."""
    return 1 < doubts < most


def wait(quiet: timedelta, left: timedelta) -> timedelta:
    """The long wait, as far as the time to live that is `left` allows one more attempt."""
    return max(quiet, min(OUTAGE * quiet, left - quiet))


_NEWEST = (
    select(Attempt.delivery_id, Attempt.outcome, Attempt.finished_at)
    .order_by(col(Attempt.delivery_id).desc(), col(Attempt.n).desc())
    .limit(NEWEST)
    .subquery()
)
LAST_TAKEN = (
    select(Delivery.gateway, func.max(_NEWEST.c.finished_at).label("at"))
    .join(_NEWEST, _NEWEST.c.delivery_id == col(Delivery.id))
    .where(_NEWEST.c.outcome == "accepted")
    .group_by(Delivery.gateway)
)


def last_taken(session: Session) -> dict[str, datetime]:
    """When each gateway last answered that it took a message (UTC), as far as the newest
    attempts tell: they are read backwards by their key, since no index knows a time.
    """
    return {row.gateway: row.at for row in session.execute(LAST_TAKEN)}
