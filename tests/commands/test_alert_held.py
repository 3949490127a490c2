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


def test_a_held_alert_is_on_the_list_and_can_be_released(held: Console) -> None:
    newest = held.json("alert", "list")[0]
    assert (newest["ref"], newest["state"]) == (6, "held")
    assert held.json("alert", "show", "6")["held_until"]
    assert "1 messages" in held.ok("alert", "release", "6")
    assert held.json("alert", "show", "6")["state"] == "open"
    assert "not held" in held.refused("alert", "release", "6")


def test_a_held_alert_can_be_dropped(held: Console) -> None:
    held.ok("alert", "drop", "6")
    assert held.json("alert", "show", "6")["state"] == "withdrawn"
    assert held.json("delivery", "list", "--alert", "6")[0]["state"] == "cancelled"
    assert "not held" in held.refused("alert", "drop", "6")
    assert "no alert 99" in held.refused("alert", "drop", "99")
