"""What the pages of accounts share: the one Hasher of the process."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from community_store.passwords import Hasher

HASHER = "tocsin.hasher"


def install(app: Flask) -> None:
    """One for all threads: it lets few of them hash at once."""
    app.extensions[HASHER] = Hasher()


def hasher() -> Hasher:
    return cast("Hasher", current_app.extensions[HASHER])
