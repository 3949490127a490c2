"""Pictures of the gazette as they are kept: encrypted files, whose keys the database has.

So the database, which alerts need quick, stays small; and what an author takes back, or an
account that is closed, is unreadable with the commit, wherever copies of the file are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, delete, func, select

from community_store.errors import RuleError
from community_store.models import GazetteEntry, GazettePicture
from community_store.store import lock
from community_store.vault import Sealed, Vault
from config import Settings
from dispatch import picture_reading
from dispatch.act import Act
from dispatch.picture_reading import Drawn

FOLDER = "pictures"
GRACE = timedelta(hours=1)  # a file may be older than the commit of its row


class Size(StrEnum):
    """In the order in which they stand in a file."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"


def vault(settings: Settings) -> Vault:
    """Where pictures are. Machines that serve pages and keep house must share this folder."""
    return Vault(settings.data_dir / FOLDER, settings.secret_key())


def require_room(session: Session, settings: Settings, entry_id: int | None, more: int) -> None:
    """Raises RuleError "many" when an entry (None: a new one) has no room for so many more."""
    most = settings.gazette.pictures_max
    there = select(func.count()).where(col(GazettePicture.entry_id) == entry_id)
    if more + (session.exec(there).one() if entry_id else 0) > most:
        raise RuleError("many", f"{most} pictures are the most", facts={"count": most})


def keep(act: Act, entry: GazetteEntry, drawn: Sequence[Drawn]) -> None:
    """Add pictures that `picture_reading.read` drew to an entry. Raises RuleError "many"."""
    assert entry.id is not None
    if not drawn:
        return
    lock(act.session, f"gazette_pictures:{entry.id}")
    require_room(act.session, act.settings, entry.id, len(drawn))
    for one in drawn:
        sealed = vault(act.settings).put(one.large + one.medium + one.small)
        act.session.add(
            GazettePicture(
                entry_id=entry.id,
                file=sealed.file,
                sealed_key=sealed.key,
                width=one.width,
                height=one.height,
                large=len(one.large),
                medium=len(one.medium),
                small=len(one.small),
                created_at=act.now,
            )
        )
    act.session.flush()


def drop(act: Act, entry: GazetteEntry, ids: Sequence[int]) -> None:
    """Take some of its pictures from an entry; those of others stay."""
    act.session.exec(
        delete(GazettePicture).where(
            col(GazettePicture.entry_id) == entry.id, col(GazettePicture.id).in_(ids)
        )
    )


def look(settings: Settings, picture: GazettePicture, size: Size) -> bytes:
    """One size of a picture. Whether somebody may see it is the caller's to ask first.

    Raises NotFound when its file is gone.
    """
    data = vault(settings).open(Sealed(picture.file, picture.sealed_key))
    lengths = [picture.large, picture.medium, picture.small]
    return picture_reading.split(data, lengths)[list(Size).index(size)]


def tidy(session: Session, settings: Settings, now: datetime) -> int:
    """Remove the files that no row needs any more, or ever did; how many."""
    known = set(session.exec(select(GazettePicture.file)))
    found = vault(settings).strays(known, before=(now - GRACE).timestamp())
    for file in found:
        vault(settings).remove(file)
    return len(found)
