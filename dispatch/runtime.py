"""The outside world as one value: made once per process, passed on, never global."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from community_store.columns import utcnow
from community_store.store import Store, open_store
from config import Settings
from dispatch import stepping
from gateway import providers, vapid
from gateway.contract import Provider

MAIL = "mail"
PUSH = "push"


def worker_name() -> str:
    """Who holds a lease: host and process, so that a neighbour can tell a dead one."""
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass(slots=True)
class Hanging:
    """When a server last gave no answer in time (monotonic seconds)."""

    since: float = float("-inf")


@dataclass(frozen=True)
class Runtime:
    """`providers` has every gateway by name, mail under "mail", notifications under "push".

    `clock` gives aware UTC instants; `stopping` is set when the process must drain; `ours`
    holds our numbers that were asked for lately (dispatch/intake.py), `hangs` since when
    Redis has kept whoever wakes waiting (dispatch/wake.py).
    """

    settings: Settings
    store: Store
    redis: Redis
    providers: Mapping[str, Provider]
    clock: Callable[[], datetime] = utcnow
    worker: str = field(default_factory=worker_name)
    stopping: threading.Event = field(default_factory=threading.Event)
    ours: dict[str, float] = field(default_factory=dict)
    hangs: Hanging = field(default_factory=Hanging)

    def close(self) -> None:
        self.store.close()
        self.redis.close()


def open_runtime(settings: Settings) -> Runtime:
    """Wire a process. Nothing is connected yet, so this works while a server is away."""
    return Runtime(
        settings=settings,
        store=open_store(settings.database_url, pool_size=settings.database.pool_size),
        redis=connect_redis(settings.redis_url),
        providers=build_providers(settings),
        clock=stepping.clock(),
    )


def connect_redis(url: str) -> Redis:
    """A client that fails within two seconds rather than hanging: Redis only wakes."""
    return Redis.from_url(
        url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 1)
    )


def build_providers(settings: Settings) -> dict[str, Provider]:
    """Every gateway of the configuration, mail, and notifications."""
    wiring = providers.Wiring(
        data_dir=settings.data_dir,
        timeout=settings.dispatch.send_timeout_seconds,
        callbacks=settings.service.callbacks,
    )
    built: dict[str, Provider] = {
        name: providers.build(name, section, wiring) for name, section in settings.gateway.items()
    }
    built[MAIL] = providers.build_mail(settings.mail_url, settings.mail.sender, wiring)
    contact = vapid.subject(settings.service.contact, settings.service.site, settings.mail.sender)
    built[PUSH] = providers.build_push(settings.push, contact, wiring)
    return built


def rates(settings: Settings) -> Mapping[str, float]:
    """Messages a second of the gateways that have no number to set it on."""
    return {MAIL: settings.mail.rate, PUSH: settings.push.rate}
