"""Consoles: configured, with a database that is ready."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.console import Console

CONFIG = """
[service]
data_dir = "{folder}/var"
[database]
url = "{url}"
[gateway.simulator]
type = "simulator"
[gateway.second]
type = "simulator"
"""


def console_for(folder: Path, url: str) -> Console:
    config = folder / "config.toml"
    config.write_text(CONFIG.format(folder=folder, url=url))
    return Console(folder, {"TOCSIN_CONFIG": str(config), "COLUMNS": "200"})


@pytest.fixture
def console(tmp_path: Path, sqlite_url: str) -> Console:
    """On SQLite, for what no database changes."""
    return console_for(tmp_path, sqlite_url)


@pytest.fixture
def any_console(tmp_path: Path, database_url: str) -> Console:
    """On SQLite and on PostgreSQL in turn."""
    return console_for(tmp_path, database_url)


@pytest.fixture
def bare_console(tmp_path: Path) -> Console:
    """With the embedded database, before `tocsin init`."""
    return console_for(tmp_path, "")


@pytest.fixture
def village(console: Console) -> Console:
    """A town, Les Lilas (1) and Les Roses (2) side by side, and three people; on SQLite."""
    return settle(console)


@pytest.fixture
def any_village(any_console: Console) -> Console:
    """The same on SQLite and on PostgreSQL in turn."""
    return settle(any_console)


def settle(console: Console) -> Console:
    console.ok("town", "add", "38185", "Grenoble")
    console.ok("community", "add", "Les Lilas", "--town", "38185", "--boundary", console.square(0))
    console.ok("community", "add", "Les Roses", "--town", "38185", "--boundary", console.square(1))
    for first, mobile, lon, flags in (
        ("Ana", "06 39 98 00 01", 5.7225, ["--active", "--referent"]),
        ("Bob", "06 39 98 00 02", 5.7225, []),
        ("Zoé", "06 39 98 00 03", 5.7275, ["--active", "--hide-mobile"]),
    ):
        console.ok(
            "member", "add", "--first-name", first, "--last-name", "Martin", "--mobile", mobile,
            "--address", "12 rue des Lilas, 38000 Grenoble", "--lat", 45.1825, "--lon", lon, *flags,
        )  # fmt: skip
    return console
