"""The people on the page of handsets: who they are, by community, computed from the rows.

A demonstration adds what no row says (age, kind of telephone, a sentence about each) in
`cast.json` of its data_dir, keyed by a person's number or address. Without it the page
says what the rows say.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from community_store.models import Agent, Community, Member, MemberState, Stop, Town, Twinning
from gateway import numbers
from gateway.contract import Channel
from web.i18n import Words

PEOPLE_MAX = 240  # a page of handsets is for trials
STRANGER = "+33639989999"  # the last number reserved for fiction


@dataclass(frozen=True)
class Notes:
    """What cast.json tells: `people` by contact, `suggest` by community id."""

    people: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    suggest: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    strangers: Sequence[str] = (STRANGER,)


@dataclass(frozen=True)
class Person:
    """Somebody with a handset or a mailbox. `id` is m12 (member), a3 (agent), s1 (stranger)."""

    id: str
    name: str
    about: str
    phone: str
    age: int | None = None
    mobile: str = ""
    landline: str = ""
    email: str = ""
    badges: tuple[str, ...] = ()
    community_id: int | None = None
    town: str = ""
    active: bool = True
    stopped: bool = False
    suggest: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.mobile, self.landline, self.email)))

    @property
    def numbers(self) -> list[str]:
        """As people write them."""
        return [numbers.national(n) for n in (self.mobile, self.landline) if n]


@dataclass(frozen=True)
class Group:
    """A community, the agents of a town, or those who belong nowhere."""

    id: str
    title: str
    town: str
    lines: tuple[str, ...]
    people: tuple[Person, ...]


def read_notes(path: Path) -> Notes:
    """The demonstration's own words; none when this is no demonstration."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Notes()
    return Notes(
        people=document["people"],
        suggest=document["suggest"],
        strangers=document["strangers"],
    )


def groups(session: Session, notes: Notes, words: Words) -> list[Group]:
    """Everybody, communities first, then the towns' agents, then strangers."""
    towns = {town.insee: town for town in session.exec(select(Town))}
    stops = set(session.exec(select(Stop.address).where(Stop.channel != Channel.EMAIL)))
    tell = _Teller(notes, words, stops)
    found = _communities(session, tell, towns)
    found += _agents(session, tell, towns)
    strangers = tuple(tell.stranger(n, number) for n, number in enumerate(notes.strangers, 1))
    found.append(Group("elsewhere", words("group.elsewhere"), "", (), strangers))
    return [group for group in found if group.people]


def find(found: Iterable[Group], person_id: str) -> Person | None:
    """The person with that id."""
    return next((p for group in found for p in group.people if p.id == person_id), None)


@dataclass(frozen=True)
class _Teller:
    """Turns a row into a person, in one language."""

    notes: Notes
    words: Words
    stops: set[str]

    def member(self, member: Member) -> Person:
        note = self._note(member.mobile, member.landline, member.email)
        phone = note.get("phone") or _guess(member.mobile, member.landline)
        stopped = (member.mobile or member.landline) in self.stops
        suggest = self.notes.suggest.get(str(member.community_id), {})
        return Person(
            id=f"m{member.id}",
            name=f"{member.first_name} {member.last_name}",
            about=self._about(note, phone),
            phone=phone,
            age=note.get("age"),
            mobile=member.mobile or "",
            landline=member.landline or "",
            email=member.email or "",
            badges=_badges(member, stopped=stopped),
            community_id=member.community_id,
            active=member.state == MemberState.ACTIVE,
            stopped=stopped,
            suggest=suggest.get(self.words.language, ""),
        )

    def agent(self, agent: Agent) -> Person:
        note = self._note(agent.mobile, agent.email)
        phone = note.get("phone") or _guess(agent.mobile, None)
        stopped = agent.mobile in self.stops
        return Person(
            id=f"a{agent.id}",
            name=agent.name,
            about=self._about(note, phone),
            phone=phone,
            age=note.get("age"),
            mobile=agent.mobile or "",
            email=agent.email or "",
            badges=(agent.role, *(("stop",) if stopped else ())),
            town=agent.town_insee,
            stopped=stopped,
        )

    def stranger(self, n: int, number: str) -> Person:
        note = self._note(number)
        return Person(
            id=f"s{n}",
            name=self.words("person.stranger"),
            phone="unknown",
            about=self._about(note, "unknown"),
            mobile=number,
            badges=("stranger",),
            stopped=number in self.stops,
        )

    def _note(self, *contacts: str | None) -> Mapping[str, Any]:
        return next((self.notes.people[c] for c in contacts if c and c in self.notes.people), {})

    def _about(self, note: Mapping[str, Any], phone: str) -> str:
        said = note.get("about", {}).get(self.words.language)
        return str(said) if said else self.words(f"about.{phone}")


def _communities(session: Session, tell: _Teller, towns: Mapping[str, Town]) -> list[Group]:
    """One group a community, and one for members who have none."""
    people: dict[int | None, list[Person]] = defaultdict(list)
    query = select(Member).where(Member.state != MemberState.CLOSED)
    for member in session.exec(query.order_by(col(Member.id)).limit(PEOPLE_MAX)):
        people[member.community_id].append(tell.member(member))
    wanted = [community_id for community_id in people if community_id is not None]
    rows = session.exec(select(Community).where(col(Community.id).in_(wanted))).all()
    names = {row.id: row.name for row in rows}
    twins = _twins(session, names)
    found = [
        Group(
            f"c{row.id}",
            row.name,
            towns[row.town_insee].name,
            _lines(tell.words, twins.get(row.id, []), towns[row.town_insee]),
            tuple(people[row.id]),
        )
        for row in rows
    ]
    found.append(Group("c0", tell.words("group.homeless"), "", (), tuple(people[None])))
    return found


def _twins(session: Session, names: Mapping[int | None, str]) -> dict[int | None, list[str]]:
    twins: dict[int | None, list[str]] = defaultdict(list)
    for pair in session.exec(select(Twinning)):
        for one, other in ((pair.a_id, pair.b_id), (pair.b_id, pair.a_id)):
            if other in names:
                twins[one].append(names[other])
    return twins


def _lines(words: Words, twins: list[str], town: Town) -> tuple[str, ...]:
    lines = [words("group.twinned", name=name) for name in twins] or [words("group.alone")]
    lines.append(words("group.subscribed" if town.subscribed else "group.unsubscribed"))
    return tuple(lines)


def _agents(session: Session, tell: _Teller, towns: Mapping[str, Town]) -> list[Group]:
    people: dict[str, list[Person]] = defaultdict(list)
    for agent in session.exec(select(Agent).order_by(col(Agent.id)).limit(PEOPLE_MAX)):
        people[agent.town_insee].append(tell.agent(agent))
    return [
        Group(
            f"t{insee}",
            tell.words("group.agents"),
            towns[insee].name,
            (tell.words("group.agents.what"),),
            tuple(agents),
        )
        for insee, agents in people.items()
    ]


def _badges(member: Member, *, stopped: bool) -> tuple[str, ...]:
    """What sets this member apart, as ids of the catalogue."""
    said = {
        "referent": member.referent,
        "pending": member.state == MemberState.PENDING,
        "suspended": member.state == MemberState.SUSPENDED,
        "stop": stopped,
        "hidden": member.hide_mobile,
        "english": member.language == "en",
    }
    return tuple(badge for badge, holds in said.items() if holds)


def _guess(mobile: str | None, landline: str | None) -> str:
    if mobile:
        return "smart"
    return "landline" if landline else "mail"
