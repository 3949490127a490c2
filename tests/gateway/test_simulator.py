"""The handsets: once each, in order, in every process."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config import SimulatorGateway
from gateway.contract import (
    Accepted,
    Callback,
    Forged,
    Inbound,
    Malformed,
    Misconfigured,
    Outbound,
    Receipt,
    Stage,
)
from gateway.providers import Wiring
from gateway.providers.simulator import Phones, Simulator

ANNE, OURS = "+33639980001", "+33639980000"
MESSAGE = Outbound(7, 2, ANNE, OURS, "Tocsin : été " + "€" * 80)


@pytest.fixture
def simulator(tmp_path: Path) -> Simulator:
    section = SimulatorGateway(type="simulator")
    return Simulator("simulator", section, Wiring(tmp_path, 5.0, "https://tocsin.example"))


def test_a_message_arrives_on_the_phone_at_once(simulator: Simulator) -> None:
    assert asyncio.run(simulator.send(MESSAGE)) == Accepted("1", Stage.DELIVERED)
    [shown] = simulator.phones.messages(ANNE)
    assert shown.pop("at").endswith("+00:00")
    assert shown == {
        "id": 1,
        "handset": ANNE,
        "direction": "in",
        "peer": OURS,
        "text": MESSAGE.text,
        "segments": 2,
    }
    assert simulator.phones.messages(OURS) == []


def test_the_same_attempt_arrives_once(simulator: Simulator) -> None:
    async def twice() -> None:
        assert await simulator.send(MESSAGE) == await simulator.send(MESSAGE)

    asyncio.run(twice())
    assert len(simulator.phones.messages(ANNE)) == 1


def test_a_look_finds_what_arrived_and_nothing_else(simulator: Simulator) -> None:
    async def scenario() -> tuple[Receipt | None, Receipt | None]:
        before = await simulator.look(MESSAGE, "")
        await simulator.send(MESSAGE)
        return before, await simulator.look(MESSAGE, "")

    assert asyncio.run(scenario()) == (None, Receipt(Stage.DELIVERED, "1", 7, 2))
    assert simulator.traits.look_is_final


def said(document: object, **changed: object) -> Callback:
    body = json.dumps(document).encode()
    headers = {"content-type": "application/json"}
    values = {"method": "POST", "headers": headers, "body": body, **changed}
    return Callback(url="http://127.0.0.1/x", query={}, form={}, **values)  # type: ignore[arg-type]


TEXT = {"from": "0639980001", "to": "+33639980000", "text": "Au feu !", "id": "t1"}


def test_a_text_of_a_phone_is_read_and_shown_on_it_once(simulator: Simulator) -> None:
    simulator.verify(said(TEXT))
    for _ in range(2):
        assert simulator.read_inbound(said(TEXT)) == Inbound("t1", ANNE, OURS, "Au feu !")
    [shown] = simulator.phones.messages(ANNE)
    assert (shown["direction"], shown["peer"], shown["text"]) == ("out", OURS, "Au feu !")


@pytest.mark.parametrize(
    "call",
    [
        said(TEXT, method="GET"),
        said(TEXT, headers={}),
        said(TEXT, headers={"content-type": "application/x-www-form-urlencoded"}),
        said(TEXT, headers={"content-type": "text/plain"}),
    ],
)
def test_only_json_is_taken(simulator: Simulator, call: Callback) -> None:
    with pytest.raises(Forged):
        simulator.verify(call)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps({**TEXT, "id": ""}).encode(),
        json.dumps({**TEXT, "from": None}).encode(),
        json.dumps({**TEXT, "text": 5}).encode(),
        json.dumps({**TEXT, "to": ["+33639980000"]}).encode(),
        json.dumps({**TEXT, "from": "+33\n"}).encode(),
        json.dumps({key: value for key, value in TEXT.items() if key != "text"}).encode(),
    ],
)
def test_what_is_no_text_is_malformed_and_leaves_no_trace(
    simulator: Simulator, body: bytes
) -> None:
    with pytest.raises(Malformed):
        simulator.read_inbound(said(TEXT, body=body))
    assert simulator.phones.since(0) == []


def test_a_page_hears_only_what_is_new(simulator: Simulator) -> None:
    phones = simulator.phones
    first = phones.receive(ANNE, OURS, "un", segments=1, delivery=1, attempt=1)
    phones.sent(ANNE, OURS, "deux", "t1")
    assert [each["text"] for each in phones.since(first)] == ["deux"]
    assert [each["text"] for each in phones.messages(ANNE)] == ["un", "deux"]
    assert phones.messages(ANNE, after=phones.since(0)[-1]["id"]) == []


def test_cleared_phones_go_on_counting(simulator: Simulator) -> None:
    phones = simulator.phones
    first = phones.receive(ANNE, OURS, "un", segments=1, delivery=1, attempt=1)
    phones.clear()
    assert phones.since(0) == []
    assert phones.receive(ANNE, OURS, "un", segments=1, delivery=1, attempt=1) > first


def test_threads_put_each_text_on_the_phone_once(tmp_path: Path) -> None:
    phones = Phones(tmp_path / "simulator.db")

    def receive(number: int) -> int:
        return phones.receive(ANNE, OURS, "x", segments=1, delivery=number % 20, attempt=1)

    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(receive, range(100)))
    phones.close()
    assert len(set(rows)) == len(Phones(tmp_path / "simulator.db").since(0)) == 20


PROCESS = """
import sys
from pathlib import Path
from gateway.providers.simulator import Phones
phones = Phones(Path(sys.argv[1]))
for number in range(20):
    phones.receive("+33639980001", "+33639980000", "x", segments=1, delivery=number, attempt=1)
phones.close()
"""


def test_processes_share_the_phones(tmp_path: Path) -> None:
    path = tmp_path / "new" / "simulator.db"
    command = [sys.executable, "-c", PROCESS, str(path)]
    running = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(30) for process in running] == [0, 0]
    assert len(Phones(path).since(0)) == 20


def test_the_doctor_hears_of_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "simulator.db").write_text("not a database, and too long to be an empty one")
    section = SimulatorGateway(type="simulator")
    broken = Simulator("simulator", section, Wiring(tmp_path, 5.0, ""))
    with pytest.raises(Misconfigured):
        asyncio.run(broken.check())
    with pytest.raises(Misconfigured):
        asyncio.run(broken.send(MESSAGE))


def test_the_doctor_hears_that_all_is_well(simulator: Simulator) -> None:
    assert "0 messages" in asyncio.run(simulator.check())
