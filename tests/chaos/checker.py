"""Compares what the provider truly took (its ledger) with who should have it and the rows.

It imports nothing of Tocsin: the ledger is the truth, the audience is known by hand, the
rows are read by SQL. A finding is a sentence; no finding is a pass.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.chaos import reports
from tests.chaos.people import audience
from tests.chaos.plan import STOP, Plan, Words
from tests.chaos.reports import Shown
from tests.chaos.rows import OPEN, Row, Rows, Text

Entry = dict[str, Any]

CLOSE = 1.0  # seconds beyond its time to live that a message may still be on its way
BLIND = 0.05  # seconds around a stall of the emulator in which arrivals say nothing
STALL = 0.1  # seconds that a busy machine may hold a worker up: what it holds leaves bunched
MORTAL = 60.0  # seconds of time to live under which some of an alert may rightly expire
TRIES = 3  # ambiguous attempts after which a message is given up, as documented
CAME = ("accepted", "fault", "too_fast")
LEFT_NEVER = ("expired", "suppressed", "cancelled", "failed")


@dataclass
class Verdict:
    """Figures of one run, and what is wrong with it."""

    texts: int = 0
    messages: int = 0
    handed_over: int = 0
    figures: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def wrong(self, kind: str, sentence: str) -> None:
        self.figures[kind] += 1
        self.findings.append(f"{kind}: {sentence}")


KINDS = (
    "lost",
    "doubled",
    "late",
    "too_fast",
    "after_stop",
    "wrong_person",
    "non_terminal",
    "disagrees",
)


def check(
    plan: Plan, ledger: list[Entry], rows: Rows, rates: dict[str, float], shown: Shown
) -> Verdict:
    """All the comparisons. `rates`: segments a second of each number."""
    verdict, seen = Verdict(texts=len(plan.words)), _seen(plan, ledger, rows)
    accepted = [entry for entry in ledger if entry["event"] == "accepted"]
    verdict.handed_over = len(accepted)
    for words in plan.words:
        _told(verdict, words, accepted, seen)
    _texts_read(verdict, ledger, rows)
    _authors_told(verdict, ledger, accepted, seen)
    _agree(verdict, accepted, seen)
    for kind, sentence in (*reports.wrong(ledger, rows), *reports.miscounted(ledger, rows, shown)):
        verdict.wrong(kind, sentence)
    _in_time(verdict, ledger, seen)
    _stopped(verdict, ledger, seen, plan.set_back)
    for sender, rate in rates.items():
        _pace(verdict, ledger, sender, rate)
    verdict.figures.update(seen.excuse(row) for row in seen.excused())
    states = Counter(row.state for row in rows.deliveries.values())
    verdict.figures.update({name: states[name] for name in ("undelivered", "no_receipt")})
    verdict.figures["doubts"] += sum(row.doubts for row in rows.deliveries.values())
    return verdict


@dataclass(frozen=True)
class Seen:
    """The rows, with the faults that befell each delivery."""

    rows: Rows
    faults: dict[int, list[Entry]]
    alerts: dict[str, int]  # by the words that came in
    stopped: frozenset[str]  # phones that wanted no more at some time
    mortal: bool  # whether an alert is planned to outlive its worth

    def row(self, entry: Entry) -> Row | None:
        return self.rows.deliveries.get(int(entry["d"]))

    def of(self, words: Words) -> Iterator[Row]:
        alert = self.alerts.get(words.text)
        return (row for row in self.rows.deliveries.values() if row.alert == alert)

    def excused(self) -> Iterator[Row]:
        return (row for row in self.rows.deliveries.values() if self.excuse(row))

    def excuse(self, row: Row) -> str:
        """Why a message was rightly never taken: refused for good, or given up as documented."""
        kinds = Counter(fault["kind"] for fault in self.faults.get(row.id, ()))
        if row.state in ("failed", "suppressed") and kinds["refuse"]:
            return "refused"
        if row.state == "no_receipt" and row.doubts >= TRIES:
            return "given_up"
        if row.state == "suppressed" and row.address in self.stopped:
            return "stopped"
        if row.state == "expired" and self.mortal:
            return "expired"
        if row.state == "no_receipt" and self.mortal and "could not be asked" in row.reason:
            return "expired"  # in doubt, and its time passed before the provider could be asked
        return ""


def _seen(plan: Plan, ledger: list[Entry], rows: Rows) -> Seen:
    faults: defaultdict[int, list[Entry]] = defaultdict(list)
    for entry in ledger:
        if entry["event"] == "fault" and "d" in entry:
            faults[int(entry["d"])].append(entry)
    stopped = frozenset(stop.phone for stop in plan.stops)
    came = {entry["body"]: entry["sid"] for entry in ledger if entry["event"] == "inbound"}
    alerts = {body: rows.alerts[sid] for body, sid in came.items() if sid in rows.alerts}
    return Seen(rows, faults, alerts, stopped, mortal=plan.lives < MORTAL)


def _told(verdict: Verdict, words: Words, accepted: list[Entry], seen: Seen) -> None:
    """Everybody whom a text is for has it, once, and nobody else has."""
    expected = audience(words.author)
    verdict.messages += len(expected)
    heard = [entry for entry in accepted if words.token in entry["body"]]
    times = Counter(entry["to"] for entry in heard)
    excused = {row.address for row in seen.of(words) if seen.excuse(row)}
    excused |= seen.stopped - {row.address for row in seen.of(words)}
    # whoever had enough before the alert was raised is not planned for at all
    for phone in sorted(expected - times.keys() - excused):
        verdict.wrong("lost", f"{words.token} never reached {phone}")
    for phone in sorted(times.keys() - expected):
        verdict.wrong("wrong_person", f"{words.token} reached {phone}")
    for phone, count in times.items():
        if count > 1:
            verdict.wrong("doubled", f"{words.token} reached {phone} {count} times")


def _texts_read(verdict: Verdict, ledger: list[Entry], rows: Rows) -> None:
    for entry in ledger:
        if entry["event"] == "inbound":
            text = rows.texts.get(entry["sid"], Text("missing", ""))
            if (text.state, text.outcome) != ("read", _meant(entry)):
                verdict.wrong("lost", f"text {entry['body']!r} is {text.state} {text.outcome}")


def _meant(entry: Entry) -> str:
    return "stop" if entry["body"] == STOP else "alert"


def _authors_told(verdict: Verdict, ledger: list[Entry], accepted: list[Entry], seen: Seen) -> None:
    """Who raised an alert is told so, once, by its number: by the rows and by what left."""
    for entry in ledger:
        alert = seen.rows.alerts.get(entry.get("sid", ""))
        if entry["event"] != "inbound" or alert is None:
            continue
        answers = [seen.rows.deliveries[n] for n in seen.rows.answers.get(entry["sid"], ())]
        about = f"the author of alert {alert}"
        if len(answers) != 1:
            kind = "doubled" if answers else "lost"
            verdict.wrong(kind, f"{about} has {len(answers)} receipts")
        told = {int(e["d"]) for e in accepted if _is_receipt(e, alert, entry["sender"])}
        told_of = {row.id for row in answers if row.address == entry["sender"]}
        if told - told_of:
            verdict.wrong("doubled", f"{about} was told more than a receipt")
        if any(not seen.excuse(row) for row in answers) and not told & told_of:
            verdict.wrong("lost", f"{about} was never told of it")


def _is_receipt(entry: Entry, alert: int, author: str) -> bool:
    """Whether a message tells an author how to end their alert, as their receipt does."""
    return entry["to"] == author and f"FIN {alert}." in entry["body"]


def _agree(verdict: Verdict, accepted: list[Entry], seen: Seen) -> None:
    """Rows and ledger say the same of every delivery, answers and receipts included."""
    times = Counter(int(entry["d"]) for entry in accepted)
    for entry in accepted:
        row = seen.row(entry)
        if row is None or row.address != entry["to"]:
            verdict.wrong("wrong_person", f"delivery {entry['d']} is another's, or nobody's")
    for row in seen.rows.deliveries.values():
        for kind, sentence in _says(row, times[row.id], seen):
            verdict.wrong(kind, f"delivery {row.id} {sentence}")


def _says(row: Row, taken: int, seen: Seen) -> Iterator[tuple[str, str]]:
    """What is wrong with one delivery."""
    if row.state in OPEN:
        yield "non_terminal", f"is {row.state} ({row.reason})"
    if row.state == "delivered" and not taken:
        yield "disagrees", "is delivered, and the provider never took it"
    if row.state in LEFT_NEVER and taken:
        yield "disagrees", f"is {row.state} ({row.reason}), and the provider took it"
    if row.alert is None and taken > 1:
        yield "doubled", f"was taken {taken} times"
    if row.alert is None and not taken and not seen.excuse(row):
        yield "lost", f"is {row.state} ({row.reason}), and the provider never took it"
    if seen.rows.attempts.get(row.id, 0) != row.attempts:
        yield "disagrees", "has not all its attempts on record"


def _in_time(verdict: Verdict, ledger: list[Entry], seen: Seen) -> None:
    """Nothing is asked of the provider after its time to live, whether it takes it or not."""
    for entry in _asked(ledger):
        row = seen.row(entry)
        if row is not None and entry["wall"] > row.expires + CLOSE:
            over = entry["wall"] - row.expires
            verdict.wrong("late", f"delivery {row.id} left {over:.1f} s after its time to live")


def _asked(ledger: list[Entry]) -> list[Entry]:
    """The first that the provider saw of each attempt."""
    asked: dict[tuple[str, str], Entry] = {}
    for entry in ledger:
        if entry["event"] in CAME and "d" in entry:
            asked.setdefault((entry["d"], entry["a"]), entry)
    return list(asked.values())


def _stopped(verdict: Verdict, ledger: list[Entry], seen: Seen, set_back: float) -> None:
    """R7: from the commit of a STOP on, no alert leaves for that phone.

    The commit is known by Tocsin's clock only, which may have been set back until then.
    """
    since: dict[str, float] = {}
    for entry in ledger:
        if entry["event"] == "inbound" and entry["body"] == STOP:
            text = seen.rows.texts.get(entry["sid"])
            since[entry["sender"]] = text.read + set_back if text and text.read else float("inf")
    for entry in _asked(ledger):
        row = seen.row(entry)
        if row is None or row.alert is None or row.address not in since:
            continue
        if entry["wall"] > since[row.address] + CLOSE:
            after = entry["wall"] - since[row.address]
            verdict.wrong("after_stop", f"delivery {row.id} left {after:.1f} s after the STOP")


def _pace(verdict: Verdict, ledger: list[Entry], sender: str, rate: float) -> None:
    """V1: in any second, one segment more than the rate at most.

    That holds where processes run when they want to. Here they are killed and started
    all the time, so a bunch that a stall explains is counted and no finding; bench/ is
    where the promise is measured. What comes while the emulator itself could not run
    says nothing.
    """
    stalls = [(e["mono"], e["mono"] + e["seconds"]) for e in ledger if e["event"] == "stalled"]
    most, worst = 0, 0.0
    window: list[tuple[float, int]] = []
    for at, segments in _arrivals(ledger, sender):
        window = [one for one in window if one[0] > at - 1.0] + [(at, segments)]
        count = sum(one[1] for one in window)
        blind = any(start < at + BLIND and end > at - 1 - BLIND for start, end in stalls)
        if count > most and not blind:
            most, worst = count, at
    verdict.figures["most_in_a_second"] = max(most, verdict.figures["most_in_a_second"])
    verdict.figures["bunched"] += most > rate + 1
    if most > rate + 1 + rate * STALL:
        verdict.wrong("too_fast", f"{most} segments of {sender} in the second up to {worst:.3f}")


def _arrivals(ledger: list[Entry], sender: str) -> list[tuple[float, int]]:
    """When each attempt of a number came, accepted or not, and its segments."""
    first: dict[tuple[int, int], tuple[float, int]] = {}
    for entry in ledger:
        if entry["event"] in CAME and entry["sender"] == sender:
            attempt = (int(entry["d"]), int(entry["a"]))
            came = (entry["mono"], entry["segments"])
            first[attempt] = min(came, first.get(attempt, came))
    return sorted(first.values())
