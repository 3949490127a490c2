"""An SMPP 3.4 operator behind Kannel, which refuses and fails to deliver as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import gsm0338
import smpp34

from tests.rigs.processes import free_port, listening, until

_RECEIPT = 0x04  # esm_class of a delivery receipt
_UCS2 = 0x08  # data_coding


@dataclass(frozen=True)
class Submitted:
    """One segment that Kannel submitted, with what was answered (0: accepted)."""

    to: str
    sender: str
    text: str
    command_status: int


@dataclass
class Operator:
    """`refusals` maps a number to the command_status it is refused with, `ends` to the
    state of its delivery receipt (DELIVRD unless named; "" for no receipt at all).

    Numbers are without "+".
    """

    port: int
    refusals: dict[str, int] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)
    submitted: list[Submitted] = field(default_factory=list)
    _sessions: dict[str, smpp34.Esme] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def bound(self) -> bool:
        """Whether Kannel is connected."""
        return bool(self._sessions)

    def wait_bound(self) -> None:
        until(lambda: self.bound, "Kannel is bound to the operator")

    async def take(self, event: smpp34.Esme | smpp34.SubmitSmEvent | smpp34.Unbound) -> None:
        if isinstance(event, smpp34.Esme):
            self._sessions[event.session_id] = event
        elif isinstance(event, smpp34.Unbound):
            self._sessions.pop(event.session_id, None)
        else:
            await self._submit(event)

    async def _submit(self, event: smpp34.SubmitSmEvent) -> None:
        to = event.destination_addr.removeprefix("+")
        status = self.refusals.get(to, 0)
        self.submitted.append(Submitted(to, event.source_addr, _text(event), status))
        if status:
            event.reject(status)
            return
        message = f"{next(self._numbers):08d}"
        event.accept(message)
        end = self.ends.get(to, "DELIVRD")
        if event.registered_delivery and end:
            await asyncio.sleep(0.05)  # Kannel drops a report that overtakes the acceptance
            await self._sessions[event.session_id].deliver_sm(
                event.source_addr,
                _receipt(message, end),
                source_addr=event.destination_addr,
                source_addr_ton=event.dest_addr_ton,
                source_addr_npi=event.dest_addr_npi,
                esm_class=_RECEIPT,
            )


def _text(event: smpp34.SubmitSmEvent) -> str:
    if event.data_coding == _UCS2:
        return event.short_message.decode("utf-16-be")
    return str(gsm0338.Codec().decode(event.short_message)[0])


def _receipt(message: str, end: str) -> bytes:
    """SMPP 3.4, appendix B."""
    now = f"{datetime.now(UTC):%y%m%d%H%M}"
    delivered, error = ("001", "000") if end == "DELIVRD" else ("000", "001")
    return (
        f"id:{message} sub:001 dlvrd:{delivered} submit date:{now} done date:{now} "
        f"stat:{end} err:{error} text:"
    ).encode()


@contextlib.contextmanager
def smpp_operator() -> Iterator[Operator]:
    """Serve on a free port of loopback, in a thread with an event loop of its own."""
    operator = Operator(free_port())
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=[_serve(operator, ended)])
    thread.start()
    try:
        until(lambda: listening(operator.port), "the SMPP operator listens")
        yield operator
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


async def _serve(operator: Operator, ended: asyncio.Event) -> None:
    server = smpp34.Server("127.0.0.1", operator.port, system_id="OPERATOR")
    await server.start()
    end = asyncio.create_task(ended.wait())
    while not ended.is_set():
        event = asyncio.ensure_future(server.next())
        await asyncio.wait({event, end}, return_when=asyncio.FIRST_COMPLETED)
        if event.done():
            await operator.take(event.result())
        else:
            event.cancel()
    await server.stop()
