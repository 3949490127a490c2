"""A client written by hand, to find the emulator's own ceiling: sockets and fixed bytes.

`python -m bench.peers.raw PORT COUNT CONNECTIONS`: says "ready", and sends once it is told to.
"""

from __future__ import annotations

import asyncio
import sys
from base64 import b64encode
from collections.abc import Iterator

from bench.crowd import mobile
from tests.emulator.house import ACCOUNT, TOKEN

BODY = "To=%2B{to}&From=%2B33639980000&Body=Alerte+de+Ville+00001+%3A+essai+de+mesure."
HEAD = (
    "POST /2010-04-01/Accounts/{account}/Messages.json HTTP/1.1\r\nHost: emulator\r\n"
    "Authorization: Basic {password}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    "Content-Length: {length}\r\n\r\n"
)


async def main(port: int, count: int, connections: int) -> None:
    requests = iter([_request(person) for person in range(count)])
    _say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    await asyncio.gather(*(_send(port, requests) for _ in range(connections)))
    _say("done")


async def _send(port: int, requests: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()


def _request(person: int) -> bytes:
    body = BODY.format(to=mobile(person).removeprefix("+"))
    password = b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    head = HEAD.format(account=ACCOUNT, password=password, length=len(body))
    return (head + body).encode()


def _say(word: str) -> None:
    print(word, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*(int(word) for word in sys.argv[1:4])))
