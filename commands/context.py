"""What every command shares: the settings, the store, and how to say things."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import IO, TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from sqlmodel import Session

    from community_store.store import Store
    from config import Settings

Row = Mapping[str, Any]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table")]


class CommandError(Exception):
    """The command cannot be done; the message is one line that says what to do."""


class Context:
    """One run of the command line. Settings and store are opened when first wanted."""

    @cached_property
    def settings(self) -> Settings:
        """Raises ConfigError."""
        import config

        return config.load()

    @cached_property
    def store(self) -> Store:
        """The database as configured, whatever its schema. Raises OSError."""
        from community_store.store import open_store

        return open_store(self.settings.database_url, pool_size=self.settings.database.pool_size)

    def open_store_checked(self) -> Store:
        """The database, once its tables are what this version wants. Raises CommandError."""
        from community_store import schema

        if not self._exists() or not schema.is_current(self.store):
            raise CommandError("the database is not ready for this version: run `tocsin init`")
        return self.store

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction that may write, on a database that is up to date."""
        with self.open_store_checked().begin() as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads, on a database that is up to date."""
        with self.open_store_checked().read() as session:
            yield session

    def close(self) -> None:
        if "store" in self.__dict__:
            self.store.close()

    def _exists(self) -> bool:
        """Looking at an SQLite database that is not there would create it."""
        from pathlib import Path

        from sqlalchemy import make_url

        url = make_url(self.settings.database_url)
        file = url.database if url.get_backend_name() == "sqlite" else None
        return file in (None, "", ":memory:") or Path(str(file)).exists()


def of(ctx: typer.Context) -> Context:
    """The Context of this run; typer carries it."""
    context = ctx.find_object(Context)
    if context is None:
        raise CommandError("this command must be started through cli.py")
    return context


def fail(message: str, code: int = 1) -> NoReturn:
    """Say on standard error, in one line, why the command was refused, and end."""
    typer.echo("tocsin: " + " ".join(plain(message).split()), err=True)
    raise typer.Exit(code)


def say(message: str) -> None:
    """Tell the operator what was done."""
    typer.echo(plain(message))


def warn(message: str) -> None:
    """Tell the operator what may be wrong with what was done."""
    typer.echo(f"warning: {plain(message)}", err=True)


def plain(value: object) -> str:
    """What may be shown on a terminal: texts of residents may hold escape sequences."""
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() or c == "\n" else "·" for c in text)


def emit(
    rows: Iterable[Row] | Row, *, as_json: bool, columns: Sequence[str] = (), title: str = ""
) -> None:
    """Print rows (an array, a table) or one object (an object, a list of its keys).

    `columns` are the keys shown in the table; JSON always has them all.
    """
    if isinstance(rows, Mapping):
        _emit_object(rows, as_json=as_json)
    elif as_json:
        _emit_array(rows, sys.stdout)
    else:
        _emit_table(list(rows), columns, title)


def _emit_object(row: Row, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(row, ensure_ascii=False, indent=2, default=str))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    for key, value in row.items():
        table.add_row(Text(key, style="bold"), Text(_cell(value)))
    console().print(table)


def _emit_array(rows: Iterable[Row], out: IO[str]) -> None:
    """An array written row by row: ten thousand members need no memory."""
    mark = "["
    for row in rows:
        out.write(f"{mark}\n  {json.dumps(row, ensure_ascii=False, default=str)}")
        mark = ","
    out.write("[]\n" if mark == "[" else "\n]\n")


def _emit_table(rows: Sequence[Row], columns: Sequence[str], title: str) -> None:
    from rich.table import Table
    from rich.text import Text

    shown = list(columns) or (list(rows[0]) if rows else [])
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for name in shown:
        table.add_column(name.replace("_", " "), header_style="bold", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(row.get(name))) for name in shown))
    if rows:
        console().print(table)
    else:
        typer.echo("none")


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_cell(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_cell(item) for item in value)
    return plain(value)


def console() -> Console:
    """Standard output; wide when it is a pipe, so that nothing is cut."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 240)


def progress() -> Progress:
    """A bar on standard error for long work; silent unless that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    bar = Console(stderr=True)
    return Progress(console=bar, transient=True, disable=not bar.is_terminal)
