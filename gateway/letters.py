"""A mail as both mail providers write it, and the addresses it leaves from."""

from __future__ import annotations

import email.policy
import re
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from gateway.contract import Outbound, Refused


class Lines(email.policy.EmailPolicy):
    """Folds a header that is only text as RFC 2047 wants it.

    Python's own folding puts the space between two encoded words outside of both, where
    every reader drops it (RFC 2047, 6.2).
    """

    def fold(self, name: str, value: str) -> str:
        if name.lower() != "subject" or str(value).isascii():
            return str(super().fold(name, value))
        words = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {words}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii")


# Long lines and accents are written so that no relay has to touch them.
POLICY = Lines(linesep="\r\n", cte_type="7bit")

_ADDRESS = re.compile(r"[!-~]+@[A-Za-z0-9.\-\[\]:]+")
_HEADER = re.compile(r"[A-Za-z0-9-]+")


def compose(message: Outbound, sender: str) -> EmailMessage:
    """The mail of a delivery; its Message-ID is the same at every attempt.

    `sender` is an address, with or without a name before it. Auto-Submitted keeps
    robots from answering (RFC 3834). Raises Refused: a line break in a header, an
    address that is none.
    """
    letter = EmailMessage(policy=POLICY)
    try:
        letter["From"] = _address(sender)
        letter["To"] = Address(addr_spec=_bare(message.to))
        letter["Subject"] = message.subject
        letter["Date"] = format_datetime(datetime.now(UTC))
        letter["Message-ID"] = f"<d{message.delivery}@{_host(sender)}>"
        letter["Auto-Submitted"] = "auto-generated"
        for name, value in message.headers.items():
            letter[_name(name)] = value
    except ValueError as error:
        raise Refused("a header or address of the mail cannot be written") from error
    letter.set_content(message.text)
    if message.html:
        letter.add_alternative(message.html, subtype="html")
    return letter


def envelope_sender(message: Outbound, sender: str) -> str:
    """Where a bounce returns to: it names the delivery and the attempt (VERP)."""
    local, _, host = parseaddr(sender)[1].rpartition("@")
    return f"{local}+d{message.delivery}.{message.attempt}@{host}"


def _address(text: str) -> Address:
    """An address, with or without a name. ValueError for anything else."""
    if not text.isprintable():
        raise ValueError("control character")
    name, address = parseaddr(text)
    return Address(display_name=name, addr_spec=_bare(address))


def _bare(address: str) -> str:
    """ValueError for what is not exactly one address, written in ASCII."""
    if not _ADDRESS.fullmatch(address):
        raise ValueError("not one address")
    return address


def _name(header: str) -> str:
    """EmailMessage would write a name with a line break as it is."""
    if not _HEADER.fullmatch(header):
        raise ValueError("not the name of a header")
    return header


def _host(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]
