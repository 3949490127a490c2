"""`tocsin number`."""

from __future__ import annotations

import pytest

from tests.commands.console import Console


def test_a_number_is_added_changed_paused_and_removed(any_console: Console) -> None:
    console = any_console
    console.ok(
        "number", "add", "38000", "--gateway", "simulator", "--rate", 10, "--kind", "short",
        "--price", "0.05", "--default",
    )  # fmt: skip
    console.ok("number", "add", "09 37 00 00 01", "--gateway", "second", "--rate", "0.5")
    console.ok("number", "add", "TOCSIN", "--gateway", "second", "--rate", 1)
    listed = console.json("number", "list")
    keys = ("number", "gateway", "kind", "rate", "price", "state", "default")
    assert [tuple(one[key] for key in keys) for one in listed] == [
        ("38000", "simulator", "short", 10.0, 0.05, "active", True),
        ("+33937000001", "second", "long", 0.5, 0.0, "active", False),
        ("TOCSIN", "second", "sender", 1.0, 0.0, "active", False),
    ]
    console.ok("number", "set", "0937000001", "--rate", 3, "--kind", "sim", "--default")
    console.ok("number", "pause", "38000", "--reason", "panne")
    shown = console.json("number", "show", "38000")
    assert (shown["state"], shown["reason"], shown["due"]) == ("paused", "panne", 0)
    console.ok("number", "resume", "38000")
    console.ok("number", "remove", "38000")
    listed = console.json("number", "list")
    assert [(one["number"], one["kind"], one["default"]) for one in listed] == [
        ("+33937000001", "sim", True), ("TOCSIN", "sender", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["add", "38001", "--gateway", "twilio", "--rate", "1"], "known: simulator, second"),
        (["add", "38000", "--gateway", "simulator", "--rate", "1"], "exists already"),
        (["add", "38001", "--gateway", "simulator", "--rate", "0"], "rate"),
        (["add", "38001", "--gateway", "simulator", "--rate", "nan"], "rate"),
        (["add", "38001", "--gateway", "simulator", "--rate", "1", "--price", "-1"], "price"),
        (
            ["add", "38001", "--gateway", "simulator", "--rate", "1", "--kind", "long"],
            "looks short",
        ),
        (["add", "1", "--gateway", "simulator", "--rate", "1"], "NUMBER"),
        (["add", "A very long name", "--gateway", "simulator", "--rate", "1"], "NUMBER"),
        (["set", "38000"], "nothing to change"),
        (["set", "38000", "--no-sms"], "only default"),
        (["set", "38000", "--voice", "--call-rate", "0"], "call rate"),
        (["set", "38000", "--voice", "--call-price", "-1"], "price of a call"),
        (["add", "38001", "--gateway", "simulator", "--rate", "1", "--no-sms"], "text or call"),
        (["add", "TOCSIN", "--gateway", "simulator", "--rate", "1", "--voice"], "cannot call"),
        (["set", "38000", "--no-default"], "only default"),
        (["set", "38000", "--gateway", "x"], "no [gateway.x]"),
        (["pause", "38999"], "tocsin number list"),
        (["remove", "38999"], "tocsin number list"),
    ],
)
def test_a_bad_number_is_one_line(console: Console, words: list[str], complaint: str) -> None:
    console.ok("number", "add", "38000", "--gateway", "simulator", "--rate", 10)
    before = console.json("number", "list")
    assert complaint in console.refused("number", *words)
    assert console.json("number", "list") == before


def test_a_number_can_call_and_need_not_text(any_console: Console) -> None:
    console = any_console
    console.ok(
        "number", "add", "+33937000001", "--gateway", "simulator", "--rate", 1, "--voice", "--no-sms",
        "--call-rate", "0.5", "--call-price", "0.03",
    )  # fmt: skip
    console.ok("number", "add", "38000", "--gateway", "simulator", "--rate", 10)
    keys = ("number", "default", "sms", "voice", "call_rate", "call_price", "calls_paused")
    listed = console.json("number", "list")
    assert [tuple(one[key] for key in keys) for one in listed] == [
        ("+33937000001", False, False, True, 0.5, 0.03, ""),
        ("38000", True, True, False, 1.0, 0.0, ""),
    ]
    console.ok("number", "set", "+33937000001", "--sms", "--call-rate", 2)
    shown = console.json("number", "show", "+33937000001")
    assert (shown["sms"], shown["voice"], shown["call_rate"]) == (True, True, 2.0)


def test_a_gateway_that_makes_no_calls_is_refused(console: Console) -> None:
    config = console.folder / "config.toml"
    config.write_text(
        config.read_text()
        + '[gateway.modem]\ntype = "kannel"\nsendsms_url = "http://127.0.0.1:1/"\n'
        'username = "u"\npassword = "p"\ntoken = "t"\n'
    )
    words = ("number", "add", "+33937000001", "--gateway", "modem", "--rate", 1, "--voice")
    assert "'modem' makes no calls" in console.refused(*words)
    assert console.json("number", "list") == []
