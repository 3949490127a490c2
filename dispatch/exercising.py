"""An exercise (S72): a référent's alert that says first, in every channel, that it is none.

It is told to the members of one community, neither to its twins nor to the town's agents.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from community_store.errors import RuleError
from community_store.membership import LANGUAGES
from community_store.models import Alert, AlertKind, Audience, Community, Member
from community_store.store import lock
from community_store.visibility import author_for
from dispatch import alerts, audience, references, senders, wording
from dispatch.act import Act
from dispatch.alerts import Raised
from dispatch.audience import Plan
from dispatch.catalogue import say
from dispatch.priority import Priority

MONTH = timedelta(days=31)


def send(act: Act, referent: Member) -> Raised:
    """Tell a référent's neighbours. Raises RuleError "exercise_not_yours", "exercise_too_soon"."""
    community = alerts.community_of(act.session, referent)
    if not referent.referent:
        raise RuleError("exercise_not_yours", f"member {referent.id} is no référent")
    lock(act.session, f"community:{community.id}")
    if last(act.session, community, act.now) is not None:
        raise RuleError("exercise_too_soon", f"community {community.id} had one this month")
    alert = _alert(act, referent, community)
    act.session.add(alert)
    act.session.flush()
    people = audience.exercised(act.session, alert)
    _word(act, alert, referent, community)
    return Raised(alert, audience.plan(act.session, alert, _how(act), people))


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


def _alert(act: Act, referent: Member, community: Community) -> Alert:
    """Its text begins with the word too: the pages show it as it is."""
    marked = say(referent.language, "sms", "exercise_mark", text=text(referent.language))
    minutes = act.settings.dispatch.time_to_live.minutes("autre")
    return Alert(
        id=references.following(act.session, "alert"),
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
        Priority.TOWN_INFORMATION, senders.senders(session, now), senders.callers(session, now)
    )


def _word(act: Act, alert: Alert, referent: Member, community: Community) -> None:
    facts = wording.Facts(
        ref=alert.id or 0,
        at=alert.created_at,
        text="",
        community=community.name,
        author=author_for(Audience.NEIGHBOUR, referent).name,
        spoken=bool(senders.callers(act.session).numbers),
    )
    for language in LANGUAGES:
        said = replace(facts, text=text(language))
        words = wording.exercise(act.settings, language, said)
        act.session.add(wording.row(words, Audience.NEIGHBOUR, language, alert_id=alert.id))
    act.session.flush()
