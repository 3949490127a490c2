"""Nobody finds of a member what they may not see: every page, message and log line is searched.

A member is planted whose every field is a word that stands nowhere else, and does what members
do. Then each kind of reader opens every page that there is, with every id, and what they got
by SMS and e-mail is read too (product.md, "who may see what").
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from community_store import invitations
from community_store.models import Audience, Delivery, Member, MemberState, Town, Wording
from dispatch import alerts, answering, messaging, reported, reports
from gateway.contract import Channel
from tests.commands.test_code import words as printed
from tests.dispatch.world import INSEE
from tests.web.house import House, Visitor, words

NAME = ("Canariprenom", "Canarinom")
PSEUDONYM = ("Canaripseudo",)
STREET = ("rue Canarirue",)
HOUSE = ("17 rue Canarirue",)
HIDDEN = ("+33639980077", "0639980077", "06 39 98 00 77", "33639980077")
SHOWN = ("+33199000077", "0199000077", "01 99 00 00 77")
MAIL = ("canari@voisins.example",)
PLACE = ("45.187654",)
PROFILE = ("Canariprofil",)
DETAILS = ("Canarilocataire", "Canarimaison")
WRITTEN = ("Canarijournal",)
SHOUTED = ("Canaricri",)  # in a message that the twin reports to the référents of the twinned
PRIVATE = ("Canarilettre",)
ALL = (*NAME, *PSEUDONYM, *STREET, *HIDDEN, *SHOWN, *MAIL, *PLACE, *PROFILE, *DETAILS, *WRITTEN,
       *PRIVATE, *SHOUTED)  # fmt: skip
NOT_FOR: dict[str, tuple[str, ...]] = {
    "neighbour": (*HOUSE, *HIDDEN, *MAIL, *DETAILS, *PRIVATE, *SHOUTED),
    "referent": (*HOUSE, *HIDDEN, *MAIL, *DETAILS, *PRIVATE, *SHOUTED),
    "twin": (*NAME, *STREET, *HIDDEN, *SHOWN, *MAIL, *PLACE, *PROFILE, *DETAILS, *WRITTEN),
    "twin_referent": (
        *NAME,
        *STREET,
        *HIDDEN,
        *SHOWN,
        *MAIL,
        *PLACE,
        *PROFILE,
        *DETAILS,
        *WRITTEN,
        *PRIVATE,
    ),
    "stranger": ALL,
    "pending": ALL,
    "suspended": ALL,
    "other_agent": ALL,
    "anonymous": ALL,
}
IDS = ("1", "2", "3", "4", "5", "6")
WORDS_IN_ADDRESSES = ("alert", "x", "flyer", "presentation")
LINK = "canarilien"  # of the canary's invitation


@dataclass
class Aviary:
    """The planted member, and one reader of each kind."""

    house: House
    canary: Member
    people: dict[str, Member]
    readers: dict[str, Visitor] = field(default_factory=dict)


@pytest.fixture
def aviary(house: House) -> Aviary:
    world = house.world
    home, other, far = (world.community(name) for name in ("Les Lilas", "Les Roses", "Le Bourg"))
    world.twin(home, other)
    with world.act() as act:
        act.session.get_one(Town, INSEE).subscribed = True
    canary = world.member(
        home, first_name=NAME[0], last_name=NAME[1], pseudonym=PSEUDONYM[0],
        address="17 rue Canarirue, 38000 Valmoutier", mobile=HIDDEN[0], hide_mobile=True,
        landline=SHOWN[0], email=MAIL[0], lat=45.187654, lon=5.72,
        about=PROFILE[0], tenure=DETAILS[0], dwelling=DETAILS[1],
    )  # fmt: skip
    mail = (f"voisin{n}@voisins.example" for n in itertools.count())
    people = {
        "neighbour": world.member(home, email=next(mail)),
        "referent": world.member(home, referent=True, email=next(mail)),
        "twin": world.member(other, email=next(mail), referent=True),
        "twin_referent": world.member(other, email=next(mail), referent=True),
        "stranger": world.member(far, email=next(mail), referent=True),
        "pending": world.member(home, state=MemberState.PENDING, email=next(mail)),
        "suspended": world.member(home, state=MemberState.SUSPENDED, email=next(mail)),
    }
    made = Aviary(house, canary, people)
    for name, person in people.items():
        made.readers[name] = house.inside(house.account_of(person, password=False))
    world.town("38001", subscribed=True)
    agent = world.agent("38001", email="agent@ailleurs.example")
    made.readers["other_agent"] = house.inside(house.account_of(agent))
    made.readers["anonymous"] = house.visitor()
    lives(made)
    return made


def lives(made: Aviary) -> None:
    """What the canary does, and what others do to it."""
    world, canary = made.house.world, made.canary
    mine = world.raised(canary, "Un bruit dans la cour")
    theirs = world.raised(made.people["neighbour"], "Une fumée")
    world.pump()
    with world.act() as act:
        held = act.session.merge(mine)
        held.lat, held.lon = 45.187654, 5.72
        answering.acknowledge(act, act.session.merge(theirs), answering.Speaker(canary))
        answering.route(act, act.session.merge(theirs), answering.Speaker(canary), "Moi aussi")
        answering.tell_all(act, act.session.merge(theirs), answering.Speaker(canary), "C'est fini")
        reports.file(act, act.session.merge(canary), reported.of_alert(act, theirs), "Faux")
        other = act.session.merge(made.people["neighbour"])
        reports.file(act, other, reported.of_alert(act, held), "Faux aussi")
        alerts.end(act, act.session.merge(theirs), "")
        letter = messaging.Opening(f"Bonjour, {PRIVATE[0]}", "", "0" * 16)
        begun = messaging.begin(
            act, act.session.merge(canary), [made.people["twin"].id or 0], letter
        )
        shout = messaging.write(act, act.session.merge(canary), begun, SHOUTED[0])
        twin = act.session.merge(made.people["twin"])
        reports.file(act, twin, reported.of_message(act, shout, twin), "Il crie")
    visitor = made.house.inside(made.house.account_of(canary, password=False))
    with world.act() as act:
        invitations.of(act.session, act.session.merge(canary), act.now).code = LINK
    until = (world.clock() + timedelta(days=5)).date().isoformat()
    visitor.lands(visitor.post("/gazette/new", kind="fete", title=WRITTEN[0], text="Samedi",
                               until=until))  # fmt: skip
    visitor.lands(visitor.post("/gazette/1/comments", comment="À 18 h"))
    world.pump()


def addresses(made: Aviary, ids: Sequence[str] = IDS) -> Iterator[str]:
    """Every page that can be asked for, with every id and word that it may take."""
    for rule in made.house.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint != "static":
            yield from filled(rule, ids)
    yield f"/i/{LINK}"


def filled(rule: Rule, ids: Sequence[str]) -> Iterator[str]:
    names = re.findall(r"<(?:(\w+):)?(\w+)>", rule.rule)
    values = [ids if kind == "int" else WORDS_IN_ADDRESSES for kind, _ in names]
    for chosen in itertools.product(*values):
        path = rule.rule
        for value in chosen:
            path = re.sub(r"<[^>]+>", value, path, count=1)
        yield path


def text_of(answer: TestResponse) -> str:
    """What can be read of an answer; a picture has no words."""
    kind = answer.mimetype or ""
    if kind == "application/pdf":
        return printed(answer.data)
    return words(answer) if kind.startswith("text/") or "json" in kind else ""


def all_of(made: Aviary, reader: str) -> str:
    pages = []
    for path in addresses(made):
        with closing(made.readers[reader].get(path)) as answer:
            pages.append(text_of(answer))
    return "".join(pages)


@pytest.mark.parametrize("reader", NOT_FOR)
def test_no_page_shows_a_reader_what_is_not_for_them(aviary: Aviary, reader: str) -> None:
    visitor, found, opened = aviary.readers[reader], [], 0
    for path in addresses(aviary):
        with closing(visitor.get(path)) as answer:
            assert answer.status_code != 500, path
            opened += answer.status_code == 200
            page = text_of(answer)
            found += [(path, canary) for canary in NOT_FOR[reader] if canary in page]
    assert found == []
    assert opened > 5


def test_the_readers_who_may_see_it_do(aviary: Aviary) -> None:
    """Or the search above would find nothing anywhere."""
    page = all_of(aviary, "neighbour")
    for canary in (*NAME, *PLACE, *PROFILE, *WRITTEN):
        assert canary in page, canary
    page = all_of(aviary, "twin")
    for canary in (*PSEUDONYM, *PRIVATE, *SHOUTED):
        assert canary in page, canary
    page = all_of(aviary, "twin_referent")
    for canary in (*PSEUDONYM, *SHOUTED):
        assert canary in page, canary


def test_no_message_tells_a_reader_what_is_not_for_them(aviary: Aviary) -> None:
    kinds = {person.id: name for name, person in aviary.people.items()}
    searched = 0
    with aviary.house.world.store.read() as db:
        for delivery in aviary.house.world.rows(Delivery):
            reader = kinds.get(delivery.member_id)
            if reader is None or delivery.audience == Audience.AGENT:
                continue
            said = db.get_one(Wording, delivery.wording_id)
            text = said.sms if delivery.channel == Channel.SMS else f"{said.subject}\n{said.mail}"
            assert [one for one in NOT_FOR[reader] if one in text] == [], (reader, text)
            searched += 1
    assert searched > 5


def test_no_log_line_names_anybody(aviary: Aviary, capsys: pytest.CaptureFixture[str]) -> None:
    for visitor in aviary.readers.values():
        for path in ("/home", "/alerts/", "/alerts/1", "/nothing"):
            visitor.get(path)
    logged = "".join(capsys.readouterr())
    assert [one for one in ALL if one in logged] == []
