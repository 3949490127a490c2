"""Pumps in processes of their own, side by side as on a real machine."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from community_store.models import Number, NumberKind
from config import Settings
from dispatch import housekeeping, pump, standing_in
from dispatch.pace import SharedSlots
from dispatch.runtime import open_runtime
from tests.dispatch import world
from tests.dispatch.world import World


def settings(
    database_url: str, redis_url: str, data_dir: Path, gateways: dict[str, str], **more: Any
) -> Settings:
    """`gateways`: the address of each, all of them Twilio's."""
    return world.settings(
        data_dir,
        database={"url": database_url},
        redis={"url": redis_url},
        gateway={name: twilio(url) for name, url in gateways.items()},
        **more,
    )


def twilio(url: str) -> dict[str, Any]:
    from tests.emulator.house import ACCOUNT, TOKEN

    return {
        "type": "twilio", "account_sid": ACCOUNT, "auth_token": TOKEN, "api_base": url,
        "poll_inbound": False,
    }  # fmt: skip


def work(told: dict[str, Any], seconds: float) -> None:
    """A dispatch worker without its queue: pumps for so long, again whenever one ended."""
    runtime = open_runtime(Settings(**told))
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        pump.run(runtime, SharedSlots(runtime.redis), left, standing_in.nobody)
        time.sleep(0.01)
    runtime.close()


def keep(told: dict[str, Any], seconds: float) -> None:
    """Housekeeping, without RQ's workers to wake."""
    runtime = open_runtime(Settings(**told))
    threading.Timer(seconds, runtime.stopping.set).start()
    housekeeping.run(runtime)
    runtime.close()


@contextlib.contextmanager
def crew(told: Settings, jobs: Iterable[Any], seconds: float) -> Iterator[list[BaseProcess]]:
    """Each of `jobs` in a process of its own, for so many seconds."""
    context = multiprocessing.get_context("spawn")
    dumped = told.model_dump(mode="json")
    crew_ = [context.Process(target=job, args=(dumped, seconds), daemon=True) for job in jobs]
    for one in crew_:
        one.start()
    try:
        yield list(crew_)
        for one in crew_:
            one.join(seconds + 30)
    finally:
        for one in crew_:
            one.kill()


def number(told: World, n: int, gateway: str, rate: float, **more: Any) -> Number:
    """The n-th of the numbers kept for fiction, as Twilio wants one."""
    return told.number(
        f"+339370000{n:02}", gateway=gateway, kind=NumberKind.LONG, rate=rate, **more
    )


def numbers(told: World, count: int, gateway: str, rate: float) -> list[Number]:
    return [number(told, n, gateway, rate) for n in range(count)]


def rest(seconds: float) -> None:
    time.sleep(seconds)


def arrivals(ledger: Iterable[dict[str, Any]]) -> dict[str, list[tuple[float, int]]]:
    """Per sender: when each message came (monotonic seconds), and its segments."""
    came: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
    for entry in ledger:
        came[entry["sender"]].append((entry["mono"], entry["segments"]))
    return {sender: sorted(one) for sender, one in came.items()}


def crowded(came: Sequence[tuple[float, int]], seconds: float = 1.0) -> int:
    """The most segments that came within any `seconds`."""
    within, most_seen, first = 0, 0, 0
    for at, segments in came:
        within += segments
        while came[first][0] <= at - seconds:
            within -= came[first][1]
            first += 1
        most_seen = max(most_seen, within)
    return most_seen
