"""/healthz, /readyz and /metrics: for whoever watches the installation."""

from __future__ import annotations

import os
from itertools import product
from typing import cast

from flask import Blueprint, Response, current_app, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from community_store import schema
from community_store.models import DeliveryState
from dispatch import figures, queues, standing_in
from dispatch.runtime import Runtime
from dispatch.spool import Spool
from gateway.contract import Channel
from web.access import Policy, access

health = Blueprint("health", __name__)

LATE = 60.0  # seconds that the oldest due delivery may wait before we call it trouble


@health.get("/healthz")
@access(Policy.ANYONE)
def alive() -> ResponseReturnValue:
    """The process answers; it says nothing of the others."""
    return jsonify(status="ok")


@health.get("/readyz")
@access(Policy.ANYONE)
def ready() -> ResponseReturnValue:
    """200 when texts can come in and go out; 503 naming what is missing."""
    runtime = _runtime()
    database, oldest = _database(runtime)
    redis = _redis(runtime)
    late = oldest is not None and oldest > LATE
    good = database == "ok" and redis == "ok" and not late
    answer = jsonify(
        status="ready" if good else "not ready",
        database=database,
        redis=redis,
        oldest_due_seconds=oldest,
    )
    return answer, 200 if good else 503


@health.get("/metrics")
@access(Policy.ANYONE)
def metrics() -> ResponseReturnValue:
    """Prometheus text: this machine's processes, and what the rows say of all."""
    registry = _processes()
    text = generate_latest(registry) + generate_latest(_spooled())
    try:
        with _runtime().store.read() as session:
            text += generate_latest(_rows(session))
    except DBAPIError:
        text += b"# the database is away: figures of the rows are left out\n"
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _runtime() -> Runtime:
    return cast("Runtime", current_app.extensions["tocsin"])


def _database(runtime: Runtime) -> tuple[str, float | None]:
    try:
        if not schema.is_current(runtime.store):
            return "schema out of date: run `tocsin init`", None
        with runtime.store.read() as session:
            found = queues.gateways(session, list(runtime.providers), runtime.clock())
    except DBAPIError as error:
        return f"away: {type(error.orig).__name__}", None
    running = [queue.oldest_due_seconds for queue in found if not queue.paused]
    return "ok", max(running, default=0.0)


def _redis(runtime: Runtime) -> str:
    try:
        runtime.redis.ping()
    except RedisError as error:
        return f"away: {type(error).__name__}"
    return "ok"


def _processes() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types there
    return registry


class _Rows:
    """Collects once what was read in one transaction."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def _spooled() -> CollectorRegistry:
    """What is on the disk, which is of most use while the database is away."""
    waiting = len(Spool(_runtime().settings.data_dir).waiting())
    what = "Texts on this machine's disk that wait for the database."
    registry = CollectorRegistry()
    registry.register(_Rows([GaugeMetricFamily("tocsin_spooled", what, value=waiting)]))
    return registry


def _rows(session: Session) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Rows([*_totals(session), *_gauges(session)]))
    return registry


def _totals(session: Session) -> list[Metric]:
    inbound = CounterMetricFamily(
        "tocsin_inbound", "Texts that came in.", labels=["gateway", "outcome"]
    )
    for labels, count in _texts(session).items():
        inbound.add_metric(labels, count)
    deliveries = CounterMetricFamily(
        "tocsin_deliveries", "Deliveries by their present state.", labels=["channel", "state"]
    )
    for labels, count in _deliveries(session).items():
        deliveries.add_metric(labels, count)
    twice = CounterMetricFamily("tocsin_duplicates", "Messages that left more than once.")
    twice.add_metric([], figures.duplicates(session))
    return [inbound, deliveries, twice]


def _texts(session: Session) -> dict[tuple[str, str], int]:
    """With what alert rules ask for at 0: a series that begins at 1 has not grown, to Prometheus."""
    found = dict.fromkeys(product(_runtime().settings.gateway, ("new", "set_aside")), 0)
    for (gateway, outcome), count in figures.inbound_by_outcome(session).items():
        found[gateway, outcome or "new"] = count
    return found


def _deliveries(session: Session) -> dict[tuple[str, str], int]:
    """All channels and states, for the same reason."""
    found = {(channel.value, state.value): 0 for channel, state in product(Channel, DeliveryState)}
    return found | dict(figures.deliveries_by_state(session))


def _gauges(session: Session) -> list[Metric]:
    runtime = _runtime()
    found = queues.gateways(session, list(runtime.providers), runtime.clock())
    values = {
        "tocsin_due": ("Deliveries due now.", sum(q.due for q in found)),
        "tocsin_oldest_due_seconds": (
            "Age of the oldest delivery due.",
            max((q.oldest_due_seconds for q in found), default=0),
        ),
        "tocsin_residents_wait_seconds": (
            "Age of the oldest answer, emergency or resident's alert due.",
            figures.residents_wait(session, runtime.clock()),
        ),
        "tocsin_unknown": ("Deliveries whose outcome is unknown.", sum(q.unknown for q in found)),
        "tocsin_standing_in": (
            "1 while housekeeping sends alone, because Redis is away.",
            int(not standing_in.nobody(session, runtime.clock())),
        ),
    }
    return [GaugeMetricFamily(name, text, value=value) for name, (text, value) in values.items()]
