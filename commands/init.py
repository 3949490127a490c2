"""`tocsin init`: the database, created or brought up to date."""

from __future__ import annotations

import typer

from commands.context import of, say


def init(ctx: typer.Context) -> None:
    """Create the database or bring it up to date."""
    from community_store import schema

    context = of(ctx)
    if schema.is_current(context.store):
        say("the database is up to date")
        return
    schema.upgrade(context.store)
    say("the database is ready")
