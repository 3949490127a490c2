"""What the pages about alerts share: who reads, and which alerts exist for them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, abort
from sqlmodel import Session

from community_store.alert_readers import AlertReader, alert_reader, reads, whereabouts
from community_store.models import (
    Agent,
    Alert,
    AlertKind,
    Audience,
    Member,
    MemberState,
    Report,
    Reported,
)
from community_store.visibility import Viewer, viewers_of
from dispatch import alerts, answering, masking, powers, reported
from dispatch.act import Act
from dispatch.catalogue import template
from web import i18n, identity

room = Blueprint("alerts", __name__, url_prefix="/alerts")


@dataclass(frozen=True, slots=True)
class Me:
    """Who is signed in, as rows of this transaction: an active member, an agent, or both."""

    member: Member | None
    agent: Agent | None

    @property
    def speaker(self) -> answering.Speaker:
        """As a neighbour first: a member who is an agent too speaks among neighbours."""
        person = self.member or self.agent
        assert person is not None
        return answering.Speaker(person)


def me(db: Session) -> Me:
    who = identity.whole()
    assert who is not None
    person = who.person
    member = db.get(Member, person.member.id) if person.member else None
    if member is not None and member.state != MemberState.ACTIVE:
        member = None  # an agent may be a suspended neighbour
    return Me(member, db.get(Agent, person.agent.id) if person.agent else None)


@dataclass(frozen=True, slots=True)
class Opened:
    """An alert as the reader may have it."""

    act: Act
    alert: Alert
    me: Me
    reader: AlertReader
    removal: Report | None = None

    @property
    def standing(self) -> str:
        """Its state, or who removed it: the end of ids of the catalogue."""
        if self.removal is None:
            return str(self.alert.state)
        return f"removed.{reported.remover(self.removal)}"

    @property
    def ref(self) -> int:
        assert self.alert.id is not None
        return self.alert.id

    @property
    def may_close(self) -> bool:
        return powers.may_close(
            self.act.session, self.alert, member=self.me.member, agent=self.me.agent, by_text=False
        )

    @property
    def may_tell_all(self) -> bool:
        """A twin answers those responsible alone; to an exercise only its author adds."""
        if self.alert.kind != AlertKind.RESIDENT or self.reader.audience is Audience.TWIN:
            return False
        return self.reader.author or not self.alert.exercise

    @property
    def may_release(self) -> bool:
        return powers.may_release(
            self.act.session, self.alert, member=self.me.member, agent=self.me.agent
        )

    def viewers_of(self, members: Sequence[Member]) -> dict[int, Viewer]:
        """What the reader is to people, as whoever reads this alert: an agent, or a member."""
        agent = self.reader.audience is Audience.AGENT
        reader = self.me.agent if agent else self.me.member
        return viewers_of(self.act.session, reader, members) if reader is not None else {}

    def was_neighbour(self, then: Collection[int]) -> bool:
        """Whether the reader was told of neighbours by name; `then`: who were its neighbours."""
        mine = self.me.member
        return self.reader.audience is not Audience.TWIN or (mine is not None and mine.id in then)

    def told(self, text: str) -> str:
        """A text as this reader may have it: plates and numbers are for agents (A9)."""
        masks = self.act.settings.alerts.mask and not self.reader.author
        if not masks or self.reader.audience is Audience.AGENT:
            return text
        return masking.masked(text, partial(template, i18n.asked().language, "sms"))


def opened(db: Session, ref: int) -> Opened:
    """404 for an alert that is not the reader's."""
    found = db.get(Alert, ref) if ref < alerts.LARGEST_REF else None
    mine = me(db)
    reader = (
        alert_reader(db, found, member=mine.member, agent=mine.agent) if found is not None else None
    )
    if found is None or reader is None:
        abort(404)
    return Opened(identity.act(db), found, mine, reader, removals(db, [found]).get(ref))


def removals(db: Session, found: Iterable[Alert]) -> dict[int, Report]:
    """The reports by which alerts were removed: those have no text any more."""
    gone = [one.id for one in found if one.id is not None and not one.text]
    return reported.removals(db, Reported.ALERT, gone)


def readable(db: Session, mine: Me, found: Collection[Alert]) -> list[Opened]:
    """Those that the reader may have."""
    act, who = identity.act(db), whereabouts(db, member=mine.member, agent=mine.agent)
    gone = removals(db, found)
    return [
        Opened(act, one, mine, reader, gone.get(one.id or 0))
        for one in found
        if (reader := reads(who, one))
    ]


def lines(db: Session, found: Sequence[Opened]) -> list[dict[str, Any]]:
    """Alerts in a list, for parts/alert.html."""
    places = alerts.places_of(db, [one.alert for one in found])
    return [_line(one, places[one.ref]) for one in found]


def _line(found: Opened, place: str) -> dict[str, Any]:
    alert = found.alert
    return {
        "ref": alert.id,
        "category": alert.category,
        "state": alert.state,
        "standing": found.standing,
        "removed": found.removal is not None,
        "exercise": alert.exercise,
        "text": found.told(alert.text),
        "place": place,
        "time": i18n.asked().moment(alert.created_at),
    }
