"""The handsets: once each, in order, in every process."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from config import SimulatorGateway
from gateway.contract import (
    Accepted,
    Callback,
    Channel,
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
        "kind": "text",
        "language": "",
        "answered": 1,
        "key": "",
        "answer": "",
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


CALL = Outbound(
    8,
    1,
    "+33199000001",
    "+33465710999",
    "Bonjour.\nJe répète.",
    channel=Channel.VOICE,
    language="fr",
)


def test_a_telephone_answers_and_hears_the_words(simulator: Simulator) -> None:
    assert asyncio.run(simulator.send(CALL)) == Accepted("1", Stage.DELIVERED)
    [call] = simulator.phones.messages(CALL.to)
    assert (call["kind"], call["answered"], call["text"]) == ("call", 1, CALL.text)
    assert (call["language"], call["segments"], call["direction"]) == ("fr", 0, "in")
    last = simulator.phones.last_call(CALL.to)
    assert last == {"id": 1, "delivery": 8, "attempt": 1}
    simulator.phones.pressed(1, "1", "Merci.")
    [call] = simulator.phones.messages(CALL.to)
    assert (call["key"], call["answer"]) == ("1", "Merci.")


def test_a_telephone_that_does_not_answer_hears_nothing(simulator: Simulator) -> None:
    simulator.phones.let_answer(CALL.to, answers=False)
    assert asyncio.run(simulator.send(CALL)) == Accepted("1", Stage.UNANSWERED)
    [call] = simulator.phones.messages(CALL.to)
    assert (call["answered"], call["text"]) == (0, "")
    assert simulator.phones.last_call(CALL.to) is None
    looked = asyncio.run(simulator.look(CALL, ""))
    assert looked is not None
    assert looked.stage is Stage.UNANSWERED
    simulator.phones.let_answer(CALL.to, answers=True)
    again = asyncio.run(simulator.send(replace(CALL, attempt=2)))
    assert again.stage is Stage.DELIVERED


def test_the_same_attempt_rings_once(simulator: Simulator) -> None:
    first, second = (asyncio.run(simulator.send(CALL)) for _ in range(2))
    assert first == second
    assert len(simulator.phones.messages(CALL.to)) == 1


def test_a_file_from_before_there_were_calls_is_still_good(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "old.db") as old:
        old.execute(
            "CREATE TABLE message (id INTEGER PRIMARY KEY AUTOINCREMENT, handset TEXT NOT NULL,"
            " direction TEXT NOT NULL, peer TEXT NOT NULL, text TEXT NOT NULL,"
            " segments INTEGER NOT NULL, at TEXT NOT NULL, delivery INTEGER, attempt INTEGER,"
            " sent_id TEXT UNIQUE, UNIQUE (delivery, attempt))"
        )
        old.execute(
            "INSERT INTO message (handset, direction, peer, text, segments, at)"
            " VALUES ('+33639980001', 'in', '38000', 'Bonjour', 1, '2026-11-24T10:00:00+00:00')"
        )
    old.close()
    phones = Phones(tmp_path / "old.db")
    assert [(m["text"], m["kind"]) for m in phones.messages(ANNE)] == [("Bonjour", "text")]
    row, answered = phones.ring(ANNE, OURS, "Allo", language="fr", delivery=1, attempt=1)
    assert (row, answered) == (2, True)
    phones.close()
