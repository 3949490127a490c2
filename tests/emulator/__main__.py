"""`python -m tests.emulator --port 9000 --ledger ledger.jsonl`: run until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import inspect
import signal
import time
from dataclasses import fields
from functools import partial
from pathlib import Path

from tests.emulator import control, faults
from tests.emulator.control import Control
from tests.emulator.house import TOKEN, House, Settings
from tests.emulator.kannel import Kannel
from tests.emulator.ledger import Ledger
from tests.emulator.misbehaviour import error
from tests.emulator.postman import Postman
from tests.emulator.twilio import Twilio
from tests.emulator.wire import Connection, Request

_FLUSH_SECONDS = 0.2
_TICK = 0.01
_STALL = 0.02  # seconds beyond a tick: what arrived meanwhile is seen later than it came


class Door:
    """Sends each request to the part that speaks its language."""

    def __init__(self, house: House) -> None:
        self.twilio, self.kannel, self.control = Twilio(house), Kannel(house), Control(house)

    def handle(self, request: Request, connection: Connection) -> None:
        if request.path.startswith("/2010-04-01/"):
            self.twilio.handle(request, connection)
        elif request.path == "/cgi-bin/sendsms":
            self.kannel.handle(request, connection)
        elif request.path.startswith("/emulator/"):
            self.control.handle(request, connection)
        else:
            connection.reply(error(404, 20404, "Not found"))


async def serve(port: int, ledger: Ledger) -> None:
    """Answer on loopback until a signal comes."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with Postman(TOKEN, ledger) as postman:
        door = Door(House(Settings(), ledger, postman))
        server = await loop.create_server(
            partial(Connection, door.handle), "127.0.0.1", port, backlog=1024
        )
        watch = asyncio.create_task(_watch_itself(ledger))
        while not ended.is_set():
            ledger.flush()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), _FLUSH_SECONDS)
        watch.cancel()
        server.close()
    ledger.flush()


async def _watch_itself(ledger: Ledger) -> None:
    """Note when this process could not run: arrival times are then not the sender's."""
    while True:
        before = time.monotonic()
        await asyncio.sleep(_TICK)
        late = time.monotonic() - before - _TICK
        if late > _STALL:
            ledger.add("stalled", before, seconds=late)


def _manual() -> str:
    """All that one can ask of it."""
    settings = "\n".join(f"  {setting.name}: {setting.type}" for setting in fields(Settings))
    known = (("The ledger", Ledger), ("Settings", Settings))
    parts = [control.__doc__, f"Faults. {faults.__doc__}"]
    parts += [f"{title}. {inspect.getdoc(kind)}" for title, kind in known]
    return "\n\n".join([*((part or "").strip() for part in parts), settings])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.emulator",
        description=__doc__,
        epilog=_manual(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1")
    parser.add_argument("--ledger", type=Path, help="append what happens to this file")
    options = parser.parse_args()
    asyncio.run(serve(options.port, Ledger(options.ledger)))


if __name__ == "__main__":
    main()
