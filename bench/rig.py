"""One installation to measure: the real processes, a durable database, the emulator."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.exc import OperationalError

import config
from bench.ledger import Tape
from community_store import schema
from community_store.columns import utcnow
from community_store.models import Town
from community_store.store import Store, open_store
from config import Settings
from dispatch import alerts, wake
from dispatch.act import Act
from dispatch.alerts import Told, TownVoice
from dispatch.runtime import Runtime, open_runtime
from tests.acceptance.system import Section, System
from tests.emulator.client import Emulator, running_emulator
from tests.rigs.postgres import Postgres, postgres
from tests.rigs.processes import short_folder

UNPACED = 1_000_000.0  # segments a second: no number has it, so nothing waits for a slot
NO_RECEIPTS = {"sent_after": None, "delivered_after": None}
_BUSY = (
    text("SELECT 1 FROM delivery WHERE state = 'queued' LIMIT 1"),
    text("SELECT 1 FROM delivery WHERE state = 'sending' LIMIT 1"),
)


@dataclass
class Bench:
    """`system` is Tocsin as `tocsin up` runs it; `store` the same database, from here."""

    system: System
    emulator: Emulator
    tape: Tape
    store: Store
    settings: Settings
    receipts: bool = False
    server: Postgres | None = None
    _runtime: Runtime | None = field(default=None)

    @property
    def runtime(self) -> Runtime:
        """To plan and to wake from here; the workers are processes of their own."""
        if self._runtime is None:
            self._runtime = open_runtime(self.settings)
        return self._runtime

    def mark(self) -> None:
        """Begin to measure: an empty ledger."""
        self.tape.mark()
        self.emulator.settings(
            webhook=f"{self.system.url}/webhooks/twilio",
            **({} if self.receipts else NO_RECEIPTS),
        )

    @contextlib.contextmanager
    def up(self) -> Iterator[System]:
        """All processes, until the end of the block."""
        self.system.up(seconds=60)
        try:
            yield self.system
        finally:
            self.system.stop()
            self.close_runtime()

    def tell_town(self, insee: str, words: str, *, wakes: bool = True) -> int:
        """Raise a town alert as an agent does; how many people it is for."""
        with self.store.begin() as session:
            town = session.get(Town, insee)
            assert town is not None
            act = Act(session, self.settings, utcnow())
            raised = alerts.raise_town(act, town, Told(words), TownVoice())
        if wakes:
            self.wake()
        return raised.heard.neighbours

    def wake(self) -> None:
        """Let the workers begin."""
        wake.pump(self.runtime)

    def asked(self, question: TextClause, **values: Any) -> int:
        """A figure from the database."""
        with self.store.engine.connect() as connection:
            return int(connection.scalar(question, values) or 0)

    def wait_settled(self, seconds: float = 600.0) -> float:
        """Wait until nothing is queued or in flight; when that was (monotonic seconds)."""
        deadline = time.monotonic() + seconds
        with self.store.engine.connect() as connection:
            while any(self._found(connection, question) for question in _BUSY):
                if time.monotonic() > deadline:
                    raise AssertionError(f"not settled after {seconds:g} s")
                time.sleep(0.02)
        return time.monotonic()

    def _found(self, connection: Any, question: Any) -> bool:
        found = connection.execute(question).first() is not None
        connection.rollback()
        return found

    def empty(self) -> None:
        """No alert and no delivery any more. Processes that still write may be in the way."""
        for _ in range(5):
            with contextlib.suppress(OperationalError):
                return self._empty()
        return self._empty()

    def _empty(self) -> None:
        names = "attempt, receipt, delivery, wording, reply, notice, alert, inbound_text"
        with self.store.engine.begin() as connection:
            if not self.store.sqlite:
                connection.execute(text(f"TRUNCATE {names} CASCADE"))
                return
            for name in names.split(", "):
                connection.execute(text(f"DELETE FROM {name}"))

    def close_runtime(self) -> None:
        if self._runtime is not None:
            self._runtime.close()
        self._runtime = None


@contextlib.contextmanager
def bench(
    database: str = "postgresql", *, receipts: bool = False, durable: bool = True, **dispatch: Any
) -> Iterator[Bench]:
    """An installation with the schema and nothing in it; `dispatch` changes its section."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(short_folder())
        server = None
        url = f"sqlite:///{folder / 'var' / 'tocsin.db'}"
        if database == "postgresql":
            server = stack.enter_context(postgres(durable=durable))
            url = stack.enter_context(server.database())
        emulator = stack.enter_context(running_emulator(folder))
        system = System(folder, _sections(folder, url, emulator, dispatch))
        store = open_store(url)
        stack.callback(store.close)
        schema.upgrade(store)
        settings = config.load(folder / "config.toml")
        tape = Tape(emulator, folder / "ledger.jsonl")
        made = Bench(system, emulator, tape, store, settings, receipts, server)
        stack.callback(made.close_runtime)
        stack.callback(system.close)
        made.mark()
        yield made


def _sections(
    folder: Path, url: str, emulator: Emulator, dispatch: dict[str, Any]
) -> dict[str, Section]:
    twilio = {
        "type": "twilio", "account_sid": emulator.account_sid, "auth_token": emulator.auth_token,
        "api_base": emulator.url,
    }  # fmt: skip
    return {
        "service": {"data_dir": str(folder / "var"), "secret_key": "measured"},
        "database": {"url": url},
        "dispatch": dispatch,
        "gateway.twilio": twilio,
    }
