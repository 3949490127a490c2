"""Duties that one process at a time may do, kept as leases in the database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from community_store.models import Duty
from dispatch.runtime import Runtime


def take(runtime: Runtime, name: str, seconds: float) -> bool:
    """Take or renew a duty for `seconds`; False while another process has it."""
    now = runtime.clock()
    with runtime.store.begin() as session:
        return _take(session, (name, runtime.worker), now, now + timedelta(seconds=seconds))


def _take(session: Session, who: tuple[str, str], now: datetime, until: datetime) -> bool:
    name, holder = who
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(
        dialect.insert(Duty.__table__)  # type: ignore[attr-defined]  # SQLModel hides __table__
        .values(name=name, holder=holder, until=until)
        .on_conflict_do_nothing()
    )
    session.execute(
        update(Duty)
        .where(col(Duty.name) == name, or_(col(Duty.until) <= now, col(Duty.holder) == holder))
        .values(holder=holder, until=until)
        .execution_options(synchronize_session=False)
    )
    duty = session.get(Duty, name, populate_existing=True)
    return duty is not None and duty.holder == holder


def give_up(runtime: Runtime, name: str) -> None:
    """Leave a duty to whoever wants it."""
    with runtime.store.begin() as session:
        duty = session.get(Duty, name)
        if duty is not None and duty.holder == runtime.worker:
            duty.until = runtime.clock()
