"""An exercise (S72): a référent's alert that says first, in every channel, that it is none.

It is told to the members of one community, neither to its twins nor to the town's agents; once
a month, by day, and never while a real alert goes on: an answer must not be taken for one to
the other (dispatch/replies.py).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from community_store.errors import RuleError
from community_store.membership import LANGUAGES
from community_store.models import Alert, AlertKind, AlertState, Audience, Community, Member
from community_store.store import lock
from community_store.visibility import author_for
from dispatch import alerts, audience, hearers, night, references, senders, wording
from dispatch.act import Act
from dispatch.alerts import Raised
from dispatch.audience import Plan
from dispatch.catalogue import say
from dispatch.priority import priority_of
from gateway.contract import Channel

MONTH = timedelta(days=31)


def send(act: Act, referent: Member) -> Raised:
    """Tell a référent's neighbours. Raises RuleError: see `refusal`."""
    community = alerts.community_of(act.session, referent)
    lock(act.session, f"community:{community.id}")
    if code := refusal(act, referent, community):
        raise RuleError(code, f"no exercise in community {community.id} by member {referent.id}")
    alert = _alert(act, referent, community)
    act.session.add(alert)
    act.session.flush()
    people = hearers.exercised(act.session, alert)
    _word(act, alert, referent, community)
    return Raised(alert, audience.plan(act.session, alert, _how(act), people))


def refusal(act: Act, referent: Member, community: Community) -> str:
    """Why there may be none now: "exercise_not_yours", "exercise_too_soon", "exercise_night",
    "exercise_alert" (a real alert goes on); "" when there may be.
    """
    if not referent.referent or referent.community_id != community.id:
        return "exercise_not_yours"
    if last(act.session, community, act.now) is not None:
        return "exercise_too_soon"
    if night.is_night(act.settings.service.time_zone, act.now):
        return "exercise_night"
    return "exercise_alert" if _alerted(act.session, community) else ""


def _alerted(session: Session, community: Community) -> bool:
    going_on = select(Alert.id).where(
        Alert.community_id == community.id,
        ~col(Alert.exercise),
        col(Alert.state).in_([AlertState.OPEN, AlertState.HELD]),
    )
    return session.exec(going_on.limit(1)).first() is not None


def people(act: Act, referent: Member) -> dict[Channel, int]:
    """How many would be told by each channel now; by notification, how many devices."""
    community = alerts.community_of(act.session, referent)
    called = bool(senders.callers(act.session, act.now).numbers)
    found = hearers.exercised(act.session, _alert(act, referent, community, ref=None))
    return {
        group.channel: size
        for group, size in found.items()
        if called or group.channel is not Channel.VOICE
    }


def sms(act: Act, referent: Member, language: str) -> str:
    """What a telephone would show; the number is that of the next alert."""
    community = alerts.community_of(act.session, referent)
    alert = _alert(act, referent, community, ref=references.next_about(act.session))
    facts = replace(_facts(act, alert, referent, community), text=text(language))
    return wording.exercise(act.settings, language, facts).sms


def last(session: Session, community: Community, now: datetime) -> Alert | None:
    """The community's exercise of the last month, if it had one."""
    return session.exec(
        select(Alert)
        .where(
            Alert.community_id == community.id,
            col(Alert.exercise),
            col(Alert.created_at) > now - MONTH,
        )
        .order_by(col(Alert.id).desc())
    ).first()


def text(language: str) -> str:
    """What an exercise says, without the word before it."""
    return say(language, "sms", "exercise_text")


def _alert(act: Act, referent: Member, community: Community, *, ref: int | None = 0) -> Alert:
    """Its text begins with the word too: the pages show it as it is. 0 for the next `ref`."""
    marked = say(referent.language, "sms", "exercise_mark", text=text(referent.language))
    minutes = act.settings.dispatch.time_to_live.minutes("autre")
    return Alert(
        id=references.following(act.session, "alert") if ref == 0 else ref,
        kind=AlertKind.RESIDENT,
        author_id=referent.id,
        community_id=community.id,
        town_insee=community.town_insee,
        text=marked,
        exercise=True,
        created_at=act.now,
        expires_at=act.now + timedelta(minutes=minutes),
    )


def _how(act: Act) -> Plan:
    """Behind every real alert, on every number."""
    session, now = act.session, act.now
    return Plan(
        priority_of(exercise=True), senders.senders(session, now), senders.callers(session, now)
    )


def _facts(act: Act, alert: Alert, referent: Member, community: Community) -> wording.Facts:
    one_way = senders.senders(act.session).one_way
    return wording.Facts(
        ref=alert.id or 0,
        at=alert.created_at,
        text="",
        community=community.name,
        author=author_for(Audience.NEIGHBOUR, referent).name,
        answer_to=senders.answerable(act.session) if one_way else "",
        spoken=bool(senders.callers(act.session).numbers),
    )


def _word(act: Act, alert: Alert, referent: Member, community: Community) -> None:
    facts = _facts(act, alert, referent, community)
    for language in LANGUAGES:
        words = wording.exercise(act.settings, language, replace(facts, text=text(language)))
        act.session.add(wording.row(words, Audience.NEIGHBOUR, language, alert_id=alert.id))
    act.session.flush()
