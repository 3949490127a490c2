"""The servers of a whole session of chaos, and a fresh installation of Tocsin for each seed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.system import Section, System
from tests.chaos import people
from tests.chaos.plan import Plan
from tests.emulator.client import Emulator, running_emulator
from tests.rigs.postgres import Postgres, postgres
from tests.rigs.redis import RedisServer, redis_server, valkey_binary

LIMITS = {"per_member_hour": 1000, "per_community_hour": 1000, "answers_max": 1000}
SETTLED = "settled"


@dataclass(frozen=True)
class Servers:
    """What lives as long as the session."""

    folder: Path
    emulator: Emulator
    postgres: Postgres


@dataclass(frozen=True)
class Stand:
    """One installation, with the servers it uses."""

    system: System
    redis: RedisServer
    emulator: Emulator
    postgres: Postgres | None
    database_url: str

    @property
    def clock(self) -> Path:
        """The file that sets the clocks of all processes."""
        return self.system.folder / "clock"

    def set_clock(self, seconds: float) -> None:
        """Set them forward, or back when negative, from what the machine says."""
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self.clock)


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Start the emulator and PostgreSQL, and settle the people once on each database."""
    with running_emulator(folder) as emulator, postgres(durable=True) as database:
        database.create(SETTLED)
        for name, url in (("sqlite", ""), ("postgresql", database.url(SETTLED))):
            settled = System(folder / name, _sections(emulator, url, ""))
            settled.data_dir.mkdir()
            people.settle(settled)
        yield Servers(folder, emulator, database)


@contextlib.contextmanager
def stand(servers: Servers, plan: Plan) -> Iterator[Stand]:
    """An installation as settled, not started, with a Valkey of its own that keeps nothing."""
    folder = servers.folder / f"seed-{plan.seed}"
    shutil.copytree(servers.folder / plan.database / "var", folder / "var")
    url, database = "", None
    if plan.database == "postgresql":
        name, database = f"seed_{plan.seed}", servers.postgres
        database.create(name, SETTLED)
        url = database.url(name)
    with redis_server(valkey_binary()) as redis:
        sections = _sections(servers.emulator, url, redis.url)
        sections["dispatch"] = {**plan.dispatch, "workers": plan.workers}
        sections["dispatch.time_to_live"] = {"default": plan.lives / 60}
        system = System(folder, sections)
        try:
            yield Stand(system, redis, servers.emulator, database, url)
        finally:
            system.close()


def _sections(emulator: Emulator, database: str, redis: str) -> dict[str, Section]:
    gateway = {"type": "twilio", "api_base": emulator.url}
    gateway |= {"account_sid": emulator.account_sid, "auth_token": emulator.auth_token}
    return {
        "database": {"url": database},
        "redis": {"url": redis},
        "alerts": dict(LIMITS),
        f"gateway.{people.GATEWAY}": dict(gateway),
    }
