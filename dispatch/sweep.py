"""What a crash, an outage or a silent provider left behind, found every few seconds.

Every step may be done twice, by several processes, or be cut short anywhere.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog
from sqlalchemy import update
from sqlmodel import Session, col, func, select

from community_store import account_links, email_changes, numbers, registrations, sessions
from community_store.models import (
    Agent,
    Alert,
    AlertState,
    Attempt,
    Delivery,
    InboundState,
    InboundText,
    Member,
)
from community_store.models import DeliveryState as State
from community_store.store import AWAY
from dispatch import (
    codes,
    crashing,
    evening,
    holding,
    locating,
    looking,
    lost,
    metrics,
    notices,
    outbox,
    pairing,
    proofs,
    rerouting,
    senders,
    takeover,
    team,
    wake,
)
from dispatch.act import Act
from dispatch.lifecycle import HANDED_OVER
from dispatch.runtime import Runtime
from gateway.contract import Channel

log = structlog.get_logger(__name__)

Task = Callable[[Act], object]  # in its own savepoint; TASKS, below, has them in order
UNREAD_SECONDS = 2.0  # an inbound row this old has lost its wake
UNREAD_AT_ONCE = 500


def sweep(runtime: Runtime, tasks: Mapping[str, Task] | None = None) -> None:
    """Do everything once. Raises OperationalError and its like while the database is away.

    A task that fails is undone, logged and counted; the others do their work all the same.
    """
    with runtime.store.begin() as session:
        act = Act(session, runtime.settings, runtime.clock())
        done = {name: _do(act, name, task) for name, task in (tasks or TASKS).items()}
        crashing.point("sweeping")
    crashing.point("swept")
    if any(done.get(name) for name in TOLD):
        log.info("swept", **{name: done.get(name) for name in TOLD})
    looking.look(runtime)


def _do(act: Act, name: str, task: Task) -> object:
    try:
        with act.session.begin_nested():
            return task(act)
    except AWAY:
        raise
    except Exception:
        log.exception("sweep_task_failed", task=name)
        metrics.TASKS_FAILED.labels(name).inc()
        return None


def _doubt(act: Act) -> int:
    return lost.doubt(act.session, act.now, dead_workers(act.session))


def _follow(act: Act) -> int:
    return numbers.follow(act.session, act.now) + takeover.move(act.session, act.now)


def _forget(act: Act) -> None:
    codes.forget(act.session, act.now)
    for secret in (account_links, email_changes, sessions, registrations):
        secret.forget(act.session, act.now)


def unread(runtime: Runtime) -> list[int]:
    """The texts that wait to be read though their wake must have come."""
    before = runtime.clock() - timedelta(seconds=UNREAD_SECONDS)
    with runtime.store.read() as session:
        return [
            id_
            for id_ in session.exec(
                select(InboundText.id)
                .where(
                    InboundText.state == InboundState.NEW,
                    col(InboundText.received_at) <= before,
                )
                .order_by(col(InboundText.id))
                .limit(UNREAD_AT_ONCE)
            )
            if id_ is not None
        ]


def due(runtime: Runtime) -> bool:
    """Whether anything is due, on whatever lane."""
    with runtime.store.read() as session:
        return (
            session.exec(
                select(Delivery.id)
                .where(Delivery.state == State.QUEUED, col(Delivery.due_at) <= runtime.clock())
                .limit(1)
            ).first()
            is not None
        )


def wake_for_leftovers(runtime: Runtime) -> None:
    """Wake the workers again for whatever still waits.

    Not for texts while wakes are queued: they wait for their turn, and would only be asked
    for again and again.
    """
    for inbound_id in () if wake.are_queued(runtime, wake.INBOUND) else unread(runtime):
        if not wake.read_inbound(runtime, inbound_id):
            return
    for enrolment_id in locating.waiting(runtime):
        if not wake.locate(runtime, enrolment_id):
            return
    if due(runtime):
        wake.pump(runtime)


def dead_workers(session: Session) -> list[str]:
    """The workers of this machine that hold leases and are no more."""
    holders = session.scalars(
        select(Attempt.worker)
        .join(
            Delivery,
            (col(Delivery.id) == col(Attempt.delivery_id))
            & (col(Delivery.attempts) == col(Attempt.n)),
        )
        .where(Delivery.state == State.SENDING)
        .distinct()
    )
    here = socket.gethostname()
    return [holder for holder in holders if _is_dead(holder, here)]


def _is_dead(holder: str, here: str) -> bool:
    host, _, process = holder.rpartition(":")
    if host != here or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _adopt(act: Act) -> int:
    """Give deliveries planned without any number the first one that there is."""
    session = act.session
    waiting = (
        Delivery.gateway == senders.NO_GATEWAY,
        Delivery.channel == Channel.SMS,
        Delivery.state == State.QUEUED,
    )
    if session.exec(select(Delivery.id).where(*waiting).limit(1)).first() is None:
        return 0
    number = senders.senders(session).of(0)
    if number is None:
        return 0
    done = session.execute(
        update(Delivery)
        .where(*waiting)  # type: ignore[arg-type]  # SQLModel types comparisons as bool
        .values(
            gateway=number.gateway,
            number_id=number.id,
            price=col(Delivery.segments) * number.price,
        )
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE has one


def _summarise(act: Act) -> None:
    """One message says what of an alert was dropped for being late (A4)."""
    late = act.session.exec(
        select(Alert).where(
            col(Alert.state).in_([AlertState.OPEN, AlertState.HELD]),
            col(Alert.expires_at) <= act.now,
            col(Alert.summarised).is_(False),
        )
    ).all()
    for alert in late:
        alert.summarised = True
        _tell_author(act, alert)


def _tell_author(act: Act, alert: Alert) -> None:
    dropped = _count(act.session, alert, (State.EXPIRED,))
    if not dropped:
        return
    told = _count(act.session, alert, tuple(HANDED_OVER))
    log.warning("alert_expired", alert=alert.id, dropped=dropped, told=told)
    author: Member | Agent | None = None
    if alert.author_id is not None:
        author = act.session.get(Member, alert.author_id)
    elif alert.agent_id is not None:
        author = act.session.get(Agent, alert.agent_id)
    to = notices.reach(act.session, author, act.now) if author else None
    if to is not None:
        variables = {"ref": alert.id, "count": dropped, "told": told}
        about = notices.Subject("expired_summary", variables, alert_id=alert.id)
        notices.tell(act, to, about)


def _count(session: Session, alert: Alert, states: tuple[State, ...]) -> int:
    return session.exec(
        select(func.count())
        .select_from(Delivery)
        .where(Delivery.alert_id == alert.id, col(Delivery.state).in_(states))
    ).one()


def _let_rest(act: Act) -> None:
    """An alert that nobody ended is over when nobody may answer it any more."""
    over = act.now - timedelta(hours=act.settings.alerts.reply_hours)
    act.session.execute(
        update(Alert)
        .where(
            col(Alert.state) == AlertState.OPEN,
            col(Alert.expires_at) <= act.now,
            col(Alert.created_at) <= over,
            col(Alert.summarised).is_(True),
        )
        .values(state=AlertState.EXPIRED.value, closed_at=act.now)
        .execution_options(synchronize_session=False)
    )


TASKS: Mapping[str, Task] = {
    "expired": lambda act: outbox.expire_waiting(act.session, act.now),
    "lost": _doubt,
    "adopted": _adopt,
    "moved": _follow,
    "summaries": _summarise,
    "held": holding.settle_overdue,
    "enrolments": locating.expire,
    "requests": rerouting.catch_up,
    "team": team.assign,
    "evening": evening.send_due,
    "evening_links": evening.forget,
    "proofs": proofs.destroy_due,
    "twinnings": pairing.expire,
    "rest": _let_rest,
    "secrets": _forget,
}
TOLD = ("expired", "lost", "adopted", "moved")
