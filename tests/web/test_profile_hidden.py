"""What a member hides is on no page, in no message and in no log of anybody else's."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlmodel import select

from community_store.models import (
    Alert,
    Audience,
    Delivery,
    Member,
    MemberState,
    Town,
    Wording,
)
from dispatch import answering, links
from gateway import numbers
from tests.dispatch.world import INSEE
from tests.web.house import House, Visitor, words
from tests.web.settled import MOBILE, NEW, OLD, OTHER

LANDLINE = "+33199000742"
NUMBERS = {form for one in (MOBILE, OTHER, LANDLINE) for form in (one, numbers.national(one))}
HOME = {"canari-bail", "canari-toit"}
MAIL, ADDRESS, PSEUDONYM = {OLD, NEW}, {"742 rue des Canaris"}, {"Canari mauve"}
CONTACTS = NUMBERS | MAIL | ADDRESS
PROFILE = {"canari-mots", "canari-passe-temps"}
NAME = {"Zéphyrine", "Volière"}
STRANGER = HOME | CONTACTS | PROFILE | NAME | PSEUDONYM | {"rue des Canaris"}
NEVER = {  # what each kind of person must not find anywhere
    "neighbour": HOME | CONTACTS | PSEUDONYM,
    "referent": HOME | CONTACTS | PSEUDONYM,
    "twin": STRANGER - PSEUDONYM,
    "elsewhere": STRANGER,
    "pending": STRANGER,
    "suspended": STRANGER,
    "agent": STRANGER,
    "agent of another town": STRANGER,
    "anonymous": STRANGER,
    "team": HOME,
}
SIGHTS = {  # what each must find: else the walk has been past nothing
    "neighbour": PROFILE | NAME,
    "twin": PSEUDONYM,
}


@dataclass
class Aviary:
    """Zéphyrine, who hides what she can and has raised an alert; and all kinds of people."""

    house: House
    zephyrine: Member
    alert: Alert
    visitors: dict[str, Visitor]


@pytest.fixture
def aviary(house: House) -> Aviary:
    world = house.world
    home, twin, far = (world.community(name) for name in ("Les Lilas", "Les Roses", "Le Bourg"))
    world.twin(home, twin)
    world.town("01001", subscribed=True)
    zephyrine = world.member(
        home, first_name="Zéphyrine", last_name="Volière", pseudonym="Canari mauve", email=OLD,
        mobile=MOBILE, landline=LANDLINE, hide_mobile=True, hide_landline=True, lat=45.18,
        lon=5.72, address="742 rue des Canaris, 38000 Grenoble", about="canari-mots",
        interests="canari-passe-temps,music", tenure="canari-bail", dwelling="canari-toit",
    )  # fmt: skip
    people: dict[str, Member] = {
        "neighbour": world.member(home),
        "referent": world.member(home, referent=True),
        "twin": world.member(twin, email="twin@voisins.example"),
        "elsewhere": world.member(far),
        "pending": world.member(home, state=MemberState.PENDING),
        "suspended": world.member(home, state=MemberState.SUSPENDED),
    }
    visitors = {
        name: house.inside(house.account_of(who, password=False)) for name, who in people.items()
    }
    for name, insee in (("agent", INSEE), ("agent of another town", "01001")):
        agent = world.agent(insee, email=f"{insee}@ville.example")
        visitors[name] = house.inside(house.account_of(agent))
    visitors |= {"anonymous": house.visitor(), "team": house.inside(house.team())}
    alert = world.raised(zephyrine)
    with world.act() as act:
        kept = act.session.merge(alert)
        for one in (people["neighbour"], people["referent"], zephyrine):
            speaker = answering.Speaker(act.session.get_one(Member, one.id))
            answering.route(act, kept, speaker, "Je l'ai vue")
        answering.tell_all(act, kept, answering.Speaker(act.session.merge(zephyrine)), "Partie")
    return Aviary(house, zephyrine, alert, visitors)


def paths(app: Flask, aviary: Aviary) -> list[str]:
    """Every page, with every small number for an id; and those that messages give."""
    found = [links.alert_address(aviary.house.world.settings, aviary.alert.id or 0)]
    found = [found[0].removeprefix(aviary.house.world.settings.service.site)]
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        if "<int:" in rule.rule:
            found += [re.sub("<int:[a-z_]+>", str(n), rule.rule) for n in range(1, 4)]
        else:
            found.append(re.sub("<[a-z_:]+>", "mobile", rule.rule))
    return [re.sub("<[a-z_:]+>", "1", path) for path in found]


def walk(aviary: Aviary, who: str) -> str:
    """All that somebody can read, as one text."""
    visitor = aviary.visitors[who]
    read = []
    for path in paths(aviary.house.app, aviary):
        with closing(visitor.get(path)) as answer:  # a file stays open until it is closed
            read.append(words(answer))
    return "\n".join(read)


@pytest.mark.parametrize("who", NEVER)
def test_what_is_hidden_is_on_no_page_of_others(aviary: Aviary, who: str) -> None:
    read = walk(aviary, who)
    assert {canary for canary in NEVER[who] if canary in read} == set()
    assert {canary for canary in SIGHTS.get(who, ()) if canary not in read} == set()


def test_the_agents_of_a_subscribed_town_see_numbers_but_neither_home_nor_profile(
    aviary: Aviary,
) -> None:
    with aviary.house.world.act() as act:
        act.session.get_one(Town, INSEE).subscribed = True
    read = walk(aviary, "agent")
    assert numbers.national(MOBILE) in read
    assert {canary for canary in HOME | PROFILE if canary in read} == set()


def test_what_is_hidden_is_in_no_message_to_others(aviary: Aviary) -> None:
    with aviary.house.world.store.read() as session:
        rows = session.exec(
            select(Delivery.member_id, Wording).join(
                Wording,
                Wording.id == Delivery.wording_id,  # type: ignore[arg-type]  # SQL
            )
        ).all()
    others = [one for member, one in rows if member != aviary.zephyrine.id]
    assert {one.audience for one in others} >= {Audience.NEIGHBOUR, Audience.TWIN, Audience.PERSON}
    for one in others:
        said = f"{one.sms} {one.subject} {one.mail} {one.voice}"
        never = NEVER["twin" if one.audience == Audience.TWIN else "neighbour"]
        assert {canary for canary in never if canary in said} == set(), one.audience


def test_what_is_changed_is_in_no_log(
    aviary: Aviary, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    house = aviary.house
    me = house.inside(house.account_of(aviary.zephyrine, password=False))
    me.lands(me.post("/settings/numbers/new", number=OTHER))
    me.lands(me.post("/settings/numbers/code", code=house.code()))
    me.lands(me.post("/settings/email", email=NEW))
    me.lands(me.post("/profile/pseudonym", pseudonym="Canari vert"))
    assert me.post("/settings/data").status_code == 200
    house.world.pump()
    logged = "".join(capsys.readouterr()) + caplog.text
    assert {one for one in CONTACTS | HOME | PROFILE | NAME if one in logged} == set()


def test_the_page_of_what_others_see_agrees_with_what_they_see(aviary: Aviary) -> None:
    """Whatever a neighbour's card shows is announced, and the reverse."""
    me = aviary.house.inside(aviary.house.account_of(aviary.zephyrine, password=False))
    announced = words(me.get("/profile/seen")).split('<section class="card">')[1]
    card = words(aviary.visitors["neighbour"].get(f"/directory/{aviary.zephyrine.id}"))
    shown = re.findall(r"<dd[^>]*>(.*?)</dd>", announced)
    assert all(one in card for one in shown)
    assert re.findall(r"<dd[^>]*>(.*?)</dd>", card) == shown[1:3]
    assert shown == ["Zéphyrine Volière", "canari-mots", "canari-passe-temps, musique",
                     "rue des Canaris"]  # fmt: skip
