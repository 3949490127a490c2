"""What the pages of the gazette share: who reads, what there is for them, how it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort
from sqlmodel import Session

from community_store import gazette_reading
from community_store.gazette_reading import Standing
from community_store.models import EntryKind, GazetteEntry, Member
from community_store.visibility import viewer_of, visible
from dispatch.act import Act
from web import i18n, identity

room = Blueprint("gazette", __name__, url_prefix="/gazette")
KINDS = tuple((one.value, f"gazette.kind.{one}") for one in EntryKind)
LARGEST_ID = 2**31


@dataclass(frozen=True, slots=True)
class Opened:
    """An entry of the reader's community, and how it stands for them."""

    act: Act
    me: Member
    entry: GazetteEntry
    author: Member
    standing: Standing

    @property
    def id(self) -> int:
        assert self.entry.id is not None
        return self.entry.id


def opened(db: Session, entry_id: int) -> Opened:
    """404 for what is of another community, or was never there."""
    me, act = identity.member(db), identity.act(db)
    found = gazette_reading.opened(db, me, entry_id) if entry_id < LARGEST_ID else None
    if found is None:
        abort(404)
    return Opened(act, me, *found, gazette_reading.standing(*found, me, act.now))


def read(db: Session, entry_id: int) -> Opened:
    """The same, for what is done with an entry: 404 as well for what nobody reads any more."""
    found = opened(db, entry_id)
    if found.standing is Standing.GONE:
        abort(404)
    return found


def name_of(db: Session, me: Member, author: Member) -> str:
    """An author as the reader may know them."""
    return visible(author, viewer_of(db, me, author)).name


def shown(
    db: Session, me: Member, entries: gazette_reading.Entries, now: datetime
) -> list[dict[str, Any]]:
    """Entries as lines of a list; a home page may show some too. Two questions, however many."""
    ids = [entry.id for entry, _ in entries if entry.id is not None]
    counts = gazette_reading.comment_counts(db, ids)
    pictures = gazette_reading.pictures(db, ids)
    return [
        {
            "entry": entry,
            "author": name_of(db, me, author),
            "time": i18n.asked().moment(entry.created_at),
            "until": last_day(entry),
            "standing": gazette_reading.standing(entry, author, me, now),
            "comments": counts.get(entry.id or 0, 0),
            "picture": next(iter(pictures.get(entry.id or 0, ())), None),
        }
        for entry, author in entries
    ]


def last_day(entry: GazetteEntry) -> str:
    """The last day on which an entry is read; it is over when that day is."""
    return i18n.asked().day(entry.expires_at - timedelta(seconds=1))


def as_ids(values: Iterable[str]) -> list[int]:
    """What a form says are ids; what is none is left out."""
    return [int(one) for one in values if one.isascii() and one.isdigit() and int(one) < LARGEST_ID]
