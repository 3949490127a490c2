"""Everything held on a person comes out, and everything personal is erased."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, SQLModel, col, select

from community_store import membership, personal_data, traces
from community_store.columns import utcnow
from community_store.errors import RuleError
from community_store.models import (
    Alert,
    Delivery,
    DeliveryState,
    EmailChange,
    Enrolment,
    InboundText,
    JoinRequest,
    Member,
    MemberState,
    Mute,
    Notice,
    ProofCode,
    Reply,
    Wording,
)
from community_store.store import Store
from tests.community_store.ground import INSEE, community, member

pytestmark = pytest.mark.both

CANARIES = ("Zéphyrine", "Canari", "+33639980042", "+33199000042", "zephyrine@mail.example",
            "42 rue des Canaris", "Perroquet mauve")  # fmt: skip


def resident(session: Session) -> Member:
    """A member who raised an alert by text, was told of it, and heard of another."""
    community(session)
    me = member(
        session, 1, first_name=CANARIES[0], last_name=CANARIES[1], mobile=CANARIES[2],
        landline=CANARIES[3], email=CANARIES[4], address=CANARIES[5], pseudonym=CANARIES[6],
    )  # fmt: skip
    other = member(session, 2)
    session.add(Mute(member_id=me.id or 0, topic="twin", channel="email"))
    inbound = InboundText(
        gateway="simulator", gateway_id="1", sender=CANARIES[2], recipient="38000", text="Fumée"
    )
    session.add(inbound)
    session.flush()
    mine, theirs = alert(session, me, inbound.id), alert(session, other, None)
    told(session, mine, other, f"Fumée, dit {CANARIES[0]} {CANARIES[1]}, {CANARIES[5]}")
    told(session, theirs, me, "Bruit")
    receipt(session, me, f"Merci {CANARIES[0]}")
    enrolment(session, inbound.id or 0)
    proving(session, me)
    answered(session, me, theirs, other)
    asked(session, me, other, f"{CANARIES[0]} {CANARIES[1]}, {CANARIES[5]}, demande à rejoindre")
    return me


def proving(session: Session, me: Member) -> None:
    """A code and a link went to addresses of theirs, in rows that name nobody."""
    for kind, address in (("proof_code", CANARIES[3]), ("email_link", CANARIES[4])):
        notice = Notice(kind=kind)
        session.add(notice)
        session.flush()
        told(session, notice, me, f"Bonjour {CANARIES[0]}").member_id = None
        session.exec(
            select(Delivery).where(Delivery.notice_id == notice.id)
        ).one().address = address
    session.add(ProofCode(number=CANARIES[3], hash="x", expires_at=utcnow()))
    session.add(
        EmailChange(member_id=me.id or 0, email=CANARIES[4], digest="y", expires_at=utcnow())
    )


def answered(session: Session, me: Member, theirs: Alert, whom: Member) -> None:
    """What they answered to another's alert was passed on with their name."""
    session.add(Reply(alert_id=theirs.id or 0, member_id=me.id, kind="reply", text="Vu"))
    notice = Notice(kind="reply", alert_id=theirs.id)
    session.add(notice)
    session.flush()
    told(session, notice, whom, f"Réponse de {CANARIES[0]} {CANARIES[1]} : vu")


def enrolment(session: Session, inbound: int) -> None:
    """Under way, as if a later one than that of the account."""
    session.add(
        Enrolment(
            inbound_id=inbound, sender=CANARIES[2], first_name=CANARIES[0], last_name=CANARIES[1],
            address=CANARIES[5], choices=[{"label": CANARIES[5]}], expires_at=utcnow(),
        )
    )  # fmt: skip


def asked(session: Session, me: Member, whom: Member, words: str) -> None:
    """Somebody else was asked to vouch for the member."""
    session.add(JoinRequest(id=1, member_id=me.id or 0))
    session.flush()
    notice = Notice(kind="request_ask", request_id=1)
    session.add(notice)
    session.flush()
    told(session, notice, whom, words)


def alert(session: Session, author: Member, inbound: int | None) -> Alert:
    raised = Alert(
        town_insee=INSEE, author_id=author.id, community_id=author.community_id,
        inbound_id=inbound, text="Fumée", expires_at=utcnow() + timedelta(hours=2),
    )  # fmt: skip
    session.add(raised)
    session.flush()
    return raised


def told(session: Session, about: Alert | Notice, whom: Member, words: str) -> Delivery:
    ids: dict[str, Any] = {"alert_id" if isinstance(about, Alert) else "notice_id": about.id}
    wording = Wording(audience="neighbour", language="fr", sms=words, mail=words, **ids)
    session.add(wording)
    session.flush()
    delivery = Delivery(
        **ids, wording_id=wording.id or 0, member_id=whom.id, audience="neighbour",
        channel="sms", address=whom.mobile or "", gateway="simulator", priority=1,
        state=DeliveryState.DELIVERED, expires_at=utcnow(),
    )  # fmt: skip
    session.add(delivery)
    session.flush()
    return delivery


def receipt(session: Session, whom: Member, words: str) -> None:
    notice = Notice(kind="receipt")
    session.add(notice)
    session.flush()
    told(session, notice, whom, words)


def everything(session: Session) -> Iterator[str]:
    """Every row of every table, as text."""
    for table in SQLModel.metadata.sorted_tables:
        query = text(f'SELECT * FROM "{table.name}"')
        for row in session.connection().execute(query):
            yield f"{table.name}: {tuple(row)}"


def test_the_canaries_are_planted(store: Store) -> None:
    with store.begin() as session:
        resident(session)
        rows = list(everything(session))
    assert all(any(canary in row for row in rows) for canary in CANARIES)


def test_all_that_is_held_comes_out(store: Store) -> None:
    with store.begin() as session:
        me = resident(session)
        held = personal_data.export(session, me)
    document = json.dumps(held, ensure_ascii=False)
    assert all(canary in document for canary in CANARIES)
    assert held["community"]["name"] == "Les Lilas"
    assert [one["text"] for one in held["alerts_raised"]] == ["Fumée"]
    assert [one["text"] for one in held["messages_received"]] == ["Bruit", f"Merci {CANARIES[0]}"]
    assert [one["topic"] for one in held["turned_off"]] == ["twin"]
    assert [one["text"] for one in held["texts_sent"]] == ["Fumée"]
    assert [one["text"] for one in held["replies"]] == ["Vu"]
    assert [one["email"] for one in held["emails_to_prove"]] == [CANARIES[4]]
    assert 'digest": "' not in document
    assert held["member"]["created_at"].endswith("+00:00")


@pytest.mark.parametrize("state", personal_data.NEVER_LEFT)
def test_what_never_left_is_not_given_out_in_words(store: Store, state: str) -> None:
    """An alert that is held is read by those responsible for it alone."""
    with store.begin() as session:
        me, other = resident(session), session.exec(select(Member).offset(1)).first()
        assert other is not None
        told(session, alert(session, other, None), me, "Retenue").state = state
        written = personal_data.export(session, me)["messages_received"]
    assert [one["text"] for one in written if one["state"] == state] == [""]


def test_what_waits_to_be_repeated_has_left(store: Store) -> None:
    with store.begin() as session:
        me, other = resident(session), session.exec(select(Member).offset(1)).first()
        assert other is not None
        call = told(session, alert(session, other, None), me, "Appelé une fois")
        call.state, call.handed_over_at = DeliveryState.QUEUED, utcnow()
        written = personal_data.export(session, me)["messages_received"]
    assert "Appelé une fois" in [one["text"] for one in written]


def test_erasing_leaves_nothing_personal(store: Store) -> None:
    with store.begin() as session:
        personal_data.erase(session, resident(session))
    with store.read() as session:
        found = [row for row in everything(session) for canary in CANARIES if canary in row]
    assert found == []


def test_erasing_keeps_the_facts_and_the_others(store: Store) -> None:
    with store.begin() as session:
        me = resident(session)
        personal_data.erase(session, me)
    with store.read() as session:
        alerts = session.exec(select(Alert).order_by(col(Alert.id))).all()
        assert [(one.text, one.author_id is None) for one in alerts] == [
            ("Fumée", True), ("Fumée", False),
        ]  # fmt: skip
        addresses = [
            one.address for one in session.exec(select(Delivery).order_by(col(Delivery.id)))
        ]
        kept = [address for address in addresses if not address.startswith("erased-")]
        assert kept == ["+33639980002"] * 3, "told, asked and answered"
        words = session.exec(select(Wording.sms).order_by(col(Wording.id))).all()
        assert set(words) == {"", "Bruit"}, "what others were asked and answered named the member"
        assert session.get_one(Member, me.id).state == MemberState.CLOSED


def test_two_erased_people_of_one_alert_do_not_collide(store: Store) -> None:
    with store.begin() as session:
        community(session)
        author, *hearers = (member(session, n) for n in range(3))
        raised = alert(session, author, None)
        for hearer in hearers:
            told(session, raised, hearer, "Fumée")
        for hearer in hearers:
            personal_data.erase(session, hearer)


def test_a_text_that_was_not_read_is_not_read_any_more(store: Store) -> None:
    with store.begin() as session:
        me = resident(session)
        session.add(InboundText(gateway="simulator", gateway_id="2", sender=CANARIES[2],
                                recipient="38000", text="Au feu"))  # fmt: skip
        personal_data.erase(session, me)
    with store.read() as session:
        rows = session.exec(select(InboundText.state, InboundText.outcome, InboundText.text)).all()
    assert set(rows) == {("read", "erased", "")}


@pytest.mark.parametrize("state", ["queued", "sending", "unknown", "held"])
def test_nothing_is_erased_under_an_alert_that_is_going_out(store: Store, state: str) -> None:
    with store.begin() as session:
        me = resident(session)
        mine = session.exec(select(Alert).where(Alert.author_id == me.id)).one()
        told(session, mine, member(session, 3), "Fumée").state = state
        session.flush()
        with pytest.raises(RuleError, match=f"tocsin alert withdraw {mine.id}"):
            membership.close(session, me)
    assert me.first_name == CANARIES[0]


def test_a_number_that_was_given_up_is_erased_too_unless_another_has_it(store: Store) -> None:
    with store.begin() as session:
        community(session)
        me, other = member(session, 1, mobile="+33639980900"), member(session, 2)
        raised = alert(session, other, None)
        told(session, raised, me, "Bruit")
        me.mobile = "+33639980901"
        told(session, alert(session, other, None), me, "Bruit")
        for sender in ("+33639980900", "+33639980901"):
            session.add(InboundText(gateway="simulator", gateway_id=sender[-1], sender=sender,
                                    recipient="38000", text="Fumée"))  # fmt: skip
        session.flush()
        assert traces.addresses(session, me)[:1] == ["+33639980901"]
        assert "+33639980900" in traces.addresses(session, me)
        personal_data.erase(session, me)
        assert not any("+3363998090" in row for row in everything(session))


def test_what_somebody_else_has_now_is_theirs(store: Store) -> None:
    with store.begin() as session:
        community(session)
        me, other = member(session, 1, mobile="+33639980900"), member(session, 2)
        told(session, alert(session, other, None), me, "Bruit")
        me.mobile, other.mobile = "+33639980901", "+33639980900"
        session.flush()
        assert "+33639980900" not in traces.addresses(session, me)


def test_erasing_twice_is_erasing_once(store: Store) -> None:
    with store.begin() as session:
        me = resident(session)
        for _ in range(2):
            personal_data.erase(session, me)
