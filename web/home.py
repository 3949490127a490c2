"""/home: how things stand for whoever is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import census, conversations, gazette_reading, optouts
from community_store.models import Community, Member, MemberState, Town
from dispatch import (
    going_on,
    happenings,
    number_change,
    pairing,
    reports,
    requests,
    team,
)
from dispatch.act import Act
from dispatch.happenings import Happening
from gateway.contract import Channel
from web import identity
from web.access import Policy, access
from web.alerts.room import lines, me, readable
from web.front import number_to_text
from web.gazette import room as gazette
from web.registering import waiting

home = Blueprint("home", __name__)
FEW = 3  # of each kind of news: the rest is a page away


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
    member = person.member
    with runtime.store.read() as db:
        act = identity.act(db)
        town = db.get(Town, person.agent.town_insee) if person.agent else None
        return render_template(
            "home.html",
            person=person,
            standing=_standing(act, person.member) if person.member else None,
            alerts=_alerts(db),
            held=_held(db),
            new=_new(act, db, member) if member and _active(member) else None,
            town=town.name if town else "",
            number=number_to_text(),
            asked=len(requests.waiting_for(act, *identity.deciders(person))),
            stopped=bool(member and member.mobile and _stopped(db, member.mobile)),
            uncalled=bool(member and not member.mobile and number_change.uncalled(act, member)),
            unproved=bool(person.member and waiting.provable(act, person.member)),
            complaints=len(reports.for_team(act)) if person.account.team else 0,
        )


def _standing(act: Act, member: Member) -> Standing:
    community = _community(act.session, member)
    if member.state == MemberState.PENDING:
        name = community.name if community else ""
        return Standing(member.state, name, decider=team.decider(act, member))
    if member.state == MemberState.ACTIVE and community is not None:
        return Standing(member.state, community.name, census.neighbours(act.session, community))
    return Standing(member.state)


def _stopped(db: Session, mobile: str) -> bool:
    return optouts.stopped(db, mobile, Channel.SMS)


@dataclass(frozen=True, slots=True)
class New:
    """What is new where an active member lives: entries of the gazette, messages, movements."""

    entries: list[dict[str, Any]]
    unread: int
    happened: list[Happening]
    proposals: int
    reported: int


def _active(member: Member) -> bool:
    return member.state == MemberState.ACTIVE and member.community_id is not None


def _new(act: Act, db: Session, member: Member) -> New:
    me = identity.member(db)
    newest = gazette_reading.newest(db, me, act.now, FEW)
    return New(
        gazette.shown(db, me, newest, act.now),
        conversations.unread(db, me),
        happenings.recent(act, me, FEW),
        len(pairing.waiting_for(act, me)),
        len(reports.for_referent(act, me)) if me.referent else 0,
    )


def _community(session: Session, member: Member) -> Community | None:
    return session.get(Community, member.community_id) if member.community_id else None


def _alerts(db: Session) -> list[dict[str, Any]]:
    """What goes on, each as this reader may have it."""
    mine, found = me(db), []
    if mine.member is not None:
        found += going_on.open_alerts(db, mine.member)
    if mine.agent is not None:
        known = {one.id for one in found}
        found += [one for one in going_on.of_town(db, mine.agent) if one.id not in known]
    return lines(db, readable(db, mine, found))


def _held(db: Session) -> list[dict[str, Any]]:
    """The alerts that wait for this reader's word (A8)."""
    mine = me(db)
    found = going_on.held_alerts(db, mine.member, mine.agent)
    return lines(db, readable(db, mine, found))
