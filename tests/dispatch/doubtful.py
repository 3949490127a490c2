"""One delivery in doubt, and a receipt that settles it."""

from __future__ import annotations

import pytest

from dispatch import looking, receipts
from dispatch.outbox import Claimed
from gateway.contract import Outbound, Receipt, Stage, Traits, Unknown
from tests.dispatch.standin import StandIn
from tests.dispatch.world import World

pytestmark = pytest.mark.both


class Doubtful:
    """One delivery whose attempt had an unknown outcome, at a provider that can be asked."""

    def __init__(self, world: World, traits: Traits | None = None) -> None:
        self.provider = StandIn(traits=traits or Traits(looks=True, receipts=True))
        self.world = world.with_providers(sim=self.provider)
        self.number = self.world.number()
        author, _ = self.world.members(self.world.community(), 2)
        self.alert = self.world.raised(author)
        self.attempt()

    def attempt(self) -> Claimed:
        (claimed,) = self.world.claim(self.number)
        self.world.settle(claimed, Unknown("time-out"))
        return claimed

    def look(self, **later: float) -> str:
        self.world.clock.forward(**later)
        looking.look(self.world.runtime)
        return self.world.delivery(alert_id=self.alert.id).state


def arrived(message: Outbound) -> Receipt:
    return Receipt(Stage.SENT, "P1", message.delivery, message.attempt)


def reported(world: World, receipt: Receipt) -> None:
    with world.store.begin() as session:
        receipts.record(session, "sim", receipt, world.clock())
