"""A world with devices that have notifications on, and what comes to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from community_store import subscriptions
from community_store.models import (
    Delivery,
    Member,
    PushSubscription,
)
from community_store.store import Store
from community_store.subscriptions import Browser
from gateway import vapid
from gateway.contract import Channel
from tests.dispatch.world import World, make_world
from tests.rigs.pushservice import Device, PushService

KEY = vapid.new_key()
PUBLIC = vapid.public_key(KEY)


@pytest.fixture
def world(store: Store, redis_url: str, tmp_path: Path) -> Iterator[World]:
    """A world that may send to the push service of this machine."""
    push = {"vapid_private_key": KEY, "private_services": True}
    with make_world(store, redis_url, tmp_path, push=push) as made:
        made.number()
        yield made


def subscribe(world: World, member: Member, device: Device, name: str = "") -> str:
    """The address in deliveries of a device that a member has notifications on."""
    browser = Browser(device.endpoint, device.p256dh, device.auth, PUBLIC, name)
    assert member.id is not None
    with world.store.begin() as session:
        return subscriptions.subscribe(session, member.id, browser, world.clock()).address


def notified(world: World, pushes: PushService, member: Member, count: int = 1) -> list[Device]:
    """So many devices of a member."""
    devices = [pushes.browser(PUBLIC) for _ in range(count)]
    for device in devices:
        subscribe(world, member, device)
    return devices


def said(pushes: PushService, device: Device) -> list[tuple[str, str]]:
    return [(one["said"]["title"], one["said"]["body"]) for one in pushes.received(device)]


def pushed(world: World, **where: Any) -> list[Delivery]:
    return world.deliveries(channel=Channel.PUSH, **where)


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """The statements that the database is asked in the block."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(world.store.engine, "before_cursor_execute", note)
    yield found
    event.remove(world.store.engine, "before_cursor_execute", note)


def subscribed(world: World, member: Member) -> list[PushSubscription]:
    with world.store.read() as session:
        return list(subscriptions.of(session, member.id))
