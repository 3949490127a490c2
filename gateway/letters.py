"""A mail as both mail providers write it, and the addresses it leaves from."""

from __future__ import annotations

import email.policy
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from gateway.contract import Outbound, Refused

# Long lines and accents are written so that no relay has to touch them.
POLICY = email.policy.SMTP.clone(cte_type="7bit")


def compose(message: Outbound, sender: str) -> EmailMessage:
    """The mail of a delivery; its Message-ID is the same at every attempt.

    `sender` is an address, with or without a name before it. Auto-Submitted keeps
    robots from answering (RFC 3834). Raises Refused: a line break in a header, an
    address that is none.
    """
    letter = EmailMessage(policy=POLICY)
    try:
        letter["From"] = _address(sender)
        letter["To"] = _address(message.to)
        letter["Subject"] = message.subject
        letter["Date"] = format_datetime(datetime.now(UTC))
        letter["Message-ID"] = f"<d{message.delivery}@{_host(sender)}>"
        letter["Auto-Submitted"] = "auto-generated"
        for name, value in message.headers.items():
            letter[name] = value
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
    """ValueError for what is no single address, and for a line break."""
    if not text.isprintable():
        raise ValueError("control character")
    name, address = parseaddr(text)
    if "@" not in address or (not name and address != text.strip(" <>")):
        raise ValueError("not one address")
    return Address(display_name=name, addr_spec=address)


def _host(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]
