"""`tocsin queue status`, once and live, and the same figures at the number."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.console import Console

CLI = Path(__file__).parents[2] / "cli.py"
KEYS = {
    "gateway", "due", "held", "oldest_due_seconds", "sending", "unknown", "paused", "reason",
    "numbers",
}  # fmt: skip


def raised(village: Console) -> None:
    village.ok("number", "add", "38000", "--gateway", "simulator", "--rate", 10)
    village.ok("member", "activate", 2)
    village.ok("alert", "raise", "--member", 1, "Camionnette suspecte")


def test_the_same_deliveries_are_due_at_the_gateway_and_at_the_number(village: Console) -> None:
    raised(village)
    (row,) = [r for r in village.json("queue", "status") if r["gateway"] == "simulator"]
    number = village.json("number", "show", "38000")
    assert set(row) == KEYS
    assert row["due"] >= 1
    for name in ("due", "held", "sending", "unknown"):
        assert number[name] == row[name]


def test_each_number_of_a_gateway_has_its_own_line(village: Console) -> None:
    raised(village)
    village.ok("number", "add", "38001", "--gateway", "simulator", "--rate", 2)
    village.ok("number", "pause", "38001", "--reason", "sim changed")
    (row,) = [r for r in village.json("queue", "status") if r["gateway"] == "simulator"]
    first, second = row["numbers"]
    assert (first["number"], first["rate"], first["paused"]) == ("38000", 10.0, False)
    assert first["due"] + second["due"] == row["due"]
    assert first["seconds_left"] == pytest.approx(first["due"] / 10, abs=0.1)
    assert (second["number"], second["paused"], second["reason"]) == ("38001", True, "sim changed")
    assert second["seconds_left"] is None
    said = village.ok("queue", "status").splitlines()
    order = [line.split()[0] for line in said[1:] if line.startswith(("simulator", "  "))]
    assert order == ["simulator", "38000", "38001"]
    assert said[-1] == "38001 is paused: sim changed"


def test_a_delivery_is_explained(village: Console) -> None:
    raised(village)
    first = next(row["id"] for row in village.json("delivery", "list") if row["alert"])
    said = village.ok("delivery", "explain", first)
    assert "planned for alert" in said
    assert said.splitlines()[-1].startswith("now  queued; ")
    told = village.json("delivery", "explain", first)
    assert told["id"] == first
    assert [event["event"] for event in told["story"]] == ["planned"]
    assert village.json("delivery", "list", "--state", "unknown") == []


@pytest.mark.parametrize("command", ["explain", "show", "retry"])
@pytest.mark.parametrize("number", [0, 999, 10**20])
def test_a_delivery_that_there_is_not_is_said_not_to_be(
    village: Console, command: str, number: int
) -> None:
    assert f"no delivery {number}:" in village.refused("delivery", command, number)


@pytest.fixture
def interrupts() -> Iterator[None]:
    """What a shell runs in the background is deaf to Ctrl-C, and so is all that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_the_live_status_shows_until_it_is_stopped(village: Console) -> None:
    raised(village)
    ours, theirs = pty.openpty()
    watching = subprocess.Popen(
        [sys.executable, str(CLI), "queue", "status", "--watch", "--every", "0.2"],
        env={**os.environ, "TERM": "xterm", **village.environment},
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    said = ""
    while said.count("simulator") < 3:  # the same lines, drawn again
        said += os.read(ours, 65536).decode(errors="replace")
    watching.send_signal(signal.SIGINT)
    _, complaints = watching.communicate(timeout=20)
    os.close(ours)
    assert watching.returncode == 0, complaints
    assert "oldest" in said
    assert "38000" in said
    assert complaints == ""


def test_live_and_json_do_not_go_together(village: Console) -> None:
    assert "--json" in village.refused("queue", "status", "--watch", "--json")
