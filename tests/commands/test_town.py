"""`tocsin town`, `tocsin agent` and `tocsin request`."""

from __future__ import annotations

import pytest

from tests.commands.console import Console


def test_a_town_is_added_subscribed_and_listed(any_console: Console) -> None:
    console = any_console
    console.ok("town", "add", "38185", "Grenoble", "--subscribed")
    console.ok("town", "add", "2a004", "Ajaccio")
    console.ok("town", "subscribe", "Ajaccio")
    console.ok("town", "unsubscribe", "38185")
    listed = console.json("town", "list")
    assert [(one["insee"], one["name"], one["subscribed"]) for one in listed] == [
        ("2A004", "Ajaccio", True), ("38185", "Grenoble", False),
    ]  # fmt: skip
    assert console.json("town", "show", "grenoble")["insee"] == "38185"
    assert "Ajaccio" in console.ok("town", "list")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["add", "1001", "X"], "did you mean 01001"),
        (["add", "38185", " "], "name"),
        (["show", "69123"], "tocsin town add 69123"),
        (["subscribe", "Nulle-Part"], "unknown town"),
    ],
)
def test_a_bad_town_is_one_line(console: Console, words: list[str], complaint: str) -> None:
    assert complaint in console.refused("town", *words)


def test_an_agent_is_added_listed_and_removed(any_console: Console) -> None:
    console = any_console
    console.ok("town", "add", "38185", "Grenoble")
    said = console.ok(
        "agent", "add", "--town", "38185", "--name", "Chef Poste", "--mobile", "06 39 98 00 50",
        "--email", "Chef@Ville.example", "--role", "police",
    )  # fmt: skip
    assert "tocsin town subscribe 38185" in said
    (agent,) = console.json("agent", "list", "--town", "38185")
    assert agent["mobile"] == "+33639980050"
    assert agent["email"] == "chef@ville.example"
    console.ok(
        "agent", "add", "--town", "38185", "--name", "Sans Mobile", "--email", "sm@v.example"
    )
    for stranger in ("99", "Personne", "nul@v.example", "0639980099"):
        assert "no agent" in console.refused("agent", "remove", stranger)
    assert len(console.json("agent", "list")) == 2
    console.ok("agent", "remove", "0639980050")
    console.ok("agent", "remove", "Sans Mobile")
    assert console.json("agent", "list") == []


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"--town": "69123"}, "unknown town"),
        ({"--mobile": "01 99 00 00 01"}, "--mobile: this is a landline"),
        ({"--mobile": "+44 7911 123456"}, "--mobile: only French numbers"),
        ({"--email": "nobody"}, "e-mail"),
        ({}, "a mobile or an e-mail"),
    ],
)
def test_a_bad_agent_is_one_line(console: Console, options: dict[str, str], complaint: str) -> None:
    console.ok("town", "add", "38185", "Grenoble")
    words = {"--town": "38185", "--name": "Police"} | options
    flat = [word for pair in words.items() for word in pair]
    assert complaint in console.refused("agent", "add", *flat)
    assert console.json("agent", "list") == []


def test_requests_are_accepted_and_refused(any_village: Console) -> None:
    any_village.ok(
        "member", "add", "--first-name", "Yan", "--last-name", "Petit", "--email",
        "yan@mail.example", "--address", "x", "--lat", 45.1825, "--lon", 5.7275,
    )  # fmt: skip
    listed = any_village.json("request", "list")
    assert [(one["first_name"], one["community"]) for one in listed] == [
        ("Bob", "Les Lilas"), ("Yan", "Les Roses"),
    ]  # fmt: skip
    any_village.ok("request", "accept", listed[0]["id"])
    assert "active, not pending" in any_village.refused("request", "accept", listed[0]["id"])
    any_village.ok("request", "refuse", listed[1]["id"])
    assert any_village.json("request", "list") == []
    assert any_village.json("member", "show", listed[0]["id"])["state"] == "active"
    closed = any_village.json("member", "list", "--state", "closed")
    assert [(one["id"], one["name"], one["email"]) for one in closed] == [(4, "", "")]


def test_a_town_may_be_kept_from_alerting_by_sms(any_village: Console) -> None:
    assert any_village.json("town", "show", "38185")["sms_alerts"] is True
    said = any_village.ok("town", "set", "Grenoble", "--no-sms-alerts")
    assert "may not" in said
    assert any_village.json("town", "show", "38185")["sms_alerts"] is False
    any_village.ok("town", "set", "38185", "--sms-alerts")
    assert any_village.json("town", "list")[0]["sms_alerts"] is True


def test_an_agent_s_number_is_confirmed_or_not(any_village: Console) -> None:
    any_village.ok("agent", "add", "--town", "38185", "--name", "Chef", "--mobile", "0639980050")
    assert any_village.json("agent", "list")[0]["confirmed"] is True
    assert "not confirmed" in any_village.ok("agent", "set", "Chef", "--no-confirmed")
    assert any_village.json("agent", "list")[0]["confirmed"] is False
    any_village.ok("agent", "set", "1", "--confirmed")
    assert any_village.json("agent", "list")[0]["confirmed"] is True
