"""Processes die in the middle of a send: the rest goes out, nothing twice (R1 to R3, R9)."""

from __future__ import annotations

import os
import signal
from collections import Counter
from uuid import uuid4

import psutil
import pytest

from tests.acceptance import village
from tests.acceptance.system import NUMBER, Make, System, eventually
from tests.acceptance.village import ANA, BOB, CHLOE, FARID, IRIS, MAYOR, NORA
from tests.emulator.client import Emulator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

RATE = 12.0
CROWD = 54
EVERYBODY = Counter([BOB, CHLOE, FARID, IRIS, MAYOR, NORA]) + Counter(
    village.crowd(n) for n in range(CROWD)
)
LIMITS = {"per_member_hour": 1000, "per_community_hour": 1000, "answers_max": 1000}
AGAIN = 10.0  # seconds until sending goes on (R3), and then the rest at the number's rate
REST = 40.0  # what was claimed and may have left waits for its quiet period and two looks


@pytest.fixture(scope="module")
def installed(make_system: Make, emulator_process: Emulator) -> System:
    """Sixty neighbours on a slow number."""
    keys = {"type": "twilio", "api_base": emulator_process.url}
    keys |= {"account_sid": emulator_process.account_sid, "auth_token": emulator_process.auth_token}
    system = make_system(alerts=LIMITS, **{"gateway.twilio": keys})
    system.tocsin("number", "set", NUMBER, "--gateway", "twilio", "--rate", str(RATE))
    system.tocsin("member", "import", str(village.write_crowd(system.folder, CROWD)))
    return system


@pytest.fixture
def system(installed: System, emulator: Emulator) -> System:
    emulator.settings(webhook=f"{installed.url}/webhooks/twilio")
    if installed.process is None or not installed.process.alive:
        installed.up()
    eventually(lambda: installed.ready, "it is ready after the test before", 60)
    return installed


def midway(emulator: Emulator) -> str:
    """An alert of which a part has gone out; its words."""
    words = f"Camionnette blanche {uuid4().hex[:8]}"
    assert emulator.inbound(ANA, NUMBER, words)[1] == [200]
    eventually(lambda: heard(emulator, words).total() >= 12, "a part has gone out")
    assert heard(emulator, words).total() < EVERYBODY.total()
    return words


def heard(emulator: Emulator, words: str) -> Counter[str]:
    return Counter(m["to"] for m in emulator.ledger("accepted") if words in m["body"])


def all_have_it_once(system: System, emulator: Emulator, words: str) -> None:
    eventually(lambda: heard(emulator, words) >= EVERYBODY, "the rest goes out", REST)
    eventually(lambda: system.ready, "the service is ready", 30)
    eventually(
        lambda: not system.states().keys() & {"queued", "sending", "unknown"}, "all is settled", 30
    )
    assert heard(emulator, words) == EVERYBODY
    assert system.figure("tocsin_duplicates_total") == 0


def test_kill_9_of_everything_and_a_new_start(system: System, emulator: Emulator) -> None:
    words = midway(emulator)
    system.crash()
    gone = heard(emulator, words)
    assert gone.total() < EVERYBODY.total()
    system.up()
    all_have_it_once(system, emulator, words)


def test_kill_9_of_the_supervisor_leaves_no_orphan(system: System, emulator: Emulator) -> None:
    words = midway(emulator)
    assert system.process is not None
    os.kill(system.process.child.pid, signal.SIGKILL)
    system.process.child.wait(10)
    system.wait_gone(30)
    system.up()
    all_have_it_once(system, emulator, words)


@pytest.mark.parametrize(
    "words",
    [
        ("worker", "dispatch"),
        ("worker", "inbound"),
        ("housekeeping",),
        ("serve",),
        ("valkey-server",),
    ],
    ids=lambda words: words[-1],
)
def test_kill_9_of_one_process(system: System, emulator: Emulator, words: tuple[str, ...]) -> None:
    said = midway(emulator)
    victim = system.child(*words)
    victim.kill()
    all_have_it_once(system, emulator, said)
    eventually(lambda: _replaced(system, victim, words), "it was started again", 30)


def _replaced(system: System, victim: psutil.Process, words: tuple[str, ...]) -> bool:
    try:
        return system.child(*words).pid != victim.pid
    except (AssertionError, psutil.NoSuchProcess):
        return False


def test_sigterm_drains_and_ends_and_the_next_start_goes_on(
    system: System, emulator: Emulator
) -> None:
    words = midway(emulator)
    assert system.stop() < 30
    assert not _in_doubt(system)
    system.up()
    all_have_it_once(system, emulator, words)


@pytest.mark.parametrize(
    "words", [("worker", "inbound"), ("worker", "dispatch"), ("housekeeping",)]
)
def test_sigterm_ends_a_process_though_redis_answers_nothing(
    system: System, emulator: Emulator, words: tuple[str, ...]
) -> None:
    redis, process = system.child("valkey-server"), system.child(*words)
    redis.suspend()
    try:
        process.terminate()
        process.wait(30)
    finally:
        redis.resume()
    all_have_it_once(system, emulator, midway(emulator))


def _in_doubt(system: System) -> int:
    """What SIGTERM left neither sent nor waiting."""
    return sum(len(system.json("delivery", "list", "--state", s)) for s in ("sending", "unknown"))
