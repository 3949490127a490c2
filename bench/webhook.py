"""V4: how fast the webhook answers with a million members, beside a bare Flask view.

Both are served by granian with the same processes and threads, on the same durable
PostgreSQL. The bare view checks the same signature, inserts the same row and enqueues the
same job, and does nothing else. No worker runs: only taking texts in is measured.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
from collections.abc import Iterator
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from bench.crowd import Place, add_numbers, fill, mobile
from bench.peers.starter import ROOT
from bench.result import Options, Result, middle, number, ratio, share
from bench.rig import Bench, bench
from bench.texts import OUR_NUMBER, Answered, Phones, at_once, at_rate
from tests.acceptance.system import CLI
from tests.rigs.processes import Process, free_port, listening, running
from tests.rigs.redis import redis_server, valkey_binary

RATE = 200.0
OURS, BARE = "Tocsin's webhook", "bare Flask view"


def run(options: Options) -> Result:
    members = options.size("members", 1_000_000, 20_000)
    seconds = options.size("seconds", 10, 4)
    many = options.size("texts", 4_000, 1_000)
    result = Result(
        "webhook", f"V4: the webhook with {members:,} members (PostgreSQL, 2 web processes)",
        "p99 25 ms at 200 texts a second; 80 % of the throughput of a bare Flask view",
        ("way", "p50 at 200/s", "p99 at 200/s", "texts/s at most", "of the bare view's"),
    )  # fmt: skip
    paced: dict[str, list[list[float]]] = {OURS: [], BARE: []}
    most: dict[str, list[float]] = {OURS: [], BARE: []}
    with bench() as house, served(house) as addresses:
        add_numbers(house.store, [OUR_NUMBER], 10)
        fill(house.store, [Place("00001", members, members // 100)])
        phones = {name: Phones(address) for name, address in addresses.items()}
        for each in phones.values():
            at_once(each.address, calls(each, members, 300))
        for _ in range(options.runs):
            for name, each in phones.items():
                requests = calls(each, members, int(RATE * seconds))
                paced[name].append(times(at_rate(each.address, requests, RATE)))
            for name, each in phones.items():
                most[name].append(throughput(each, calls(each, members, many)))
    for name in phones:
        result.rows.append(
            (
                name, percentile(paced[name], 50), percentile(paced[name], 99),
                number(middle(most[name])), f"{ratio(most[name], most[BARE]):.0%}",
            )
        )  # fmt: skip
    result.raw = {"members": members, "seconds_at_200": paced, "most": most}
    result.draw = lambda figure: draw(figure, paced, most)
    return result


@contextlib.contextmanager
def served(house: Bench) -> Iterator[dict[str, str]]:
    """Both, each on its port; nothing else of ours runs."""
    ports = {OURS: free_port(), BARE: free_port()}
    log = house.system.folder / "web.log"
    with redis_server(valkey_binary()) as redis, contextlib.ExitStack() as stack:
        for name, port in ports.items():
            environment = dict(os.environ) | {
                "TOCSIN_CONFIG": str(house.system.folder / "config.toml"),
                "TOCSIN__REDIS__URL": redis.url,
                "TOCSIN__SERVICE__SITE": f"http://127.0.0.1:{port}",
            }
            command = [str(CLI), "serve"] if name == OURS else ["-m", "bench.peers.bare_view"]
            argv = [sys.executable, *command, "--port", str(port), "--workers", "2"]
            process = stack.enter_context(running(Process(argv, log, cwd=ROOT, env=environment)))
            process.wait_for(partial(listening, port), f"{name} listens", 60)
        yield {name: f"http://127.0.0.1:{port}/webhooks/twilio/sms" for name, port in ports.items()}


def calls(phones: Phones, members: int, count: int) -> list[tuple[bytes, str]]:
    people = random.choices(range(1, members + 1), k=count)
    return phones.prepare([(mobile(n), f"Fuite d'eau, repère {n}") for n in people])


def times(answered: list[Answered]) -> list[float]:
    refused = [each.status for each in answered if each.status != 200]
    if refused:
        raise AssertionError(f"{len(refused)} texts were refused: {refused[:3]}")
    return [each.seconds for each in answered]


def throughput(phones: Phones, requests: list[tuple[bytes, str]]) -> float:
    start = time.monotonic()
    times(at_once(phones.address, requests))
    return len(requests) / (time.monotonic() - start)


def percentile(runs: list[list[float]], percent: float) -> str:
    return f"{1000 * middle([share(run, percent) for run in runs]):.1f} ms"


def draw(figure: Figure, paced: dict[str, list[list[float]]], most: dict[str, list[float]]) -> None:
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    for (name, runs), color in zip(paced.items(), ("#c0392b", "#7f8c8d"), strict=True):
        waited = np.sort(np.concatenate([np.array(run) for run in runs])) * 1000
        percents = np.arange(1, len(waited) + 1) / len(waited) * 100
        left.step(waited, percents, color=color, label=name)
        bar = right.bar(name.split()[0], middle(most[name]), color=color)
        right.bar_label(bar, fmt="%.0f", fontsize=8)
    left.axvline(25, color="black", linestyle="--", linewidth=1)
    left.set_xscale("log")
    left.set_xlabel("milliseconds at 200 texts/s (dashed: promised p99)")
    left.set_ylabel("% of texts answered")
    left.legend(fontsize=8)
    right.set_ylabel("texts/s at most")
