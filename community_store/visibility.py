"""Who may see what of a member: the one place (product.md, the rule that must never break).

| Viewer                        | Name      | Address     | Numbers          | E-mail | Profile |
|-------------------------------|-----------|-------------|------------------|--------|---------|
| same community, active        | yes       | street only | unless hidden    | no     | yes     |
| twinned community             | pseudonym | no          | no               | no     | no      |
| agent of the subscribed town  | yes       | yes         | yes, hidden too  | yes    | no      |
| operator                      | yes       | yes         | yes              | yes    | yes     |
| anyone else                   | no        | no          | no               | no     | no      |

The profile is a few words and interests (S37, S38). Nobody but oneself sees home details
(S39). Web pages, SMS, mail, CSV, JSON and maps ask here.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, assert_never

from sqlmodel import Session

from community_store import profiles, streets, twinning
from community_store.models import (
    Agent,
    Alert,
    AlertKind,
    AlertState,
    Audience,
    Community,
    Member,
    MemberState,
    Town,
)


class Viewer(StrEnum):
    """What somebody is to a member."""

    SELF = "self"
    NEIGHBOUR = "neighbour"
    TWIN = "twin"
    AGENT = "agent"
    OPERATOR = "operator"
    ANYONE = "anyone"


@dataclass(frozen=True, slots=True)
class Seen:
    """What is shown of a member; an empty field is one that is not shown, or not known."""

    name: str = ""
    pseudonym: str = ""
    address: str = ""
    mobile: str = ""
    landline: str = ""
    email: str = ""
    about: str = ""
    interests: tuple[str, ...] = ()
    tenure: str = ""
    dwelling: str = ""

    @property
    def called(self) -> str:
        """The name to call them by; "" for nobody one knows."""
        return self.name or self.pseudonym

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Author:
    """What the hearers of an alert are told of its author."""

    name: str = ""
    phone: str = ""
    address: str = ""


def visible(member: Member, viewer: Viewer) -> Seen:
    """The fields of a member that a viewer may see."""
    match viewer:
        case Viewer.NEIGHBOUR:
            return _to_neighbour(member)
        case Viewer.TWIN:
            return Seen(pseudonym=member.pseudonym)
        case Viewer.AGENT:
            return _contacts(member)
        case Viewer.OPERATOR:
            return _with_profile(member)
        case Viewer.SELF:
            seen = _with_profile(member)
            return replace(seen, tenure=member.tenure, dwelling=member.dwelling)
        case Viewer.ANYONE:
            return Seen()
    assert_never(viewer)


def _to_neighbour(member: Member) -> Seen:
    return Seen(
        name=full_name(member),
        address=streets.street_only(member.address),
        mobile="" if member.hide_mobile else member.mobile or "",
        landline="" if member.hide_landline else member.landline or "",
        about=member.about,
        interests=profiles.interests(member),
    )


def _with_profile(member: Member) -> Seen:
    return replace(
        _contacts(member),
        pseudonym=member.pseudonym,
        about=member.about,
        interests=profiles.interests(member),
    )


def _contacts(member: Member) -> Seen:
    return Seen(
        name=full_name(member),
        address=member.address,
        mobile=member.mobile or "",
        landline=member.landline or "",
        email=member.email or "",
    )


def full_name(member: Member) -> str:
    return f"{member.first_name} {member.last_name}".strip()


def viewer_of(session: Session, who: Member | Agent | None, member: Member) -> Viewer:
    """What `who` (None: not logged in) is to a member, as things stand now."""
    if isinstance(who, Agent):
        return _agent_of(session, who, member)
    if who is None or who.id is None:
        return Viewer.ANYONE
    if who.id == member.id:
        return Viewer.SELF
    if who.state != MemberState.ACTIVE or member.state != MemberState.ACTIVE:
        return Viewer.ANYONE
    return _neighbour_of(session, who, member)


def viewers_of(session: Session, who: Member, members: Iterable[Member]) -> dict[int, Viewer]:
    """What `who` is to each of many members, which is what each is to `who`; one question."""
    home = who.community_id if who.state == MemberState.ACTIVE else None
    twins = {id_ for id_, _ in twinning.twins(session, home)} if home is not None else set()
    return {member.id or 0: _among(who, home, twins, member) for member in members}


def _among(who: Member, home: int | None, twins: Container[int], member: Member) -> Viewer:
    if who.id == member.id:
        return Viewer.SELF
    if home is None or member.state != MemberState.ACTIVE or member.community_id is None:
        return Viewer.ANYONE
    if member.community_id == home:
        return Viewer.NEIGHBOUR
    return Viewer.TWIN if member.community_id in twins else Viewer.ANYONE


def _neighbour_of(session: Session, who: Member, member: Member) -> Viewer:
    if who.community_id is None or member.community_id is None:
        return Viewer.ANYONE
    if who.community_id == member.community_id:
        return Viewer.NEIGHBOUR
    twinned = twinning.are_twins(session, who.community_id, member.community_id)
    return Viewer.TWIN if twinned else Viewer.ANYONE


def _agent_of(session: Session, agent: Agent, member: Member) -> Viewer:
    """An agent sees the pending members too: the town may have to accept them (S31)."""
    home = session.get(Community, member.community_id) if member.community_id else None
    town = session.get(Town, agent.town_insee)
    theirs = home is not None and town is not None and home.town_insee == town.insee
    if theirs and town is not None and town.subscribed and member.state != MemberState.CLOSED:
        return Viewer.AGENT
    return Viewer.ANYONE


def author_for(audience: Audience, member: Member | None) -> Author:
    """What one audience of an alert hears of its author.

    None, or an empty name, is an author who is no longer known: the words say so.
    """
    if member is None:
        return Author()
    match audience:
        case Audience.NEIGHBOUR:
            return Author(name=visible(member, Viewer.NEIGHBOUR).name)
        case Audience.AGENT:
            seen = visible(member, Viewer.AGENT)
            return Author(seen.name, seen.mobile or seen.landline, seen.address)
        case Audience.TWIN | Audience.PERSON:
            return Author(name=visible(member, Viewer.TWIN).pseudonym)
    assert_never(audience)


def speaker_for(audience: Audience, speaker: Member, alert: Alert) -> Author:
    """What one audience of an alert hears of a member who answers it.

    Whoever is not of its community (a twin, or somebody who moved since) is a pseudonym to all.
    """
    theirs = alert.community_id in (None, speaker.community_id) or alert.author_id == speaker.id
    return author_for(audience if theirs else Audience.TWIN, speaker)


@dataclass(frozen=True, slots=True)
class AlertReader:
    """How somebody reads an alert: in the words of an audience.

    `responsible` see its figures and what people answered to it (A10): the author, the
    référents of its community, the agents of its town.
    """

    audience: Audience
    author: bool = False
    responsible: bool = False


def alert_reader(
    session: Session, alert: Alert, *, member: Member | None, agent: Agent | None
) -> AlertReader | None:
    """How a member or an agent (or who is both) reads an alert; None: it is not for them.

    A held alert is for those who are responsible for it alone.
    """
    if agent is not None and _agent_reads(session, agent, alert):
        mine = alert.agent_id == agent.id or (member is not None and alert.author_id == member.id)
        return AlertReader(Audience.AGENT, author=mine, responsible=True)
    if member is None or member.state != MemberState.ACTIVE:
        return None
    if alert.author_id is not None and alert.author_id == member.id:
        return AlertReader(Audience.NEIGHBOUR, author=True, responsible=True)
    reader = _resident_reads(session, member, alert)
    if reader is None or (alert.state == AlertState.HELD and not reader.responsible):
        return None
    return reader


def _agent_reads(session: Session, agent: Agent, alert: Alert) -> bool:
    if alert.exercise or alert.town_insee != agent.town_insee:
        return False
    town = session.get(Town, agent.town_insee)
    return town is not None and town.subscribed


def _resident_reads(session: Session, member: Member, alert: Alert) -> AlertReader | None:
    if member.community_id is None:
        return None
    if alert.kind == AlertKind.TOWN:
        home = session.get_one(Community, member.community_id)
        theirs = home.town_insee == alert.town_insee and for_community(alert, member.community_id)
        return AlertReader(Audience.NEIGHBOUR) if theirs else None
    if alert.community_id == member.community_id:
        return AlertReader(Audience.NEIGHBOUR, responsible=member.referent)
    if alert.community_id is None or alert.exercise:
        return None
    twinned = twinning.are_twins(session, member.community_id, alert.community_id)
    return AlertReader(Audience.TWIN) if twinned else None


def for_community(alert: Alert, community_id: int) -> bool:
    """A town alert can be for some of its communities."""
    return not alert.only or str(community_id) in alert.only.split(",")
