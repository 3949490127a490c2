"""After any single failure sending goes on within 10 seconds (R3), Redis away included."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.system import NUMBER
from tests.chaos import strikes
from tests.chaos.people import GATEWAY, audience, phones
from tests.chaos.plan import Plan
from tests.chaos.stand import Servers, servers, stand
from tests.rigs.processes import until

pytestmark = [pytest.mark.slow, pytest.mark.alone]

WITHIN = 10.0  # seconds
FAILURES = (
    "kill dispatch",
    "kill inbound",
    "kill housekeeping",
    "kill web",
    "kill web child",
    "roll dispatch",
    "flush",
    "redis killed",
    "redis frozen",
    "redis full",
    "database immediate restart",
)
AUTHOR = phones("Les Tilleuls")[0]


@pytest.fixture(scope="module")
def rigs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with servers(tmp_path_factory.mktemp("goes-on")) as made:
        yield made


@pytest.mark.parametrize("kind", FAILURES)
def test_an_alert_at_the_worst_moment_is_out_within_ten_seconds(
    rigs: Servers, kind: str, tmp_path: Path
) -> None:
    """What fails stays failed: nobody repairs it meanwhile, but for the supervisor."""
    with stand(rigs, _calm(FAILURES.index(kind))) as made:
        made.emulator.reset()
        made.emulator.no_faults(1)
        made.emulator.settings(webhook=f"{made.system.url}/webhooks/{GATEWAY}")
        made.system.up()

        def told(words: str) -> set[str]:
            ledger = made.emulator.ledger()
            return {e["to"] for e in ledger if e["event"] == "accepted" and words in e["body"]}

        made.emulator.inbound(AUTHOR, NUMBER, "ALERTE premier repère")
        until(lambda: told("premier repère") >= audience(AUTHOR), "all is well", 20)
        began = time.monotonic()
        undo = strikes.strike(made, kind)
        try:
            until(
                lambda: _answered(made.emulator.inbound(AUTHOR, NUMBER, "ALERTE second repère")),
                "the text is taken",
                WITHIN,
                pause=0.3,
            )
            left = WITHIN - (time.monotonic() - began)
            until(lambda: told("second repère") >= audience(AUTHOR), "sending goes on", left)
        finally:
            if undo is not None:
                undo()


def _answered(outcome: tuple[str, list[int]]) -> bool:
    return any(200 <= status < 300 for status in outcome[1])


def _calm(seed: int) -> Plan:
    """Nothing but what the test does, with the product's own times."""
    return Plan(
        seed=10_000 + seed,
        database="postgresql",
        workers=1,
        words=[],
        rules=[],
        strikes=[],
        crash_at="",
    )
