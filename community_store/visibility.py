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

from sqlmodel import Session, col, select

from community_store import profiles, streets, twinning
from community_store.models import (
    Agent,
    Alert,
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


def viewers_of(
    session: Session, who: Member | Agent, members: Iterable[Member]
) -> dict[int, Viewer]:
    """What `who` is to each of many members; between members, what each is to `who` as well.

    As many questions for a thousand as for one.
    """
    if isinstance(who, Agent):
        return _agents_of(session, who, list(members))
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


def _agents_of(session: Session, agent: Agent, members: list[Member]) -> dict[int, Viewer]:
    homes = {member.community_id for member in members if member.community_id is not None}
    town = session.get(Town, agent.town_insee)
    theirs = select(Community.id).where(
        Community.town_insee == agent.town_insee, col(Community.id).in_(homes)
    )
    seen = set(session.exec(theirs)) if town is not None and town.subscribed else set()
    return {
        member.id or 0: Viewer.AGENT
        if member.community_id in seen and member.state != MemberState.CLOSED
        else Viewer.ANYONE
        for member in members
    }


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


HEARD_AS = {
    Viewer.SELF: Audience.NEIGHBOUR,
    Viewer.NEIGHBOUR: Audience.NEIGHBOUR,
    Viewer.TWIN: Audience.TWIN,
    Viewer.AGENT: Audience.AGENT,
}


def known_now(audience: Audience, viewer: Viewer, member: Member, *, named: bool = False) -> Author:
    """What the page of an alert, read by `audience`, tells of its author or of who answered.

    It outlives neighbourhoods: whoever moved away, or was suspended, is nobody to those who
    stayed, and nobody is a pseudonym to who was told their name then (`named`). A twin's alert
    keeps its pseudonyms.
    """
    if viewer not in HEARD_AS:
        return Author()
    twin = audience is Audience.TWIN and viewer is not Viewer.SELF
    hears = Audience.TWIN if twin else HEARD_AS[viewer]
    return Author() if named and hears is Audience.TWIN else author_for(hears, member)
