"""The team's own mailbox: the address in `service.contact`, which may be a whole sentence."""

from __future__ import annotations

import re

from config import Settings
from dispatch import notices
from gateway.contract import Channel

_MAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.\w+")


def addressee(settings: Settings) -> notices.Addressee | None:
    """Whom to write to; None when no address was configured."""
    found = _MAIL.search(settings.service.contact)
    return notices.Addressee(found[0].lower(), channel=Channel.EMAIL) if found else None
