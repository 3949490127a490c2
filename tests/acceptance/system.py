"""One installation in a folder of its own, used as its administrator and its gateways do.

Nothing of Tocsin is imported: commands are processes, everything else is HTTP.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from tests.rigs.processes import Process, T, free_port, until

CLI = Path(__file__).parents[2] / "cli.py"
NUMBER = "38000"

Section = Mapping[str, Any]
_STATE = re.compile(r'tocsin_deliveries_total\{channel="(\w+)",state="(\w+)"\} (\S+)')


def eventually(condition: Callable[[], T | None], what: str, seconds: float = 15.0) -> T:
    """As `until`, for questions that cost something to ask."""
    return until(condition, what, seconds, pause=0.05)


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Answer:
    """An answer over HTTP."""

    status: int
    body: str

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class System:
    """`sections` are the tables of config.toml; the port is free, the folder its own."""

    folder: Path
    sections: dict[str, Section] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: Process | None = None
    environment: dict[str, str] = field(default_factory=dict)  # more than the configuration

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.configure()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def data_dir(self) -> Path:
        return self.folder / "var"

    def configure(self, **sections: Section) -> None:
        """Write config.toml, with some tables changed."""
        self.sections |= sections
        service = {"site": self.url, **self.sections.get("service", {})}
        tables = {**self.sections, "service": service}
        (self.folder / "config.toml").write_text(_toml(tables), encoding="utf-8")

    # The administrator

    def run(self, *arguments: str, **environment: str) -> Done:
        """One command, to its end."""
        done = subprocess.run(
            [sys.executable, str(CLI), *arguments],
            cwd=self.folder,
            env=self._environment() | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def tocsin(self, *arguments: str) -> str:
        """A command that must succeed; what it printed."""
        done = self.run(*arguments)
        assert done.code == 0, f"tocsin {' '.join(arguments)}: {done.err}"
        return done.out

    def json(self, *arguments: str) -> Any:
        return json.loads(self.tocsin(*arguments, "--json"))

    def refusal(self, *arguments: str, code: int = 1, **environment: str) -> str:
        """A command that must be refused, in one line; that line."""
        done = self.run(*arguments, **environment)
        assert done.code == code, f"tocsin {' '.join(arguments)}: {done}"
        lines = done.err.strip().splitlines()
        assert len(lines) == 1, f"not one line: {done.err}"
        return lines[0]

    def alert(self, ref: int) -> Any:
        return self.json("alert", "show", str(ref))

    def deliveries(self, ref: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json("delivery", "list", "--alert", str(ref))
        return found

    # The service

    def start(self) -> Process:
        """`tocsin up`, without waiting for it."""
        argv = [sys.executable, str(CLI), "up", "--port", str(self.port)]
        log = self.folder / "up.log"
        self.process = Process(argv, log, cwd=self.folder, env=self._environment())
        return self.process

    def up(self, *, status: int = 200, seconds: float = 90.0) -> System:
        """`tocsin up`, until it is ready (or says 503, when something is missing)."""
        process = self.start()
        said = f"/readyz says {status}"
        process.wait_for(lambda: self.readiness == status, said, seconds)
        return self

    @property
    def ready(self) -> bool:
        return self.readiness == 200

    @property
    def readiness(self) -> int:
        """What /readyz says; 0 when nobody answers."""
        try:
            return self.get("/readyz").status
        except (OSError, HTTPException):
            return 0

    def family(self) -> list[psutil.Process]:
        """All its living processes, the supervisor first."""
        assert self.process is not None
        group = self.process.child.pid
        return [p for p in psutil.process_iter() if _group(p) == group and _lives(p)]

    def child(self, *words: str) -> psutil.Process:
        """The process that runs such a command: ("worker", "dispatch"), ("valkey-server",)."""
        for process in self.family():
            command = _command(process)
            if command and all(word in command for word in words):
                return process
        raise AssertionError(f"no process {words}")

    def crash(self) -> None:
        """kill -9 of everything at once."""
        assert self.process is not None
        self.process.kill()
        self.wait_gone()

    def stop(self) -> float:
        """SIGTERM, as systemd does; how many seconds until nothing is left."""
        assert self.process is not None
        before = time.monotonic()
        os.kill(self.process.child.pid, signal.SIGTERM)
        code = self.process.child.wait(60)
        assert code in (0, -signal.SIGTERM), self.process.tail()
        self.wait_gone()
        return time.monotonic() - before

    def wait_gone(self, seconds: float = 10.0) -> None:
        until(lambda: not self.family(), "no orphan is left", seconds)

    def close(self) -> None:
        if self.process is not None:
            self.process.stop(grace=15)

    # What gateways and phones do

    def get(self, path: str) -> Answer:
        return self._call("GET", path)

    def post(self, path: str, body: bytes = b"", kind: str = "application/json") -> Answer:
        return self._call("POST", path, body, {"Content-Type": kind})

    def text(self, sender: str, text: str, *, gateway: str = "simulator", id_: str = "") -> int:
        """The call of a simulator gateway; its status."""
        said = {"from": sender, "to": NUMBER, "text": text, "id": id_ or uuid4().hex}
        return self.post(f"/webhooks/{gateway}/sms", json.dumps(said).encode()).status

    def inbox(self, phone: str) -> list[str]:
        """What the phone received, oldest first."""
        return [m["text"] for m in self.messages(phone) if m["direction"] == "in"]

    def messages(self, phone: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/simulator/handsets/{phone}").json()["messages"]
        return found

    def mail(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.get("/simulator/mail").json()
        return found

    def got(self, text: str, phones: list[str]) -> Counter[str]:
        """Who holds an SMS or a mail with these words, and how many times."""
        heard = Counter(
            {phone: sum(text in said for said in self.inbox(phone)) for phone in phones}
        )
        heard.update(mail["to"] for mail in self.mail() if text in mail["text"])
        return +heard

    def wait_for(self, text: str, phones: Iterable[str], mails: Iterable[str] = ()) -> None:
        """Until these phones and mailboxes hold the words, at least once each."""
        for phone in phones:
            eventually(partial(self._holds, phone, text), f"{phone} has {text!r}")
        wanted = set(mails)
        eventually(lambda: wanted <= self._mailed(text), f"{wanted} have {text!r}")

    def _holds(self, phone: str, text: str) -> bool:
        return any(text in said for said in self.inbox(phone))

    def _mailed(self, text: str) -> set[str]:
        return {mail["to"] for mail in self.mail() if text in mail["text"]}

    def states(self, channel: str = "sms") -> dict[str, int]:
        """How many deliveries are in each state that has any, by /metrics."""
        found = _STATE.findall(self.get("/metrics").body)
        counted = {state: int(float(count)) for way, state, count in found if way == channel}
        return {state: count for state, count in counted.items() if count}

    def figure(self, name: str) -> float:
        """A figure of /metrics, labels included in its name."""
        lines = self.get("/metrics").body.splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(f"{name} ")), 0.0)

    def _call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, path, body or None, dict(headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.read().decode())
        finally:
            connection.close()

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TOCSIN")}
        return kept | {"TOCSIN_CONFIG": str(self.folder / "config.toml")} | self.environment


def _command(process: psutil.Process) -> list[str]:
    """Its program's name and its arguments; nothing of one that begins or has just ended."""
    try:
        given = process.cmdline()
    except psutil.NoSuchProcess:
        return []
    program = given[0].split() if given else []
    return [Path(program[0]).name, *given] if program else []


def _group(process: psutil.Process) -> int:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return 0


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _toml(tables: Mapping[str, Section]) -> str:
    """JSON's strings, numbers and arrays are TOML's as well."""
    lines: list[str] = []
    for name, keys in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


Make = Callable[..., System]
