"""Registering on the web: the code or the link makes the account, and what is kept of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlmodel import SQLModel

from community_store.models import (
    Delivery,
    JoinRequest,
    Member,
    Registration,
)
from dispatch import sweep
from dispatch.housekeeping import Housekeeping
from tests.web.house import House, Visitor, words
from tests.web.newcomer import E164, EMAIL, LABEL, MOBILE, filled, jeanne, mail_link

# the proofs


def test_the_code_makes_the_account_with_the_number_and_not_yet_the_email(place: House) -> None:
    visitor = filled(place.visitor())
    assert place.world.rows(Member, first_name="Jeanne") == []
    answer = visitor.post("/join/proofs", code=place.code())
    assert visitor.lands(answer) == "/community"
    member = jeanne(place)
    assert (member.mobile, member.email, member.state) == (E164, None, "pending")
    assert member.address == LABEL
    assert member.community_id is not None
    assert len(place.world.rows(JoinRequest, member_id=member.id)) == 1
    assert visitor.signed_in()


def test_the_link_on_another_device_adds_the_email_and_signs_in_there(place: House) -> None:
    visitor = filled(place.visitor())
    visitor.post("/join/proofs", code=place.code())
    elsewhere, link = place.visitor(), mail_link(place)
    assert "Jeanne Petit" in words(elsewhere.get(link))
    assert jeanne(place).email is None
    assert elsewhere.lands(elsewhere.post(link)) == "/community"
    assert jeanne(place).email == EMAIL
    over = elsewhere.post(link)
    assert over.status_code == 410
    assert "reprenez l'inscription" in words(over)
    assert 'href="/join"' in over.text
    third = place.visitor()
    assert third.lands(third.sign_in(EMAIL)) == "/home"


def test_the_link_first_makes_the_account_and_the_code_adds_the_number(place: House) -> None:
    visitor = filled(place.visitor())
    assert visitor.lands(visitor.post(mail_link(place))) == "/community"
    member = jeanne(place)
    assert (member.mobile, member.email) == (None, EMAIL)
    assert "Continuer" in words(visitor.get("/join/proofs"))
    assert visitor.lands(visitor.post("/join/proofs", code=place.code())) == "/community"
    assert jeanne(place).mobile == E164
    other = place.visitor()
    assert other.lands(other.sign_in(EMAIL)) == "/home", "with the password that was typed"


def test_the_other_device_can_type_the_code_too(place: House) -> None:
    filled(place.visitor())
    elsewhere = place.visitor()
    elsewhere.post(mail_link(place))
    assert MOBILE in words(elsewhere.get("/join/proofs"))
    elsewhere.post("/join/proofs", code=place.code())
    assert jeanne(place).mobile == E164


def test_who_mistyped_the_number_or_the_email_gives_another_once_the_first_is_proved(
    place: House,
) -> None:
    by_mail = filled(place.visitor(), mobile="06 39 98 00 79")
    by_mail.post(mail_link(place))
    assert 'href="/settings/numbers/new"' in by_mail.get("/join/proofs").text
    by_mail.post("/settings/numbers/new", number=MOBILE)
    by_mail.post("/settings/numbers/code", code=place.code())
    assert jeanne(place).mobile == E164
    page = words(by_mail.get("/join/proofs"))
    assert "06 39 98 00 79" not in page
    assert "Tout est vérifié" in page
    by_code = filled(place.visitor(), first_name="Paul", mobile="06 39 98 00 72", email="pol@x.fr")
    by_code.post("/join/proofs", code=place.code())
    page = by_code.get("/join/proofs").text
    assert 'href="/settings/email"' in page
    assert 'href="/settings/numbers/new"' not in page


@pytest.mark.parametrize(
    ("joined", "state", "step"),
    [(True, "pending", "Activation"), (False, "pending", "Ma communauté"), (True, "active", None)],
)
def test_the_step_where_one_is_stays_marked_on_the_page_of_proofs(
    place: House, joined: bool, state: str, step: str | None
) -> None:
    visitor = filled(place.visitor())
    assert step_marked(visitor) == "Inscription"
    visitor.post("/join/proofs", code=place.code())
    member = jeanne(place)
    home = member.community_id if joined else None
    place.world.change(member, state=state, community_id=home)
    assert step_marked(visitor) == step


def step_marked(visitor: Visitor) -> str | None:
    found = re.search(
        r'aria-current="step">.*?<span>([^<]+)</span>', visitor.get("/join/proofs").text, re.DOTALL
    )
    return found[1] if found else None


# what is kept


@pytest.mark.parametrize("token", ["x", "a" * 500, "..%2F..", "%00"])
def test_a_forged_link_opens_nothing(place: House, token: str) -> None:
    answer = place.visitor().get(f"/join/mail/{token}")
    assert answer.status_code in (400, 404, 410)


def test_what_was_typed_is_forgotten_when_asked_and_after_a_week(place: House) -> None:
    visitor = filled(place.visitor())
    visitor.post("/join/forget")
    assert place.world.rows(Registration) == []
    assert visitor.lands(visitor.get("/join/form")) == "/join"
    filled(visitor)
    place.world.clock.forward(days=7, seconds=1)
    assert visitor.lands(visitor.get("/join/form")) == "/join"
    sweep.sweep(place.world.runtime)
    assert place.world.rows(Registration) == []


@pytest.mark.parametrize("known", [False, True])
def test_of_who_never_proved_anything_nothing_is_left_after_a_week(
    place: House, known: bool
) -> None:
    if known:
        place.account_of(place.world.member(None, first_name="Odette", email=EMAIL))
    filled(place.visitor())
    place.world.pump()
    place.world.clock.forward(days=7, seconds=1)
    sweep.sweep(place.world.runtime)
    keeper = Housekeeping(place.world.runtime)
    keeper._forget()  # an hour's work
    rows = "\n".join(_all_rows(place))
    for typed in ("Jeanne", E164, *([] if known else [EMAIL])):
        assert typed not in rows
    assert place.world.rows(Delivery, address=EMAIL) == []


def _all_rows(house: House) -> Iterator[str]:
    with house.world.store.read() as session:
        for table in SQLModel.metadata.tables.values():
            yield from (str(row) for row in session.execute(table.select()))


def test_neither_the_address_nor_the_place_is_logged(
    place: House, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(place.visitor())
    place.visitor().post("/join", address="99 rue perdue nulle part")
    place.visitor().post("/join/suggest", q="12 rue des lilas")
    out = "".join(capsys.readouterr()).lower()
    for said in ("lilas", "perdue", "jeanne", "639980071"):
        assert said not in out


def test_who_asks_too_often_is_told_to_wait(place: House) -> None:
    visitor = place.visitor()
    answers = [visitor.post("/join", address="").status_code for _ in range(21)]
    assert answers == [422] * 20 + [429]
