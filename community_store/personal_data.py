"""What is held on a person: given out on request, and erased (S84)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast, delete, inspect, literal, update
from sqlmodel import Session, SQLModel, col, or_, select

from community_store.errors import RuleError
from community_store.models import (
    Account,
    Alert,
    Community,
    Delivery,
    DeliveryState,
    Enrolment,
    EnrolmentState,
    EveningLink,
    InboundState,
    InboundText,
    JoinRequest,
    Member,
    MemberState,
    Mute,
    Notice,
    PartnerProof,
    PositionTry,
    ProofDocument,
    PushSubscription,
    Registration,
    Stop,
    WebSession,
    Wording,
)

ERASED = "erased-"  # what stands for an address that is forgotten, with the row's id
DUE = (
    DeliveryState.QUEUED,
    DeliveryState.HELD,
    DeliveryState.SENDING,
    DeliveryState.UNKNOWN,
)


def export(session: Session, member: Member) -> dict[str, Any]:
    """All that is held on a member, ready for JSON; times in ISO 8601, UTC."""
    community = session.get(Community, member.community_id) if member.community_id else None
    addresses = _addresses(member)
    received = session.exec(
        select(Delivery, Wording)
        .join(Wording, col(Wording.id) == Delivery.wording_id)
        .where(Delivery.member_id == member.id)
        .order_by(col(Delivery.id))
    )
    return {
        "member": _columns(member),
        "account": _account(session, member),
        "community": {"id": community.id, "name": community.name} if community else None,
        "turned_off": _rows(session, Mute, col(Mute.member_id) == member.id),
        "stopped": _rows(session, Stop, col(Stop.address).in_(addresses)),
        "texts_sent": _rows(session, InboundText, col(InboundText.sender).in_(addresses)),
        "registrations": _registrations(session, member),
        "enrolments": _rows(session, Enrolment, col(Enrolment.sender).in_(addresses)),
        "positions_tried": _rows(session, PositionTry, col(PositionTry.member_id) == member.id),
        "proved_by_partners": _by_partners(session, member),
        "proofs_of_address": _proofs(session, member),
        "notified_devices": _devices(session, member),
        "alerts_raised": _rows(session, Alert, col(Alert.author_id) == member.id),
        "messages_received": [_message(delivery, wording) for delivery, wording in received],
    }


def erase(session: Session, member: Member) -> None:
    """Close the account and erase everything personal. Twice is once.

    The facts of alerts stay, without an author, until the retention of their texts ends.
    A STOP stays too: it protects whoever holds that number. Raises RuleError while
    something is still going out in the member's name.
    """
    _require_quiet(session, member)
    addresses = _addresses(member)
    _blank_wordings(session, member)
    _blank_deliveries(session, member)
    _blank_texts(session, addresses)
    _blank_enrolments(session, addresses)
    authored = update(Alert).where(col(Alert.author_id) == member.id)
    session.execute(authored.values(author_id=None, lat=None, lon=None))  # it may be their home
    for table in (
        Mute,
        PositionTry,
        PartnerProof,
        EveningLink,
        ProofDocument,
        PushSubscription,
        Registration,
    ):  # a key gone is a file gone
        session.execute(delete(table).where(col(table.member_id) == member.id))
    _forget_account(session, member)
    _blank_member(session, member)
    session.flush()


def _proofs(session: Session, member: Member) -> list[dict[str, Any]]:
    """That there were documents; the documents themselves are the member's own."""
    shown = ("media_type", "size", "created_at", "destroy_at", "destroyed_at")
    rows = _rows(session, ProofDocument, col(ProofDocument.member_id) == member.id)
    return [{name: row[name] for name in shown} for row in rows]


def _devices(session: Session, member: Member) -> list[dict[str, Any]]:
    """Where notifications go; what opens the way there is a secret of the device."""
    rows = _rows(session, PushSubscription, col(PushSubscription.member_id) == member.id)
    return [{name: row[name] for name in ("device", "created_at")} for row in rows]


def _by_partners(session: Session, member: Member) -> list[dict[str, Any]]:
    """What was compared; the keyed subject is a secret of this installation."""
    rows = _rows(session, PartnerProof, col(PartnerProof.member_id) == member.id)
    return [{name: row[name] for name in row if name != "subject"} for row in rows]


def _registrations(session: Session, member: Member) -> list[dict[str, Any]]:
    """What they typed on the way in; its password and tokens open something."""
    secret = ("digest", "mail_digest", "password")
    rows = _rows(session, Registration, col(Registration.member_id) == member.id)
    return [{name: row[name] for name in row if name not in secret} for row in rows]


def _addresses(member: Member) -> list[str]:
    return [one for one in (member.mobile, member.landline, member.email) if one]


def _require_quiet(session: Session, member: Member) -> None:
    """Words that are still to be sent cannot be erased under the sender's hands."""
    going = session.exec(
        select(Alert.id)
        .join(Delivery, col(Delivery.alert_id) == Alert.id)
        .where(Alert.author_id == member.id, col(Delivery.state).in_(DUE))
        .limit(1)
    ).first()
    if going is not None:
        raise RuleError(
            "sending",
            f"alert {going} of member {member.id} is still going out: withdraw it first"
            f" (`tocsin alert withdraw {going}`), or try again in a few minutes",
        )


def _blank_wordings(session: Session, member: Member) -> None:
    """The words told of the member's alerts and requests name them; notices to them do too."""
    authored = select(Alert.id).where(Alert.author_id == member.id)
    told = select(Delivery.wording_id).where(
        Delivery.member_id == member.id, col(Delivery.notice_id).is_not(None)
    )
    others = select(Delivery.wording_id).where(
        col(Delivery.notice_id).is_not(None),
        col(Delivery.wording_id).in_(told),
        or_(col(Delivery.member_id).is_(None), col(Delivery.member_id) != member.id),
    )
    mine = col(Wording.id).in_(told) & col(Wording.id).not_in(others)
    requests = select(JoinRequest.id).where(JoinRequest.member_id == member.id)
    asking = select(Notice.id).where(col(Notice.request_id).in_(requests))
    session.execute(
        update(Wording)
        .where(or_(col(Wording.alert_id).in_(authored), col(Wording.notice_id).in_(asking), mine))
        .values(sms="", subject="", mail="", voice="", push="")
        .execution_options(synchronize_session=False)
    )


def _blank_deliveries(session: Session, member: Member) -> None:
    """An address is unique in its alert, so each row gets one of its own that is none."""
    nobody = literal(ERASED) + cast(Delivery.id, String)
    session.execute(
        update(Delivery)
        .where(col(Delivery.member_id) == member.id)
        .values(address=nobody)
        .execution_options(synchronize_session=False)
    )


def _blank_texts(session: Session, addresses: list[str]) -> None:
    sent = update(InboundText).where(col(InboundText.sender).in_(addresses))
    unread = sent.where(col(InboundText.state) == InboundState.NEW)
    quiet = {"synchronize_session": False}
    session.execute(
        unread.values(state=InboundState.READ, outcome="erased"), execution_options=quiet
    )
    session.execute(sent.values(sender="", text=""), execution_options=quiet)


def _blank_enrolments(session: Session, addresses: list[str]) -> None:
    session.execute(
        update(Enrolment)
        .where(col(Enrolment.sender).in_(addresses))
        .values(
            sender="", first_name="", last_name="", address="", choices=[],
            state=EnrolmentState.FAILED.value,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def _account(session: Session, member: Member) -> dict[str, Any] | None:
    """How they sign in on the web, and where they are; none of its secrets."""
    account = session.exec(select(Account).where(Account.member_id == member.id)).first()
    if account is None:
        return None
    mine = session.exec(select(WebSession).where(WebSession.account_id == account.id)).all()
    return {
        "email": account.email,
        "has_password": bool(account.password),
        "created_at": _plain(account.created_at),
        "signed_in_at": _plain(account.signed_in_at),
        "sessions": [
            {"device": one.device, "since": _plain(one.created_at), "seen_at": _plain(one.seen_at)}
            for one in mine
        ],
    }


def _forget_account(session: Session, member: Member) -> None:
    """They can sign in no more; who is an agent or of the team too stays that."""
    account = session.exec(select(Account).where(Account.member_id == member.id)).first()
    if account is None:
        return
    if account.team or account.agent_id is not None:
        account.member_id = None
        session.add(account)
    else:
        session.delete(account)


def _blank_member(session: Session, member: Member) -> None:
    member.state = MemberState.CLOSED
    member.first_name = member.last_name = member.address = member.pseudonym = ""
    member.email = member.mobile = member.landline = None
    member.lat = member.lon = member.community_id = member.paused_until = None
    member.referent = member.hide_mobile = member.hide_landline = False
    session.add(member)


def _rows(
    session: Session, table: type[SQLModel], condition: ColumnElement[bool]
) -> list[dict[str, Any]]:
    return [_columns(row) for row in session.exec(select(table).where(condition))]


def _columns(row: SQLModel) -> dict[str, Any]:
    names = (column.name for column in inspect(type(row)).columns)
    return {name: _plain(getattr(row, name)) for name in names}


def _message(delivery: Delivery, wording: Wording) -> dict[str, Any]:
    kept = ("id", "alert_id", "notice_id", "channel", "address", "state", "created_at")
    by = {"sms": wording.sms, "voice": wording.voice, "push": wording.push}
    text = by.get(delivery.channel, wording.mail)
    told = {name: _plain(getattr(delivery, name)) for name in kept}
    return {**told, "handed_over_at": _plain(delivery.handed_over_at), "text": text}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
