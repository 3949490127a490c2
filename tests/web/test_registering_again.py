"""Registering on the web: who is here already, and whose number once said STOP."""

from __future__ import annotations

import pytest

from community_store import agents
from community_store.models import (
    Account,
    Agent,
    JoinRequest,
    Member,
    Notice,
    Number,
    Registration,
    Stop,
)
from gateway import numbers
from tests.dispatch.landlines import caller
from tests.dispatch.world import at
from tests.web.house import House, Visitor, words
from tests.web.newcomer import (
    E164,
    EMAIL,
    LANDLINE,
    MOBILE,
    filled,
    jeanne,
    joined_by_text,
    mail_link,
)

# whose number once said STOP


def test_the_page_says_how_a_code_comes_to_who_once_said_stop(place: House) -> None:
    number = numbers.national(place.world.rows(Number)[0].value)
    assert f"répondu STOP, aucun code ne lui parvient : envoyez d'abord REPRISE au {number}" in (
        words(filled(place.visitor()).get("/join/proofs"))
    )
    visitor = place.visitor()
    visitor.post("/sign-in/code", address=MOBILE)
    assert f"envoyez d'abord REPRISE au {number}" in words(visitor.get("/sign-in/code/enter"))


def test_a_number_that_is_proved_is_told_by_sms_from_now_on(place: House) -> None:
    visitor = filled(place.visitor())
    place.world.stop(E164)
    visitor.post("/join/proofs", code=place.code())
    assert jeanne(place).mobile == E164
    assert place.world.rows(Stop) == []


def test_who_gets_no_sms_after_a_stop_reads_so_at_home(place: House) -> None:
    member = place.world.member(None, mobile=E164)
    visitor = place.inside(place.account_of(member))
    assert "répondu STOP" not in words(visitor.get("/home"))
    place.world.stop(E164)
    assert "Votre mobile nous a répondu STOP" in words(visitor.get("/home"))


# who is here already


def test_a_number_in_use_is_told_only_to_who_holds_it(place: House) -> None:
    place.world.member(None, first_name="Odette", mobile=E164)
    visitor = filled(place.visitor())
    page = words(visitor.get("/join/proofs"))
    assert "Odette" not in page
    assert "déjà" not in page
    assert visitor.lands(visitor.get("/join/whose")) == "/join/proofs"


def test_an_email_in_use_is_told_by_mail_only(place: House) -> None:
    place.account_of(place.world.member(None, first_name="Odette", email=EMAIL))
    visitor = filled(place.visitor())
    assert "Nous venons d'écrire à" in words(visitor.get("/join/proofs"))
    kinds = [notice.kind for notice in place.world.rows(Notice)]
    assert "join_known" in kinds
    assert "join_link" not in kinds


def test_who_registers_twice_has_one_account(place: House) -> None:
    filled(place.visitor()).post("/join/proofs", code=place.code())
    again = filled(place.visitor())
    assert again.lands(again.post("/join/proofs", code=place.code())) == "/home"
    assert len(place.world.rows(Member, first_name="Jeanne")) == 1


def test_a_household_shares_an_address(place: House) -> None:
    filled(place.visitor()).post("/join/proofs", code=place.code())
    other = {"first_name": "Paul", "mobile": "06 39 98 00 72", "email": "paul@voisins.example"}
    visitor = filled(place.visitor(), **other)
    assert visitor.lands(visitor.post("/join/proofs", code=place.code())) == "/community"
    [paul] = place.world.rows(Member, first_name="Paul")
    assert paul.address == jeanne(place).address


@pytest.fixture
def by_call(place: House) -> House:
    """By day, with a number that calls."""
    place.world.clock.now = at(10)
    caller(place.world)
    return place


def test_a_landline_beside_a_mobile_is_kept_in_sight_until_it_is_proved(by_call: House) -> None:
    visitor = filled(by_call.visitor(), landline=LANDLINE, email="", new="", again="")
    assert "pourra être vérifié ensuite" in words(visitor.get("/join/proofs"))
    visitor.post("/join/proofs", code=by_call.code())
    page = words(visitor.get("/join/proofs"))
    assert LANDLINE in page
    assert "Faire vérifier ce téléphone fixe" in page
    assert 'href="/join/proofs"' in visitor.get("/home").text
    visitor.post("/settings/numbers/new", number=LANDLINE)
    visitor.post("/settings/numbers/code", code=by_call.code())
    assert (jeanne(by_call).mobile, jeanne(by_call).landline) == (E164, "+33199000071")
    assert 'href="/join/proofs"' not in visitor.get("/home").text


ALONE = {"mobile": "", "landline": LANDLINE, "email": "", "new": "", "again": ""}


def joined_by_call(house: House, **more: str) -> Visitor:
    visitor = filled(house.visitor(), **ALONE | more)
    visitor.lands(visitor.post("/join/proofs", code=house.code()))
    return visitor


def test_who_registers_twice_by_landline_has_one_account(by_call: House) -> None:
    joined_by_call(by_call)
    again = joined_by_call(by_call, first_name="JEANNE", last_name="petit")
    assert "Vous aviez déjà un compte" in words(again.get("/home"))
    assert len(by_call.world.rows(Member)) == 1
    visitor = by_call.visitor()
    visitor.post("/sign-in/code", address=LANDLINE)
    visitor.post("/sign-in/code/enter", code=by_call.code())
    assert visitor.signed_in()


def test_a_household_with_one_landline_are_two_who_both_get_in(by_call: House) -> None:
    joined_by_call(by_call)
    paul = joined_by_call(by_call, first_name="Paul")
    assert "Bonjour Paul" in words(paul.get("/home"))
    assert [member.landline for member in by_call.world.rows(Member)] == ["+33199000071"] * 2
    visitor = by_call.visitor()
    visitor.post("/sign-in/code", address=LANDLINE)
    answer = visitor.post("/sign-in/code/enter", code=by_call.code())
    assert visitor.lands(answer) == "/sign-in/code/who"


def test_a_landline_that_one_has_in_another_account_makes_one_of_the_two(by_call: House) -> None:
    joined_by_call(by_call)
    visitor = filled(by_call.visitor(), mobile="", landline=LANDLINE)
    code, link = by_call.code(), mail_link(by_call)
    visitor.post(link)
    assert visitor.lands(visitor.post("/join/proofs", code=code)) == "/home"
    [kept] = by_call.world.rows(Member, landline="+33199000071")
    assert kept.email == EMAIL


def test_who_joined_by_text_and_proves_the_email_first_keeps_one_account(place: House) -> None:
    older = joined_by_text(place, first_name="JEANNE")
    visitor = filled(place.visitor())
    visitor.post(mail_link(place))
    assert visitor.lands(visitor.post("/join/proofs", code=place.code())) == "/home"
    assert "Vous aviez déjà un compte" in words(visitor.get("/home"))
    [kept] = place.world.rows(Member, mobile=E164)
    assert (kept.id, kept.email, kept.state) == (older.id, EMAIL, "active")
    assert [one.state for one in place.world.rows(Member) if one.id != kept.id] == ["closed"]
    assert {one.state for one in place.world.rows(JoinRequest)} == {"refused"}
    other = place.visitor()
    assert other.lands(other.sign_in(EMAIL)) == "/home"


def test_who_joined_by_text_and_types_the_code_first_adds_the_email_after(place: House) -> None:
    older = joined_by_text(place)
    visitor = filled(place.visitor())
    link = mail_link(place)
    assert visitor.lands(visitor.post("/join/proofs", code=place.code())) == "/home"
    assert visitor.lands(visitor.post(link)) == "/community"
    [kept] = place.world.rows(Member)
    assert (kept.id, kept.email) == (older.id, EMAIL)
    other = place.visitor()
    assert other.lands(other.sign_in(EMAIL)) == "/home"


def test_what_another_proved_meanwhile_is_not_taken_from_them(place: House) -> None:
    visitor = filled(place.visitor())
    link = mail_link(place)
    visitor.post("/join/proofs", code=place.code())
    place.account_of(place.world.member(None, first_name="Odette", email=EMAIL))
    elsewhere = place.visitor()
    assert elsewhere.lands(elsewhere.post(link)) == "/join/proofs"
    assert jeanne(place).email is None
    assert "autre compte" in words(elsewhere.get("/join/proofs"))


def test_who_did_not_register_says_so_and_the_email_is_dropped(place: House) -> None:
    filled(place.visitor())
    link = mail_link(place)
    stranger = place.visitor()
    assert stranger.lands(stranger.post(link, not_me="yes")) == "/"
    assert stranger.post(link).status_code == 410
    [row] = place.world.rows(Registration)
    assert (row.email, row.password) == ("", "")


def test_who_was_an_agent_with_the_same_email_signs_in_as_a_resident(place: House) -> None:
    agent = place.world.agent(email=EMAIL, name="Jeanne Petit")
    place.account_of(agent)
    with place.world.store.begin() as session:
        agents.remove(session, session.get_one(Agent, agent.id))
    visitor = filled(place.visitor())
    visitor.post(mail_link(place))
    other = place.visitor()
    assert other.lands(other.sign_in(EMAIL)) == "/home"
    assert place.world.rows(Account, email=EMAIL)[0].member_id == jeanne(place).id


def test_who_is_inside_already_reads_so_where_joining_begins(place: House) -> None:
    visitor = place.inside(
        place.account_of(place.world.member(None, first_name="Robert", lat=45.18, lon=5.72))
    )
    page = words(visitor.get("/join"))
    assert "Vous êtes déjà inscrit, et connecté : Robert" in page
    assert 'href="/home"' in page
    assert "déjà inscrit" not in words(place.visitor().get("/join"))
