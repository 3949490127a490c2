"""Who joins by text, and where: Les Lilas with its référent, Les Roses with a town hall."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from community_store.models import (
    Member,
    Mode,
)
from tests.dispatch.script import Stage
from tests.dispatch.world import World, mobile, settings

PHONES = {
    "Ana": mobile(1), "Bob": mobile(2), "Mairie": mobile(3),
    "Jeanne": mobile(9000), "Karim": mobile(9001), "Abroad": "+4915123456789", "Fixe": "+33199000001",
}  # fmt: skip


FULL = "INSCRIPTION Jeanne Petit, 12 rue des Lilas, 38990 Valmoutier"


def settle(world: World) -> Stage:
    """Les Lilas with Ana, its référent; Les Roses, where the town hall decides."""
    world.number()
    world.town(subscribed=True)
    lilas = world.community(mode=Mode.REFERENT)
    roses = world.community("Les Roses", mode=Mode.TOWN)
    world.member(lilas, mobile=PHONES["Ana"], last_name="Roche", referent=True)
    world.member(roses, mobile=PHONES["Bob"], first_name="Bob", last_name="Martin")
    world.agent(mobile=PHONES["Mairie"])
    return Stage(world, PHONES)


@contextmanager
def geocoder(world: World, url: str) -> Iterator[None]:
    """Another geocoder for a while."""
    before = world.runtime.settings
    changed = settings(before.data_dir, geo={"geocoder_url": url})
    object.__setattr__(world.runtime, "settings", changed)
    yield
    object.__setattr__(world.runtime, "settings", before)


def member(stage: Stage, name: str = "Jeanne") -> Member:
    (found,) = stage.world.rows(Member, mobile=PHONES[name])
    assert isinstance(found, Member)
    return found
