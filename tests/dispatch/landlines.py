"""People with a landline, the number that calls them, and what became of the calls."""

from __future__ import annotations

from community_store.models import Alert, Member, Number
from dispatch import claiming, night, outbox, receipts, redialling, tally
from dispatch.outbox import Claimed
from dispatch.tally import Why
from gateway.contract import Channel, Receipt, Stage
from tests.dispatch.world import World, at

SMS, EMAIL, VOICE = Channel.SMS, Channel.EMAIL, Channel.VOICE
CALLER = "+33937000001"
LANDLINE = "+33199000001"
HOW = redialling.Redial((60.0, 180.0), "Europe/Paris")


def landline(n: int) -> str:
    return f"+331990000{n:02}"


def caller(world: World, **more: object) -> Number:
    values = {"kind": "long", "sms": False, "voice": True, "call_rate": 1000.0, "call_price": 0.03}
    return world.number(CALLER, **(values | more))


def old(world: World, home: int | None, n: int = 1, **more: object) -> Member:
    """Somebody with a landline only."""
    return world.member(home, mobile=None, landline=landline(n), **more)


def called(world: World) -> tuple[Alert, Member, Number]:
    """An alert in a community where one person has a landline only."""
    world.clock.now = at(10)
    home = world.community()
    world.number()
    number = caller(world)
    author, listener = world.member(home), old(world, home)
    world.member(home)
    return world.raised(author), listener, number


def claim(world: World, number: Number) -> list[Claimed]:
    lane = outbox.Lane(number.gateway, number.id or 0, VOICE)
    now, zone = world.clock(), world.settings.service.time_zone
    morning = night.ring_from(zone, now) if night.is_night(zone, now) else None
    with world.store.begin() as session:
        return claiming.claim(session, lane, 100, outbox.Terms("me:1", 30, now, morning))


def report(world: World, stage: Stage, attempt: int, delivery: int) -> bool:
    said = Receipt(stage, f"CA{attempt}", delivery, attempt, reason="nobody answered")
    with world.store.begin() as session:
        return receipts.record(session, "sim", said, world.clock(), redial=HOW)


def missed(world: World, alert: Alert) -> dict[int | None, Why]:
    with world.store.read() as session:
        found = session.get(Alert, alert.id)
        assert found is not None
        return {one.member_id: one.why for one in tally.not_reached(session, found)}


def tally_of(world: World, alert: Alert, channel: str) -> dict[str, int]:
    with world.store.read() as session:
        return tally.by_channel(session, alert.id or 0)[channel]
