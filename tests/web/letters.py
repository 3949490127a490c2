"""The people who write to one another in tests: neighbours, twins, and those who are neither."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import event

from community_store import conversations
from community_store.models import Community, Member, Notice
from community_store.twinning import untwin
from gateway.contract import Channel
from tests.dispatch.world import World
from tests.web.house import House, Visitor, words
from web.messages import aliases

NUMBER = 8_604_217  # of the first of them: large enough to be found on a page


@dataclass
class Street:
    """Les Lilas with three people; Les Roses, its twin, with one; Le Bourg, which is neither."""

    house: House
    odette: Member
    jean: Member
    anne: Member
    paul: Member
    lise: Member
    _inside: dict[int, Visitor] = field(default_factory=dict)

    @property
    def world(self) -> World:
        return self.house.world

    def browser(self, who: Member) -> Visitor:
        assert who.id is not None
        if who.id not in self._inside:
            account = self.house.account_of(who, password=False)
            self._inside[who.id] = self.house.inside(account)
        return self._inside[who.id]

    def ref(self, reader: Member, one: Member) -> str:
        """What stands for somebody in the addresses that a reader sees."""
        if one.community_id == reader.community_id:
            return str(one.id)
        return f"{one.community_id}-{self.word(reader, one)}"

    def word(self, reader: Member, one: Member) -> str:
        return aliases.word(self.world.settings.secret_key(), reader.id or 0, one.id or 0)

    def path(self, reader: Member, path: str, *to: Member) -> str:
        """A page about some people."""
        return f"{path}?" + "&".join(f"to={self.ref(reader, one)}" for one in to)

    def writes(self, who: Member, *to: Member, text: str = "Bonjour", **more: str) -> str:
        """Begin a conversation; the path of its page."""
        visitor = self.browser(who)
        answer = visitor.post(self.path(who, "/messages/write", *to), text=text, **more)
        return visitor.lands(answer).partition("#")[0]

    def says(self, who: Member, path: str, text: str) -> None:
        visitor = self.browser(who)
        visitor.lands(visitor.post(path, text=text))

    def reads(self, who: Member, path: str) -> str:
        answer = self.browser(who).get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return words(answer)

    def code(self, who: Member, path: str) -> int:
        return self.browser(who).get(path).status_code

    def mails(self, to: Member) -> list[str]:
        """What was written to somebody's mailbox, subjects first, the oldest first."""
        found = self.world.deliveries(channel=Channel.EMAIL, address=to.email)
        said = [self.world.said(one) for one in found]
        return [f"{one.subject}\n{one.mail}" for one in said]


def make_street(house: House) -> Street:
    world = house.world
    home, other, far = (world.community(name) for name in ("Les Lilas", "Les Roses", "Le Bourg"))
    world.twin(home, other)

    numbers = itertools.count(NUMBER, 7)

    def member(place: int, first: str, last: str, pseudonym: str) -> Member:
        return world.member(
            place,
            id=next(numbers),
            first_name=first,
            last_name=last,
            pseudonym=pseudonym,
            email=f"{first.lower()}.{last.lower()}@voisins.example",
            address=f"{len(first)} rue {last}, 38000 Grenoble",
        )

    return Street(
        house,
        member(home, "Odette", "Martin", "Mésange"),
        member(home, "Jean", "Petit", "Pinson"),
        member(home, "Anne", "Blanc", "Merle"),
        member(other, "Paul", "Noir", "Geai"),
        member(far, "Lise", "Roux", "Pie"),
    )


def canaries(*people: Member) -> list[str]:
    """What nobody outside their community may ever have of somebody: nor their number."""
    found = [str(one.id) for one in people]
    for one in people:
        found += [one.first_name, one.last_name, one.address.partition(",")[0]]
        found += [value for value in (one.mobile, one.email) if value]
        found += [_national(one.mobile or "")]
    return [value for value in found if value]


def _national(mobile: str) -> str:
    return re.sub(r"(\d\d)(?=\d)", r"\1 ", mobile.replace("+33", "0"))


@contextmanager
def counted(house: House) -> Iterator[list[str]]:
    """The statements that the database is given meanwhile."""
    statements: list[str] = []

    def note(*said: object) -> None:
        statements.append(str(said[2]))

    engine = house.world.store.engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def told(street: Street) -> list[str]:
    """The kinds of notices there are."""
    return [one.kind for one in street.world.rows(Notice)]


def unread(street: Street, who: Member) -> int:
    with street.world.store.read() as session:
        return conversations.unread(session, who)


def ends_twinning(street: Street) -> None:
    with street.world.store.begin() as session:
        places = (street.odette.community_id, street.paul.community_id)
        untwin(session, *(session.get_one(Community, id_) for id_ in places))
