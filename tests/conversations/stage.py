"""The village of the acceptance tests inside this process: any database, any time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlmodel import select

from community_store.models import AfterHold, Community, Member, MemberState, Mode, Number
from dispatch import inbound, pump, requests, sweep
from dispatch.envelope import outbound
from dispatch.outbox import Claimed
from gateway.contract import Accepted
from tests.acceptance import village
from tests.acceptance.system import NUMBER
from tests.conversations.script import Heard
from tests.dispatch.world import FreeSlots, World

PHONES = {
    "Ana": village.ANA, "Bob": village.BOB, "Chloé": village.CHLOE, "Farid": village.FARID,
    "Iris": village.IRIS, "Nora": village.NORA, "Gaïa": village.GAIA, "Léa": village.LEA,
    "Maire": village.MAYOR, "Inconnu": village.STRANGER,
}  # fmt: skip
_LATER = re.compile(r"(\d+) (second|minute|hour)s? later")


@dataclass
class InProcess:
    """A stage: each line happens at once, with all that follows from it."""

    world: World
    few: int | None = None  # how many messages may leave, when not all
    _heard: dict[str, int] = field(default_factory=dict)

    def says(self, name: str, text: str) -> None:
        self.world.clock.forward(seconds=20)
        row = self.world.arrives(PHONES[name], text)
        if inbound.read(self.world.runtime, row) == inbound.WAITING:
            self.world.clock.forward(seconds=self.world.settings.alerts.join_seconds)
            inbound.read(self.world.runtime, row)
        self._pump()

    def goes_on(self, what: str) -> None:
        if match := _LATER.fullmatch(what):
            self.world.clock.forward(**{f"{match[2]}s": int(match[1])})
            sweep.sweep(self.world.runtime)
        else:
            self._change(what)
        self._pump()

    def heard(self, wanted: int) -> Heard:  # all is there at once
        new: Heard = []
        for name, number in PHONES.items():
            texts = self.world.phone(number)
            new += [(name, text) for text in texts[self._heard.get(name, 0) :]]
            self._heard[name] = len(texts)
        return new

    def _pump(self) -> None:
        if self.few is None:
            pump.run(self.world.runtime, FreeSlots(), 10)
            return
        (number,) = self.world.rows(Number, value=NUMBER)
        claimed = self.world.claim(number, self.few)
        self.few -= len(claimed)
        for one in claimed:
            self.world.settle(one, asyncio.run(self._send(one)))

    async def _send(self, one: Claimed) -> Accepted:
        provider = self.world.runtime.providers[one.lane.gateway]
        message = outbound(self.world.settings, provider, one, NUMBER)
        await provider.open()
        try:
            return await provider.send(message)
        finally:
            await provider.close()

    def _change(self, what: str) -> None:
        name, _, how = what.partition(" ")
        if match := re.fullmatch(r"only (\d+) messages leave", what):
            self.few = int(match[1])
        elif what == "the rest leaves":
            self.few = None
        elif what == "nobody decides, and the alert is dropped":
            self._each_community(AfterHold.DROP)
        else:
            CHANGES[how](self, PHONES[name])

    def _each_community(self, after_hold: str) -> None:
        with self.world.store.begin() as session:
            for home in session.exec(select(Community)):
                home.after_hold = after_hold
                session.add(home)

    def member(self, phone: str, change: Callable[[Member], None]) -> None:
        with self.world.store.begin() as session:
            member = session.exec(select(Member).where(Member.mobile == phone)).one()
            change(member)
            session.add(member)

    def asks_to_join(self, phone: str) -> None:
        with self.world.act() as act:
            member = act.session.exec(select(Member).where(Member.mobile == phone)).one()
            requests.ask(act, member)

    def has_raised(self, phone: str, count: int = 5) -> None:
        """Alerts that everybody had, some minutes ago."""
        for n in range(count):
            self.world.text(phone, f"Alerte numéro {n} de ce soir")
            self._pump()
        self.heard(0)
        self.world.clock.forward(minutes=11)


def _is_referent(stage: InProcess, phone: str) -> None:
    stage.member(phone, lambda member: setattr(member, "referent", True))


CHANGES: dict[str, Callable[[InProcess, str], None]] = {
    "is a référent": _is_referent,
    "asks to join": InProcess.asks_to_join,
    "has raised five alerts": InProcess.has_raised,
}


def settle(world: World) -> None:
    """The people of the village who have a mobile."""
    world.town("2A004", subscribed=True)
    number: Number = world.number(NUMBER)
    assert number.value == NUMBER
    tilleuls = world.community("Les Tilleuls", "2A004", mode=Mode.REFERENT)
    gare = world.community("La Gare", "2A004", mode=Mode.REFERENT)
    for first, last, home, more in (
        ("Ana", "Auteur", tilleuls, {}),
        ("Bob", "Brun", tilleuls, {"referent": True}),
        ("Chloé", "Caché", tilleuls, {"hide_mobile": True}),
        ("Farid", "Stop", tilleuls, {}),
        ("Iris", "English", tilleuls, {"language": "en"}),
        ("Nora", "Double", tilleuls, {}),
        ("Gaïa", "Attente", tilleuls, {"state": MemberState.PENDING}),
        ("Léa", "Loin", gare, {}),
    ):
        name = {"first_name": first, "last_name": last, "mobile": PHONES[first]}
        world.member(home, **name, address="1 rue des Tilleuls", **more)
    for agent, phone in (("Mme Maire", village.MAYOR), ("Nora Double", village.NORA)):
        world.agent("2A004", name=agent, mobile=phone)
