"""The second factor of staff: six digits from a telephone (RFC 6238), or a code on paper.

The secret is made from a seed in the row and the service's secret key: a copy of the
database gives none. A code counts once, and one period early or late.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Any, cast

import pyotp
from sqlalchemy import CursorResult, update
from sqlmodel import Session, col, delete

from community_store.models import Account, RecoveryCode

PERIOD = 30  # seconds
LATE = 1  # periods, early or late: clocks differ, and people type
PAPER_CODES = 10
PAPER_BYTES = 10  # 16 letters: too many to try


def prepare(session: Session, account: Account) -> None:
    """Give the account a seed to enrol with, unless it has one."""
    if not account.totp_seed:
        account.totp_seed = secrets.token_hex(16)
        session.add(account)
        session.flush()


def secret(key: str, account: Account) -> str:
    """What the telephone keeps, in base 32."""
    whose = f"totp:{account.id}:{account.totp_seed}".encode()
    return base64.b32encode(hmac.new(key.encode(), whose, hashlib.sha256).digest()[:20]).decode()


def address(key: str, account: Account, service: str) -> str:
    """The otpauth: address that a QR code shows."""
    name = account.email or account.name
    return pyotp.TOTP(secret(key, account)).provisioning_uri(name=name, issuer_name=service)


def verify(session: Session, account: Account, code: str, *, key: str, now: datetime) -> bool:
    """Whether the code is right now, and was not used before. It is used up then."""
    typed = "".join(code.split())
    if not account.totp_seed or not (typed.isascii() and typed.isdigit()):
        return False
    telephone, period = pyotp.TOTP(secret(key, account)), int(now.timestamp()) // PERIOD
    steps = range(period - LATE, period + LATE + 1)
    right = [s for s in steps if hmac.compare_digest(telephone.generate_otp(s), typed)]
    return bool(right) and _use(session, account, right[0])


def _use(session: Session, account: Account, step: int) -> bool:
    """Only one request has it: the other finds the step taken."""
    taken = session.execute(
        update(Account)
        .where(col(Account.id) == account.id, col(Account.totp_step) < step)
        .values(totp_step=step)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", taken).rowcount == 1


def confirm(session: Session, account: Account) -> None:
    """The telephone works: from now on a code of it is asked for."""
    account.totp_confirmed = True
    session.add(account)


def reset(session: Session, account: Account) -> None:
    """Somebody lost telephone and paper: they enrol again after their next password."""
    account.totp_seed, account.totp_confirmed, account.totp_step = "", False, 0
    session.add(account)
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.account_id) == account.id))


def write_paper(session: Session, account: Account) -> list[str]:
    """New codes for the paper, shown this once; older ones are worth nothing then."""
    assert account.id is not None
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.account_id) == account.id))
    codes = [_grouped(secrets.token_bytes(PAPER_BYTES)) for _ in range(PAPER_CODES)]
    for code in codes:
        session.add(RecoveryCode(account_id=account.id, digest=_digest(account, code)))
    session.flush()
    return codes


def use_paper(session: Session, account: Account, code: str) -> bool:
    """Whether it is one of the codes on paper; it is crossed out then."""
    crossed = session.execute(
        delete(RecoveryCode).where(
            col(RecoveryCode.account_id) == account.id,
            col(RecoveryCode.digest) == _digest(account, code),
        )
    )
    return cast("CursorResult[Any]", crossed).rowcount == 1


def _grouped(random: bytes) -> str:
    letters = base64.b32encode(random).decode().lower()
    return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))


def _digest(account: Account, code: str) -> str:
    letters = "".join(c for c in code.lower() if c.isalnum())
    return hashlib.sha256(f"{account.id}:{letters}".encode()).hexdigest()
