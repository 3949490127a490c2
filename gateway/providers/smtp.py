"""Mail through an SMTP server, a few connections kept open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from urllib.parse import unquote, urlsplit

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPException,
    SMTPResponseException,
)

from gateway import letters
from gateway.contract import (
    Accepted,
    Callback,
    Channel,
    Forged,
    Inbound,
    Misconfigured,
    NotNow,
    Outbound,
    Receipt,
    Refused,
    SendError,
    Traits,
    Unknown,
    no_inbound,
)
from gateway.wiring import Wiring

KEPT = 10  # connections that wait for the next mail


class Smtp:
    """`smtp://user:password@host:port` (STARTTLS when offered) or `smtps://...`."""

    name = "mail"
    channels = frozenset({Channel.EMAIL})
    traits = Traits()

    def __init__(self, url: str, sender: str, wiring: Wiring) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender
        self._timeout = wiring.timeout
        self._idle: list[SMTP] = []

    async def open(self) -> None:
        self._idle = []

    async def close(self) -> None:
        for connection in self._idle:
            connection.close()
        self._idle = []

    def callback_url(self, delivery: int, attempt: int) -> str:
        return ""

    async def send(self, message: Outbound) -> Accepted:
        letter = letters.compose(message, self._sender)
        async with self._conversation() as connection:
            with _meanings(NotNow):
                await connection.mail(letters.envelope_sender(message, self._sender))
                await connection.rcpt(message.to)
            with _meanings(Unknown):  # from here on the server may have taken it
                await connection.data(letter.as_bytes())
        return Accepted(str(letter["Message-ID"])[1:-1])

    async def look(self, message: Outbound, provider_id: str) -> Receipt | None:
        """Nothing: SMTP cannot be asked."""
        return None

    def inbound_since(self, since: datetime) -> AsyncIterator[Inbound]:
        """Nothing: no phone texts here."""
        return no_inbound()

    async def check(self) -> str:
        async with self._conversation() as connection:
            with _meanings(NotNow):
                await connection.noop()
        return "the mail server answers" + (" and knows the user" if self._user else "")

    def verify(self, callback: Callback) -> None:
        raise Forged("mail has no webhook")

    def read_inbound(self, callback: Callback) -> Inbound:
        raise Forged("mail has no webhook")

    def read_receipt(self, callback: Callback) -> Receipt | None:
        raise Forged("mail has no webhook")

    @asynccontextmanager
    async def _conversation(self) -> AsyncIterator[SMTP]:
        """A connection, kept for the next mail unless something went wrong on it."""
        connection = await self._awake() or await self._connected()
        well = False
        try:
            yield connection
            well = len(self._idle) < KEPT
        finally:
            if well:
                self._idle.append(connection)
            else:
                connection.close()

    async def _awake(self) -> SMTP | None:
        """One that waited and still answers."""
        while self._idle:
            connection = self._idle.pop()
            try:
                with _meanings(NotNow):
                    await connection.rset()
            except SendError:
                connection.close()
            else:
                return connection
        return None

    async def _connected(self) -> SMTP:
        connection = SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=self._tls,
            timeout=self._timeout,
        )
        try:
            with _meanings(NotNow):
                await connection.connect()
                if self._user:
                    await connection.login(self._user, self._password or "")
        except SendError:
            connection.close()
            raise
        return connection


@contextmanager
def _meanings(broken: type[NotNow] | type[Unknown]) -> Iterator[None]:
    """What aiosmtplib raises, in our words; `broken` is what a lost connection means."""
    try:
        yield
    except SMTPResponseException as error:
        raise _verdict(error.code) from error
    except (OSError, asyncio.IncompleteReadError) as error:  # time-outs are OSError too
        raise broken("no connection to the mail server", code=type(error).__name__) from error
    except SMTPException as error:  # what the server does not offer: TLS, a login
        raise Misconfigured(f"check [mail] url: {error}") from error
    except ValueError as error:
        raise Refused("the address cannot be written") from error


def _verdict(code: int) -> SendError:
    """4xx later, 5xx never (RFC 5321, 4.2.1), but for those about the login (RFC 4954)."""
    if code in (530, 534, 535, 538):
        return Misconfigured("the mail server refuses the login: check [mail] url", code=str(code))
    if 400 <= code < 500:
        return NotNow("the mail server asks to wait", code=str(code), delay=60.0)
    return Refused("the mail server refuses the mail", code=str(code))
