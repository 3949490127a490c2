"""What people answer to an alert: counted, routed, or told to all on their wish (A6).

For `reply_hours` after somebody was sent an alert by SMS, a text of theirs that is no
command is a reply to the latest such alert. Agents too: an officer's "on arrive" must
not become a town alert. An exercise takes replies only while it goes on, and TOUS makes a real
alert of one: whoever wants everybody told has something to tell.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam
from sqlalchemy.orm import Mapped
from sqlmodel import col, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from community_store.columns import UtcDateTime
from community_store.errors import RuleError
from community_store.models import Alert, AlertKind, AlertState, Delivery
from dispatch import answering, raising
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
            or_(~col(Alert.exercise), col(Alert.state) == AlertState.OPEN.value),
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
    answering.acknowledge(incoming.act, alert, speaker(incoming), incoming.text)
    return "acknowledgement"


def _route(incoming: Incoming, alert: Alert) -> str:
    by = speaker(incoming)
    _, reached = answering.route(incoming.act, alert, by, incoming.text)
    kind = "reply_routed" if reached else "reply_nobody"
    if alert.kind == AlertKind.TOWN:
        kind += "_town"  # TOUS is not for residents there
    author = answering.author_name(incoming.act, alert, by, incoming.language)
    incoming.answer(kind, alert_id=alert.id, ref=alert.id, author=author)
    return "reply"


def speaker(incoming: Incoming) -> answering.Speaker:
    person = incoming.member or incoming.agent
    assert person is not None
    return answering.Speaker(person, incoming.row.id)


def name_of(incoming: Incoming) -> str:
    """The sender as neighbours know them."""
    known = incoming.member or incoming.agent
    return speaker(incoming).name if known else incoming.row.sender


def broadcast(incoming: Incoming) -> str:
    """TOUS: the reply just made goes to everybody who was told, and to the author. Of an alert
    that is over it is a new one: what was promised in answer to the reply must hold.
    """
    known = incoming.member or incoming.agent
    reply = answering.last_reply(incoming.act, speaker(incoming)) if known else None
    alert = incoming.session.get(Alert, reply.alert_id) if reply else None
    if reply is None or alert is None:
        incoming.answer("nothing_to_broadcast")
        return "nothing_to_broadcast"
    if alert.exercise:
        return raising.raise_from(incoming, reply.text)
    try:
        told = answering.broadcast(incoming.act, alert, speaker(incoming), reply)
    except RuleError as error:
        if error.code == "closed" and incoming.member is not None:
            return raising.raise_from(incoming, reply.text)  # they see something now
        return _not_told(incoming, alert, REFUSALS[error.code])
    incoming.answer("followup_sent", alert_id=alert.id, ref=alert.id, count=told)
    return "followup"


REFUSALS = {
    "closed": "closed_already",
    "town_only": "town_only",
    "elsewhere": "elsewhere",
    "too_many": "too_many",
}


def _not_told(incoming: Incoming, alert: Alert, kind: str) -> str:
    incoming.answer(kind, alert_id=alert.id, ref=alert.id)
    return kind
