"""Registering on the web: whoever types somebody else's e-mail gets nothing by it."""

from __future__ import annotations

import pytest

from community_store.models import (
    Account,
    Member,
    Notice,
    Registration,
)
from tests.dispatch.world import at
from tests.web.house import PASSWORD, House, words
from tests.web.newcomer import E164, EMAIL, LANDLINE, MOBILE, filled, jeanne, mail_link

OWN = "encore quatre mots choisis"


def test_the_link_elsewhere_keeps_no_password_that_was_typed_before(place: House) -> None:
    filled(place.visitor())
    holder, link = place.visitor(), mail_link(place)
    assert "choisissez ici votre mot de passe" in words(holder.get(link))
    assert holder.lands(holder.post(link, new=OWN, again=OWN)) == "/community"
    assert place.visitor().sign_in(EMAIL).status_code == 422
    assert place.visitor().sign_in(EMAIL, OWN).status_code == 303
    assert place.world.rows(Registration)[0].password not in ("", PASSWORD)


def test_without_a_password_of_their_own_there_is_none(place: House) -> None:
    filled(place.visitor())
    holder = place.visitor()
    holder.post(mail_link(place))
    assert holder.signed_in()
    [account] = place.world.rows(Account, member_id=jeanne(place).id)
    assert (account.email, account.password) == (EMAIL, "")
    holder.post("/join/proofs", code=place.code())
    assert place.world.rows(Account, id=account.id)[0].password == ""


@pytest.mark.parametrize(
    ("new", "again", "told"),
    [("court", "court", "trop court"), (OWN, "", "pas les mêmes"), ("", OWN, "pas les mêmes"),
     ("2026 Jeanne Petit!", "2026 Jeanne Petit!", "Votre nom")],
)  # fmt: skip
def test_a_bad_password_uses_the_link_not_up(place: House, new: str, again: str, told: str) -> None:
    filled(place.visitor())
    holder, link = place.visitor(), mail_link(place)
    answer = holder.post(link, new=new, again=again)
    assert answer.status_code == 422
    assert told in words(answer)
    assert place.world.rows(Member, first_name="Jeanne") == []
    assert holder.get(link).status_code == 200


def test_the_browser_that_typed_is_not_let_in_by_a_link_opened_elsewhere(place: House) -> None:
    visitor = filled(place.visitor())
    code, link = place.code(), mail_link(place)
    holder = place.visitor()
    holder.post(link)
    for answer in (
        visitor.get("/join/proofs"),
        visitor.post("/join/proofs", code=code),
        visitor.post("/join/again", what="number"),
        visitor.get("/join/form"),
    ):
        where = visitor.lands(answer)
        assert where in ("/sign-in?next=/community", "/join/proofs")
    assert "le compte est ouvert" in words(visitor.get("/sign-in"))
    assert not visitor.signed_in()
    assert jeanne(place).mobile is None
    assert visitor.post("/join/on").status_code in (404, 405)


def test_whoever_signs_in_there_goes_on_with_the_code(place: House) -> None:
    visitor = filled(place.visitor())
    place.visitor().post(mail_link(place))
    visitor.post("/sign-in/code", address=EMAIL)
    visitor.post("/sign-in/code/enter", code=place.code())
    assert MOBILE in words(visitor.get("/join/proofs"))
    visitor.post("/join/again", what="number")
    visitor.post("/join/proofs", code=place.code())
    assert jeanne(place).mobile == E164


def test_the_link_says_with_which_number_an_account_is_open_already(place: House) -> None:
    visitor = filled(place.visitor())
    link = mail_link(place)
    visitor.post("/join/proofs", code=place.code())
    page = words(place.visitor().get(link))
    assert "qui finit par 71" in page
    assert "39 98" not in page
    assert 'name="new"' not in page
    assert "finit par" not in words(visitor.get(link))


def test_a_second_press_of_the_button_is_told_that_it_is_done(place: House) -> None:
    visitor = filled(place.visitor(), email="", new="", again="")
    pressed = place.visitor()
    for cookie in (visitor.client._cookies or {}).values():  # as they were at that instant
        pressed.client.set_cookie(
            cookie.key, cookie.value, domain="tocsin.example", secure=True, path="/"
        )
    code = place.code()
    visitor.post("/join/proofs", code=code)
    where = pressed.lands(pressed.post("/join/proofs", code=code))
    assert where == "/sign-in?next=/community"
    page = words(pressed.get(where))
    assert "Cette inscription est faite" in page
    assert "e-mail a été confirmée" not in page


def test_who_acts_for_the_town_is_asked_for_their_password(place: House) -> None:
    member = place.world.member(None, first_name="Jeanne", last_name="Petit", mobile=E164)
    agent = place.world.agent(email="agent@ville.example")
    account = place.account_of(member)
    place.world.change(account, agent_id=agent.id)
    visitor = filled(place.visitor())
    assert visitor.lands(visitor.post("/join/proofs", code=place.code())).startswith("/sign-in")
    assert not visitor.signed_in()


def test_five_wrong_codes_use_it_up(place: House) -> None:
    visitor = filled(place.visitor())
    code = place.code()
    for _ in range(5):
        wrong = visitor.post("/join/proofs", code="000000" if code != "000000" else "111111")
        assert wrong.status_code == 422
    assert visitor.post("/join/proofs", code=code).status_code == 422
    assert place.world.rows(Member, first_name="Jeanne") == []
    visitor.post("/join/again", what="number")
    assert visitor.lands(visitor.post("/join/proofs", code=place.code())) == "/community"


def test_codes_and_links_are_few(place: House) -> None:
    visitor = filled(place.visitor())
    for _ in range(2):
        visitor.post("/join/again", what="number")
        visitor.post("/join/again", what="email")
    sent = len(place.world.rows(Notice))
    visitor.post("/join/again", what="number")
    visitor.post("/join/again", what="email")
    assert len(place.world.rows(Notice)) == sent
    page = words(visitor.get("/join/proofs"))
    assert page.count("Trop de codes ont été demandés") == 2


@pytest.mark.parametrize(("hour", "told"), [(14, "ne pouvons pas encore"), (23, "21 h 30 et 8 h")])
def test_a_landline_is_told_why_nobody_calls_it_and_the_email_goes_on(
    place: House, hour: int, told: str
) -> None:
    place.world.clock.now = at(hour)
    if hour == 23:  # somebody could call, but not at night
        place.world.number("+33199000099", kind="long", voice=True, sms=False)
    visitor = filled(place.visitor(), mobile="", landline=LANDLINE)
    assert told in words(visitor.get("/join/proofs"))
    place.visitor().post(mail_link(place))
    assert (jeanne(place).landline, jeanne(place).email) == (None, EMAIL)


def test_without_an_email_the_code_is_enough_and_no_password_is_kept(place: House) -> None:
    visitor = filled(place.visitor(), email="", new="", again="")
    visitor.post("/join/proofs", code=place.code())
    [account] = place.world.rows(Account, member_id=jeanne(place).id)
    assert (account.email, account.password) == (None, "")
