"""A provider of a few lines on loopback: what it was asked, and what it is told to answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Asked:
    """One request: its form and query as plain dictionaries."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]


@dataclass
class Answer:
    """What to say; `body` is sent as JSON unless it is text already."""

    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0  # seconds
    cut: bool = False  # close the connection instead


@dataclass
class StandIn:
    """Answers in turn, the last one for ever."""

    answers: list[Answer] | Callable[[Asked], Answer]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        asked = Asked(
            request.method, request.path, dict(request.query), form, dict(request.headers)
        )
        self.asked.append(asked)
        answer = self._answer(asked)
        await asyncio.sleep(answer.after)
        if answer.cut and request.transport:
            request.transport.abort()
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        return web.Response(status=answer.status, text=text, headers=answer.headers)

    def _answer(self, asked: Asked) -> Answer:
        if callable(self.answers):
            return self.answers(asked)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


@asynccontextmanager
async def standin(answers: list[Answer] | Callable[[Asked], Answer]) -> AsyncIterator[StandIn]:
    """Serve on a free port until the block ends."""
    stand = StandIn(answers)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stand.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    stand.url = f"http://{host}:{port}"
    try:
        yield stand
    finally:
        await runner.cleanup()
