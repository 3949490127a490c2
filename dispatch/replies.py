"""What people answer to an alert: counted, routed, or told to all on their wish (A6).

For `reply_hours` after somebody was sent an alert by SMS, a text of theirs that is no
command is a reply to the latest such alert. Agents too: an officer's "on arrive" must
not become a town alert.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from community_store import membership
from community_store.columns import UtcDateTime
from community_store.models import (
    Agent,
    Alert,
    AlertKind,
    AlertState,
    Audience,
    Delivery,
    Member,
    MemberState,
    Reply,
    ReplyKind,
    Town,
)
from community_store.visibility import author_for, full_name
from dispatch import alerts, closing, followups, limits, notices
from dispatch.catalogue import say
from dispatch.courtesies import is_courtesy
from dispatch.followups import MAY_HAVE_READ
from dispatch.incoming import Incoming
from gateway.contract import Channel


def answered_alert(incoming: Incoming) -> Alert | None:
    """The alert that a text of this sender would be a reply to now; None outside a window."""
    member, agent = incoming.member, incoming.agent
    if member is not None:
        heard, person = HEARD_AS_MEMBER, member.id
    elif agent is not None:
        heard, person = HEARD_AS_AGENT, agent.id
    else:
        return None
    since = incoming.now - timedelta(hours=incoming.settings.alerts.reply_hours)
    about = {"person": person, "since": since, "planned": since - timedelta(hours=2)}
    return incoming.session.scalars(heard, about).first()


def _heard(hearer: Mapped[int | None]) -> SelectOfScalar[Alert]:
    """The alerts that somebody may have read by SMS, the last first."""
    return (
        select(Alert)
        .join(Delivery, col(Delivery.alert_id) == col(Alert.id))
        .where(
            hearer == bindparam("person"),
            col(Delivery.channel) == Channel.SMS.value,
            col(Delivery.created_at) >= bindparam("planned", type_=UtcDateTime()),
            func.coalesce(Delivery.handed_over_at, Delivery.created_at)
            >= bindparam("since", type_=UtcDateTime()),
            col(Delivery.state).in_([state.value for state in MAY_HAVE_READ]),
        )
        .order_by(col(Alert.id).desc())
        .limit(1)
    )


# every text asks: built once
HEARD_AS_MEMBER = _heard(col(Delivery.member_id))
HEARD_AS_AGENT = _heard(col(Delivery.agent_id))


def take(incoming: Incoming, alert: Alert) -> str:
    """Read a text as a reply to an alert."""
    if is_courtesy(incoming.text):
        return acknowledge(incoming, alert)
    return _route(incoming, alert)


def acknowledge(incoming: Incoming, alert: Alert) -> str:
    """Count a courtesy, once a person: no answer, no broadcast."""
    _note(incoming, alert, ReplyKind.ACKNOWLEDGEMENT)
    incoming.session.flush()
    recount(incoming.session, alert)
    return "acknowledgement"


def recount(session: Session, alert: Alert) -> None:
    """Note how many people confirmed that they know of an alert."""
    people = func.count(func.distinct(func.coalesce(Reply.member_id, -col(Reply.agent_id))))
    alert.acknowledged = session.exec(
        select(people).where(Reply.alert_id == alert.id, Reply.kind == ReplyKind.ACKNOWLEDGEMENT)
    ).one()
    session.add(alert)


def _note(incoming: Incoming, alert: Alert, kind: ReplyKind) -> Reply:
    assert alert.id is not None
    reply = Reply(
        alert_id=alert.id,
        member_id=incoming.member.id if incoming.member else None,
        agent_id=incoming.agent.id if incoming.agent and not incoming.member else None,
        inbound_id=incoming.row.id,
        kind=kind,
        text=incoming.text,
        created_at=incoming.now,
    )
    incoming.session.add(reply)
    return reply


def _route(incoming: Incoming, alert: Alert) -> str:
    _note(incoming, alert, ReplyKind.REPLY)
    variables = {"ref": alert.id, "author": name_of(incoming), "text": incoming.text}
    about = notices.Subject("reply", variables, alert_id=alert.id, inbound_id=None)
    reached = [
        notices.tell(incoming.act, to, about)
        for person in _responsible(incoming, alert)
        if (to := notices.reach(incoming.session, person, incoming.now)) is not None
    ]
    kind = "reply_routed" if reached else "reply_nobody"
    if alert.kind == AlertKind.TOWN:
        kind += "_town"  # TOUS is not for residents there
    author = _author_name(incoming, alert)
    incoming.answer(kind, alert_id=alert.id, ref=alert.id, author=author)
    return "reply"


def name_of(incoming: Incoming) -> str:
    """The sender as neighbours know them."""
    if incoming.member is not None:
        return full_name(incoming.member)
    return incoming.agent.name if incoming.agent else incoming.row.sender


def _responsible(incoming: Incoming, alert: Alert) -> list[Member | Agent]:
    """The author and the référents, the replier left out; for a town alert its agents."""
    session = incoming.session
    people: list[Member | Agent] = []
    if alert.author_id and (author := session.get(Member, alert.author_id)):
        people.append(author)
    if alert.agent_id and (agent := session.get(Agent, alert.agent_id)):
        people.append(agent)
    if alert.community_id is not None:
        people += membership.referents(session, alert.community_id, but=alert.author_id)
    elif not people:
        people += session.exec(select(Agent).where(Agent.town_insee == alert.town_insee)).all()
    own = (incoming.member, incoming.agent)
    return [
        person
        for person in people
        if person not in own and (isinstance(person, Agent) or person.state == MemberState.ACTIVE)
    ]


def _author_name(incoming: Incoming, alert: Alert) -> str:
    author = incoming.session.get(Member, alert.author_id) if alert.author_id else None
    if author is not None:
        return author_for(Audience.NEIGHBOUR, author).name
    agent = incoming.session.get(Agent, alert.agent_id) if alert.agent_id else None
    return agent.name if agent else say(incoming.language, "sms", "the_author")


def broadcast(incoming: Incoming) -> str:
    """TOUS: the reply just made goes to everybody who was told, and to the author."""
    reply = _last_reply(incoming)
    alert = incoming.session.get(Alert, reply.alert_id) if reply else None
    if reply is None or alert is None:
        incoming.answer("nothing_to_broadcast")
        return "nothing_to_broadcast"
    if alert.state in (AlertState.ENDED, AlertState.WITHDRAWN):
        incoming.answer("closed_already", alert_id=alert.id, ref=alert.id)
        return "closed_already"
    if alert.kind == AlertKind.TOWN and not _may_speak_for_town(incoming):
        incoming.answer("town_only", alert_id=alert.id)
        return "town_only"  # nothing town-wide by a resident, nor a name beyond the community
    if limits.too_many_followups(incoming.act, reply):
        incoming.answer("too_many")
        return "too_many"
    reply.kind = ReplyKind.FOLLOWUP
    incoming.session.add(reply)
    speaker = incoming.member or incoming.agent
    assert speaker is not None
    followup = followups.Followup(reply.text, speaker, alerts.place_of(incoming.session, alert))
    told = followups.tell_followup(incoming.act, alert, followup)
    incoming.answer("followup_sent", alert_id=alert.id, ref=alert.id, count=told)
    return "followup"


def _may_speak_for_town(incoming: Incoming) -> bool:
    agent = incoming.agent
    return agent is not None and closing.speaks_for(
        agent, incoming.session.get(Town, agent.town_insee)
    )


def _last_reply(incoming: Incoming) -> Reply | None:
    """The reply just made; None when everybody has it already."""
    member, agent = incoming.member, incoming.agent
    if member is None and agent is None:
        return None
    who = (
        Reply.member_id == member.id
        if member is not None
        else Reply.agent_id == (agent.id if agent else None)
    )
    since = incoming.now - timedelta(hours=incoming.settings.alerts.reply_hours)
    latest = incoming.session.exec(
        select(Reply)
        .where(
            who,
            col(Reply.kind).in_([ReplyKind.REPLY, ReplyKind.FOLLOWUP]),
            col(Reply.created_at) >= since,
        )
        .order_by(col(Reply.id).desc())
    ).first()
    return latest if latest is not None and latest.kind == ReplyKind.REPLY else None
