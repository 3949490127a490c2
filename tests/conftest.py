"""Fixtures: every server is real, on loopback, and ends with the tests."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Browser, Page

from community_store.store import Store
from tests.dispatch.world import World, make_world
from tests.emulator.client import Emulator, running_emulator
from tests.rigs.addok import addok_server
from tests.rigs.browser import chromium
from tests.rigs.databases import PostgresTemplate, SqliteTemplate, Stores, folder_in_memory
from tests.rigs.kannel import Kannel, kannel
from tests.rigs.postgres import Postgres, postgres
from tests.rigs.pushservice import PushService, push_service
from tests.rigs.redis import RedisServer, debian_redis_binary, redis_server, valkey_binary
from tests.rigs.smpp import Operator, smpp_operator
from tests.rigs.smtp import Mailbox, smtp_server
from tests.rigs.webhooks import Webhooks, listening_webhooks

FIRST = "tests/acceptance/test_neighbours.py"  # of the whole systems, what `make test` runs too


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What looks at pages in a browser is known by its fixture, and so is what starts a whole
    system. On PostgreSQL `make test` leaves out what no database changes.
    """
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "chromium" in fixtures:
            item.add_marker("seen")
        if "make_system" in fixtures and not item.nodeid.startswith(FIRST):
            item.add_marker("whole")
        if on_postgresql(item) and item.get_closest_marker("both") is None:
            item.add_marker("postgres")


def on_postgresql(item: pytest.Item) -> bool:
    """The second run of a test that wants each kind of database in turn."""
    values = item.callspec.params if hasattr(item, "callspec") else {}
    return bool(values.get("database_url") == "postgresql")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """PostgreSQL with no database of ours in it; shared, so leave it running."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Postgres) -> PostgresTemplate:
    return PostgresTemplate(postgres_server)


@pytest.fixture(scope="session")
def sqlite_template() -> Iterator[SqliteTemplate]:
    with folder_in_memory() as folder:
        yield SqliteTemplate(folder)


@pytest.fixture
def postgres_url(postgres_template: PostgresTemplate) -> Iterator[str]:
    """A fresh PostgreSQL database with the schema."""
    with postgres_template.database() as url:
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: SqliteTemplate) -> Iterator[str]:
    """A fresh SQLite database with the schema."""
    with sqlite_template.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn: what uses it runs on both."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(name))


@pytest.fixture(scope="session")
def stores() -> Stores:
    return Stores()


@pytest.fixture
def store(stores: Stores, database_url: str) -> Iterator[Store]:
    """An open, empty store, on SQLite and on PostgreSQL."""
    with stores.opened(database_url) as opened:
        yield opened


@pytest.fixture
def sqlite_store(stores: Stores, sqlite_url: str) -> Iterator[Store]:
    """An open, empty store, on SQLite only: for what no database changes."""
    with stores.opened(sqlite_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[RedisServer]:
    """The embedded Valkey; shared, so leave it running."""
    with redis_server(valkey_binary()) as server:
        yield server


@pytest.fixture
def redis_url(valkey_server: RedisServer) -> str:
    """The URL of an empty Valkey."""
    with valkey_server.client() as client:
        client.flushall()
    return valkey_server.url


@pytest.fixture
def valkey(redis_url: str) -> Iterator[redis.Redis]:
    """A client of an empty Valkey."""
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def world(store: Store, redis_url: str, tmp_path: Path) -> Iterator[World]:
    """A runtime on real servers and an empty database, with short ways to fill it."""
    with make_world(store, redis_url, tmp_path) as made:
        yield made


@pytest.fixture
def postgres_world(
    stores: Stores, postgres_url: str, redis_url: str, tmp_path: Path
) -> Iterator[World]:
    """The same on PostgreSQL only."""
    with stores.opened(postgres_url) as store, make_world(store, redis_url, tmp_path) as made:
        yield made


@pytest.fixture
def sqlite_world(sqlite_store: Store, redis_url: str, tmp_path: Path) -> Iterator[World]:
    """The same on SQLite only: for what no database changes."""
    with make_world(sqlite_store, redis_url, tmp_path) as made:
        yield made


@pytest.fixture
def own_valkey() -> Iterator[RedisServer]:
    """A Valkey of the test's own, to be killed, wiped and started again."""
    with redis_server(valkey_binary()) as server:
        yield server


@pytest.fixture
def debian_redis() -> Iterator[RedisServer]:
    """The Redis that operators install, of the test's own."""
    with redis_server(debian_redis_binary()) as server:
        yield server


@pytest.fixture
def smtp() -> Iterator[Mailbox]:
    """An SMTP server that keeps its mail in `.mails`; its address is `.url`."""
    with smtp_server() as mailbox:
        yield mailbox


@pytest.fixture(scope="session")
def push_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushService]:
    with push_service(tmp_path_factory.mktemp("push")) as service:
        yield service


@pytest.fixture
def pushes(push_process: PushService) -> Iterator[PushService]:
    """A push service that decrypts, as new: no browser, no fault."""
    push_process.reset()
    yield push_process
    push_process.reset()


@pytest.fixture(scope="session")
def emulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running_emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture
def emulator(emulator_process: Emulator) -> Iterator[Emulator]:
    """The provider emulator, as new: no message, no fault, the usual settings."""
    emulator_process.reset()
    yield emulator_process
    emulator_process.reset()


@pytest.fixture
def webhooks() -> Iterator[Webhooks]:
    """A server in the place of ours, which keeps the calls it gets."""
    with listening_webhooks() as heard:
        yield heard


@pytest.fixture
def start_kannel() -> Iterator[Callable[..., Kannel]]:
    """start_kannel(webhook, smpp_port=0): a Kannel that ends with the test; about 0.3 s."""
    with contextlib.ExitStack() as stack:
        yield lambda *args, **options: stack.enter_context(kannel(*args, **options))


@pytest.fixture
def smpp() -> Iterator[Operator]:
    """An SMPP operator that refuses and fails as told, for start_kannel's smpp_port."""
    with smpp_operator() as operator:
        yield operator


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a desktop browser that speaks French. An error in its scripts fails the test."""
    context = browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800})
    errors: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


@pytest.fixture
def screenshot(page: Page, request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """screenshot(name) keeps a full picture of the page in artefacts/, which git ignores."""

    def take(name: str) -> Path:
        path = request.config.rootpath / "artefacts" / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take


@pytest.fixture(scope="session")
def addok() -> Iterator[str]:
    """The URL of a real address server with a few streets that do not exist."""
    with addok_server() as url:
        yield url
