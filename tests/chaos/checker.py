"""Compares what the provider truly took (its ledger) with who should have it and the rows.

It imports nothing of Tocsin: the ledger is the truth, the audience is known by hand, the
rows are read by SQL. A finding is a sentence; no finding is a pass.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.people import audience
from tests.chaos.plan import Plan, Words
from tests.chaos.rows import OPEN, Rows

Entry = dict[str, Any]

CLOSE = 1.0  # seconds beyond its time to live that a message may still be on its way
TRIES = 3  # ambiguous attempts after which a message is given up, as documented
TOOK_ANYWAY = ("late", "hang", "reset", "error", "bad_json", "drip")


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


KINDS = ("lost", "doubled", "late", "too_fast", "wrong_person", "non_terminal", "disagrees")


def check(plan: Plan, ledger: list[Entry], rows: Rows, rates: dict[str, float]) -> Verdict:
    """All the comparisons."""
    verdict = Verdict(texts=len(plan.words))
    accepted = [entry for entry in ledger if entry["event"] == "accepted"]
    verdict.handed_over = len(accepted)
    faults = _by_delivery(entry for entry in ledger if entry["event"] == "fault")
    for words in plan.words:
        _told(verdict, words, accepted, (rows, faults))
    _texts_read(verdict, ledger, rows)
    _agree(verdict, accepted, rows, faults)
    _in_time(verdict, accepted, rows)
    for sender, rate in rates.items():
        _pace(verdict, ledger, sender, rate)
    verdict.figures["ambiguous"] = sum(
        row.attempts > 0 and row.doubts for row in rows.deliveries.values()
    )
    return verdict


def _by_delivery(entries: Iterator[Entry]) -> dict[int, list[Entry]]:
    found: defaultdict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        if "d" in entry:
            found[int(entry["d"])].append(entry)
    return found


def _told(
    verdict: Verdict,
    words: Words,
    accepted: list[Entry],
    known: tuple[Rows, dict[int, list[Entry]]],
) -> None:
    """Everybody whom a text is for has it, once, and nobody else has."""
    expected = audience(words.author)
    verdict.messages += len(expected)
    heard = [entry for entry in accepted if words.token in entry["body"]]
    times = Counter(entry["to"] for entry in heard)
    alerts = {
        known[0].deliveries[int(e["d"])].alert for e in heard if int(e["d"]) in known[0].deliveries
    }
    for phone in sorted(expected - times.keys()):
        why = _excuse(phone, alerts, known)
        if why:
            verdict.figures[why] += 1
        else:
            verdict.wrong("lost", f"{words.token} never reached {phone}")
    for phone in sorted(times.keys() - expected - {words.author}):
        verdict.wrong("wrong_person", f"{words.token} reached {phone}")
    for phone, count in times.items():
        if count > 1:
            verdict.wrong("doubled", f"{words.token} reached {phone} {count} times")


def _excuse(phone: str, alerts: set[int | None], known: tuple[Rows, dict[int, list[Entry]]]) -> str:
    """Why a message was rightly not taken: refused for good, or given up as documented."""
    rows, faults = known
    for row in rows.deliveries.values():
        if row.alert is None or row.alert not in alerts or row.address != phone:
            continue
        kinds = Counter(fault["kind"] for fault in faults.get(row.id, ()))
        if row.state in ("failed", "suppressed") and kinds["refuse"]:
            return "refused"
        if row.state == "no_receipt" and row.doubts >= TRIES:
            return "given_up"
    return ""


def _texts_read(verdict: Verdict, ledger: list[Entry], rows: Rows) -> None:
    for entry in ledger:
        if entry["event"] == "inbound":
            state, outcome = rows.texts.get(entry["sid"], ("missing", ""))
            if (state, outcome) != ("read", "alert"):
                verdict.wrong("lost", f"text {entry['body']!r} is {state} {outcome}")


def _agree(
    verdict: Verdict, accepted: list[Entry], rows: Rows, faults: dict[int, list[Entry]]
) -> None:
    """Rows and ledger say the same of every delivery."""
    times = Counter(int(entry["d"]) for entry in accepted)
    for entry in accepted:
        row = rows.deliveries.get(int(entry["d"]))
        if row is None or row.address != entry["to"]:
            verdict.wrong("wrong_person", f"the ledger's delivery {entry['d']} is not in the rows")
    for row in rows.deliveries.values():
        taken = times[row.id]
        if row.state in OPEN:
            verdict.wrong("non_terminal", f"delivery {row.id} is {row.state} ({row.reason})")
        elif row.state == "delivered" and not taken:
            verdict.wrong("disagrees", f"delivery {row.id} is delivered, the ledger has none")
        elif row.state in ("expired", "suppressed", "cancelled", "failed") and taken:
            if not any(fault["kind"] == "fail" for fault in faults.get(row.id, ())):
                verdict.wrong("disagrees", f"delivery {row.id} is {row.state}, and was taken")
        if row.alert is None and taken > 1:
            verdict.wrong("doubled", f"notice delivery {row.id} was taken {taken} times")
        if rows.attempts.get(row.id, 0) != row.attempts:
            verdict.wrong("disagrees", f"delivery {row.id}: attempts not all on record")


def _in_time(verdict: Verdict, accepted: list[Entry], rows: Rows) -> None:
    for entry in accepted:
        row = rows.deliveries.get(int(entry["d"]))
        if row is not None and entry["wall"] > row.expires + CLOSE:
            over = entry["wall"] - row.expires
            verdict.wrong("late", f"delivery {row.id} left {over:.1f} s after its time to live")


def _pace(verdict: Verdict, ledger: list[Entry], sender: str, rate: float) -> None:
    """V1: in any second, one segment more than the rate at most.

    What comes while the emulator itself could not run is seen in a bunch: those seconds
    say nothing.
    """
    arrivals: dict[tuple[int, int], tuple[float, int]] = {}
    for entry in ledger:
        if entry["event"] in ("accepted", "fault") and entry["sender"] == sender:
            attempt = (int(entry["d"]), int(entry["a"]))
            first = (entry["mono"], entry["segments"])
            arrivals[attempt] = min(first, arrivals.get(attempt, first))
    stalls = [(e["mono"], e["mono"] + e["seconds"]) for e in ledger if e["event"] == "stalled"]
    most, worst = 0, 0.0
    window: list[tuple[float, int]] = []
    for at, segments in sorted(arrivals.values()):
        window = [one for one in window if one[0] > at - 1.0] + [(at, segments)]
        count = sum(one[1] for one in window)
        blind = any(start < at + 0.05 and end > at - 1.05 for start, end in stalls)
        if count > most and not blind:
            most, worst = count, at
    verdict.figures["most_in_a_second"] = max(most, verdict.figures["most_in_a_second"])
    if most > rate + 1:
        verdict.wrong("too_fast", f"{most} segments of {sender} in the second up to {worst:.3f}")
