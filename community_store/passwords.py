"""Passwords: which are refused, and how they are kept (promises.md, Passwords).

12 to 128 characters, common ones refused, no rule of composition; argon2id.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from community_store.errors import RuleError

SHORTEST, LONGEST = 12, 128
COMMON = Path(__file__).with_name("common_passwords.txt")
REPEATED = re.compile(r"(.{1,4}?)\1+")  # aaaaaaaaaaaa, 1234123412341234
AGAIN = re.compile(r"(.+?)\1*")  # motdepassemotdepasse
AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")  # 1 motdepasse 2026 !
ROWS = ("0123456789", "abcdefghijklmnopqrstuvwxyz", "azertyuiopqsdfghjklmwxcvbn",
        "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm")  # fmt: skip


def check(password: str, *, about: Iterable[str] = ()) -> None:
    """Refuse what somebody else would guess. `about` is what is known of the person.

    Raises RuleError: "short", "long", "common", "personal".
    """
    if len(password) < SHORTEST:
        raise RuleError("short", f"a password has at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise RuleError("long", f"a password has at most {LONGEST} characters")
    word, common = _bare(_unit(password)), _common()
    known_by_all = _bare(password) in common or word in common or password.lower() in common
    if known_by_all or REPEATED.fullmatch(password) or _is_run(password.lower()):
        raise RuleError("common", "this is one of the passwords that are tried first")
    if word and any(len(known) > 3 and _bare(known) == word for known in about):
        raise RuleError("personal", "a password is not one's own name or address")


def _is_run(password: str) -> bool:
    """123456789012, azertyuiopqs: keys that follow each other, forwards or backwards."""
    round_ = [row * (LONGEST // len(row) + 2) for row in ROWS]
    return any(password in keys or password[::-1] in keys for keys in round_)


def _unit(password: str) -> str:
    """What is written again and again; the whole, when nothing is."""
    found = AGAIN.fullmatch(password)
    return found[1] if found else password


def _bare(text: str) -> str:
    """The word inside, in lower case and without accents."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return AROUND.sub("", "".join(c for c in plain if not unicodedata.combining(c)))


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text(encoding="ascii").split("\n")) - {""}


class Hasher:
    """argon2id with one of OWASP's settings (12 MiB, 3 passes), one at a time.

    So a process stays small, and sign-ins leave a processor to the texts that come in. One
    password takes about 30 ms, whoever it is for. Never call it inside a transaction.
    """

    def __init__(self, *, at_once: int = 1) -> None:
        self._argon2 = _argon2()
        self._turn = threading.BoundedSemaphore(at_once)
        self._nobody = _nobody()

    def hash(self, password: str) -> str:
        with self._turn:
            return self._argon2.hash(_composed(password))

    def matches(self, password: str, kept: str) -> bool:
        """Whether `kept` was made from it; as slow when nothing is kept ("")."""
        with self._turn:
            try:
                tried = _composed(password)[: LONGEST * 4]
                self._argon2.verify(kept or self._nobody, tried)
            except (VerificationError, InvalidHashError):
                return False
            return kept != ""


def _argon2() -> PasswordHasher:
    return PasswordHasher(time_cost=3, memory_cost=12 * 1024, parallelism=1)


@cache
def _nobody() -> str:
    """What the password of who has none is compared with; one for a process."""
    return _argon2().hash("nobody has this password")


def _composed(password: str) -> str:
    """é is one letter, whichever keyboard wrote it."""
    return unicodedata.normalize("NFC", password)
