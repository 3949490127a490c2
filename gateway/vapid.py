"""The key by which push services know us (VAPID, RFC 8292), and what we sign with it.

A browser subscribes for one key: another makes every subscription useless. OpenSSL is loaded
when it is first wanted: a worker that sends no notification does without its 7 MB.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

FILE = "vapid_private_key"
HOURS = 12  # that a token holds; RFC 8292 allows 24
MAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.\w+")  # the contact may be a sentence


class Signer:
    """Our key and our tokens, one for each push service until half of its time is over."""

    def __init__(self, private: str, subject: str) -> None:
        from py_vapid import Vapid02

        self._vapid = Vapid02(_key(private), conf={"no-strict": True})  # a site may have a port
        self._subject = subject
        self._tokens: dict[str, tuple[float, str]] = {}

    @property
    def public(self) -> str:
        """Our public key, as browsers take it."""
        return _public(self._vapid.private_key)

    def authorization(self, endpoint: str) -> str:
        """The header that proves to an endpoint's push service who sends."""
        parts = urlsplit(endpoint)
        audience, now = f"{parts.scheme}://{parts.netloc}", time.time()
        until, token = self._tokens.get(audience, (0.0, ""))
        if until < now:
            claims = {"aud": audience, "sub": self._subject, "exp": int(now) + HOURS * 3600}
            token = self._vapid.sign(claims)["Authorization"]
            self._tokens[audience] = now + HOURS * 1800, token
        return token


def private_key(configured: str, folder: Path) -> str:
    """The configured key, or the one kept in the folder, made at the first call.

    Raises OSError for a folder that cannot be written.
    """
    if configured:
        return configured
    path = folder / FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _keep(path, new_key())
    return path.read_text().strip()


def public_key(private: str) -> str:
    """The public half of a key, as browsers take it. Raises ValueError."""
    return _public(_key(private))


def subject(contact: str, site: str, sender: str) -> str:
    """Whom a push service may write to about us: a contact by mail, our address, or our mail."""
    if found := MAIL.search(contact):
        return f"mailto:{found[0]}"
    if site.startswith("https://"):
        return site
    found = MAIL.search(sender)
    return f"mailto:{found[0] if found else sender}"


def new_key() -> str:
    """A fresh private key: the 32 bytes of its number, in base64url."""
    from cryptography.hazmat.primitives.asymmetric import ec

    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return _text(number.to_bytes(32, "big"))


def _keep(path: Path, key: str) -> None:
    """Whole or not at all, and the first of two that are made at once."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
        out.write(f"{key}\n")
    with suppress(FileExistsError):
        os.link(part, path)
    part.unlink()


def _key(private: str) -> EllipticCurvePrivateKey:
    """Raises ValueError for what is no key."""
    from cryptography.hazmat.primitives.asymmetric import ec

    raw = base64.urlsafe_b64decode(private + "=" * (-len(private) % 4))
    if len(raw) != 32:
        raise ValueError("a key has 32 bytes")
    return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())


def _public(key: EllipticCurvePrivateKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return _text(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
