"""The checker finds each kind of wrong that it is there for, and nothing where all is well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from dispatch.crashing import POINTS
from tests.chaos.__main__ import _one
from tests.chaos.checker import Verdict, check
from tests.chaos.people import EVERYBODY, RATE, audience
from tests.chaos.plan import BACK, Plan, Strike, Words, plan
from tests.chaos.reports import Shown
from tests.chaos.rows import Report, Row, Rows, Text
from tests.chaos.stand import Servers

AUTHOR = EVERYBODY[0]
NEIGHBOURS = sorted(audience(AUTHOR))
LAST = len(NEIGHBOURS) - 1
WORDS = Words(0.0, AUTHOR, "s1t0xabc")
PLAN = replace(plan(1), words=[WORDS], stops=[])
STOPPED = {"SM2": Text("read", "stop", 1795521600.0 - 90)}
EXPIRES = "2026-11-24 12:00:00+00:00"
BEFORE = 1795521600.0 - 60  # a minute before that
RECEIPT = 50


def entry(n: int, to: str, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"event": "accepted", "d": str(n), "a": "1", "to": to, "sender": "38000"}
    told |= {"body": f"Alerte : {WORDS.token}", "segments": 1, "mono": n / RATE, "wall": BEFORE}
    told |= more
    return told | {"sid": f"P{told['d']}.{told['a']}"}


def row(n: int, to: str, **more: Any) -> Row:
    return replace(Row(n, 7, to, "delivered", "", 1, 0, EXPIRES), **more)


@dataclass
class Scene:
    """One text, told to all its neighbours and confirmed to its author, once."""

    ledger: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[int, Row] = field(default_factory=dict)
    answers: list[int] = field(default_factory=lambda: [RECEIPT])
    reports: list[Report] = field(default_factory=list)
    shown: Counter[str] = field(default_factory=Counter)  # more than there is
    duplicates: int = 0

    def __post_init__(self) -> None:
        came = {"event": "inbound", "sid": "SM1", "body": WORDS.text, "sender": AUTHOR}
        self.ledger = [came, *(entry(n, to) for n, to in enumerate(NEIGHBOURS))]
        self.rows = {n: row(n, to) for n, to in enumerate(NEIGHBOURS)}
        self.ledger.append(entry(RECEIPT, AUTHOR, body="Alerte 7 envoyée. Fin : FIN 7. Erreur..."))
        self.rows[RECEIPT] = row(RECEIPT, AUTHOR, alert=None)
        for n in self.rows:
            self.ends(n)

    def ends(self, n: int, word: str = "delivered", attempt: int = 1, kept: bool = True) -> None:
        """What becomes of an attempt of a delivery, and that we are told."""
        own = {"d": str(n), "a": str(attempt), "sid": f"P{n}.{attempt}", "status": word}
        self.ledger += [{"event": "became"} | own, {"event": "receipt", "answer": 204} | own]
        if kept:
            self.reports.append(Report(f"P{n}.{attempt}", n, attempt, word))

    def forgets(self, n: int, attempt: int = 1, *events: str) -> None:
        """The ledger without what it says of an attempt, or without some of it."""
        own = {"d": str(n), "a": str(attempt)}
        events = events or ("accepted", "became", "receipt")
        self.ledger = [
            e for e in self.ledger if e["event"] not in events or not own.items() <= e.items()
        ]
        if "receipt" in events:
            self.reports = [r for r in self.reports if (r.delivery, r.attempt) != (n, attempt)]

    def changes(self, n: int, **columns: Any) -> None:
        self.rows[n] = replace(self.rows[n], **columns)

    def takes(self, n: int, **more: Any) -> dict[str, Any]:
        """The entry that says that the provider took a delivery."""
        own = {"event": "accepted", "d": str(n), "a": "1"}
        (found,) = [e for e in self.ledger if own.items() <= e.items()]
        found.update(more)
        return found

    def judged(self, outcome: str = "alert", planned: Plan = PLAN) -> Verdict:
        rows = Rows(
            self.rows,
            {"SM1": Text("read", outcome), **STOPPED},
            {"SM1": 7},
            {row.id: row.attempts for row in self.rows.values()},
            {"SM1": self.answers},
            self.reports,
        )
        states = Counter(row.state for row in self.rows.values()) + self.shown
        return check(planned, self.ledger, rows, {"38000": RATE}, Shown(states, self.duplicates))


def kinds(verdict: Verdict) -> set[str]:
    return {finding.partition(":")[0] for finding in verdict.findings}


def test_all_is_well() -> None:
    verdict = Scene().judged()
    assert verdict.findings == []
    assert verdict.messages == len(NEIGHBOURS)
    assert verdict.handed_over == len(NEIGHBOURS) + 1


def wrongs() -> Iterator[Any]:
    def case(kind: str, name: str, change: Any) -> Any:
        return pytest.param(kind, change, id=name)

    yield case("lost", "never taken", lambda scene: scene.forgets(LAST))
    yield case(
        "doubled", "taken twice",
        lambda scene: scene.ledger.append(dict(scene.takes(LAST), a="2")),
    )  # fmt: skip
    yield case("late", "after its time", lambda scene: scene.takes(LAST, wall=BEFORE + 62))
    yield case(
        "wrong_person", "a stranger has it", lambda scene: scene.takes(LAST, to=EVERYBODY[-1])
    )
    yield case("wrong_person", "the author has their own", hears_oneself)
    for state in ("queued", "sending", "unknown", "accepted", "sent", "held"):
        yield case("non_terminal", state, lambda scene, s=state: scene.changes(0, state=s))
    yield case(
        "disagrees", "cancelled and taken", lambda scene: scene.changes(0, state="cancelled")
    )
    yield case(
        "disagrees", "delivered and never taken",
        lambda scene: scene.rows.update({99: row(99, AUTHOR, alert=None)}),
    )  # fmt: skip
    yield case(
        "lost", "an answer never taken",
        lambda scene: scene.rows.update({99: row(99, AUTHOR, alert=None, state="failed")}),
    )  # fmt: skip
    yield from (case(*each) for each in (*OF_AUTHORS, *OF_REPORTS, *OF_FIGURES))


def hears_oneself(scene: Scene) -> None:
    """All the tables say so: only who is meant to hear it tells."""
    scene.ledger.append(entry(51, AUTHOR))
    scene.rows[51] = row(51, AUTHOR)
    scene.ends(51)


def tells_again(scene: Scene, **more: Any) -> None:
    """The author has a second receipt, and by which delivery."""
    scene.ledger.append(entry(51, AUTHOR, body="Fin : FIN 7. Erreur...") | more)
    scene.rows[51] = row(51, AUTHOR, alert=None)
    scene.ends(51)


def answers_twice(scene: Scene) -> None:
    tells_again(scene)
    scene.answers.append(51)


OF_AUTHORS = (
    ("lost", "the author has no receipt", lambda scene: scene.answers.clear()),
    ("lost", "the receipt says nothing of it", lambda scene: scene.takes(RECEIPT, body="Bonjour")),
    (
        "lost", "the receipt of another alert",
        lambda scene: scene.takes(RECEIPT, body="Fin : FIN 71. Erreur..."),
    ),
    ("lost", "somebody else's receipt", lambda scene: scene.changes(RECEIPT, address=NEIGHBOURS[0])),
    ("doubled", "two receipts", answers_twice),
    ("doubled", "told twice, by a message that answers no text", tells_again),
)  # fmt: skip


def misplaces(scene: Scene, **where: Any) -> None:
    scene.reports[0] = replace(scene.reports[0], **where)


def fails(scene: Scene, n: int, shown: str = "delivered") -> None:
    scene.forgets(n, 1, "became", "receipt")
    scene.ends(n, "undelivered")
    scene.changes(n, state=shown)


def retries(scene: Scene, n: int = LAST) -> None:
    """The first attempt broke before the provider had it, the second ends badly."""
    first = scene.takes(n)
    scene.forgets(n)
    scene.ledger += [dict(first, event="fault", kind="reset"), entry(n, first["to"], a="2")]
    scene.ends(n, "undelivered", 2)
    scene.changes(n, state="undelivered", attempts=2, doubts=1)


def says_of_the_first_what_is_true_of_the_second(scene: Scene) -> None:
    retries(scene)
    scene.forgets(LAST, 2, "became", "receipt")
    scene.ends(LAST, "undelivered", 1)
    scene.ends(LAST, "sent", 2)


def is_retried_and_shown_as_arrived(scene: Scene) -> None:
    retries(scene)
    scene.changes(LAST, state="delivered")


OF_REPORTS = (
    ("disagrees", "a report kept of another delivery", lambda scene: misplaces(scene, delivery=1)),
    ("disagrees", "a report kept of another attempt", lambda scene: misplaces(scene, attempt=2)),
    ("disagrees", "a report kept of no delivery", lambda scene: misplaces(scene, delivery=None)),
    ("disagrees", "a report that nobody made", lambda scene: misplaces(scene, message="P9")),
    ("lost", "a report that was taken and not kept", lambda scene: scene.reports.pop()),
    ("lost", "another word than was said", lambda scene: misplaces(scene, word="sent")),
    ("disagrees", "delivered, and no phone had it", lambda scene: fails(scene, 0)),
    (
        "disagrees", "reported delivered, and no receipt",
        lambda scene: scene.changes(0, state="no_receipt"),
    ),
    (
        "disagrees", "reported undelivered, and no receipt",
        lambda scene: fails(scene, 0, shown="no_receipt"),
    ),
    ("disagrees", "undelivered, and it arrived", lambda scene: scene.changes(0, state="undelivered")),
    ("disagrees", "undelivered, by the first attempt's word", says_of_the_first_what_is_true_of_the_second),
    ("disagrees", "retried, undelivered, and delivered here", is_retried_and_shown_as_arrived),
    ("doubled", "arrived twice, as the provider ends it", lambda scene: scene.ends(0, attempt=2)),
)  # fmt: skip


OF_FIGURES = (
    ("disagrees", "one more is shown", lambda scene: scene.shown.update(["delivered"])),
    ("disagrees", "a state is shown that none has", lambda scene: scene.shown.update(["unknown"])),
    (
        "disagrees", "one is missing",
        lambda scene: scene.shown.update({"delivered": -2, "undelivered": 2}),
    ),
    ("disagrees", "a double is shown that was none", lambda scene: setattr(scene, "duplicates", 1)),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "change"), list(wrongs()))
def test_it_finds(kind: str, change: Any) -> None:
    scene = Scene()
    change(scene)
    assert kind in kinds(scene.judged())


def test_one_that_was_retried_and_not_delivered_is_neither_lost_nor_doubled() -> None:
    scene = Scene()
    retries(scene)
    verdict = scene.judged()
    assert verdict.findings == []
    assert (verdict.figures["undelivered"], verdict.figures["doubts"]) == (1, 1)


def test_a_double_must_be_shown_once_its_reports_are_answered() -> None:
    scene = Scene()
    scene.ledger.append(entry(LAST, NEIGHBOURS[LAST], a="2"))
    scene.ends(LAST, attempt=2)
    scene.changes(LAST, attempts=2, doubts=1)
    assert kinds(scene.judged()) == {"doubled", "disagrees"}
    scene.duplicates = 1
    assert kinds(scene.judged()) == {"doubled"}


def test_a_report_that_we_did_not_take_need_not_be_kept() -> None:
    scene = Scene()
    scene.reports.pop()
    for said in scene.ledger:
        said.update({"answer": 503} if said["event"] == "receipt" else {})
    assert scene.judged().findings == []


def test_a_text_that_was_not_read_as_an_alert_is_lost() -> None:
    assert kinds(Scene().judged(outcome="reply")) == {"lost"}


def test_refused_for_good_is_no_loss_but_needs_the_providers_word() -> None:
    scene = Scene()
    gone = scene.takes(LAST)
    scene.forgets(LAST)
    scene.changes(LAST, state="failed")
    assert kinds(scene.judged()) == {"lost"}
    scene.ledger.append(dict(gone, event="fault", kind="refuse"))
    assert scene.judged().findings == []


def stop(scene: Scene) -> None:
    said = {"event": "inbound", "sid": "SM2", "body": "STOP", "sender": NEIGHBOURS[0]}
    scene.ledger.append(said)


def left(at: float) -> Scene:
    """All of it left at once, and one of them has said STOP."""
    scene = Scene()
    for said in scene.ledger:
        said.update({"wall": at} if "wall" in said else {})
    stop(scene)
    return scene


def test_what_left_after_a_stop_is_found() -> None:
    assert kinds(left(BEFORE).judged()) == {"after_stop"}
    assert left(BEFORE - 30).judged().findings == []


def test_a_stop_that_was_noted_by_a_clock_set_back_is_given_what_the_clock_lacked() -> None:
    read = STOPPED["SM2"].read
    set_back = replace(PLAN, strikes=[Strike(0.7, "clock back", 2.0)])
    assert left(read + BACK + 0.5).judged(planned=set_back).findings == []
    assert kinds(left(read + BACK + 0.5).judged()) == {"after_stop"}
    assert kinds(left(read + BACK + 1.5).judged(planned=set_back)) == {"after_stop"}


def test_what_expired_is_no_loss_only_where_alerts_are_planned_to_expire() -> None:
    scene = Scene()
    scene.forgets(LAST)
    scene.changes(LAST, state="expired", attempts=0)
    assert kinds(scene.judged()) == {"lost"}
    mortal = scene.judged(planned=replace(PLAN, lives=12.0))
    assert (mortal.findings, mortal.figures["expired"]) == ([], 1)


def test_too_many_in_one_second_are_found_whether_they_were_taken_or_not() -> None:
    scene = Scene()
    scene.ledger += [
        entry(100 + n, AUTHOR, event="fault", mono=0.5, kind="reset") for n in range(20)
    ]
    assert kinds(scene.judged()) == {"too_fast"}


def test_a_seed_that_cannot_be_run_is_named_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _one(cast("Servers", None), plan(17), loud=False) is None
    assert "replay: make chaos SEED=17" in capsys.readouterr().out


def test_a_seed_plans_the_same_each_time_and_all_points_have_their_turn() -> None:
    assert plan(17) == plan(17)
    armed = {each.partition(":")[0] for seed in range(1, 11) for each in _armed(plan(seed))}
    assert armed == POINTS


def _armed(planned: Plan) -> list[str]:
    return planned.crash_at.split(",") if planned.crash_at else []
