"""Choosing, forgetting and changing a password; the second factor of staff."""

from __future__ import annotations

import re

import pytest

from community_store.models import Account, DeliveryState, Member, RecoveryCode, WebSession
from gateway.contract import Channel
from tests.web.house import PASSWORD, House, Visitor, words

EMAIL = "odette@voisins.example"
OTHER = "encore quatre mots choisis"


@pytest.fixture
def odette(house: House) -> Member:
    member = house.world.member(house.world.community(), first_name="Odette", email=EMAIL)
    house.account_of(member)
    return member


def linked(house: House, email: str = EMAIL) -> str:
    answer = house.visitor().post("/password/forgotten", email=email)
    assert answer.status_code == 200
    return house.link()


def choose(visitor: Visitor, link: str, password: str = OTHER) -> int:
    return visitor.post(link, new=password, again=password).status_code


def test_a_link_by_mail_lets_one_choose_another_password_once(house: House, odette: Member) -> None:
    elsewhere, visitor = house.visitor(), house.visitor()
    elsewhere.sign_in(EMAIL)
    link = linked(house)
    assert visitor.get(link).status_code == 200
    assert elsewhere.signed_in(), "a GET changes nothing"
    assert choose(visitor, link) == 303
    assert visitor.signed_in()
    assert not elsewhere.signed_in()
    assert choose(house.visitor(), link) == 410
    assert house.visitor().sign_in(EMAIL).status_code == 422
    assert house.visitor().sign_in(EMAIL, OTHER).status_code == 303


def test_a_link_is_over_after_an_hour_and_when_another_was_used(
    house: House, odette: Member
) -> None:
    first, second = linked(house), linked(house)
    assert choose(house.visitor(), second) == 303
    assert house.visitor().get(first).status_code == 410
    third = linked(house)
    house.world.clock.forward(minutes=61)
    answer = house.visitor().get(third)
    assert answer.status_code == 410
    assert "Ce lien ne sert plus" in words(answer)
    assert 'href="/password/forgotten"' in answer.text


@pytest.mark.parametrize("email", [EMAIL, "nobody@voisins.example"])
def test_asking_for_a_link_never_says_whether_somebody_is_known(
    house: House, odette: Member, email: str
) -> None:
    answers = [house.visitor().post("/password/forgotten", email=email) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 422]
    assert f"Si {email} est inscrite" in answers[0].text
    assert "Trop de demandes" in answers[3].text
    assert len(house.world.deliveries()) == (3 if email == EMAIL else 0)


def test_a_link_goes_to_a_mailbox_that_wants_no_other_mail(house: House, odette: Member) -> None:
    house.world.stop(EMAIL, Channel.EMAIL)
    linked(house)
    [claimed] = house.world.claim()
    assert claimed.to == EMAIL
    assert house.world.delivery().state == DeliveryState.SENDING


@pytest.mark.parametrize(
    ("new", "again", "told"),
    [
        ("court", "court", "trop court"),
        ("x" * 12, "x" * 12, "Beaucoup de gens"),
        ("motdepasse2026", "motdepasse2026", "Beaucoup de gens"),
        ("Sunshine!123", "Sunshine!123", "Beaucoup de gens"),
        ("1234123412341234", "1234123412341234", "Beaucoup de gens"),
        ("odette@voisins.example", "odette@voisins.example", "Votre nom"),
        ("2026 Odette Voisin!", "2026 Odette Voisin!", "Votre nom"),
        ("a b c d e f" * 12, "a b c d e f" * 12, "trop long"),
        (OTHER, OTHER + "x", "pas les mêmes"),
        (OTHER, "", "une seconde fois"),
    ],
)
def test_what_others_would_guess_is_refused_with_the_reason(
    house: House, odette: Member, new: str, again: str, told: str
) -> None:
    link, visitor = linked(house), house.visitor()
    answer = visitor.post(link, new=new, again=again)
    assert answer.status_code == 422
    assert told in words(answer)
    assert visitor.get(link).status_code == 200


@pytest.mark.parametrize(
    "password", ["tout en minuscules", "éàü ñandú ǅ øre", "839201749203", " " * 3 + "neuf mots"]
)
def test_no_rule_of_composition(house: House, odette: Member, password: str) -> None:
    assert choose(house.visitor(), linked(house), password) == 303
    assert house.visitor().sign_in(EMAIL, password).status_code == 303


def test_changing_a_password_keeps_this_browser_and_no_other(house: House, odette: Member) -> None:
    here, there = house.visitor(), house.visitor()
    for visitor in (here, there):
        visitor.sign_in(EMAIL)
    wrong = here.post("/account/password", current="pas le bon", new=OTHER, again=OTHER)
    assert "pas votre mot de passe actuel" in wrong.text
    before = house.world.rows(WebSession)[0].digest
    answer = here.post("/account/password", current=PASSWORD, new=OTHER, again=OTHER)
    assert here.lands(answer) == "/account"
    assert "enregistré" in here.get("/account").text
    assert not there.signed_in()
    [row] = house.world.rows(WebSession)
    assert row.digest != before


def test_whoever_came_in_with_a_code_chooses_a_first_password(house: House) -> None:
    account = house.account_of(house.world.member(None, email=EMAIL), password=False)
    visitor = house.inside(account)
    assert "Mot de passe actuel" not in visitor.get("/account").text
    visitor.post("/account/password", new=OTHER, again=OTHER)
    assert house.visitor().sign_in(EMAIL, OTHER).status_code == 303


# the second factor


def enrolled(house: House, account: Account) -> list[str]:
    """Set the telephone up; the codes for the paper."""
    visitor = house.visitor()
    assert visitor.lands(visitor.sign_in("ada@equipe.example")).startswith("/sign-in/second-factor")
    answer = visitor.post("/sign-in/second-factor", code=house.telephone(account))
    assert visitor.signed_in()
    return re.findall(r"<li>([a-z2-7-]{19})</li>", answer.text)


def test_staff_set_up_a_telephone_at_their_first_sign_in(house: House) -> None:
    account = house.team()
    visitor = house.visitor()
    visitor.sign_in("ada@equipe.example")
    assert not visitor.signed_in(), "half in is not in"
    page = visitor.get("/sign-in/second-factor").text
    assert "otpauth://totp/Tocsin:ada%40equipe.example?secret=" in page
    assert page.count("<svg") == 2
    paper = enrolled(house, account)
    assert len(set(paper)) == 10
    kept = str([row.model_dump() for row in house.world.rows(RecoveryCode)])
    assert not any(code in kept or code.replace("-", "") in kept for code in paper)


def test_a_code_of_the_telephone_counts_once(house: House) -> None:
    account = house.team()
    enrolled(house, account)
    house.world.clock.forward(minutes=1)
    code = house.telephone(account)
    one, other = house.visitor(), house.visitor()
    for visitor in (one, other):
        visitor.sign_in("ada@equipe.example")
    assert one.lands(one.post("/sign-in/second-factor", code=f"{code[:3]} {code[3:]}")) == "/home"
    assert other.post("/sign-in/second-factor", code=code).status_code == 422
    assert not other.signed_in()


@pytest.mark.parametrize(("periods", "right"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_one_period_off(house: House, periods: int, right: bool) -> None:
    account = house.team()
    enrolled(house, account)
    house.world.clock.forward(minutes=5)
    visitor = house.visitor()
    visitor.sign_in("ada@equipe.example")
    visitor.post("/sign-in/second-factor", code=house.telephone(account, later=periods))
    assert visitor.signed_in() is right


def test_a_paper_code_stands_in_once(house: House) -> None:
    account = house.team()
    paper = enrolled(house, account)
    for expected in (True, False):
        visitor = house.visitor()
        visitor.sign_in("ada@equipe.example")
        visitor.post("/sign-in/second-factor", code=paper[3].upper().replace("-", " "))
        assert visitor.signed_in() is expected


def test_five_wrong_codes_and_the_password_is_asked_again(house: House) -> None:
    account = house.team()
    enrolled(house, account)
    house.world.clock.forward(minutes=1)
    visitor = house.visitor()
    visitor.sign_in("ada@equipe.example")
    said = [visitor.post("/sign-in/second-factor", code="000000").status_code for _ in range(5)]
    assert said == [422] * 4 + [303]
    visitor.post("/sign-in/second-factor", code=house.telephone(account))
    assert not visitor.signed_in()


def test_the_session_of_staff_ends_after_twelve_hours(house: House) -> None:
    visitor = house.inside(house.team())
    house.world.clock.forward(hours=11, minutes=59)
    assert visitor.signed_in()
    house.world.clock.forward(minutes=2)
    assert not visitor.signed_in()


def test_an_agent_gets_in_by_the_link_to_their_address(house: House) -> None:
    house.world.town()
    agent = house.world.agent(email="agent@ville.example")
    visitor, link = house.visitor(), linked(house, "agent@ville.example")
    answer = visitor.post(link, new=OTHER, again=OTHER)
    assert visitor.lands(answer).startswith("/sign-in/second-factor")
    [account] = house.world.rows(Account)
    assert account.agent_id == agent.id
    visitor.post("/sign-in/second-factor", code=house.telephone(account))
    assert "Vous agissez pour la commune" in visitor.get("/home").text


def test_typing_an_agents_address_makes_nobody_an_agent(house: House) -> None:
    """A member registers with it, unproved: until the link is opened, they are no agent."""
    house.world.town()
    account = house.account_of(house.world.member(None, email="agent@ville.example"))
    house.world.agent(email="agent@ville.example")
    visitor = house.visitor()
    visitor.sign_in("agent@ville.example")
    linked(house, "agent@ville.example")
    assert house.world.rows(Account, id=account.id)[0].agent_id is None
    assert house.visitor().sign_in("agent@ville.example").status_code == 303


def test_a_member_who_becomes_staff_signs_in_again(house: House, odette: Member) -> None:
    visitor = house.visitor()
    visitor.sign_in(EMAIL)
    with house.world.store.begin() as session:
        account = session.get_one(Account, 1)
        account.team = True
        session.add(account)
    assert not visitor.signed_in()
