"""Kannel from Debian: bearerbox and smsbox, with its fakesmsc as the operator and phones."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import unquote_to_bytes
from urllib.request import urlopen

from tests.rigs.debian import program
from tests.rigs.processes import Process, free_port, listening, short_folder, until

USERNAME, PASSWORD, TOKEN = "tocsin", "secret", "emulated-kannel-token"

_CORE = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = admin
status-password = status
admin-deny-ip = "*.*.*.*"
admin-allow-ip = "127.0.0.1"
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
log-file = "{folder}/bearerbox.log"
log-level = 1
store-type = file
store-location = "{folder}/kannel.store"
dlr-storage = internal
sms-resend-freq = 2

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {boxes}
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
log-file = "{folder}/smsbox.log"
mo-recode = true
http-request-retry = 60
http-queue-delay = 1

group = sendsms-user
username = {username}
password = {password}
max-messages = 10
concatenation = true
user-allow-ip = "127.0.0.1"

group = sms-service
keyword = default
catch-all = yes
max-messages = 0
get-url = "{webhook}/sms?token={token}&from=%p&to=%P&text=%b&charset=%C&coding=%c&smsc=%i&id=%I&ts=%t"
"""
_FAKE = """
group = smsc
smsc = fake
smsc-id = FAKE
host = 127.0.0.1
port = {operator}
connect-allow-ip = 127.0.0.1
"""
_SMPP = """
group = smsc
smsc = smpp
smsc-id = SMPP
host = 127.0.0.1
port = {operator}
transceiver-mode = 1
smsc-username = tocsin
smsc-password = secret
system-type = ""
reconnect-delay = 1
enquire-link-interval = 5
"""

_GOT = re.compile(r"Got message \d+: <(.*)>$", re.MULTILINE)
_MESSAGE = re.compile(r"(\S+) (\S+) (text|ucs-2|udh) (.*)", re.DOTALL)


@dataclass(frozen=True)
class Text:
    """What a phone received, joined from its segments."""

    to: str
    sender: str
    text: str
    segments: int = 1


@dataclass
class Kannel:
    """A running Kannel: `sendsms_url` is where to send, TOKEN what its webhooks carry."""

    sendsms_url: str
    bearerbox: Process
    smsbox: Process
    phones: Process | None = None  # fakesmsc
    username: str = USERNAME
    password: str = PASSWORD
    token: str = TOKEN
    _references: Iterator[int] = field(default_factory=itertools.count)

    def inject(self, sender: str, to: str, *parts: str) -> None:
        """A phone texts; several parts are the segments of one long text."""
        numbers = f"{sender.removeprefix('+')} {to.removeprefix('+')}"
        if len(parts) == 1:
            self._send(f"{numbers} text {parts[0]}")
            return
        reference = next(self._references) % 256
        for number, part in enumerate(parts, 1):
            header = "".join(f"%{byte:02x}" for byte in (5, 0, 3, reference, len(parts), number))
            self._send(f"{numbers} udh-text {header} {part}")

    def _send(self, line: str) -> None:
        """fakesmsc reads one line at a time, and forgets what came with it."""
        assert self.phones is not None
        log, sent = self.phones.log, "sent message"
        before = log.read_text().count(sent)
        self.phones.write(line)
        until(lambda: log.read_text().count(sent) > before, "fakesmsc sent the text")

    def received(self) -> list[Text]:
        """What phones received so far; a long text once all its segments are there."""
        assert self.phones is not None
        return list(_join(self.phones.log.read_text()))


def _join(log: str) -> Iterator[Text]:
    """Read what fakesmsc prints: `<sender to kind payload>` or `<sender to udh header data payload>`."""
    pieces: defaultdict[tuple[str, str, int], dict[int, bytes]] = defaultdict(dict)
    for sender, to, kind, payload in _messages(log):
        if kind == "text":
            yield Text(to, sender, payload)
        elif kind == "ucs-2":
            yield Text(to, sender, _decode(_bytes(payload)))
        else:
            header, _, data = payload.split(" ", 2)
            *_, reference, total, number = _bytes(header)
            known = pieces[sender, to, reference]
            known[number] = _bytes(data)
            if len(known) == total:
                yield Text(to, sender, _decode(b"".join(known[n] for n in sorted(known))), total)
                del pieces[sender, to, reference]


def _messages(log: str) -> Iterator[tuple[str, str, str, str]]:
    """fakesmsc takes the second line of a text for another message: give it back."""
    whole: list[str] = []
    for printed in _GOT.findall(log):
        if _MESSAGE.match(printed):
            whole.append(printed)
        else:
            whole[-1] += f"\n{printed}"
    for message in whole:
        found = _MESSAGE.match(message)
        assert found is not None
        sender, to, kind, payload = found.groups()
        yield sender, to, kind, payload


def _bytes(payload: str) -> bytes:
    return unquote_to_bytes(payload.replace("+", " "))


def _decode(data: bytes) -> str:
    """A segment does not say its coding; only UCS-2 has a zero byte, in every Latin letter."""
    return data.decode("utf-16-be" if b"\0" in data else "utf-8")


@contextlib.contextmanager
def kannel(webhook: str, *, smpp_port: int = 0) -> Iterator[Kannel]:
    """Start Kannel; it calls `webhook`/sms for each text, and dlr-urls as they say.

    With `smpp_port` its operator is the SMPP server there instead of fakesmsc.
    """
    programs = {name: program(name, "kannel") for name in ("bearerbox", "smsbox")}
    with short_folder() as folder, contextlib.ExitStack() as stack:
        ports = {name: free_port() for name in ("admin", "boxes", "sendsms", "operator")}
        ports["operator"] = smpp_port or ports["operator"]
        configuration = _write(folder, webhook, ports, smpp=bool(smpp_port))

        def start(name: str, *argv: str, stdin: bool = False) -> Process:
            process = Process(argv, folder / f"{name}.out", cwd=folder, stdin=stdin)
            stack.callback(process.stop, grace=1.0)  # it waits long for an operator that is gone
            return process

        bearerbox = start("bearerbox", programs["bearerbox"], str(configuration))
        bearerbox.wait_for(lambda: listening(ports["boxes"]), "bearerbox listens")
        smsbox = start("smsbox", programs["smsbox"], str(configuration))
        url = f"http://127.0.0.1:{ports['sendsms']}/cgi-bin/sendsms"
        smsbox.wait_for(lambda: _answers(url), "smsbox answers")
        rig = Kannel(url, bearerbox, smsbox)
        if not smpp_port:
            fake = program("fakesmsc", "kannel-extras")
            # Without a message it reads them from its standard input.
            argv = (fake, "-H", "127.0.0.1", "-r", str(ports["operator"]), "-i", "0.01")
            rig.phones = start("fakesmsc", *argv, stdin=True)
            _wait_for_operator(bearerbox, folder)
        yield rig


def _write(folder: Path, webhook: str, ports: dict[str, int], *, smpp: bool) -> Path:
    template = _CORE + (_SMPP if smpp else _FAKE)
    path = folder / "kannel.conf"
    path.write_text(
        template.format(
            folder=folder,
            webhook=webhook,
            token=TOKEN,
            username=USERNAME,
            password=PASSWORD,
            **ports,
        )
    )
    return path


def _answers(url: str) -> bool:
    try:
        urlopen(url, timeout=1).close()
    except HTTPError as refused:  # we gave no password
        refused.close()
        return True
    except (OSError, HTTPException):
        pass
    return False


def _wait_for_operator(bearerbox: Process, folder: Path) -> None:
    log = folder / "bearerbox.log"
    bearerbox.wait_for(
        lambda: "Fakesmsc client connected" in log.read_text(errors="replace"),
        "fakesmsc is connected",
    )
