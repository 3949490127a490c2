"""What residents really type: every row of corpus.txt does what it must (sms.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from community_store.store import open_store
from dispatch import commands, inbound
from dispatch.courtesies import is_courtesy, says_nothing
from dispatch.reading import normal
from tests.dispatch.corpus import SITUATIONS, Row, Scene, rows
from tests.dispatch.world import World, make_world
from tests.rigs.databases import SqliteTemplate
from tests.rigs.redis import RedisServer

ROWS = list(rows())


@dataclass
class Land:
    """One world for every row, in which each has a town of its own."""

    world: World
    _towns: Iterator[int] = field(default_factory=lambda: count(10_000))

    def scene(self, situation: str) -> Scene:
        scene = Scene(self.world, str(next(self._towns)))
        SITUATIONS[situation](scene)
        return scene


@pytest.fixture(scope="module")
def land(
    sqlite_template: SqliteTemplate,
    valkey_server: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Land]:
    with sqlite_template.database() as url:
        store = open_store(url)
        with make_world(store, valkey_server.url, tmp_path_factory.mktemp("land")) as world:
            world.number()
            yield Land(world)
        store.close()


def read(world: World, sender: str, text: str) -> str:
    row = world.arrives(sender, text)
    outcome = inbound.read(world.runtime, row)
    if outcome == inbound.WAITING:  # as long as a full part: the next one might come
        world.clock.forward(seconds=world.settings.alerts.join_seconds)
        outcome = inbound.read(world.runtime, row)
    assert inbound.read(world.runtime, row) == "", "a second reading finds nothing to do"
    return outcome


def test_the_corpus_is_large_and_covers_every_situation() -> None:
    assert len(ROWS) >= 320
    assert {row.situation for row in ROWS} == set(SITUATIONS)
    assert len({(row.situation, row.text) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_text_does_what_its_writer_expects(land: Land, row: Row) -> None:
    scene = land.scene(row.situation)
    before = scene.latest()
    outcome = read(land.world, scene.sender, scene.text(row.text))
    if row.situation == "stopped":
        land.world.pump()
    neighbours = scene.hears(scene.hearer, before) or ["-"]
    if outcome == "held_released":  # what is released was planned before
        neighbours = scene.hears(scene.hearer)
    answers = "+".join(scene.hears(scene.sender, before)) or "-"
    assert (outcome, neighbours, answers) == (row.outcome, [row.neighbours], row.answer)
    if row.outcome == "reply":
        assert "reply" in scene.hears(scene.author.mobile or "", before)


TYPED = """
stop arret reprise aide info etat pause alerte mairie fin faux fausse tous oui non ok merci vu
recu bien d'accord compris bonjour slt svp c'est une de la au feu rue homme voleur 8 17 381 8h
? ! . , : « » 👍 🔥 n° jusqu'à demain désolé j'arrive help end cancel yes no all the van
"""
WORDS = st.sampled_from(TYPED.split())
SENTENCES = st.builds(
    lambda words, gap, case: getattr(gap.join(words), case)(),
    st.lists(WORDS, min_size=1, max_size=7),
    st.sampled_from([" ", " ", "  ", "\n", ", ", "", " - "]),
    st.sampled_from(["lower", "upper", "title", "swapcase"]),
)
TEXTS = SENTENCES | st.text(max_size=200) | st.sampled_from([row.text for row in ROWS])
SILENT = {"courtesy", "acknowledgement", "called", "machine"}


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=TEXTS, situation=st.sampled_from(sorted(set(SITUATIONS) - {"stopped"})))
def test_no_text_is_lost_and_no_command_or_courtesy_is_broadcast(
    land: Land, text: str, situation: str
) -> None:
    scene = land.scene(situation)
    said = re.sub(r"\{\w+\}", str(next(iter(scene.refs.values()), 381)), text)
    before = scene.latest()
    outcome = read(land.world, scene.sender, said)
    assert outcome
    told, answers = scene.hears(scene.hearer, before), scene.hears(scene.sender, before)
    found = commands.find(normal(said))
    if "alert" in told:
        assert found is None or found[0].warns
        assert not is_courtesy(said)
        assert not says_nothing(said)
    if outcome in SILENT:
        assert is_courtesy(said) or found is not None
        assert answers == []
        assert "alert" not in told
    else:
        assert answers, f"{said!r} was {outcome}, and nobody said so"
