"""What the provider's list is asked for: everything since it last told us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from community_store.models import InboundText
from community_store.store import Store
from dispatch import polling
from dispatch.housekeeping import Housekeeping
from gateway.contract import Inbound, SendError, Traits, Unknown
from tests.dispatch.standin import StandIn
from tests.dispatch.world import NUMBER, World, make_world, mobile

AWAY = Unknown("Twilio answered 500", code="500")


@dataclass
class Listing(StandIn):
    """A provider with a list of texts; `asked` keeps since when it was asked.

    It fails while `away` says how, or after what it told while `breaks_off` does; it never
    comes to its end while it is `endless`.
    """

    traits: Traits = field(default_factory=lambda: Traits(polls_inbound=True))
    away: SendError | None = None
    breaks_off: SendError | None = None
    endless: bool = False
    texts: list[Inbound] = field(default_factory=list)
    asked: list[datetime] = field(default_factory=list)

    async def inbound_since(self, since: object) -> AsyncIterator[Inbound]:
        assert isinstance(since, datetime)
        self.asked.append(since)
        if self.away is not None:
            raise self.away
        for text in self.texts:
            if text.sent_at is not None and text.sent_at >= since:
                yield text
        if self.breaks_off is not None:
            raise self.breaks_off
        if self.endless:
            await asyncio.Event().wait()


def polled(world: World, keeper: Housekeeping) -> None:
    """A minute passes and the list is asked."""
    world.clock.forward(seconds=61)
    keeper.tick()


def missed(world: World, number: int) -> Inbound:
    """A text that no webhook brought."""
    return Inbound(f"SM{number}", mobile(number), NUMBER, "Fumée au 4", world.clock())


@pytest.fixture
def impatient(store: Store, redis_url: str, tmp_path: Path) -> Iterator[World]:
    """A world whose lists are asked at every look around."""
    with make_world(store, redis_url, tmp_path, dispatch={"poll_seconds": 0.001}) as world:
        world.number()
        yield world


def keeper_of(world: World, **lists: Listing) -> Housekeeping:
    return Housekeeping(world.with_providers(**lists).runtime)


def stored(world: World) -> set[str]:
    return {row.gateway_id for row in world.rows(InboundText)}


def test_a_list_that_fails_for_long_is_asked_for_all_that_was_missed_meanwhile(
    impatient: World,
) -> None:
    provider = Listing()
    keeper = keeper_of(impatient, sim=provider)
    keeper.tick()
    provider.away = AWAY
    provider.texts.append(missed(impatient, 1))
    for _ in range(20):
        polled(impatient, keeper)
    provider.away = None
    polled(impatient, keeper)
    assert stored(impatient) == {"SM1"}


def test_a_list_that_fails_at_the_start_is_asked_for_what_came_while_nothing_ran(
    impatient: World,
) -> None:
    provider = Listing(texts=[missed(impatient, 1)], away=AWAY)
    impatient.clock.forward(hours=3)
    keeper = keeper_of(impatient, sim=provider)
    keeper.tick()
    provider.away = None
    polled(impatient, keeper)
    assert stored(impatient) == {"SM1"}


def test_what_a_list_told_before_it_failed_is_kept(impatient: World) -> None:
    provider = Listing(texts=[missed(impatient, 1)], breaks_off=AWAY)
    keeper = keeper_of(impatient, sim=provider)
    keeper.tick()
    assert stored(impatient) == {"SM1"}
    polled(impatient, keeper)
    assert impatient.clock() - provider.asked[-1] > timedelta(hours=23), "it has not told all"


def test_a_list_without_an_end_does_not_keep_housekeeping(impatient: World) -> None:
    endless = Listing(texts=[missed(impatient, 1)], endless=True)
    other = Listing(name="other", texts=[missed(impatient, 2)])
    runtime = impatient.with_providers(sim=endless, other=other).runtime
    told: dict[str, datetime] = {}
    asyncio.run(polling.poll(runtime, told, longest=0.2))
    assert stored(impatient) == {"SM1", "SM2"}
    assert set(told) == {"other"}


def test_a_list_that_answers_is_asked_for_the_last_minutes_only(impatient: World) -> None:
    well, ill = Listing(), Listing(name="other", away=AWAY)
    keeper = keeper_of(impatient, sim=well, other=ill)
    keeper.tick()
    polled(impatient, keeper)
    assert impatient.clock() - well.asked[-1] < timedelta(minutes=15)
    assert impatient.clock() - ill.asked[-1] > timedelta(hours=23)
