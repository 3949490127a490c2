"""Every conversation of this folder, on both databases, with time passing as it says."""

from __future__ import annotations

import pytest

from tests.conversations import script
from tests.conversations.stage import InProcess, settle
from tests.dispatch.world import World


@pytest.mark.parametrize("name", script.names())
def test_a_conversation_goes_as_written(world: World, name: str) -> None:
    settle(world)
    script.play(script.named(name), InProcess(world))


def test_a_conversation_that_goes_another_way_fails(sqlite_world: World) -> None:
    settle(sqlite_world)
    for wrong in ("Inconnu: feu", "Inconnu: AIDE\n-> Inconnu: autre chose", "Ana: ok\n-> Ana: *"):
        with pytest.raises(AssertionError, match=r"expects this|should receive"):
            script.play(list(script.read(wrong)), InProcess(sqlite_world))
