"""V2: the same alert to N people through the whole path, and the same by other ways.

Ours is measured as it runs: `tocsin up` with two dispatch workers on a durable PostgreSQL,
from the start of the fan-out to the last settled row. The peers get the same rows, the same
database, the same provider; two processes each.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from matplotlib.figure import Figure
from rq import Queue, Worker
from sqlalchemy import text

from bench.crowd import Place, add_numbers, fill
from bench.ledger import twice
from bench.peers.starter import race, workers
from bench.result import Options, Result, middle, number, ratio
from bench.rig import UNPACED, Bench, bench
from tests.rigs.processes import until
from tests.rigs.redis import RedisServer, redis_server, valkey_binary

RQ_CLI = "from rq.cli import main; main()"
IN_FLIGHT = "200"  # as [dispatch] concurrency

OURS = "Tocsin, 2 dispatch workers"
BARE = "the same HTTP client, no book-keeping, 2 processes"
CELERY = "Celery, one task per person, prefork of 2"
THREADS = "Celery, one task per person, 32 threads"
SIMPLE = "RQ, one job per person, 2 SimpleWorkers"
FORKING = "RQ, one job per person, 2 workers as they come"
CEILING = "the emulator alone, hand-written client"


def run(options: Options) -> Result:
    many, few = options.size("people", 40_000, 3_000), options.size("jobs", 1_000, 300)
    sizes = {
        OURS: many, BARE: many, CEILING: many, CELERY: few, THREADS: few, SIMPLE: few // 2,
        FORKING: 30,
    }  # fmt: skip
    if options.quick:
        del sizes[THREADS], sizes[FORKING]
    found: dict[str, list[float]] = {name: [] for name in sizes}
    duplicates = 0
    with bench(workers=2) as house, redis_server(valkey_binary()) as redis:
        add_numbers(house.store, ["+33639980000"], UNPACED)
        places = {size: f"{n + 1:05d}" for n, size in enumerate(sorted(set(sizes.values())))}
        fill(
            house.store, [Place(insee, size, max(1, size // 100)) for size, insee in places.items()]
        )
        for _ in range(options.runs):
            with house.up():
                warm_up(house, places[min(places)])
                found[OURS].append(many / ours(house, places[many]))
                duplicates += twice(house.tape.entries())
            ways = peers(house, redis, places[min(places)])
            for name in [each for each in found if each != OURS]:
                house.mark()
                found[name].append(sizes[name] / ways[name](sizes[name], places[sizes[name]]))
    return report(found, sizes, duplicates)


def warm_up(house: Bench, insee: str) -> None:
    """A first alert finds the processes started, not only ready to."""
    house.tell_town(insee, "Premier essai")
    house.wait_settled()
    house.empty()


def ours(house: Bench, insee: str) -> float:
    """Seconds from the start of the fan-out to the last settled row."""
    house.mark()
    start = time.monotonic()
    people = house.tell_town(insee, "Essai de mesure")
    seconds = house.wait_settled() - start
    house.tape.wait(people, 5)
    return seconds


Way = Callable[[int, str], float]


def peers(house: Bench, redis: RedisServer, first: str) -> dict[str, Way]:
    """Each way: so many people of a town -> seconds. `first` is the town of a warm-up."""
    way = _Queued(house, redis, first)
    return {
        BARE: lambda count, _: bare(house, count),
        CELERY: lambda _, insee: way.celery(insee, "prefork", 2),
        THREADS: lambda _, insee: way.celery(insee, "threads", 32),
        SIMPLE: lambda _, insee: way.rq(insee, "rq.SimpleWorker"),
        FORKING: lambda _, insee: way.rq(insee, "rq.Worker"),
        CEILING: lambda count, _: ceiling(house, count),
    }


def bare(house: Bench, count: int) -> float:
    half = count // 2
    module, url = "bench.peers.bare", house.emulator.url
    return race([[module, url, str(half), IN_FLIGHT, str(1 + n * half)] for n in range(2)])


def ceiling(house: Bench, count: int) -> float:
    port = house.emulator.url.rpartition(":")[2]
    return race([["bench.peers.raw", port, str(count), "32"]])


class _Queued:
    """One job per person, in RQ and in Celery."""

    def __init__(self, house: Bench, redis: RedisServer, first: str) -> None:
        self._house, self._redis, self._first = house, redis, first
        url = house.settings.database_url
        broker = "redis+socket://" + redis.url.removeprefix("unix://")
        self._environment = dict(os.environ) | {
            "BENCH_DATABASE": url, "BENCH_PROVIDER": house.emulator.url, "BENCH_BROKER": broker,
        }  # fmt: skip

    @property
    def _log(self) -> Path:
        return self._house.system.folder / "peers.log"

    def rq(self, insee: str, kind: str) -> float:
        command = ["-c", RQ_CLI, "worker", "--url", self._redis.url, "--worker-class", kind, "peer"]
        with self._redis.client() as client, self._fresh():
            queue = Queue("peer", connection=client)
            with workers(command, 2, self._log, self._environment):
                until(lambda: Worker.count(client) == 2, "two RQ workers", 30)

                def send(deliveries: list[int]) -> None:
                    name = "bench.peers.one_job.send"
                    jobs = [Queue.prepare_data(name, (each,), result_ttl=0) for each in deliveries]
                    queue.enqueue_many(jobs)

                return self._timed(insee, send)

    def celery(self, insee: str, pool: str, size: int) -> float:
        command = ["-m", "celery", "-A", "bench.peers.one_job", "worker", "-P", pool]
        command += ["-c", str(size), "-l", "warning"]
        with self._fresh(), workers(command, 1, self._log, self._environment):
            from bench.peers.one_job import app

            app.conf.broker_url = self._environment["BENCH_BROKER"]
            until(lambda: app.control.ping(timeout=0.5), "the Celery worker", 30)

            def send(deliveries: list[int]) -> None:
                for each in deliveries:
                    app.send_task("send", (each,))

            return self._timed(insee, send)

    def _timed(self, insee: str, send: Callable[[list[int]], None]) -> float:
        """As with ours, a few people first, so that all is imported and connected."""
        send(self._plan(self._first))
        self._house.wait_settled(120)
        self._house.empty()
        start = time.monotonic()
        send(self._plan(insee))
        return self._house.wait_settled(120) - start

    @contextlib.contextmanager
    def _fresh(self) -> Iterator[None]:
        with self._redis.client() as client:
            client.flushall()
        self._house.empty()
        yield
        self._house.empty()

    def _plan(self, insee: str) -> list[int]:
        self._house.tell_town(insee, "Essai de mesure", wakes=False)
        with self._house.store.read() as session:
            ids = session.connection().execute(text("SELECT id FROM delivery ORDER BY id"))
            return list(ids.scalars())


def report(found: dict[str, list[float]], sizes: dict[str, int], duplicates: int) -> Result:
    result = Result(
        "dispatch", "V2: messages a second, from fan-out to settled row (PostgreSQL)",
        "2,500/s; 10 x one RQ job per person, 3 x Celery, half of the bare client",
        ("way", "people", "messages/s", "runs", "Tocsin is x times that"),
        raw={"messages_per_second": found, "people": sizes, "twice": duplicates},
    )  # fmt: skip
    for name, speeds in found.items():
        runs = " ".join(number(speed) for speed in speeds)
        times = "" if name == OURS else number(ratio(found[OURS], speeds))
        row = (name, f"{sizes[name]:,}", number(middle(speeds)), runs, times)
        result.rows.append(row)
    result.notes.append(f"messages that somebody got twice: {duplicates}")
    result.draw = lambda figure: draw(figure, found)
    return result


def draw(figure: Figure, found: dict[str, list[float]]) -> None:
    axes = figure.add_subplot()
    names = list(reversed(found))
    speeds = [middle(found[name]) for name in names]
    bars = axes.barh(names, speeds, color=["#c0392b" if n == OURS else "#7f8c8d" for n in names])
    axes.bar_label(bars, [number(speed) for speed in speeds], padding=3, fontsize=8)
    axes.set_xscale("log")
    axes.set_xlim(1, max(speeds) * 4)
    axes.set_xlabel("messages a second (logarithmic)")
    axes.tick_params(labelsize=8)
