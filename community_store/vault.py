"""Files that only the service can read, each under a key of its own.

A file is AES-256-GCM under a random key. That key is kept in the database, itself encrypted
under a key derived from the service's secret (HKDF-SHA256), and bound to the file's name. So
a stolen disk without the database, a stolen database without the files, and both without the
secret are worth nothing; and a file whose key is gone is gone, wherever copies of it are.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from community_store.errors import NotFound

NONCE = 12  # bytes, as GCM wants them
KEY_BYTES = 32
_PURPOSE = b"tocsin proof documents"
_NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file of the vault, and its key as the database keeps it."""

    file: str
    key: bytes


@dataclass(frozen=True, slots=True)
class Vault:
    """A folder outside of whatever the web serves, and the service's secret."""

    folder: Path
    secret: str

    def put(self, data: bytes) -> Sealed:
        """Encrypt and keep. A file whose row is never committed is a stray: see `strays`."""
        file, key = secrets.token_hex(16), secrets.token_bytes(KEY_BYTES)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.folder / file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(_encrypt(key, data, file))
            out.flush()
            os.fsync(out.fileno())
        return Sealed(file, _encrypt(self._master(), key, file))

    def open(self, sealed: Sealed) -> bytes:
        """Raises NotFound when the file or its key is gone, or is not what was put."""
        from cryptography.exceptions import InvalidTag

        try:
            key = _decrypt(self._master(), sealed.key, sealed.file)
            return _decrypt(key, (self.folder / sealed.file).read_bytes(), sealed.file)
        except (InvalidTag, FileNotFoundError, ValueError):
            raise NotFound("the document is not there any more") from None

    def remove(self, file: str) -> None:
        """Take a file away. Twice is once."""
        if _NAME.fullmatch(file):
            (self.folder / file).unlink(missing_ok=True)

    def strays(self, known: Collection[str], *, before: float) -> list[str]:
        """The files that no row knows, last written before a moment (seconds of the epoch)."""
        if not self.folder.is_dir():
            return []
        return [
            path.name
            for path in self.folder.iterdir()
            if _NAME.fullmatch(path.name)
            and path.name not in known
            and path.stat().st_mtime < before
        ]

    def _master(self) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        kdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=_PURPOSE)
        return kdf.derive(self.secret.encode())


def _encrypt(key: bytes, data: bytes, name: str) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, name.encode())


def _decrypt(key: bytes, data: bytes, name: str) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key).decrypt(data[:NONCE], data[NONCE:], name.encode())
