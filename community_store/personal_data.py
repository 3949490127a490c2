"""What is held on a person: given out on request, and erased (S84)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, String, cast, delete, false, func, inspect, literal, update
from sqlmodel import Session, SQLModel, col, or_, select

from community_store import gazette_data, movements, personal_messages, report_data, traces
from community_store.errors import RuleError
from community_store.models import (
    TO_THE_TEAM,
    Account,
    Alert,
    Community,
    Delivery,
    DeliveryState,
    EmailChange,
    Enrolment,
    EnrolmentState,
    EveningLink,
    InboundState,
    InboundText,
    Invitation,
    JoinRequest,
    Member,
    MemberState,
    Movement,
    Mute,
    Notice,
    PartnerProof,
    PositionTry,
    ProofCode,
    ProofDocument,
    PushSubscription,
    Registration,
    Reply,
    Stop,
    WebSession,
    Wording,
)

DUE, ERASED = traces.DUE, traces.ERASED
# what opens something, or is of this installation, is not given out
PROOFS_SHOWN = ("media_type", "size", "created_at", "destroy_at", "destroyed_at")
EMAILS_SHOWN = ("email", "used", "created_at", "expires_at")
SECRETS = ("digest", "mail_digest", "password", "subject")
# what never reached them is not for them to read: an alert that was held, or that they lost the
# right to before it could leave
NEVER_LEFT = (
    DeliveryState.HELD,
    DeliveryState.QUEUED,
    DeliveryState.EXPIRED,
    DeliveryState.SUPPRESSED,
    DeliveryState.CANCELLED,
)


def export(session: Session, member: Member) -> dict[str, Any]:
    """All that is held on a member, ready for JSON; times in ISO 8601, UTC."""
    community = session.get(Community, member.community_id) if member.community_id else None
    addresses = traces.addresses(session, member)
    return {
        "member": _columns(member),
        "account": _account(session, member),
        "community": {"id": community.id, "name": community.name} if community else None,
        "turned_off": _rows(session, Mute, col(Mute.member_id) == member.id),
        "stopped": _rows(session, Stop, col(Stop.address).in_(addresses)),
        "texts_sent": _rows(session, InboundText, col(InboundText.sender).in_(addresses)),
        "registrations": _rows(session, Registration, col(Registration.member_id) == member.id),
        "emails_to_prove": _rows(
            session, EmailChange, col(EmailChange.member_id) == member.id, only=EMAILS_SHOWN
        ),
        "enrolments": _rows(session, Enrolment, col(Enrolment.sender).in_(addresses)),
        "positions_tried": _rows(session, PositionTry, col(PositionTry.member_id) == member.id),
        "proved_by_partners": _rows(
            session, PartnerProof, col(PartnerProof.member_id) == member.id
        ),
        "proofs_of_address": _rows(
            session, ProofDocument, col(ProofDocument.member_id) == member.id, only=PROOFS_SHOWN
        ),
        "notified_devices": _rows(
            session,
            PushSubscription,
            col(PushSubscription.member_id) == member.id,
            only=("device", "created_at"),
        ),
        "invitation": _rows(session, Invitation, col(Invitation.member_id) == member.id),
        "alerts_raised": _rows(session, Alert, col(Alert.author_id) == member.id),
        "replies": _rows(session, Reply, col(Reply.member_id) == member.id),
        **report_data.export(session, member, _columns),
        **gazette_data.export(session, member, _columns),
        "movements": _rows(session, Movement, col(Movement.member_id) == member.id),
        "messages_received": _messages(session, member, received=True),
        "messages_to_the_team": _messages(session, member, received=False),
        **{
            name: _rows(session, table, mine)
            for name, (table, mine) in personal_messages.held(member).items()
        },
    }


def erase(session: Session, member: Member) -> None:
    """Close the account and erase everything personal. Twice is once.

    The facts of alerts stay, without an author, until the retention of their texts ends.
    A STOP stays too: it protects whoever holds that number. Raises RuleError while
    something is still going out in the member's name.
    """
    _require_quiet(session, member)
    addresses = traces.addresses(session, member)
    _blank_wordings(session, member, addresses)
    _blank_deliveries(session, member, addresses)
    _blank_texts(session, addresses)
    _blank_enrolments(session, addresses)
    session.execute(update(Reply).where(col(Reply.member_id) == member.id).values(text=""))
    authored = update(Alert).where(col(Alert.author_id) == member.id)
    session.execute(authored.values(author_id=None, lat=None, lon=None))  # it may be their home
    session.execute(delete(ProofCode).where(col(ProofCode.number).in_(addresses)))
    for table in (
        Mute,
        EmailChange,
        PositionTry,
        PartnerProof,
        EveningLink,
        Invitation,
        ProofDocument,
        PushSubscription,
        Registration,
    ):  # a key gone is a file gone
        session.execute(delete(table).where(col(table.member_id) == member.id))
    report_data.erase(session, member)
    gazette_data.erase(session, member, DUE)
    personal_messages.erase(session, member)
    _leave_history(session, member)
    _forget_account(session, member)
    _blank_member(session, member)
    session.flush()


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
            facts={"ref": going},
        )
    _require_sent(session, member)


def _require_sent(session: Session, member: Member) -> None:
    """Nor can what they wrote to the team, perhaps a moment ago."""
    written = session.exec(
        select(Notice.id)
        .join(Delivery, col(Delivery.notice_id) == Notice.id)
        .where(
            Notice.kind == TO_THE_TEAM,
            Delivery.member_id == member.id,
            col(Delivery.state).in_(DUE),
        )
        .limit(1)
    ).first()
    if written is not None:
        raise RuleError(
            "sending",
            f"a message of member {member.id} to the team has not left yet: try again in a minute",
        )


def _messages(session: Session, member: Member, *, received: bool) -> list[dict[str, Any]]:
    """What was sent to the member, or what they sent to the team by the contact form."""
    kind = func.coalesce(Notice.kind, "")
    rows = session.exec(
        select(Delivery, Wording)
        .join(Wording, col(Wording.id) == Delivery.wording_id)
        .outerjoin(Notice, col(Notice.id) == Delivery.notice_id)
        .where(
            Delivery.member_id == member.id,
            kind != TO_THE_TEAM if received else kind == TO_THE_TEAM,
        )
        .order_by(col(Delivery.id))
    )
    return [
        _message(delivery, wording, told=not received or _left(delivery))
        for delivery, wording in rows
    ]


def _blank_wordings(session: Session, member: Member, addresses: list[str]) -> None:
    """The words told of the member's alerts and requests name them; notices to them do too."""
    authored = select(Alert.id).where(Alert.author_id == member.id)
    theirs = traces.theirs(member, addresses)
    told = select(Delivery.wording_id).where(theirs, col(Delivery.notice_id).is_not(None))
    others = select(Delivery.wording_id).where(
        col(Delivery.notice_id).is_not(None),
        col(Delivery.wording_id).in_(told),
        func.coalesce(theirs, false()).is_(False),
    )
    mine = col(Wording.id).in_(told) & col(Wording.id).not_in(others)
    requests = select(JoinRequest.id).where(JoinRequest.member_id == member.id)
    asking = select(Notice.id).where(col(Notice.request_id).in_(requests))
    session.execute(
        update(Wording)
        .where(
            or_(
                col(Wording.alert_id).in_(authored),
                col(Wording.notice_id).in_(asking),
                mine,
                traces.naming(member),
            )
        )
        .values(sms="", subject="", mail="", voice="", push="")
        .execution_options(synchronize_session=False)
    )


def _blank_deliveries(session: Session, member: Member, addresses: list[str]) -> None:
    """An address is unique in its alert, so each row gets one of its own that is none."""
    nobody = literal(ERASED) + cast(Delivery.id, String)
    session.execute(
        update(Delivery)
        .where(traces.theirs(member, addresses))
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


def _leave_history(session: Session, member: Member) -> None:
    """That somebody came and left stays; who it was does not."""
    movements.left(session, member)
    named = update(Movement).where(col(Movement.member_id) == member.id)
    nobody = named.values(member_id=None, said="", before="")  # names they had
    session.execute(nobody.execution_options(synchronize_session=False))


def _blank_member(session: Session, member: Member) -> None:
    member.state = MemberState.CLOSED
    member.first_name = member.last_name = member.address = member.pseudonym = ""
    member.suspended_why = ""
    member.about = member.interests = member.tenure = member.dwelling = ""
    member.email = member.mobile = member.landline = None
    member.newsletter_since = member.newsletter_until = None
    member.lat = member.lon = member.community_id = member.paused_until = None
    member.referent = member.hide_mobile = member.hide_landline = False
    session.add(member)


def _rows(
    session: Session,
    table: type[SQLModel],
    condition: ColumnElement[bool],
    *,
    only: Collection[str] = (),
) -> list[dict[str, Any]]:
    rows = [_columns(row) for row in session.exec(select(table).where(condition))]
    return [{name: row[name] for name in only or row if name not in SECRETS} for row in rows]


def _columns(row: SQLModel) -> dict[str, Any]:
    names = (column.name for column in inspect(type(row)).columns)
    return {name: _plain(getattr(row, name)) for name in names}


def _left(delivery: Delivery) -> bool:
    return delivery.handed_over_at is not None or delivery.state not in NEVER_LEFT


def _message(delivery: Delivery, wording: Wording, *, told: bool) -> dict[str, Any]:
    kept = ("id", "alert_id", "notice_id", "channel", "address", "state", "created_at")
    by = {"sms": wording.sms, "voice": wording.voice, "push": wording.push}
    text = by.get(delivery.channel, wording.mail) if told else ""
    row = {name: _plain(getattr(delivery, name)) for name in kept}
    return {**row, "handed_over_at": _plain(delivery.handed_over_at), "text": text}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
