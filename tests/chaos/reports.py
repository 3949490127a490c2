"""What the provider says became of its messages, compared with what the rows made of it.

The ledger has the end of each message (`became`), whether we were told or not, and each
report with what we answered (`receipt`). Findings are pairs of a kind and a sentence.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.chaos.rows import Row, Rows

Entry = dict[str, Any]
Finding = tuple[str, str]
Ends = defaultdict[int, defaultdict[int, set[str]]]  # by delivery and attempt, the words

ARRIVED = "delivered"
BAD = ("undelivered", "failed")


@dataclass(frozen=True)
class Shown:
    """What /metrics says at the end: deliveries by state, and messages that left twice."""

    states: dict[str, int]
    duplicates: int


def wrong(ledger: list[Entry], rows: Rows) -> Iterator[Finding]:
    """Reports that are lost or kept of another message, and deliveries that they contradict."""
    yield from _kept(ledger, rows)
    became, heard = _ends(ledger, "became"), _ends(_answered(ledger), "receipt")
    for row in rows.deliveries.values():
        yield from _settled(row, became[row.id], heard[row.id])
    yield from _arrived_twice(ledger)


def miscounted(ledger: list[Entry], rows: Rows, shown: Shown) -> Iterator[Finding]:
    """Figures that say something else than the rows, or the provider."""
    texts = Counter(row.state for row in rows.deliveries.values() if row.channel == "sms")
    for state in sorted(texts.keys() | shown.states.keys()):
        if texts[state] != shown.states.get(state, 0):
            told = shown.states.get(state, 0)
            yield "disagrees", f"{texts[state]} deliveries are {state}, and {told} are shown"
    taken = _beyond_the_first(e for e in ledger if e["event"] == "accepted" and "d" in e)
    known = _beyond_the_first(e for e in _answered(ledger) if e["event"] == "receipt")
    if not known <= shown.duplicates <= taken:
        yield "disagrees", f"{known} to {taken} messages left twice, {shown.duplicates} are shown"


def _beyond_the_first(entries: Iterator[Entry]) -> int:
    attempts: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        attempts[entry["d"]].add(entry["a"])
    return sum(len(each) - 1 for each in attempts.values())


def _answered(ledger: list[Entry]) -> list[Entry]:
    """Without the reports of which we never said that we have them."""
    return [e for e in ledger if e["event"] != "receipt" or 200 <= e["answer"] < 300]


def _kept(ledger: list[Entry], rows: Rows) -> Iterator[Finding]:
    """Each report is kept, of the attempt that it is about."""
    own = {e["sid"]: (int(e["d"]), int(e["a"])) for e in ledger if _is_taken(e)}
    for report in rows.reports:
        if own.get(report.message) != (report.delivery, report.attempt):
            about = f"delivery {report.delivery}, attempt {report.attempt}"
            yield "disagrees", f"{about} has the report of {own.get(report.message)}"
    kept = {(report.message, report.word) for report in rows.reports}
    for sid, word in sorted({_said(e) for e in _answered(ledger) if e["event"] == "receipt"}):
        if (sid, word) not in kept:
            yield "lost", f"the report that {own.get(sid)} is {word} was taken and is not kept"


def _is_taken(entry: Entry) -> bool:
    return entry["event"] == "accepted" and "d" in entry


def _said(entry: Entry) -> tuple[str, str]:
    return entry["sid"], entry["status"]


def _ends(ledger: list[Entry], event: str) -> Ends:
    found: Ends = defaultdict(lambda: defaultdict(set))
    for entry in ledger:
        if entry["event"] == event and "d" in entry:
            found[int(entry["d"])][int(entry["a"])].add(entry["status"])
    return found


def _settled(
    row: Row, became: dict[int, set[str]], heard: dict[int, set[str]]
) -> Iterator[Finding]:
    """A delivery ends as its last attempt did, or well if any attempt did."""
    about = f"delivery {row.id} is {row.state}"
    arrived = any(ARRIVED in words for words in became.values())
    last, told = became.get(row.attempts, set()), heard.get(row.attempts, set())
    if row.state == ARRIVED and became and not arrived:
        yield "disagrees", f"{about}, and no phone had it"
    if row.state in BAD and became and not last.intersection(BAD):
        yield "disagrees", f"{about}, and its last attempt is not"
    if row.state != ARRIVED and any(ARRIVED in words for words in heard.values()):
        yield "disagrees", f"{about}, and was reported delivered"
    if row.state not in BAD and told.intersection(BAD) and not arrived:
        yield "disagrees", f"{about}, and its last attempt was reported not delivered"


def _arrived_twice(ledger: list[Entry]) -> Iterator[Finding]:
    """By the ends of messages, not by their beginnings."""
    arrived: defaultdict[str, set[str]] = defaultdict(set)
    for entry in ledger:
        if entry["event"] in ("became", "receipt") and entry.get("status") == ARRIVED:
            arrived[entry.get("d", "")].add(entry["sid"])
    for delivery, messages in arrived.items():
        if delivery and len(messages) > 1:
            yield "doubled", f"delivery {delivery} arrived {len(messages)} times"
