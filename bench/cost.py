"""What sending costs: time, processor time by process, log and room of the database."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import psutil
from sqlalchemy import text

from bench.rig import Bench

_WRITTEN = text("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
_ROOM = text("SELECT sum(pg_total_relation_size(c)) FROM unnest(CAST(:tables AS regclass[])) AS c")
GROWING = "{delivery,attempt}"


@dataclass(frozen=True)
class Cost:
    """Of so many messages, each figure whole. `seconds` from the fan-out to the last row."""

    messages: int
    seconds: float
    workers_cpu: float
    database_cpu: float
    provider_cpu: float
    log_bytes: float
    room_bytes: float

    def each(self) -> dict[str, float]:
        """The same for one message: microseconds and bytes."""
        whole = asdict(self)
        count = whole.pop("messages")
        return {
            name: value / count * (1 if name.endswith("bytes") else 1e6)
            for name, value in whole.items()
        }


def cost(house: Bench, towns: Sequence[str]) -> Cost:
    """Raise an alert in each town, one right after the other, and wait until all is settled."""
    before = Meters(house)
    house.mark()
    start = time.monotonic()
    people = sum(house.tell_town(insee, "Essai de mesure") for insee in towns)
    seconds = house.wait_settled() - start
    workers, database, provider, log, room = before.since()
    return Cost(people, seconds, workers, database, provider, log, room)


class Meters:
    """What our workers, the database and the provider have used since it was made."""

    def __init__(self, house: Bench) -> None:
        self._house = house
        self._workers = [p for p in house.system.family() if "dispatch" in p.cmdline()]
        self._provider = [psutil.Process(house.emulator.process.child.pid)]
        self._start = self._read()

    def since(self) -> tuple[float, ...]:
        return tuple(now - then for now, then in zip(self._read(), self._start, strict=True))

    def _read(self) -> tuple[float, ...]:
        return (
            seconds(self._workers), seconds(self._database()), seconds(self._provider),
            *self._sizes(),
        )  # fmt: skip

    def _database(self) -> list[psutil.Process]:
        """The server's processes; those that end meanwhile leave their time to the first."""
        if self._house.server is None:
            return []
        first = psutil.Process(self._house.server.process.child.pid)
        return [first, *first.children(recursive=True)]

    def _sizes(self) -> tuple[float, float]:
        if self._house.server is None:
            return 0.0, 0.0
        with self._house.store.engine.connect() as connection:
            log = float(connection.scalar(_WRITTEN) or 0)
            return log, float(connection.scalar(_ROOM, {"tables": GROWING}) or 0)


def seconds(processes: Sequence[psutil.Process]) -> float:
    """The processor time that they and the children they saw end have used."""
    times = [process.cpu_times() for process in processes]
    return float(sum(t.user + t.system + t.children_user + t.children_system for t in times))
