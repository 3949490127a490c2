"""Several people of one household have one landline: its code lets the right one in."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from community_store.models import Member, MemberState
from tests.dispatch.landlines import caller
from tests.dispatch.world import at
from tests.web.house import House, Visitor, words
from tests.web.letters import counted

LANDLINE = "01 99 00 00 71"
WHO = "/sign-in/code/who"


@pytest.fixture
def house(house: House) -> House:
    """By day, with a number that calls."""
    house.world.clock.now = at(10)
    caller(house.world)
    return house


def sharing(house: House, first_name: str, **more: object) -> Member:
    """Somebody of the household."""
    values = {"mobile": None, "landline": "+33199000071", "last_name": "Petit"} | more
    return house.world.member(None, first_name=first_name, **values)


def proved(house: House, visitor: Visitor, **more: str) -> TestResponse:
    """The telephone rang, and what it said was typed."""
    visitor.lands(visitor.post("/sign-in/code", address=LANDLINE, **more))
    return visitor.post("/sign-in/code/enter", code=house.code(), **more)


def named(visitor: Visitor) -> dict[str, str]:
    """The names on the page, each with what its button sends."""
    page = words(visitor.get(WHO))
    return {name: value for value, name in re.findall(r'name="who" value="(\d+)">([^<]+)<', page)}


def test_the_code_asks_who_it_is_and_lets_that_one_in(house: House) -> None:
    for name in ("Jeanne", "Paul"):
        sharing(house, name)
    visitor = house.visitor()
    answer = proved(house, visitor, next="/account")
    assert visitor.lands(answer) == f"{WHO}?next=/account"
    assert not visitor.signed_in()
    assert "Petit" not in words(visitor.get(WHO))
    people = named(visitor)
    assert list(people) == ["Jeanne", "Paul"]
    assert visitor.lands(visitor.post(WHO, who=people["Paul"], next="/account")) == "/account"
    assert "Bonjour Paul" in words(visitor.get("/home"))


def test_one_alone_is_asked_nothing(house: House) -> None:
    sharing(house, "Jeanne")
    visitor = house.visitor()
    assert visitor.lands(proved(house, visitor)) == "/home"


def test_who_had_registered_twice_is_let_in_as_the_active_one(house: House) -> None:
    sharing(house, "Jeanne", state=MemberState.PENDING)
    home = house.world.community()
    sharing(house, "jeanne", state=MemberState.ACTIVE, community_id=home)
    visitor = house.visitor()
    assert visitor.lands(proved(house, visitor)) == "/home"
    assert "Bonjour jeanne" in words(visitor.get("/home"))


def test_nobody_reads_the_names_who_has_not_given_the_code(house: House) -> None:
    for name in ("Jeanne", "Paul"):
        sharing(house, name)
    visitor = house.visitor()
    visitor.post("/sign-in/code", address=LANDLINE)
    visitor.post("/sign-in/code/enter", code="12345x")
    for answer in (visitor.get(WHO), visitor.post(WHO, who="1")):
        assert answer.status_code == 303
        assert "Jeanne" not in answer.text
    assert "Jeanne" not in visitor.get("/sign-in/code/enter").text


@pytest.mark.parametrize("who", ["", "0", "99", "x", "1;2"])
def test_only_one_of_the_household_can_be_chosen(house: House, who: str) -> None:
    for name in ("Jeanne", "Paul"):
        sharing(house, name)
    stranger = house.account_of(house.world.member(None))
    visitor = house.visitor()
    proved(house, visitor)
    for chosen in (who, str(stranger.id)):
        assert visitor.lands(visitor.post(WHO, who=chosen)).startswith(WHO)
    assert not visitor.signed_in()


def test_the_question_is_over_when_it_is_answered_and_after_ten_minutes(house: House) -> None:
    for name in ("Jeanne", "Paul"):
        sharing(house, name)
    visitor = house.visitor()
    proved(house, visitor)
    people = named(visitor)
    visitor.post(WHO, who=people["Jeanne"])
    visitor.post("/sign-out")
    assert visitor.lands(visitor.post(WHO, who=people["Paul"])).startswith(WHO)
    assert visitor.lands(visitor.get(WHO)) == "/sign-in/code"
    late = house.visitor()
    proved(house, late)
    house.world.clock.forward(minutes=10, seconds=1)
    assert late.lands(late.get(WHO)) == "/sign-in/code"


def test_who_of_them_acts_for_the_town_is_asked_for_the_password(house: House) -> None:
    agent = house.world.agent(house.world.town().insee, email="agent@ville.example")
    house.world.change(house.account_of(sharing(house, "Zoé")), agent_id=agent.id)
    house.visitor().post("/sign-in/code", address=LANDLINE)
    assert house.world.deliveries() == []
    sharing(house, "Paul")
    visitor = house.visitor()
    proved(house, visitor)
    answer = visitor.post(WHO, who=named(visitor)["Zoé"])
    assert visitor.lands(answer).startswith("/sign-in")
    assert not visitor.signed_in()


@pytest.mark.parametrize("people", [0, 1, 3])
def test_asking_never_says_how_many_share_the_number(house: House, people: int) -> None:
    for name in ("Jeanne", "Paul", "Zoé")[:people]:
        sharing(house, name)
    visitor = house.visitor()
    said = [visitor.post("/sign-in/code", address=LANDLINE).status_code for _ in range(4)]
    assert said == [303, 303, 303, 422]
    page = words(visitor.get("/sign-in/code/enter"))
    assert "Si le 01 99 00 00 71 est inscrit, ce téléphone va sonner" in page
    assert visitor.post("/sign-in/code/enter", code="12345x").status_code == 422
    assert len(house.world.deliveries()) == (3 if people else 0)


def test_asking_is_the_same_work_however_many_share_the_number(house: House) -> None:
    counts = []
    for people in (0, 1, 3):
        landline, visitor = f"+3319900007{people}", house.visitor()
        for name in ("Jeanne", "Paul", "Zoé")[:people]:
            sharing(house, name, landline=landline)
        visitor.post("/sign-in/code", address=landline)
        with counted(house) as statements:
            visitor.post("/sign-in/code", address=landline)
        counts.append(len(statements))
    assert len(set(counts)) == 1
