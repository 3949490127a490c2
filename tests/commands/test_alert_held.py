"""`tocsin alert release` and `drop`: the team decides held alerts."""

from __future__ import annotations

import pytest

from tests.commands.console import Console


@pytest.fixture
def held(village: Console) -> Console:
    """Ana has raised five alerts; the sixth waits. Zoé, in another community, hears nothing."""
    village.ok("number", "add", "38000", "--gateway", "simulator", "--rate", "10")
    village.ok("request", "accept", "2")
    for n in range(6):
        village.ok("alert", "raise", "--member", "1", f"Alerte numéro {n}")
    return village


@pytest.fixture
def ref(held: Console) -> str:
    """The reference of the alert that waits."""
    return str(held.json("alert", "list")[0]["ref"])


def test_a_held_alert_is_on_the_list_and_can_be_released(held: Console, ref: str) -> None:
    assert held.json("alert", "list")[0]["state"] == "held"
    assert held.json("alert", "show", ref)["held_until"]
    assert "1 messages" in held.ok("alert", "release", ref)
    assert held.json("alert", "show", ref)["state"] == "open"
    assert "not held" in held.refused("alert", "release", ref)


def test_a_held_alert_can_be_dropped(held: Console, ref: str) -> None:
    held.ok("alert", "drop", ref)
    assert held.json("alert", "show", ref)["state"] == "withdrawn"
    assert held.json("delivery", "list", "--alert", ref)[0]["state"] == "cancelled"
    assert "not held" in held.refused("alert", "drop", ref)
    assert "no alert 99" in held.refused("alert", "drop", "99")
