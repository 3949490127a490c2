"""The test's handle on an emulator: texts from phones, faults, the ledger, Twilio's SDK."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from tests.emulator.house import ACCOUNT, KEY, SECRET, TOKEN
from tests.rigs.processes import Process, free_port, listening, running, until


@dataclass
class Emulator:
    """A running emulator: `url` is the base of its Twilio API, `sendsms_url` Kannel's."""

    url: str
    process: Process
    account_sid: str = ACCOUNT
    auth_token: str = TOKEN
    api_key: str = KEY
    api_secret: str = SECRET

    @property
    def sendsms_url(self) -> str:
        return f"{self.url}/cgi-bin/sendsms"

    def twilio(self) -> Client:
        """The real SDK, talking to this emulator."""
        return Client(self.account_sid, self.auth_token, http_client=_Redirected(self.url))

    def settings(self, **changed: Any) -> None:
        """Change what house.Settings names: webhook, sent_after, delivered_after..."""
        self._call("POST", "settings", changed)

    def detours(self, **places: str) -> None:
        """Serve a public address elsewhere: detours(**{"https://a.example": "http://..."})."""
        self._call("POST", "detours", places)

    def faults(self, *rules: dict[str, Any]) -> None:
        """Add rules: see faults.Fault."""
        self._call("POST", "faults", list(rules))

    def no_faults(self, seed: int = 0) -> None:
        self._call("DELETE", f"faults?seed={seed}")

    def inbound(
        self, sender: str, to: str, text: str, *, gateway: str = "twilio"
    ) -> tuple[str, list[int]]:
        """A phone texts us: the message's id, and what our webhook answered (0: nothing)."""
        said = {"from": sender, "to": to, "text": text, "gateway": gateway}
        answer = self._call("POST", "inbound", said)
        return answer["id"], answer["answers"]

    def ledger(self, event: str = "", since: int = 0) -> list[dict[str, Any]]:
        """All that happened, or what happened of one kind ("accepted", "receipt"...)."""
        entries: list[dict[str, Any]] = self._call("GET", f"ledger?since={since}")
        return [entry for entry in entries if event in ("", entry["event"])]

    def accepted(self, count: int = 0, seconds: float = 10.0) -> list[dict[str, Any]]:
        """The messages taken so far; waits until there are `count`."""
        until(lambda: len(self.ledger("accepted")) >= count, f"{count} messages accepted", seconds)
        return self.ledger("accepted")

    def reset(self) -> None:
        self._call("POST", "reset", {})

    def _call(self, method: str, action: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/emulator/{action}", data=data, method=method)
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)


class _Redirected(TwilioHttpClient):  # type: ignore[misc]  # requests has no annotations
    """Twilio's own client, which sends what is meant for api.twilio.com to the emulator."""

    def __init__(self, url: str) -> None:
        super().__init__(timeout=10)
        self._url = url

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Response:
        return super().request(
            method, url.replace("https://api.twilio.com", self._url), *args, **options
        )


@contextlib.contextmanager
def running_emulator(folder: Path) -> Iterator[Emulator]:
    """Start one on a free port; its ledger is `folder`/ledger.jsonl; up in about 0.7 s."""
    port = free_port()
    argv = [sys.executable, "-m", "tests.emulator", "--port", str(port)]
    root = Path(__file__).parents[2]
    process = Process([*argv, "--ledger", str(folder / "ledger.jsonl")], folder / "log", cwd=root)
    with running(process):
        process.wait_for(lambda: listening(port), "the emulator answers")
        yield Emulator(f"http://127.0.0.1:{port}", process)
