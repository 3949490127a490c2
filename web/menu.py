"""The header of whoever is signed in: the menu under their name, and the bell with its count."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g
from sqlmodel import Session

from community_store import conversations
from community_store.accounts import Person
from community_store.models import Member, MemberState
from community_store.store import AWAY
from dispatch import going_on, pairing, reports, requests
from web import identity
from web.access import ADMITS, Policy


@dataclass(frozen=True, slots=True)
class Item:
    """A page of the menu, for whom a policy admits. `label` is an id of the catalogue."""

    address: str
    label: str
    policy: Policy


ITEMS = (
    Item("/home", "site.home", Policy.SIGNED_IN),
    Item("/alerts/new", "alerts.new", Policy.MEMBER),
    Item("/alerts/", "alerts.archive", Policy.READER),
    Item("/gazette/", "gazette.name", Policy.MEMBER),
    Item("/messages/", "messages.inbox", Policy.MEMBER),
    Item("/community", "menu.community", Policy.PENDING),
    Item("/directory", "directory.title", Policy.MEMBER),
    Item("/invite", "invite.title", Policy.MEMBER),
    Item("/referent", "referent.title", Policy.REFERENT),
    Item("/requests", "menu.requests", Policy.DECIDER),
    Item("/reports", "reports.title", Policy.REFERENT),
    Item("/team", "deciding.team", Policy.TEAM),
    Item("/team/reports", "reports.title", Policy.TEAM),
    Item("/profile", "profile.title", Policy.MEMBER),
    Item("/settings", "settings.title", Policy.MEMBER),
    Item("/account", "site.account", Policy.SIGNED_IN),
)


def items() -> list[tuple[str, str]]:
    """(address, label) of each page that the reader may use."""
    who = identity.whole()
    if who is None:
        return []
    return [(one.address, one.label) for one in ITEMS if ADMITS[one.policy](who)]


def bell() -> int:
    """How many things wait for the reader; counted once a page, 0 while the database is away."""
    if "bell" not in g:
        g.bell = _count()
    return int(g.bell)


def _count() -> int:
    who = identity.whole()
    if who is None:
        return 0
    try:
        with identity.runtime().store.read() as db:
            return waiting(db, who.person.member) + to_decide(db, who.person)
    except AWAY:
        return 0


def waiting(db: Session, member: Member | None) -> int:
    """The open alerts that a member has not confirmed yet, and the messages not read."""
    if member is None or member.state != MemberState.ACTIVE:
        return 0
    return going_on.unconfirmed(db, member) + conversations.unread(db, member)


def to_decide(db: Session, person: Person) -> int:
    """What waits for their word: requests, held alerts, and for a référent reports and
    proposals of a twinning; for the team all reports.
    """
    act, member = identity.act(db), person.member
    count = len(requests.waiting_for(act, *identity.deciders(person)))
    count += len(going_on.held_alerts(db, member, person.agent))
    count += len(reports.for_team(act)) if person.account.team else 0
    if member is None or member.state != MemberState.ACTIVE or not member.referent:
        return count
    return count + len(reports.for_referent(act, member)) + len(pairing.waiting_for(act, member))
