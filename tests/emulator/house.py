"""What the parts of the emulator share: settings, messages, ledger, faults, postman."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from tests.emulator.faults import Faults
from tests.emulator.ledger import Ledger
from tests.emulator.limits import Limits
from tests.emulator.messages import Call, Messages
from tests.emulator.postman import Postman
from tests.emulator.wire import fields

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "emulated-auth-token"
KEY = "SK" + "fedcba9876543210" * 2
SECRET = "emulated-api-secret"


@dataclass
class Settings:
    """What the control API may change. Delays in seconds; None: no such receipt.

    `numbers`: the account's own; empty: any sender goes. `rates` are enforced at
    Twilio's side, as a provider that does not queue would: one segment beyond in any second is
    let pass.
    Kannel's user is as in the rig of the real one.
    """

    account_sid: str = ACCOUNT
    auth_token: str = TOKEN
    api_key: str = KEY
    api_secret: str = SECRET
    kannel_username: str = "tocsin"
    kannel_password: str = "secret"
    webhook: str = ""  # <site>/webhooks/<gateway>, for inbound texts of Twilio
    kannel_webhook: str = ""  # the same for Kannel
    kannel_token: str = ""
    sent_after: float | None = 0.02
    delivered_after: float | None = 0.05
    numbers: list[str] = field(default_factory=list)
    rates: dict[str, float] = field(default_factory=dict)  # segments a second; above: 429
    answers_after: float = 0.02
    call_lasts: float = 0.02
    key: str = ""  # pressed in every call, one after the other
    keys: dict[str, str] = field(default_factory=dict)  # the same by number

    @cached_property
    def credentials(self) -> frozenset[str]:
        """The Authorization headers that are let in."""
        pairs = (f"{self.account_sid}:{self.auth_token}", f"{self.api_key}:{self.api_secret}")
        return frozenset(f"Basic {b64encode(pair.encode()).decode()}" for pair in pairs)


@dataclass
class House:
    """Made once per process, passed to every part."""

    settings: Settings
    ledger: Ledger
    postman: Postman
    messages: Messages = field(default_factory=Messages)
    calls: dict[str, Call] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    limits: Limits = field(default_factory=Limits)


def delivery_of(callback: str) -> dict[str, str]:
    """The delivery and attempt that a callback address carries (`?d=&a=`)."""
    return {
        name: value
        for name, value in fields(urlsplit(callback).query).items()
        if name in ("d", "a")
    }
