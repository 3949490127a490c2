"""A street that reads its gazette by e-mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from community_store.models import (
    EntryKind,
    Every,
    GazetteEntry,
    Member,
)
from dispatch import digest_choice, digests
from tests.dispatch.world import World

PARIS = ZoneInfo("Europe/Paris")


TITLE, TEXT = "Vélo d'enfant à donner", "Rouge, 20 pouces, bon état."


def paris(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """An instant of 2026 as the clocks in Paris show it; the 23rd of November is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=PARIS).astimezone(UTC)


@dataclass
class Street:
    """A community with somebody who writes in its gazette, and somebody who reads it by mail."""

    world: World
    home: int
    author: Member
    reader: Member

    def chooses(self, who: Member, every: Every | None = Every.DAILY) -> None:
        with self.world.act() as act:
            digest_choice.choose(act, act.session.get_one(Member, who.id), every)
        self.world.clock.forward(minutes=1)  # what is written now is after it

    def writes(self, title: str = TITLE, *, by: Member | None = None, **more: Any) -> None:
        author, now = by or self.author, self.world.clock()
        values: dict[str, Any] = {
            "community_id": author.community_id, "author_id": author.id, "title": title,
            "kind": EntryKind.CLASSIFIED, "text": TEXT, "created_at": now,
            "expires_at": now + timedelta(days=30),
        } | more  # fmt: skip
        self.world.add(GazetteEntry(**values))

    def comes(self, when: datetime) -> int:
        """Time passes, housekeeping and a pump do their work: how many e-mails that makes."""
        self.world.clock.now = when
        made = digests.run(self.world.runtime)
        if made:
            self.world.pump()
        return made

    def titles(self, mail: int = -1) -> list[str]:
        """What the last e-mail names."""
        text = self.world.mails()[mail]["text"]
        return [line.partition(": ")[2] for line in text.split("\n") if line.startswith("Petite")]


def build(world: World) -> Street:
    world.clock.now = paris(23, 12)
    home = world.community("Les Lilas")
    author = world.member(home, first_name="Odette", email="odette@voisins.example")
    return Street(world, home, author, world.member(home, email="paul@voisins.example"))
