"""/home: how things stand for whoever is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import census, registrations
from community_store.accounts import Person
from community_store.models import Agent, Alert, Community, Member, MemberState, Town
from dispatch import alerts, going_on, links, registering, requests, team, wording
from dispatch.act import Act
from web import i18n, identity
from web.access import Policy, access
from web.front import number_to_text

home = Blueprint("home", __name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's state, where they belong, and who decides on them."""

    state: str
    community: str = ""
    neighbours: int = 0
    decider: str = ""


@home.get("/home")
@access(Policy.SIGNED_IN)
def show() -> ResponseReturnValue:
    """Pending: what comes next. Active: the community, and what goes on. Staff: for whom."""
    who = identity.who()
    assert who is not None
    person, runtime = who.person, identity.runtime()
    with runtime.store.read() as db:
        act = identity.act(db)
        town = db.get(Town, person.agent.town_insee) if person.agent else None
        return render_template(
            "home.html",
            person=person,
            standing=_standing(act, person.member) if person.member else None,
            alerts=_alerts(act, person.member) if person.member else [],
            town=town.name if town else "",
            number=number_to_text(),
            asked=len(requests.waiting_for(act, *_deciders(person))),
            unproved=bool(person.member and _unproved(act, person.member)),
        )


def _standing(act: Act, member: Member) -> Standing:
    community = _community(act.session, member)
    if member.state == MemberState.PENDING:
        name = community.name if community else ""
        return Standing(member.state, name, decider=team.decider(act, member))
    if member.state == MemberState.ACTIVE and community is not None:
        return Standing(member.state, community.name, census.neighbours(act.session, community))
    return Standing(member.state)


def _deciders(person: Person) -> tuple[Member | None, Agent | None]:
    member = person.member
    active = member is not None and member.state == MemberState.ACTIVE and member.referent
    return (member if active else None), person.agent


def _unproved(act: Act, member: Member) -> list[str]:
    """What they typed when they registered, and have still to prove."""
    typed = registrations.of_member(act.session, member.id or 0, act.now)
    return registering.unproved(typed, member) if typed else []


def _community(session: Session, member: Member) -> Community | None:
    return session.get(Community, member.community_id) if member.community_id else None


def _alerts(act: Act, member: Member) -> list[dict[str, object]]:
    """What goes on, each with the page that its messages give."""
    return [_line(act, alert, act.now) for alert in going_on.open_alerts(act.session, member)]


def _line(act: Act, alert: Alert, now: datetime) -> dict[str, object]:
    assert alert.id is not None
    language = i18n.asked().language
    site = act.settings.service.site
    return {
        "ref": alert.id,
        "place": alerts.place_of(act.session, alert),
        "time": wording.day_and_time(act.settings, language, alert.created_at, now),
        "page": links.alert_address(act.settings, alert.id).removeprefix(site),
    }
