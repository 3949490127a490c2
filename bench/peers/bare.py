"""The same HTTP client as ours with no book-keeping: no row, no slot, no lease.

`python -m bench.peers.bare URL COUNT IN_FLIGHT FIRST`: says "ready", and sends once it is
told to go.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.crowd import mobile
from config import TwilioGateway
from gateway.contract import Outbound
from gateway.providers.twilio import Twilio
from gateway.wiring import Wiring
from tests.emulator.house import ACCOUNT, TOKEN

WORDS = "Alerte de Ville 00001 : essai de mesure."


async def main(url: str, people: range, in_flight: int) -> None:
    section = TwilioGateway(type="twilio", account_sid=ACCOUNT, auth_token=TOKEN, api_base=url)
    provider = Twilio("twilio", section, Wiring(Path(), 10.0, "http://127.0.0.1:8000"))
    await provider.open()
    await provider.send(_message(provider, people.start))
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    left = iter(people)
    await asyncio.gather(*(_send(provider, left) for _ in range(in_flight)))
    _say("done")
    await provider.close()


async def _send(provider: Twilio, left: Iterator[int]) -> None:
    for person in left:
        await provider.send(_message(provider, person))


def _message(provider: Twilio, person: int) -> Outbound:
    return Outbound(
        delivery=person, attempt=1, to=mobile(person), sender="+33639980000", text=WORDS,
        callback=provider.callback_url(person, 1),
    )  # fmt: skip


def _say(word: str) -> None:
    print(word, flush=True)


if __name__ == "__main__":
    count, first = int(sys.argv[2]), int(sys.argv[4])
    asyncio.run(main(sys.argv[1], range(first, first + count), int(sys.argv[3])))
