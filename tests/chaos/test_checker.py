"""The checker finds each kind of wrong that it is there for, and nothing where all is well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from dispatch.crashing import POINTS
from tests.chaos.checker import Verdict, check
from tests.chaos.people import EVERYBODY, RATE, audience
from tests.chaos.plan import BACK, Plan, Strike, Words, plan
from tests.chaos.rows import Row, Rows, Text

AUTHOR = EVERYBODY[0]
NEIGHBOURS = sorted(audience(AUTHOR))
WORDS = Words(0.0, AUTHOR, "s1t0xabc")
PLAN = replace(plan(1), words=[WORDS], stops=[])
STOPPED = {"SM2": Text("read", "stop", 1795521600.0 - 90)}
EXPIRES = "2026-11-24 12:00:00+00:00"
BEFORE = 1795521600.0 - 60  # a minute before that


def entry(n: int, to: str, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"event": "accepted", "d": str(n), "a": "1", "to": to, "sender": "38000"}
    told |= {"body": f"Alerte : {WORDS.token}", "segments": 1, "mono": n / RATE, "wall": BEFORE}
    return told | more


def row(n: int, to: str, **more: Any) -> Row:
    return replace(Row(n, 7, to, "delivered", "", 1, 0, EXPIRES), **more)


def well() -> tuple[list[dict[str, Any]], dict[int, Row]]:
    """One text, told to all its neighbours, once."""
    ledger = [{"event": "inbound", "sid": "SM1", "body": WORDS.text}]
    ledger += [entry(n, to) for n, to in enumerate(NEIGHBOURS)]
    return ledger, {n: row(n, to) for n, to in enumerate(NEIGHBOURS)}


def judged(
    ledger: list[dict[str, Any]],
    rows: dict[int, Row],
    outcome: str = "alert",
    planned: Plan = PLAN,
) -> Verdict:
    attempts = {row.id: row.attempts for row in rows.values()}
    return check(
        planned,
        ledger,
        Rows(rows, {"SM1": Text("read", outcome), **STOPPED}, {"SM1": 7}, attempts),
        {"38000": RATE},
    )


def kinds(verdict: Verdict) -> set[str]:
    return {finding.partition(":")[0] for finding in verdict.findings}


def test_all_is_well() -> None:
    verdict = judged(*well())
    assert verdict.findings == []
    assert (verdict.messages, verdict.handed_over) == (len(NEIGHBOURS), len(NEIGHBOURS))


def wrongs() -> Iterator[Any]:
    def case(kind: str, name: str, change: Any) -> Any:
        return pytest.param(kind, change, id=name)

    yield case("lost", "never taken", lambda ledger, rows: ledger.pop())
    yield case(
        "doubled", "taken twice", lambda ledger, rows: ledger.append(dict(ledger[-1], a="2"))
    )
    yield case("late", "after its time", lambda ledger, rows: ledger[-1].update(wall=BEFORE + 62))
    yield case(
        "wrong_person",
        "a stranger has it",
        lambda ledger, rows: ledger[-1].update(to=EVERYBODY[-1]),
    )
    for state in ("queued", "sending", "unknown", "accepted", "sent", "held"):
        yield case(
            "non_terminal",
            state,
            lambda ledger, rows, s=state: rows.update({0: row(0, NEIGHBOURS[0], state=s)}),
        )
    yield case(
        "disagrees", "cancelled and taken",
        lambda ledger, rows: rows.update({0: row(0, NEIGHBOURS[0], state="cancelled")}),
    )  # fmt: skip
    yield case(
        "disagrees", "delivered and never taken",
        lambda ledger, rows: rows.update({99: row(99, AUTHOR, alert=None)}),
    )  # fmt: skip
    yield case(
        "lost", "an answer never taken",
        lambda ledger, rows: rows.update({99: row(99, AUTHOR, alert=None, state="failed")}),
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "change"), list(wrongs()))
def test_it_finds(kind: str, change: Any) -> None:
    ledger, rows = well()
    change(ledger, rows)
    assert kind in kinds(judged(ledger, rows))


def test_a_text_that_was_not_read_as_an_alert_is_lost() -> None:
    assert kinds(judged(*well(), outcome="reply")) == {"lost"}


def test_refused_for_good_is_no_loss_but_needs_the_providers_word() -> None:
    ledger, rows = well()
    gone = ledger.pop()
    last = len(NEIGHBOURS) - 1
    rows[last] = row(last, NEIGHBOURS[last], state="failed")
    assert kinds(judged(ledger, rows)) == {"lost"}
    ledger.append(dict(gone, event="fault", kind="refuse"))
    assert judged(ledger, rows).findings == []


def test_what_left_after_a_stop_is_found() -> None:
    ledger, rows = well()
    stop = {"event": "inbound", "sid": "SM2", "body": "STOP", "sender": NEIGHBOURS[0]}
    assert kinds(judged([*ledger, stop], rows)) == {"after_stop"}
    before = [entry | ({"wall": BEFORE - 30} if "wall" in entry else {}) for entry in ledger]
    assert judged([*before, stop], rows).findings == []


def test_a_stop_that_was_noted_by_a_clock_set_back_is_given_what_the_clock_lacked() -> None:
    ledger, rows = well()
    stop = {"event": "inbound", "sid": "SM2", "body": "STOP", "sender": NEIGHBOURS[0]}
    read = STOPPED["SM2"].read
    set_back = replace(PLAN, strikes=[Strike(0.7, "clock back", 2.0)])

    def left(after: float) -> list[dict[str, Any]]:
        return [e | ({"wall": read + after} if "wall" in e else {}) for e in ledger] + [stop]

    assert judged(left(BACK + 0.5), rows, planned=set_back).findings == []
    assert kinds(judged(left(BACK + 0.5), rows)) == {"after_stop"}
    assert kinds(judged(left(BACK + 1.5), rows, planned=set_back)) == {"after_stop"}


def test_what_expired_is_no_loss_only_where_alerts_are_planned_to_expire() -> None:
    ledger, rows = well()
    ledger.pop()
    last = len(NEIGHBOURS) - 1
    rows[last] = row(last, NEIGHBOURS[last], state="expired", attempts=0)
    assert kinds(judged(ledger, rows)) == {"lost"}
    mortal = judged(ledger, rows, planned=replace(PLAN, lives=12.0))
    assert (mortal.findings, mortal.figures["expired"]) == ([], 1)


def test_too_many_in_one_second_are_found_whether_they_were_taken_or_not() -> None:
    ledger, rows = well()
    ledger += [entry(100 + n, AUTHOR, event="fault", mono=0.5, kind="reset") for n in range(20)]
    assert kinds(judged(ledger, rows)) == {"too_fast"}


def test_a_seed_plans_the_same_each_time_and_all_points_have_their_turn() -> None:
    assert plan(17) == plan(17)
    armed = {each.partition(":")[0] for seed in range(1, 11) for each in _armed(plan(seed))}
    assert armed == POINTS


def _armed(planned: Plan) -> list[str]:
    return planned.crash_at.split(",") if planned.crash_at else []
