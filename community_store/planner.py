"""What PostgreSQL's planner is told where its figures lie.

They are of the last ANALYZE, and tables of deliveries grow a hundredfold in a minute
(growth.py mends that, seconds later). SQLite plans without figures and needs neither.
"""

from __future__ import annotations

from sqlalchemy import TextClause, text
from sqlmodel import Session

# a sort that cannot be avoided would count as so dear that the plan is compiled, for seconds
_IN_ORDER = text("SELECT set_config('enable_sort', 'off', true), set_config('jit', 'off', true)")
_AFRESH = text("SET LOCAL plan_cache_mode = force_custom_plan")


def in_order(session: Session) -> None:
    """Until the transaction ends: read by an index in its order, no further than to the limit.

    By figures which say that nothing waits, it would rather read all that waits and sort.
    """
    _tell(session, _IN_ORDER)


def afresh(session: Session) -> None:
    """Until the transaction ends: plan by the size that the tables have now.

    A prepared statement keeps the plan that was right when its table was nearly empty.
    For statements that cost far more than their planning.
    """
    _tell(session, _AFRESH)


def _tell(session: Session, what: TextClause) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(what)
