"""Every way out, by the `type` of its table in config.toml: the only list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gateway.contract import Provider
from gateway.providers.kannel import Kannel
from gateway.providers.maildir import Maildir
from gateway.providers.simulator import Simulator
from gateway.providers.smtp import Smtp
from gateway.providers.twilio import Twilio
from gateway.providers.webpush import WebPush
from gateway.wiring import Wiring

__all__ = ["KINDS", "Wiring", "build", "build_mail", "build_push"]

# Called with the gateway's name, its section and the wiring; each takes its own section.
KINDS: Mapping[str, Callable[[str, Any, Wiring], Provider]] = {
    "twilio": Twilio,
    "kannel": Kannel,
    "simulator": Simulator,
}
MAIL: Mapping[str, Callable[[str, str, Wiring], Provider]] = {
    "maildir": Maildir,
    "smtp": Smtp,
    "smtps": Smtp,
}


def build(name: str, section: Any, wiring: Wiring) -> Provider:
    """The provider of one [gateway.<name>] table. Nothing is opened yet."""
    return KINDS[section.type](name, section, wiring)


def build_mail(url: str, sender: str, wiring: Wiring) -> Provider:
    """The provider "mail" of [mail] url; `sender` is an address, with or without a name."""
    return MAIL[url.partition(":")[0]](url, sender, wiring)


def build_push(section: Any, contact: str, wiring: Wiring) -> Provider:
    """The provider "push" of [push]; `contact` is whom a push service may write to."""
    return WebPush(section, contact, wiring)
