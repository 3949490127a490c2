"""What people wrote and confided comes out, is erased with them, and is forgotten in time."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlmodel import Session, select

from community_store import personal_data, retention
from community_store.columns import utcnow
from community_store.models import (
    Absence,
    AbsenceWatcher,
    Block,
    Conversation,
    Member,
    Message,
    Notice,
    Participant,
    Withheld,
    Wording,
)
from community_store.store import Store
from tests.community_store.ground import community, member
from tests.community_store.test_personal_data import everything

NOW = utcnow()
TODAY = NOW.date()
LIMITS = retention.Limits.of(
    NOW,
    text_days=90,
    delivery_months=13,
    pending_days=30,
    gazette_days=30,
    message_days=365,
    movement_months=12,
)
SECRETS = ("Canari bleu", "Perruche verte", "Zéphyrine Canari")


def talk(session: Session, me: Member, other: Member, *, days: int = 0) -> Conversation:
    """A group that I began, with a message of each, of so many days ago."""
    made = Conversation(key=f"group:{days}", is_group=True, title=SECRETS[0], creator_id=me.id)
    session.add(made)
    session.flush()
    said = Message(conversation_id=0, text="")
    for one in (me, other):
        session.add(Participant(conversation_id=made.id or 0, member_id=one.id or 0))
        said = Message(
            conversation_id=made.id or 0, author_id=one.id, created_at=NOW - timedelta(days=days),
            text=SECRETS[0] if one is me else "Le mot de l'autre",
        )  # fmt: skip
        session.add(said)
        session.flush()
    session.add(Withheld(message_id=said.id or 0, member_id=me.id or 0))
    return made


def named(session: Session, me: Member) -> None:
    """Somebody else was told that I wrote."""
    notice = Notice(kind="message", names_id=me.id)
    session.add(notice)
    session.flush()
    words = f"{SECRETS[2]} vous a écrit"
    session.add(Wording(notice_id=notice.id, audience="person", language="fr", subject=words,
                        mail=words, sms=words))  # fmt: skip


def absence(session: Session, me: Member, watcher: Member, *, ended: int = -5) -> None:
    """One that ended so many days ago."""
    row = Absence(member_id=me.id or 0, starts_on=TODAY - timedelta(days=ended + 9),
                  ends_on=TODAY - timedelta(days=ended), note=SECRETS[1])  # fmt: skip
    session.add(row)
    session.flush()
    session.add(AbsenceWatcher(absence_id=row.id or 0, member_id=watcher.id or 0))


def lives(session: Session) -> tuple[Member, Member]:
    community(session)
    me, other = member(session, 1), member(session, 2)
    talk(session, me, other)
    named(session, me)
    absence(session, me, other)
    absence(session, other, me)
    session.add(Block(member_id=me.id or 0, blocked_id=other.id or 0, seen_as="neighbour"))
    session.add(Block(member_id=other.id or 0, blocked_id=me.id or 0, seen_as="neighbour"))
    session.flush()
    return me, other


def test_what_one_wrote_comes_out_and_what_others_did_does_not(store: Store) -> None:
    with store.begin() as session:
        me, other = lives(session)
        held = personal_data.export(session, me)
    assert [one["text"] for one in held["messages_written"]] == [SECRETS[0]]
    assert [one["note"] for one in held["absences"]] == [SECRETS[1]]
    assert [one["blocked_id"] for one in held["blocked"]] == [other.id]
    assert len(held["conversations"]) == 1
    assert "Le mot de l'autre" not in json.dumps(held, ensure_ascii=False)


def test_erasing_leaves_what_the_others_wrote(store: Store) -> None:
    with store.begin() as session:
        me, other = lives(session)
        personal_data.erase(session, me)
    with store.read() as session:
        absences = list(session.exec(select(Absence)))
        assert [one.member_id for one in absences] == [other.id]
        rows = [row for row in everything(session) if not row.startswith("absence: ")]
        assert [row for row in rows for secret in SECRETS if secret in row] == []
        texts = {one.text for one in session.exec(select(Message))}
        assert texts == {"", "Le mot de l'autre"}
        for table in (Block, Withheld, AbsenceWatcher):
            assert session.exec(select(table)).all() == [], table.__name__


def test_messages_are_deleted_at_their_age_and_absences_once_over(store: Store) -> None:
    with store.begin() as session:
        community(session)
        me, other = member(session, 1), member(session, 2)
        for days in (400, 300):
            talk(session, me, other, days=days)
        for ended in (3, -3):
            absence(session, me, other, ended=ended)
        session.flush()
        found = retention.due(session, LIMITS)
        assert (len(found["messages"]), len(found["absences"])) == (2, 1)
        retention.forget(session, found)
    with store.read() as session:
        assert [one.key for one in session.exec(select(Conversation))] == ["group:300"]
        assert len(session.exec(select(Message)).all()) == 2
        assert len(session.exec(select(Participant)).all()) == 2
        assert [one.ends_on for one in session.exec(select(Absence))] == [TODAY + timedelta(days=3)]
        assert len(session.exec(select(AbsenceWatcher)).all()) == 1
        assert not any(retention.due(session, LIMITS).values())
