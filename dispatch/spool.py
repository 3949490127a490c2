"""Texts kept on disk while the database is away, so that no 2xx is ever a lie.

One file a text, written whole and fsynced before the answer; removed once its row is
committed. Replaying twice is harmless: the row is unique by the gateway's id.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import structlog
from sqlalchemy.exc import DataError

from community_store.columns import utcnow
from community_store.store import Store
from dispatch import arrivals, crashing, metrics
from gateway.contract import Inbound

log = structlog.get_logger(__name__)


class Spool:
    """The folder `spool` of data_dir; one per machine, shared by its processes."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "spool"

    def keep(self, gateway: str, inbound: Inbound) -> None:
        """Write a text durably. Raises OSError (the disk is full: answer 5xx)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{utcnow():%Y%m%dT%H%M%S%f}-{uuid4().hex}"
        unfinished = self.folder / f".{name}"
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_WRONLY, 0o600), "w") as out:
            json.dump(_document(gateway, inbound), out)
            out.flush()
            os.fsync(out.fileno())
        crashing.point("spool_written")
        unfinished.rename(self.folder / f"{name}.json")
        self._sync_folder()
        metrics.SPOOLED.inc()
        log.warning("text_spooled", gateway=gateway)

    def waiting(self) -> list[Path]:
        """The texts kept, oldest first."""
        return sorted(self.folder.glob("*.json")) if self.folder.exists() else []

    def replay(self, store: Store) -> Iterator[int]:
        """Store what was kept; the ids of new rows. Raises OperationalError."""
        for path in self.waiting():
            if (row := self._replay_one(store, path)) is not None:
                yield row

    def _replay_one(self, store: Store, path: Path) -> int | None:
        try:
            gateway, inbound, received = _read(path)
        except FileNotFoundError:
            return None  # another process was faster
        except OSError as error:
            log.error("spooled_text_unreadable", file=path.name, error=type(error).__name__)
            return None  # the operator's to mend; the others go on
        except (ValueError, KeyError, TypeError):
            self._set_aside(path)
            return None
        try:
            with store.begin() as session:
                row = arrivals.store(session.connection(), gateway, inbound, received)
        except DataError:
            self._set_aside(path)
            return None
        crashing.point("spool_replayed")
        path.unlink(missing_ok=True)
        return row

    def _set_aside(self, path: Path) -> None:
        """One poisoned text must not stop the others (R10)."""
        path.rename(path.with_suffix(".broken"))
        log.error("spooled_text_set_aside", file=path.name)

    def _sync_folder(self) -> None:
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _document(gateway: str, inbound: Inbound) -> dict[str, str | None]:
    return {
        "gateway": gateway,
        "id": inbound.id,
        "sender": inbound.sender,
        "recipient": inbound.recipient,
        "text": inbound.text,
        "sent_at": inbound.sent_at.isoformat() if inbound.sent_at else None,
        "received_at": utcnow().isoformat(),
    }


def _read(path: Path) -> tuple[str, Inbound, datetime]:
    kept = json.loads(path.read_text())
    sent = kept["sent_at"]
    inbound = Inbound(
        id=kept["id"],
        sender=kept["sender"],
        recipient=kept["recipient"],
        text=kept["text"],
        sent_at=datetime.fromisoformat(sent) if sent else None,
    )
    return kept["gateway"], inbound, datetime.fromisoformat(kept["received_at"])
