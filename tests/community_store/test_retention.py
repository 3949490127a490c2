"""What is too old is forgotten, and nothing that is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, SQLModel, select

from community_store import communities, membership, retention
from community_store.columns import utcnow
from community_store.models import (
    Alert,
    Delivery,
    DeliveryState,
    GazetteComment,
    GazetteEntry,
    GazettePicture,
    InboundState,
    InboundText,
    Member,
    MemberState,
    Reply,
    Report,
    Wording,
)
from community_store.store import Store
from tests.community_store.ground import INSEE, community, member

pytestmark = pytest.mark.both

NOW = utcnow()
LIMITS = retention.Limits.of(
    NOW,
    text_days=90,
    delivery_months=13,
    pending_days=30,
    gazette_days=30,
    message_days=365,
    movement_months=12,
)


def happened(session: Session, person: Member, days: int) -> None:
    """A text, its alert, what was said of it, to whom, and a reply, so many days ago."""
    then = NOW - timedelta(days=days)
    name = f"{days}"
    inbound = InboundText(
        gateway="simulator", gateway_id=name, sender=person.mobile or "", recipient="38000",
        text="Fumée", received_at=then, state=InboundState.READ,
    )  # fmt: skip
    session.add(inbound)
    session.flush()
    alert = Alert(
        town_insee=INSEE, text="Fumée", author_id=person.id, inbound_id=inbound.id,
        created_at=then, expires_at=then,
    )  # fmt: skip
    session.add(alert)
    session.flush()
    said = Wording(alert_id=alert.id, audience="neighbour", language="fr", sms="Fumée")
    session.add(said)
    session.flush()
    session.add(
        Delivery(
            alert_id=alert.id,
            wording_id=said.id or 0,
            member_id=person.id,
            audience="neighbour",
            channel="sms",
            address=person.mobile or "",
            gateway="simulator",
            priority=2,
            state=DeliveryState.DELIVERED,
            created_at=then,
            due_at=then,
            expires_at=then,
        )
    )
    session.add(Report(kind="alert", subject_id=alert.id or 0, about_id=person.id,
                       quote="Fumée", why="Faux", created_at=then))  # fmt: skip
    session.add(Reply(alert_id=alert.id or 0, member_id=person.id, kind="reply", text="J'y vais",
                      created_at=then))  # fmt: skip


def by_age(session: Session, table: type[SQLModel], column: str) -> list[Any]:
    rows = sorted(session.exec(select(table)), key=lambda row: row.id)  # type: ignore[attr-defined]
    return [getattr(row, column) for row in rows]


def test_each_kind_is_forgotten_at_its_age_and_no_sooner(store: Store) -> None:
    with store.begin() as session:
        community(session)
        person = member(session, 1)
        for days in (500, 100, 80):
            happened(session, person, days)
        found = retention.due(session, LIMITS)
        retention.forget(session, found)
    assert {kind: len(ids) for kind, ids in found.items()} == {
        "alerts": 2, "replies": 2, "texts": 2, "wordings": 2, "deliveries": 1,
        "accounts": 0, "enrolments": 0, "reports": 2, "entries": 0, "comments": 0, "digests": 0,
        "messages": 0, "absences": 0, "movements": 0,
    }  # fmt: skip
    with store.begin() as session:
        mobile = session.exec(select(Member.mobile)).one()
        assert by_age(session, Alert, "text") == ["", "", "Fumée"]
        assert by_age(session, Alert, "author_id") == [None, None, 1]
        assert by_age(session, Reply, "text") == ["", "", "J'y vais"]
        assert by_age(session, Report, "quote") == ["", "", "Fumée"]
        assert by_age(session, Report, "about_id") == [None, None, 1]
        assert by_age(session, Wording, "sms") == ["", "", "Fumée"]
        assert by_age(session, InboundText, "sender") == ["", "", mobile]
        assert by_age(session, InboundText, "gateway_id") == ["500", "100", "80"]
        assert by_age(session, Delivery, "address") == ["erased-1", mobile, mobile]
        assert not any(retention.due(session, LIMITS).values())


def test_an_account_that_nobody_activated_is_erased(store: Store) -> None:
    with store.begin() as session:
        community(session)
        waiting = member(session, 1, active=False)
        fresh = member(session, 2, active=False)
        active = member(session, 3)
        suspended = member(session, 4)
        membership.suspend(session, suspended)
        for person in (waiting, active, suspended):
            person.created_at = NOW - timedelta(days=31)
        session.flush()
        retention.forget(session, retention.due(session, LIMITS))
        assert (waiting.state, waiting.mobile) == (MemberState.CLOSED, None)
        assert fresh.state == MemberState.PENDING
        assert active.mobile
        assert suspended.mobile


def test_an_entry_of_a_gazette_goes_when_it_is_long_over_or_removed(store: Store) -> None:
    with store.begin() as session:
        home = community(session)
        author = member(session, 1)
        days = {"over": (31, None), "removed": (-9, 31), "just over": (29, None),
                "just removed": (-9, 29), "read": (-9, None)}  # fmt: skip
        for title, (ended, removed) in days.items():
            gazette_entry(session, author, title, (ended, removed))
        retention.forget(session, retention.due(session, LIMITS))
        assert by_age(session, GazetteEntry, "title") == ["just over", "just removed", "read"]
        assert len(by_age(session, GazettePicture, "file")) == 3
        assert by_age(session, GazetteComment, "text") == ["Oui"] * 3
        communities.remove(session, home, with_members=True)
        assert by_age(session, GazettePicture, "file") == []


def gazette_entry(
    session: Session, author: Member, title: str, days: tuple[int, int | None]
) -> None:
    """With a picture and two comments, one of them removed long ago; `days` since it ended and
    since it was removed.
    """
    ended, removed = days
    entry = GazetteEntry(
        community_id=author.community_id or 0, author_id=author.id or 0, kind="fete",
        title=title, text="Samedi", expires_at=NOW - timedelta(days=ended),
        removed_at=NOW - timedelta(days=removed) if removed else None,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    of = entry.id or 0
    session.add(GazettePicture(entry_id=of, file=title, sealed_key=b"k", width=1, height=1,
                               large=1, medium=1, small=1))  # fmt: skip
    for text, gone in (("Oui", None), ("Non", NOW - timedelta(days=31))):
        session.add(
            GazetteComment(entry_id=of, author_id=author.id or 0, text=text, removed_at=gone)
        )
    session.flush()
