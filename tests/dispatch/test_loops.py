"""Two of our systems, or a robot, answering each other: at most four messages (R8)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from community_store.models import InboundText, NumberKind
from community_store.store import open_store
from dispatch import echoes, inbound
from dispatch.catalogue import ids, template
from dispatch.echoes import LONG_ENOUGH, TOLD
from dispatch.specimens import PARTS, specimens
from tests.dispatch.world import World, make_world, settings
from tests.rigs.databases import SqliteTemplate
from tests.rigs.redis import RedisServer

OURS, THEIRS = "+33937000001", "+33937000002"
MOST = 4


@pytest.fixture
def pair(
    sqlite_template: SqliteTemplate, valkey_server: RedisServer, tmp_path: Path
) -> Iterator[tuple[World, World]]:
    """Two installations, each with a community of three, in towns of their own."""
    with contextlib.ExitStack() as stack:
        worlds = []
        for number in (OURS, THEIRS):
            store = open_store(stack.enter_context(sqlite_template.database()))
            stack.callback(store.close)
            folder = tmp_path / number
            world = stack.enter_context(make_world(store, valkey_server.url, folder))
            world.number(number, kind=NumberKind.LONG)
            world.members(world.community(), 3)
            worlds.append(world)
        yield worlds[0], worlds[1]


def converse(pair: tuple[World, World], seconds: float, rounds: int = 40) -> int:
    """Carry every message to the other side until silence; how many there were."""
    carried = {OURS: 0, THEIRS: 0}
    for _ in range(rounds):
        before = dict(carried)
        for world, other, ours, theirs in (
            (pair[0], pair[1], OURS, THEIRS),
            (pair[1], pair[0], THEIRS, OURS),
        ):
            world.pump()
            texts = world.phone(theirs)
            for text in texts[carried[ours] :]:
                for each in pair:
                    each.clock.forward(seconds=seconds)
                hear(other, ours, text, to=theirs)
            carried[ours] = len(texts)
        if carried == before:
            return sum(carried.values())
    raise AssertionError(f"they never end: {carried}")


def hear(world: World, sender: str, text: str, to: str) -> None:
    row = world.arrives(sender, text, to=to)
    if inbound.read(world.runtime, row) == inbound.WAITING:
        world.clock.forward(seconds=world.settings.alerts.join_seconds)
        inbound.read(world.runtime, row)


@pytest.mark.parametrize("seconds", [1, 150, 3700])
@pytest.mark.parametrize(
    "opening", ["Feu de grange", "AIDE", "STOP", "REPRISE", "ETAT", "ALERTE", "FIN 381", "PAUSE 8"]
)
def test_two_systems_facing_each_other_fall_silent(
    pair: tuple[World, World], opening: str, seconds: float
) -> None:
    """Somebody texts one of them in the other's name."""
    hear(pair[0], THEIRS, opening, to=OURS)
    assert 1 + converse(pair, seconds) <= MOST


@pytest.mark.parametrize("seconds", [1, 150, 3700])
@pytest.mark.parametrize("both", [False, True])
def test_a_system_that_is_a_member_of_another_falls_silent(
    pair: tuple[World, World], both: bool, seconds: float
) -> None:
    """Its number was enrolled by mistake: each alert costs a few messages, and no more."""
    one, other = pair
    one.member(1, mobile=THEIRS)
    if both:
        other.member(1, mobile=OURS)
    author = one.rows(type(one.person(1)))[0]
    one.raised(author)
    assert converse(pair, seconds) <= MOST


@pytest.mark.parametrize("seconds", [1, 150, 900])
def test_a_robot_that_answers_everything_is_answered_a_few_times(
    sqlite_world: World, seconds: float
) -> None:
    world, robot = sqlite_world, "+33639989000"
    world.number(OURS, kind=NumberKind.LONG)
    messages = 0
    for _ in range(20):
        before = len(world.phone(robot))
        hear(world, robot, "Je suis absent jusqu'au 3 septembre.", to=OURS)
        world.pump()
        new = len(world.phone(robot)) - before
        messages += 1 + new
        if not new:
            break
        world.clock.forward(seconds=seconds)
    assert messages <= MOST
    assert len(world.rows(InboundText)) == 2


def test_a_stranger_who_says_the_same_an_hour_later_is_answered_again(sqlite_world: World) -> None:
    sqlite_world.number()
    stranger = "+33639989000"
    assert sqlite_world.text(stranger, "Feu rue Haute") == "unknown_sender"
    sqlite_world.clock.forward(minutes=10)
    assert sqlite_world.text(stranger, "Feu rue Haute") == "duplicate"
    assert sqlite_world.text(stranger, "Feu rue Basse") == "unknown_sender"
    sqlite_world.clock.forward(minutes=61)
    assert sqlite_world.text(stranger, "Feu rue Haute") == "unknown_sender"


@pytest.mark.parametrize("change", [str, str.upper, lambda said: said.replace(" ", "\n")])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_answer_of_ours_is_known_for_one(
    tmp_path: Path, language: str, change: Callable[[str], str]
) -> None:
    short = {
        i for i in ids(language, "sms") if len(template(language, "sms", i)) < LONG_ENOUGH + 20
    }
    for specimen in specimens(settings(tmp_path), language):
        if specimen.id not in TOLD | PARTS | short:
            assert echoes.is_answer(change(specimen.text)), specimen.id


@pytest.mark.parametrize(
    "text",
    ["Feu", "Ce numéro n'est pas inscrit ?", "Votre compte attend", "STOP", "", "{", "a" * 5000],
)
def test_what_people_write_is_no_answer_of_ours(text: str) -> None:
    assert not echoes.is_answer(text)
