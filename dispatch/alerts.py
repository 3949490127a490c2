"""An alert's life: raised, ended, withdrawn. Web, SMS and command line call these.

The caller owns the transaction, and wakes the pump after its commit (dispatch.wake).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from community_store.columns import UtcDateTime
from community_store.errors import NotFound, RuleError
from community_store.membership import LANGUAGES
from community_store.models import (
    Agent,
    Alert,
    AlertKind,
    AlertState,
    Audience,
    Category,
    Community,
    DeliveryState,
    Member,
    MemberState,
    Town,
    Wording,
)
from community_store.store import lock
from community_store.visibility import author_for
from dispatch import audience, hearers, holding, limits, outbox, references, senders, wording
from dispatch.act import Act
from dispatch.audience import Heard, Plan
from dispatch.followups import tell_those_told
from dispatch.priority import Priority

LARGEST_REF = 2**31  # what a column of the database holds
ALERT_HEARERS = (Audience.NEIGHBOUR, Audience.TWIN, Audience.AGENT)
CLOSED = {AlertState.ENDED: "all_clear", AlertState.WITHDRAWN: "withdrawn"}
EXERCISE_OVER = "exercise_over"


@dataclass(frozen=True, slots=True)
class Told:
    """What happens, where it is (lat, lon, if that was shown), and the text it came by."""

    text: str
    category: Category = Category.OTHER
    inbound_id: int | None = None
    place: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class TownVoice:
    """Who speaks for the town (None: the operator), to whom (all), and how urgently."""

    agent: Agent | None = None
    communities: tuple[int, ...] = ()
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert with its audience. `repeated` when it is one that was already raised."""

    alert: Alert
    heard: Heard
    repeated: bool = False


def raise_resident(act: Act, author: Member, told: Told) -> Raised:
    """Tell a member's neighbours, twins and town (A2).

    The same text from the same person within `repeat_minutes` is the same alert (A8).
    Raises RuleError for who may not (S32), an author without community, an empty text.
    """
    community = community_of(act.session, author)
    require_text(told.text)
    how = _how(act.session, Priority.ALERT, act.now)
    if earlier := repeated(act, author, told):
        return Raised(earlier, audience.heard(act.session, earlier, how), repeated=True)
    lock(act.session, f"community:{community.id}")
    held = limits.is_over(act, author, community)
    alert = Alert(
        id=references.following(act.session, "alert"),
        state=AlertState.HELD if held else AlertState.OPEN,
        kind=AlertKind.RESIDENT,
        author_id=author.id,
        community_id=community.id,
        town_insee=community.town_insee,
        **_common(act, told),
    )
    act.session.add(alert)
    act.session.flush()
    people = hearers.listeners(act.session, alert)
    audiences = {group.audience for group in people}
    _word_resident(act, alert, author, community, hearers=audiences)
    if held:
        how = replace(how, state=DeliveryState.HELD)
    heard = audience.plan(act.session, alert, how, people)
    if held:
        holding.ask(act, alert, author)
    return Raised(alert, heard)


def raise_town(act: Act, town: Town, told: Told, by: TownVoice) -> Raised:
    """Tell a town's members, or those of chosen communities (A3). Raises RuleError."""
    require_text(told.text)
    if not town.subscribed:
        raise RuleError(
            "not_subscribed",
            f"{town.name} is not subscribed: `tocsin town subscribe {town.insee}` first",
        )
    priority = Priority.TOWN_EMERGENCY if by.urgent else Priority.TOWN_INFORMATION
    how = _how(act.session, priority, act.now)
    if by.agent is not None and (earlier := _repeated(act, OPEN_OF_AGENT, by.agent.id, told)):
        return Raised(earlier, audience.heard(act.session, earlier, how), repeated=True)
    alert = Alert(
        id=references.following(act.session, "alert"),
        kind=AlertKind.TOWN,
        agent_id=by.agent.id if by.agent else None,
        town_insee=town.insee,
        only=",".join(map(str, by.communities)),
        **_common(act, told),
    )
    act.session.add(alert)
    act.session.flush()
    for language in LANGUAGES:
        facts = _facts(act.session, alert, town=town.name)
        words = wording.town_alert(act.settings, language, facts)
        act.session.add(wording.row(words, Audience.NEIGHBOUR, language, alert_id=alert.id))
    act.session.flush()
    return Raised(alert, audience.plan_town(act.session, alert, how, by.communities))


def find(session: Session, ref: int) -> Alert:
    """An alert by its public reference. Raises NotFound."""
    alert = session.get(Alert, ref) if 0 < ref < LARGEST_REF else None
    if alert is None:
        raise NotFound(f"no alert {ref}: see `tocsin alert list`")
    return alert


def end(act: Act, alert: Alert, text: str = "") -> int:
    """All clear to exactly those who were told (A7); how many deliveries. Raises RuleError."""
    return _close(act, alert, AlertState.ENDED, text)


def withdraw(act: Act, alert: Alert) -> int:
    """A false alarm: what is unsent is cancelled, those told are told. Raises RuleError."""
    return _close(act, alert, AlertState.WITHDRAWN, "")


def _close(act: Act, alert: Alert, state: AlertState, text: str) -> int:
    act.session.refresh(alert, with_for_update=True)
    if alert.state in (AlertState.ENDED, AlertState.WITHDRAWN):
        raise RuleError("closed", f"alert {alert.id} is already {alert.state}")
    alert.state, alert.closed_at = state, act.now
    act.session.add(alert)
    act.session.flush()
    assert alert.id is not None
    outbox.cancel_waiting(act.session, alert.id, f"alert {state}", act.now)
    place = place_of(act.session, alert)
    variables = {"ref": alert.id, "community": place, "text": text}
    kind = EXERCISE_OVER if alert.exercise else CLOSED[state]
    return tell_those_told(act, alert, kind, variables)


def called(act: Act, alert: Alert) -> None:
    """The author called 17: shown on the alert, and added to what is still unsent."""
    if alert.called or alert.exercise:
        return
    alert.called = True
    act.session.add(alert)
    author = act.session.get(Member, alert.author_id) if alert.author_id else None
    community = act.session.get(Community, alert.community_id) if alert.community_id else None
    if author is None or community is None:
        return
    before = act.session.scalars(select(Wording).where(col(Wording.alert_id) == alert.id)).all()
    for row, words in _resident_words(act, alert, author, community):
        for kept in before:
            if (kept.audience, kept.language) == row:
                _reword(act, kept, words)


def _reword(act: Act, kept: Wording, words: wording.Words) -> None:
    kept.sms, kept.segments = words.sms, words.segments
    kept.subject, kept.mail, kept.push = words.subject, words.mail, words.push
    kept.voice = words.voice or kept.voice
    act.session.add(kept)
    assert kept.id is not None
    outbox.reweigh(act.session, kept.id, words.segments)


def place_of(session: Session, alert: Alert) -> str:
    """The name of an alert's community, or of its town."""
    community = session.get(Community, alert.community_id) if alert.community_id else None
    if community is not None:
        return community.name
    town = session.get(Town, alert.town_insee)
    return town.name if town else alert.town_insee


def places_of(session: Session, found: Collection[Alert]) -> dict[int, str]:
    """The same of many alerts, by reference, in two questions."""
    homes = session.scalars(
        select(Community).where(col(Community.id).in_({one.community_id for one in found}))
    )
    towns = session.scalars(
        select(Town).where(col(Town.insee).in_({one.town_insee for one in found}))
    )
    names: dict[int | str | None, str] = {home.id: home.name for home in homes}
    names |= {town.insee: town.name for town in towns}
    return {
        one.id or 0: names.get(one.community_id) or names.get(one.town_insee, one.town_insee)
        for one in found
    }


def community_of(session: Session, author: Member) -> Community:
    """Where a member may raise an alert. Raises RuleError (S32)."""
    if author.state != MemberState.ACTIVE:
        raise RuleError(
            "not_active", f"member {author.id} is {author.state}: only an active one may alert"
        )
    community = session.get(Community, author.community_id) if author.community_id else None
    if community is None:
        raise RuleError("no_community", f"member {author.id} has no community")
    return community


def require_text(text: str) -> None:
    """Raises RuleError for an alert that says nothing."""
    if not text.strip():
        raise RuleError("empty", "an alert needs a text")


def _common(act: Act, told: Told) -> dict[str, Any]:
    minutes = act.settings.dispatch.time_to_live.minutes(told.category)
    lat, lon = told.place or (None, None)
    return {
        "lat": lat,
        "lon": lon,
        "category": told.category,
        "text": told.text,
        "inbound_id": told.inbound_id,
        "created_at": act.now,
        "expires_at": act.now + timedelta(minutes=minutes),
    }


def repeated(act: Act, author: Member, told: Told) -> Alert | None:
    """The open alert that says the same, of this author within `repeat_minutes` (A8)."""
    return _repeated(act, OPEN_OF_MEMBER, author.id, told)


def _repeated(act: Act, mine: Select[Alert], person: int | None, told: Told) -> Alert | None:
    since = act.now - timedelta(minutes=act.settings.alerts.repeat_minutes)
    recent = act.session.scalars(mine, {"person": person, "since": since})
    wanted = told.text.casefold()
    return next((alert for alert in recent if alert.text.casefold() == wanted), None)


def _open_of(author: Mapped[int | None]) -> Select[Alert]:
    return (
        select(Alert)
        .where(
            author == bindparam("person"),
            col(Alert.created_at) >= bindparam("since", type_=UtcDateTime()),
            col(Alert.state).in_([AlertState.OPEN.value, AlertState.HELD.value]),
        )
        .order_by(col(Alert.id).desc())
    )


OPEN_OF_MEMBER = _open_of(col(Alert.author_id))
OPEN_OF_AGENT = _open_of(col(Alert.agent_id))


def _how(session: Session, priority: Priority, now: datetime) -> Plan:
    return Plan(priority, senders.senders(session, now), senders.callers(session, now))


def _facts(session: Session, alert: Alert, **known: Any) -> wording.Facts:
    assert alert.id is not None
    one_way = senders.senders(session).one_way
    return wording.Facts(
        ref=alert.id,
        at=alert.created_at,
        text=alert.text,
        answer_to=senders.answerable(session) if one_way else "",
        spoken=bool(senders.callers(session).numbers),
        **known,
    )


def _word_resident(
    act: Act, alert: Alert, author: Member, community: Community, *, hearers: Collection[Audience]
) -> None:
    words_of = _resident_words(act, alert, author, community, hearers=hearers)
    for (hearer, language), words in words_of:
        act.session.add(wording.row(words, hearer, language, alert_id=alert.id))
    act.session.flush()


def _resident_words(
    act: Act,
    alert: Alert,
    author: Member,
    community: Community,
    *,
    hearers: Collection[Audience] = ALERT_HEARERS,
) -> Iterator[tuple[tuple[Audience, str], wording.Words]]:
    town = act.session.get(Town, community.town_insee)
    for hearer in hearers:
        seen = author_for(hearer, author)
        facts = _facts(
            act.session,
            alert,
            called=alert.called,
            masked=act.settings.alerts.mask and hearer is not Audience.AGENT,
            community=community.name,
            town=town.name if town else "",
            author=seen.name,
            phone=wording.phone(seen.phone),
            address=seen.address,
        )
        for language in LANGUAGES:
            yield (hearer, language), wording.alert(act.settings, hearer, language, facts)
