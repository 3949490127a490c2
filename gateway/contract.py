"""The one vocabulary between Tocsin and every provider.

    SendError                what now?
    ├── Refused              never again: an invalid number, an opt-out, a refused text
    ├── NotNow               nothing left; try again after `delay` seconds
    ├── Unknown              it may have left: look before sending again
    └── Misconfigured        stop the gateway and tell the operator; nothing left

    CallbackError            what a webhook answers
    ├── Forged               403
    └── Malformed            400

Provider words die inside the provider's file; these are the only ones that leave it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Channel(StrEnum):
    """A way to reach a person."""

    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"
    PUSH = "push"


class Stage(StrEnum):
    """How far a provider says that a message has come, in the order of the way."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNANSWERED = "unanswered"  # a call that nobody took, or a busy line: call again
    UNDELIVERED = "undelivered"
    FAILED = "failed"


class SendError(Exception):
    """The provider did not take the message; the subclass says what to do.

    `code` is the provider's own, for the operator; `reason` is one English clause
    without a number or a text in it, since it is kept and logged.
    """

    def __init__(self, reason: str, *, code: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class Refused(SendError):
    """No retry can help. `opted_out` when the provider holds a STOP of this number; `gone`
    when the address itself is no more, and is to be forgotten.
    """

    def __init__(
        self, reason: str, *, code: str = "", opted_out: bool = False, gone: bool = False
    ) -> None:
        super().__init__(reason, code=code)
        self.opted_out = opted_out
        self.gone = gone


class NotNow(SendError):
    """Nothing was sent; try again after `delay` seconds.

    `throttled` when the provider said so of the whole number (429), which costs the
    message no attempt and stops the number for `delay`. `apart` when it says nothing of the
    other messages of the lane: they go to other hosts, and go on.
    """

    def __init__(
        self,
        reason: str,
        *,
        code: str = "",
        delay: float = 5.0,
        throttled: bool = False,
        apart: bool = False,
    ) -> None:
        super().__init__(reason, code=code)
        self.delay = delay
        self.throttled = throttled
        self.apart = apart


class Unknown(SendError):
    """It may have been sent: a time-out, a reset, a 5xx. Look before sending again."""


class Misconfigured(SendError):
    """The gateway cannot send: a wrong password. Rows stay queued until it is mended.

    `only_sender` when one number is at fault (not ours at the provider), not all of them.
    """

    def __init__(self, reason: str, *, code: str = "", only_sender: bool = False) -> None:
        super().__init__(reason, code=code)
        self.only_sender = only_sender


class CallbackError(Exception):
    """A webhook call that leaves no trace but one log line and a counter."""


class Forged(CallbackError):
    """The call does not prove that it comes from the provider: 403."""


class Malformed(CallbackError):
    """The call is the provider's but cannot be read: 400."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to hand over, on one attempt.

    `to` is E.164, an e-mail address, or a subscription to notifications as JSON; `sender` the
    number, short code or name it leaves from ("" for the others); `callback` is the address
    for its receipts, "" for none.
    A call speaks its `text` in `language`, with a pause between the lines, and asks
    `keys` (an address) what to answer to a key; "" when nobody listens for one.
    `others` are the provider's ids of messages that are not this one, for a look.
    """

    delivery: int
    attempt: int
    to: str
    sender: str
    text: str
    callback: str = ""
    subject: str = ""
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    started_at: datetime | None = None
    channel: Channel = Channel.SMS
    language: str = "fr"
    keys: str = ""
    others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has the message: its own id for it, and how far it already is."""

    provider_id: str
    stage: Stage = Stage.ACCEPTED


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text that a phone sent. `id` is the gateway's; `sent_at` UTC when it says so."""

    id: str
    sender: str
    recipient: str
    text: str
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider says of a message: by our delivery and attempt, or by its own id.

    `opted_out` when it failed since the provider holds a STOP of this number.
    """

    stage: Stage
    provider_id: str = ""
    delivery: int | None = None
    attempt: int | None = None
    code: str = ""
    reason: str = ""
    at: datetime | None = None
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """A key that somebody pressed during a call, by our delivery and attempt."""

    pressed: str
    provider_id: str
    delivery: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a webhook answers so that the call goes on: a body and its media type."""

    body: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Callback:
    """A webhook call, free of any web framework.

    `url` is the address as the provider signed it (public, with its query); `headers`
    have lower-case names; `form` is the decoded body of a form post, `query` of the URL.
    """

    method: str
    url: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    def own_id(self, key: str) -> int | None:
        """An id that we wrote into the address ourselves; None when it is not there."""
        value = self.query.get(key) or self.form.get(key) or ""
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else None


@dataclass(frozen=True, slots=True)
class Traits:
    """What a provider can do, which decides how doubt about a message is settled.

    `looks`: it can be asked whether a message left. `look_is_final`: an empty look
    proves that it did not (ours, no lag). `receipts`: it reports delivery later.
    `polls_inbound`: it keeps a list of what phones sent. `owns_numbers`: it names the number
    that a phone texted exactly as we know it, so that one which is not ours is refused.
    `replaces`: a message that comes twice takes its own place, so that doubt is settled by
    sending again at once.
    """

    looks: bool = False
    look_is_final: bool = False
    receipts: bool = False
    polls_inbound: bool = False
    owns_numbers: bool = False
    replaces: bool = False


async def no_inbound() -> AsyncIterator[Inbound]:
    """`inbound_since` of a provider that keeps no list."""
    for inbound in tuple[Inbound, ...]():
        yield inbound


class Provider(Protocol):
    """One way out to people, and back. Built once per process; opened per event loop.

    `open`/`close` surround all calls of one event loop (HTTP sessions live there).
    It is given messages of its `channels` only; one with VOICE is a Caller too.
    """

    name: str
    channels: frozenset[Channel]
    traits: Traits

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def callback_url(self, delivery: int, attempt: int) -> str:
        """The address for the receipts of one attempt; "" when there are none."""
        ...

    async def send(self, message: Outbound) -> Accepted:
        """Hand one message over. Raises SendError, and nothing else."""
        ...

    async def look(self, message: Outbound, provider_id: str) -> Receipt | None:
        """Ask what became of a message; None when the provider knows nothing of it.

        `provider_id` is "" when the attempt never heard an answer: then it is looked
        for by what it was (to, sender, text, not before `started_at`), never one of its
        `others`. Raises SendError.
        """
        ...

    def inbound_since(self, since: datetime) -> AsyncIterator[Inbound]:
        """The texts that phones sent since then (UTC), as the provider lists them."""
        ...

    async def check(self) -> str:
        """One line for `tocsin doctor`: what answered. Raises SendError saying what to do."""
        ...

    def verify(self, callback: Callback) -> None:
        """Raise Forged unless the call comes from the provider."""
        ...

    def read_inbound(self, callback: Callback) -> Inbound:
        """Raises Malformed."""
        ...

    def read_receipt(self, callback: Callback) -> Receipt | None:
        """None for a word that says nothing new ("queued"). Raises Malformed."""
        ...


@runtime_checkable
class Caller(Protocol):
    """What a provider can do besides when VOICE is one of its channels."""

    def keys_url(self, delivery: int, attempt: int) -> str:
        """Where a key pressed in this call is told; "" when not by a webhook."""
        ...

    def read_key(self, callback: Callback) -> Key:
        """Raises Malformed."""
        ...

    def go_on(self, text: str, language: str, keys: str = "") -> Spoken:
        """Say `text`, then listen for a key if `keys` is an address, else hang up."""
        ...
