"""The demonstration's village behind a real application; only the workers are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, sync_playwright
from redis import Redis

from app import create_app
from commands import demo_cast
from community_store.models import Mode
from community_store.store import Store
from config import Settings
from dispatch.runtime import Runtime, build_providers
from gateway.providers.simulator import Phones
from tests.dispatch.world import World, make_world
from tests.rigs.debian import program
from tests.rigs.templates import compiled_once
from tests.web.house import House, make_house
from tests.web.quarter import Quarter, at_noon, settled
from tests.web.seen import plain_house, served, serving

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
)  # fmt: skip


@dataclass(frozen=True)
class Village:
    """The application of the demonstration's people, and what stands behind it."""

    app: Flask
    settings: Settings
    store: Store
    phones: Phones
    mail: Path

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()


def letter(village: Village, name: str, to: str, subject: str = "Alerte 1") -> None:
    """A mail arrives in the folder."""
    village.mail.mkdir(exist_ok=True)
    mail = EmailMessage()
    mail["To"], mail["Subject"] = to, subject
    mail.set_content("Camionnette blanche, près de l'école\n")
    (village.mail / f"{name}.eml").write_bytes(mail.as_bytes())


@pytest.fixture
def make_village(sqlite_store: Store, redis_url: str, tmp_path: Path) -> Callable[..., Village]:
    """Builds the village under other settings than the demonstration's."""

    def make(*, cast: dict[str, Any] | None = None, **sections: Any) -> Village:
        told = {"service": {"data_dir": tmp_path, **sections.pop("service", {})}, **sections}
        settings = Settings(**told)
        people = cast or demo_cast.read()
        with sqlite_store.begin() as session:
            ids = demo_cast.seed(session, people, settings, gateway="simulator")
        demo_cast.write_notes(tmp_path, people, ids)
        runtime = Runtime(
            settings, sqlite_store, Redis.from_url(redis_url), build_providers(settings)
        )
        phones = Phones(tmp_path / "simulator.db")
        app = compiled_once(create_app(settings, runtime))
        return Village(app, settings, sqlite_store, phones, tmp_path / "mail")

    return make


@pytest.fixture
def village(make_village: Callable[..., Village]) -> Village:
    return make_village()


@pytest.fixture
def address(village: Village) -> Iterator[str]:
    """The village's page, served on loopback."""
    with served(village.app) as site:
        yield f"{site}/simulator"


@pytest.fixture
def house(sqlite_world: World) -> House:
    """The pages over an empty world, at https://tocsin.example, on SQLite."""
    sqlite_world.number()
    return make_house(sqlite_world)


@pytest.fixture
def place(sqlite_store: Store, redis_url: str, tmp_path: Path, addok: str) -> Iterator[House]:
    """Les Lilas around its street, with the real address server."""
    sections = {"geo": {"geocoder_url": addok}}
    with make_world(sqlite_store, redis_url, tmp_path, **sections) as world:
        world.number()
        world.community("Les Lilas")
        yield make_house(world)


@pytest.fixture
def quarter(house: House) -> Quarter:
    """Les Lilas, its twin and a community that is neither, over the house."""
    return settled(house)


@pytest.fixture
def noon(quarter: Quarter) -> None:
    """The quarter at noon, when it writes in its gazette."""
    at_noon(quarter)


@pytest.fixture
def lilas(house: House) -> int:
    """Les Lilas, whose référents vouch for homes."""
    return house.world.community("Les Lilas", mode=Mode.REFERENT)


@pytest.fixture
def plain(sqlite_store: Store, redis_url: str, tmp_path: Path) -> House:
    """A house that a browser can visit, with the people of Les Lilas in it."""
    return plain_house(sqlite_store, redis_url, tmp_path)


@pytest.fixture
def site(plain: House) -> Iterator[str]:
    """The plain house's address on this machine."""
    with serving(plain) as url:
        yield url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window. Its event loop holds the thread until it ends,
    so it ends with the module: other tests call asyncio.run.
    """
    path = program("chromium", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()
