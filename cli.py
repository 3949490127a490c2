"""The command line: mounts the groups of commands/ and turns errors into one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from commands import (
    agent,
    alert,
    community,
    delivery,
    demo,
    doctor,
    init,
    member,
    number,
    queue,
    request,
    simulate,
    team,
    town,
    up,
    wording,
    worker,
)
from commands.context import CommandError, Context, fail


class Tocsin(TyperGroup):
    """The root group: the one place where an expected error becomes a line and exit 1."""

    def invoke(self, ctx: Any) -> Any:
        with errors_in_one_line():
            return super().invoke(ctx)


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """No operator sees a traceback, unless TOCSIN_DEBUG asks for it."""
    try:
        yield
    except Exception as error:
        if _is_clicks_own(error) or os.environ.get("TOCSIN_DEBUG"):
            raise
        fail(explain(error))


def _is_clicks_own(error: Exception) -> bool:
    """Usage errors, typer.Exit and typer.Abort already know how to end."""
    return isinstance(error, typer.Exit | typer.Abort | BrokenPipeError) or hasattr(
        error, "exit_code"
    )


def explain(error: Exception) -> str:
    """One line that says what is wrong and, where we know, what to do."""
    if isinstance(error, CommandError) or _is_ours(error):
        return str(error)
    if type(error).__module__.startswith(("sqlalchemy.", "psycopg")):
        return _explain_database(error)
    if type(error).__module__.startswith("redis."):
        return f"Redis: {error} (check [redis] url; without one, `tocsin up` runs its own)"
    if isinstance(error, OSError):
        return f"{error.filename or 'input/output'}: {error.strerror or error}"
    return f"internal error, please report it: {type(error).__name__} (TOCSIN_DEBUG=1 shows more)"


def _is_ours(error: Exception) -> bool:
    """Errors whose message is written for the operator; compared by loaded classes only."""
    known = {
        ("config", "ConfigError"),
        ("community_store.errors", "RuleError"),
        ("gateway.numbers", "NumberError"),
    }
    return any((kind.__module__, kind.__name__) in known for kind in type(error).__mro__)


def _explain_database(error: Exception) -> str:
    """The driver's first line only: what follows may quote a row."""
    cause = getattr(error, "orig", None) or error
    first = (str(cause).splitlines() or [""])[0].strip()
    if type(error).__name__ == "IntegrityError":
        return f"refused, since something else was changed at the same time: {first}"
    if type(error).__name__ in ("ArgumentError", "NoSuchModuleError"):
        return f"[database] url: cannot be used: {first}"
    return f"database: {first} (check [database] url, that it runs, and its rights)"


app = typer.Typer(
    cls=Tocsin,
    name="tocsin",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Neighbours warn each other by text. `tocsin init` first, then `tocsin up`.",
)

app.command("init")(init.init)
app.add_typer(number.app, name="number")
app.add_typer(community.app, name="community")
app.add_typer(member.app, name="member")
app.add_typer(town.app, name="town")
app.add_typer(agent.app, name="agent")
app.add_typer(team.app, name="team")
app.add_typer(request.app, name="request")
app.add_typer(alert.app, name="alert")
app.add_typer(delivery.app, name="delivery")
app.add_typer(queue.app, name="queue")
app.add_typer(simulate.app, name="simulate")
app.command("up")(up.up)
app.command("serve")(worker.serve)
app.command("worker")(worker.worker)
app.command("housekeeping")(worker.housekeeping)
app.command("demo")(demo.demo)
app.command("wording")(wording.wording)
app.command("doctor")(doctor.doctor)


@app.callback()
def _start(ctx: typer.Context) -> None:
    ctx.obj = Context()
    ctx.call_on_close(ctx.obj.close)


def main() -> None:
    """The entry point `tocsin`."""
    app(prog_name="tocsin")


if __name__ == "__main__":
    main()
