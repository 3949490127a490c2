"""Members in and out as CSV (interfaces.md, Files).

Reading a file needs no database; `write` puts one batch in, so that a caller may commit
batch by batch, or all or nothing.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, Any

from sqlalchemy import insert, or_
from sqlmodel import Session, col, select

from community_store import boundaries, communities, membership, movements, nicknames
from community_store.errors import RuleError
from community_store.membership import NewMember
from community_store.models import Community, Member, MemberState

COLUMNS = (
    "first_name", "last_name", "mobile", "landline", "email", "address", "lat", "lon",
    "community", "active", "referent", "hide_mobile", "hide_landline", "pseudonym", "language",
)  # fmt: skip
REQUIRED = ("first_name", "last_name")
BATCH = 1000
YES = ("yes", "y", "oui", "o", "true", "1", "x")
NO = ("no", "n", "non", "false", "0", "")
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")
Named = tuple[str, str, str, str]  # e-mail, landline, first and last name, folded
# What a person typed, and whether a mobile is wanted -> E.164. Raises ValueError.
ReadNumber = Callable[[str, bool], str]


@dataclass(frozen=True, slots=True)
class Row:
    """A good row; `community` is as written, an id or a name."""

    line: int
    new: NewMember
    community: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that stays out, and why."""

    line: int
    reason: str


def read(text: str, read_number: ReadNumber) -> Iterator[Row | BadRow]:
    """Each row of a file, good or bad, with the line where it begins.

    Raises RuleError when the header is wrong: then nothing of the file can be read.
    """
    source = io.StringIO(text.removeprefix("\ufeff"), newline="")
    rows = csv.reader(source, delimiter=_delimiter(text), strict=True)
    header = [name.strip().lower() for name in next(rows, [])]
    _require_header(header)
    return _read_rows(rows, header, read_number)


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return ";" if first.count(";") > first.count(",") else ","


def _require_header(header: Sequence[str]) -> None:
    unknown = [name for name in header if name not in COLUMNS]
    missing = [name for name in REQUIRED if name not in header]
    doubled = [name for name in COLUMNS if header.count(name) > 1]
    for word, names in (("unknown", unknown), ("missing", missing), ("doubled", doubled)):
        if names:
            listed = ", ".join(repr(name[:30]) for name in names[:5])
            raise RuleError(
                "header", f"line 1: {word} column {listed}; the columns are {', '.join(COLUMNS)}"
            )


def _read_rows(rows: Any, header: Sequence[str], read_number: ReadNumber) -> Iterator[Row | BadRow]:
    while True:
        line = rows.line_num + 1
        try:
            values = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadRow(line, f"not CSV: {error}")
            continue
        if any(value.strip() for value in values):
            yield _read_row(line, values, header, read_number)


def _read_row(
    line: int, values: Sequence[str], header: Sequence[str], read_number: ReadNumber
) -> Row | BadRow:
    if len(values) > len(header):
        return BadRow(line, f"{len(values)} values for {len(header)} columns")
    cells = {name: _unescape(value.strip()) for name, value in zip(header, values, strict=False)}
    try:
        new = _person(cells, read_number)
        membership.checked(new)
    except (RuleError, ValueError) as error:
        return BadRow(line, str(error))
    return Row(line, new, cells.get("community", ""))


def _person(cells: Mapping[str, str], read_number: ReadNumber) -> NewMember:
    def text(name: str) -> str:
        return cells.get(name, "")

    return NewMember(
        first_name=text("first_name"),
        last_name=text("last_name"),
        mobile=_number(text("mobile"), "mobile", read_number),
        landline=_number(text("landline"), "landline", read_number),
        email=text("email") or None,
        address=text("address"),
        lat=_degrees(text("lat"), "lat"),
        lon=_degrees(text("lon"), "lon"),
        active=_yes(text("active"), "active"),
        referent=_yes(text("referent"), "referent"),
        hide_mobile=_yes(text("hide_mobile"), "hide_mobile"),
        hide_landline=_yes(text("hide_landline"), "hide_landline"),
        pseudonym=text("pseudonym"),
        language=text("language").lower() or "fr",
    )


def _number(text: str, name: str, read_number: ReadNumber) -> str | None:
    if not text:
        return None
    try:
        return read_number(text, name == "mobile")
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _degrees(text: str, name: str) -> float | None:
    """A decimal comma is read too, as French spreadsheets write it."""
    if not text:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{name}: not a number of degrees")
    return value


def _yes(text: str, name: str) -> bool:
    word = text.lower()
    if word not in YES + NO:
        raise ValueError(f"{name}: yes or no is wanted (oui, non)")
    return word in YES


class Importer:
    """Writes batches; remembers the people and the communities of the file so far."""

    def __init__(self) -> None:
        self._lines: dict[str, int] = {}
        self._named: dict[Named, int] = {}
        self._communities: dict[str, int] = {}

    def write(self, session: Session, rows: Sequence[Row]) -> list[BadRow]:
        """Insert one batch; the rows that a rule refuses come back, and only they stay out."""
        bad: list[BadRow] = []
        fresh = self._without_taken(session, rows, bad)
        named = self._with_community(session, fresh, bad)
        placed = self._with_home(session, named)
        values: list[dict[str, Any]] = []
        for row in placed:
            try:
                columns = membership.checked(row.new)
                membership.require_community_of_referent(columns)
                values.append(columns)
            except RuleError as error:
                bad.append(BadRow(row.line, str(error)))
        if values:
            _tell_apart(session, values)
            session.execute(insert(Member), values)
            movements.arrived_in_file(session, _arrivals(values))
        return sorted(bad, key=lambda row: row.line)

    def _without_taken(self, session: Session, rows: Sequence[Row], bad: list[BadRow]) -> list[Row]:
        known = self._known_without_mobile(session, rows)
        mobiles = [row.new.mobile for row in rows if row.new.mobile]
        holders = session.exec(
            select(col(Member.mobile), col(Member.id)).where(col(Member.mobile).in_(mobiles))
        )
        taken: dict[str | None, int | None] = dict(holders.all())
        kept = []
        for row in rows:
            reason = self._why_taken(row, taken) or self._why_known(row, known)
            if reason:
                bad.append(BadRow(row.line, reason))
            else:
                kept.append(row)
        return kept

    def _why_taken(self, row: Row, taken: Mapping[str | None, int | None]) -> str:
        mobile = row.new.mobile
        if not mobile:
            return ""
        if mobile in self._lines:
            return f"mobile: the same as on line {self._lines[mobile]}"
        self._lines[mobile] = row.line
        return f"mobile: member {taken[mobile]} has it already" if mobile in taken else ""

    def _known_without_mobile(
        self, session: Session, rows: Sequence[Row]
    ) -> dict[Named, int | None]:
        """Those whom a file that is read twice would make twice: no mobile tells them apart."""
        people = [row.new for row in rows if not row.new.mobile]
        mails = [new.email.strip().lower() for new in people if new.email]
        landlines = [new.landline for new in people if new.landline]
        found = session.exec(
            select(Member).where(
                col(Member.mobile).is_(None),
                col(Member.state) != MemberState.CLOSED,
                or_(col(Member.email).in_(mails), col(Member.landline).in_(landlines)),
            )
        )
        return {_named(member): member.id for member in found}

    def _why_known(self, row: Row, known: Mapping[Named, int | None]) -> str:
        if row.new.mobile or not (row.new.email or row.new.landline):
            return ""
        named = _named(row.new)
        if named in self._named:
            return f"the same person as on line {self._named[named]}"
        self._named[named] = row.line
        return f"member {known[named]} has this name and address already" if named in known else ""

    def _with_community(
        self, session: Session, rows: Iterable[Row], bad: list[BadRow]
    ) -> list[Row]:
        kept = []
        for row in rows:
            try:
                named = self._community(session, row.community)
                kept.append(replace(row, new=replace(row.new, community_id=named)))
            except RuleError as error:
                bad.append(BadRow(row.line, f"community: {error}"))
        return kept

    def _community(self, session: Session, named: str) -> int | None:
        if named and named not in self._communities:
            self._communities[named] = communities.find(session, named).id or 0
        return self._communities.get(named)

    def _with_home(self, session: Session, rows: Sequence[Row]) -> list[Row]:
        """S12: those who name no community join the one that their home is in."""
        homes = [
            (row, (row.new.lon, row.new.lat))
            for row in rows
            if row.new.community_id is None and row.new.lon is not None and row.new.lat is not None
        ]
        found = boundaries.communities_at(session, [(x or 0.0, y or 0.0) for _, (x, y) in homes])
        joined = {row.line: community for (row, _), community in zip(homes, found, strict=True)}
        return [
            replace(row, new=replace(row.new, community_id=joined[row.line]))
            if row.line in joined else row
            for row in rows
        ]  # fmt: skip


def _tell_apart(session: Session, values: Iterable[dict[str, Any]]) -> None:
    """Nobody is called as somebody else of their community (see nicknames)."""
    placed = [one for one in values if one["community_id"] is not None]
    found = nicknames.taken(session, {one["community_id"] for one in placed})
    for one in placed:
        others = found[one["community_id"]]
        names = one["first_name"], one["last_name"]
        one["pseudonym"] = nicknames.another(one["pseudonym"], others, *names)
        others.add(one["pseudonym"].casefold())


def _arrivals(values: Iterable[Mapping[str, Any]]) -> Counter[int | None]:
    """How many of them are active in each community."""
    return Counter(one["community_id"] for one in values if one["state"] == MemberState.ACTIVE)


def export(session: Session, out: IO[str]) -> int:
    """Write the members who are not closed, as `read` reads them. Returns how many.

    Cells that a spreadsheet would run as formulas begin with an apostrophe.
    """
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    rows = session.exec(
        select(Member, Community.name)
        .outerjoin(Community)
        .where(Member.state != MemberState.CLOSED)
        .order_by(col(Member.id))
        .execution_options(yield_per=BATCH)
    )
    count = 0
    for member, community in rows:
        writer.writerow([_cell(member, community, name) for name in COLUMNS])
        count += 1
    return count


def _cell(member: Member, community: str | None, name: str) -> str:
    if name == "community":
        return _escape(community or "")
    if name == "active":
        return "yes" if member.state == MemberState.ACTIVE else "no"
    value = getattr(member, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(value)  # a negative longitude is a number, not a formula
    return _escape(value or "")


def _escape(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _unescape(text: str) -> str:
    return text[1:] if _ESCAPED.match(text) else text


def _named(person: NewMember | Member) -> Named:
    return (
        (person.email or "").strip().lower(),
        person.landline or "",
        person.first_name.strip().casefold(),
        person.last_name.strip().casefold(),
    )
