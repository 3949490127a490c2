"""`tocsin wording`: every message, and what it costs."""

from __future__ import annotations

import re

import pytest

from dispatch.catalogue import ids
from dispatch.specimens import PARTS
from tests.commands.console import Console

UNKNOWN = re.compile(r"<\w+>")  # how a variable without an example is shown


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_message_is_shown_with_its_cost(village: Console, language: str) -> None:
    village.ok(
        "number", "add", "38000", "--gateway", "simulator", "--rate", "10", "--price", "0.05"
    )
    rows = {row["id"]: row for row in village.json("wording", "--language", language)}
    assert set(rows) == set(ids(language, "sms")) - PARTS
    for message, row in rows.items():
        assert row["encoding"] == "gsm7", message
        assert row["price"] == pytest.approx(0.05 * row["segments"])
        assert bool(row["warning"]) == (row["segments"] > 1)
        assert "{" not in row["text"]
        assert not UNKNOWN.search(row["text"]), message
    assert rows["receipt_masked"]["segments"] == 1
    assert rows["alert"]["segments"] == 1
    assert 300 > rows["alert_agent"]["characters"] > 100


def test_the_table_says_what_takes_more_than_one(village: Console) -> None:
    said = village.ok("wording")
    assert "alert_agent: 2 segments with long names" in said
    assert "receipt_masked:" not in said


def test_parts_are_messages_of_the_catalogue() -> None:
    assert set(ids("fr", "sms")) >= PARTS
