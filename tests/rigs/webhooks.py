"""A server that keeps the calls it gets, in the place of ours."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.rigs.processes import until


@dataclass(frozen=True)
class Call:
    """One call; `values` are its form, or the query of a GET."""

    method: str
    target: str
    values: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return urlsplit(self.target).path


@dataclass
class Webhooks:
    """What came so far; every call is answered with `status`."""

    url: str = ""
    status: int = 204
    calls: list[Call] = field(default_factory=list)

    def wait(self, count: int, seconds: float = 10.0) -> list[Call]:
        """The calls, once there are `count`."""
        until(lambda: len(self.calls) >= count, f"{count} webhook calls", seconds)
        return list(self.calls)


@contextlib.contextmanager
def listening_webhooks(port: int = 0) -> Iterator[Webhooks]:
    """Listen on a port of loopback, a free one by default, in threads."""
    webhooks = Webhooks()

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._keep(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def do_GET(self) -> None:
            self._keep(urlsplit(self.path).query)

        def _keep(self, values: str) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            read = dict(parse_qsl(values, keep_blank_values=True))
            webhooks.calls.append(Call(self.command, self.path, read, headers))
            self.send_response(webhooks.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    with ThreadingHTTPServer(("127.0.0.1", port), Ear) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        webhooks.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield webhooks
        finally:
            server.shutdown()
            thread.join()
