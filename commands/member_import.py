"""`tocsin member import`: batches, a progress bar, and the rows that stay out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from commands.context import Context, fail, progress, say
from commands.reading import person_number, read_text

if TYPE_CHECKING:
    from sqlmodel import Session

    from community_store.members_csv import BadRow, Row
    from community_store.store import Store


def import_members(context: Context, file: Path, *, all_or_nothing: bool) -> None:
    """Add the members of a file. A batch is a transaction, so that texts come in meanwhile."""
    store = context.open_store_checked()
    good, bad = _read(file)
    total = len(good) + len(bad)
    if all_or_nothing:
        bad += _write_all(context, store, good, dry=bool(bad))
        added = 0 if bad else len(good)
    else:
        refused = _write_batches(context, store, good)
        added = len(good) - len(refused)
        bad += refused
    say(f"{added} members added")
    for row in sorted(bad, key=lambda row: row.line):
        typer.echo(f"line {row.line}: {row.reason}", err=True)
    if bad:
        fail(f"{len(bad)} of {total} rows were refused{', so none was added' if not added else ''}")


def _read(file: Path) -> tuple[list[Row], list[BadRow]]:
    from community_store.members_csv import Row, read

    text = read_text(file)
    good: list[Row] = []
    bad: list[BadRow] = []
    with progress() as bar:
        task = bar.add_task("reading", total=text.count("\n") + 1)
        for row in read(text, person_number):
            bar.update(task, completed=row.line)
            if isinstance(row, Row):
                good.append(row)
            else:
                bad.append(row)
    return good, bad


def _write_batches(context: Context, store: Store, rows: Sequence[Row]) -> list[BadRow]:
    from community_store.members_csv import Importer

    importer = Importer()
    bad: list[BadRow] = []
    for batch in _batches(rows):
        with store.begin() as session:
            bad += importer.write(session, batch)
            _request(context, session)
    return bad


def _write_all(context: Context, store: Store, rows: Sequence[Row], *, dry: bool) -> list[BadRow]:
    """One transaction, rolled back when a row is refused; `dry` only finds those."""
    from community_store.members_csv import Importer

    importer = Importer()
    bad: list[BadRow] = []
    with store.begin() as session:
        for batch in _batches(rows):
            bad += importer.write(session, batch)
        if bad or dry:
            session.rollback()
        else:
            _request(context, session)
    return bad


def _request(context: Context, session: Session) -> None:
    """The requests of those who are pending go to whoever vouches for homes there."""
    from community_store.columns import utcnow
    from dispatch import requests
    from dispatch.act import Act

    requests.ask_for_all(Act(session, context.settings, utcnow()))


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    from community_store.members_csv import BATCH

    with progress() as bar:
        task = bar.add_task("writing", total=len(rows))
        for start in range(0, len(rows), BATCH):
            yield rows[start : start + BATCH]
            bar.update(task, completed=start + BATCH)
