"""`tocsin init`: the database, created or brought up to date, and the key of notifications."""

from __future__ import annotations

import typer

from commands.context import of, say


def init(ctx: typer.Context) -> None:
    """Create the database or bring it up to date; make what push services know us by."""
    from community_store import schema
    from gateway import vapid

    context = of(ctx)
    vapid.private_key(context.settings.push.vapid_private_key, context.settings.data_dir)
    if schema.is_current(context.store):
        say("the database is up to date")
        return
    schema.upgrade(context.store)
    say("the database is ready")
