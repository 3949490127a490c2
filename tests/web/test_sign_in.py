"""Signing in, by password and by code; what it never tells; signing out."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import timedelta

import pytest

from community_store.models import Account, Member, ProofCode, WebSession
from tests.dispatch.world import at
from tests.web.house import PASSWORD, House, Visitor, words

EMAIL = "odette@voisins.example"
MOBILE = "06 39 98 07 77"


@pytest.fixture
def odette(house: House) -> Member:
    """An active member with an e-mail, a mobile and a password."""
    member = house.world.member(
        house.world.community(), first_name="Odette", email=EMAIL, mobile="+33639980777"
    )
    house.account_of(member)
    return member


def test_the_right_password_signs_in_for_thirty_days(house: House, odette: Member) -> None:
    visitor = house.visitor()
    answer = visitor.sign_in("  Odette@Voisins.example ")
    assert visitor.lands(answer) == "/home"
    assert "Bonjour Odette" in visitor.get("/home").text
    house.world.clock.forward(days=29, hours=23)
    assert visitor.signed_in()
    house.world.clock.forward(hours=2)
    assert not visitor.signed_in()


def test_the_cookie_is_for_this_host_over_https_and_no_script(house: House, odette: Member) -> None:
    cookies = house.visitor().sign_in(EMAIL).headers.getlist("Set-Cookie")
    [ours] = [cookie for cookie in cookies if cookie.startswith("__Host-tocsin=")]
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in ours
    assert "Domain" not in ours


def test_the_database_has_only_a_digest_of_the_cookie(house: House, odette: Member) -> None:
    visitor = house.visitor()
    visitor.sign_in(EMAIL)
    cookie = visitor.client.get_cookie("__Host-tocsin", domain="tocsin.example")
    [row] = house.world.rows(WebSession)
    assert cookie is not None
    assert cookie.value not in str(row.model_dump())


def test_signing_in_changes_the_token_and_ends_the_session_before(
    house: House, odette: Member
) -> None:
    visitor = house.visitor()
    visitor.sign_in(EMAIL)
    [before] = house.world.rows(WebSession)
    visitor.sign_in(EMAIL)
    [after] = house.world.rows(WebSession)
    assert before.digest != after.digest


@pytest.mark.parametrize(
    ("email", "password"),
    [(EMAIL, "pas le bon du tout"), ("nobody@voisins.example", PASSWORD), ("odette", PASSWORD),
     (EMAIL, "x" * 400)],
)  # fmt: skip
def test_a_wrong_account_and_a_wrong_password_are_answered_alike(
    house: House, odette: Member, email: str, password: str
) -> None:
    visitor = house.visitor()
    answer = visitor.sign_in(email, password)
    assert answer.status_code == 422
    assert "mot de passe n'est pas le bon" in words(answer)
    assert f'value="{email}"' in words(answer)
    assert password not in words(answer)
    assert not visitor.signed_in()


def test_an_account_without_a_password_opens_to_no_password(house: House) -> None:
    member = house.world.member(house.world.community(), email=EMAIL)
    house.account_of(member, password=False)
    visitor = house.visitor()
    for password in ("", "nobody has this password"):
        visitor.sign_in(EMAIL, password)
    assert not visitor.signed_in()


def test_known_and_unknown_accounts_take_the_same_time(house: House, odette: Member) -> None:
    """The argon2 of one password is most of it, whoever it is for."""
    known, unknown = (
        min(took(house, email) for _ in range(4)) for email in (EMAIL, "nobody@voisins.example")
    )
    assert 0.5 < known / unknown < 2
    assert known > 0.01


def took(house: House, email: str) -> float:
    """Seconds that one sign-in takes, the limits aside."""
    house.world.runtime.redis.flushall()
    visitor, started = house.visitor(), time.perf_counter()
    visitor.sign_in(email, "pas le bon du tout")
    return time.perf_counter() - started


def code_to(visitor: Visitor, address: str) -> None:
    visitor.lands(visitor.post("/sign-in/code", address=address))


@pytest.mark.parametrize("address", [MOBILE, EMAIL, "+33639980777"])
def test_a_code_signs_in_a_member_who_has_no_account_yet(house: House, address: str) -> None:
    house.world.member(house.world.community(), email=EMAIL, mobile="+33639980777")
    visitor = house.visitor()
    code_to(visitor, address)
    assert visitor.lands(visitor.post("/sign-in/code/enter", code=house.code())) == "/home"
    assert visitor.signed_in()
    assert house.world.delivery().priority == 0


def test_a_landline_is_called(house: House) -> None:
    house.world.clock.now = at(10)
    house.world.number("+33199000099", kind="long", voice=True, sms=False)
    house.world.member(house.world.community(), mobile=None, landline="+33199000001")
    visitor = house.visitor()
    code_to(visitor, "01 99 00 00 01")
    assert house.world.delivery().channel == "voice"
    assert "va sonner" in visitor.get("/sign-in/code/enter").text


def test_a_code_signs_in_once(house: House, odette: Member) -> None:
    one, other = house.visitor(), house.visitor()
    for visitor in (one, other):
        code_to(visitor, MOBILE)
    code = house.code()
    one.post("/sign-in/code/enter", code=code)
    assert one.signed_in()
    assert other.post("/sign-in/code/enter", code=code).status_code == 422
    assert not other.signed_in()


@pytest.mark.parametrize("address", [MOBILE, "06 39 98 66 66", "nobody@voisins.example"])
def test_asking_for_a_code_never_says_whether_somebody_is_known(
    house: House, odette: Member, address: str
) -> None:
    """Nor does asking too often, nor trying codes."""
    said = []
    for _ in range(4):
        visitor = house.visitor()
        answer = visitor.post("/sign-in/code", address=address)
        said.append((answer.status_code, "Trop de demandes" in words(answer)))
    assert said == [(303, False)] * 3 + [(422, True)]
    visitor = house.visitor()
    with visitor.client.session_transaction(base_url="https://tocsin.example") as session:
        session["code_asked"] = address
    answers = {visitor.post("/sign-in/code/enter", code="12345x").status_code for _ in range(6)}
    assert answers == {422}
    counted = [row.tries for row in house.world.rows(ProofCode)]
    assert counted == [0, 0, 5]


def test_nothing_is_sent_to_whoever_is_unknown(house: House) -> None:
    visitor = house.visitor()
    for address in ("06 39 98 66 66", "nobody@voisins.example"):
        code_to(visitor, address)
    assert house.world.deliveries() == []
    assert house.world.rows(Account) == []


def test_staff_cannot_sign_in_with_a_code(house: House) -> None:
    """A code is less than the password and second factor that they owe."""
    member = house.world.member(None, email="ada@equipe.example", mobile="+33639980777")
    house.account_of(member)
    house.team("ada@equipe.example")
    code_to(house.visitor(), MOBILE)
    assert house.world.deliveries() == []


def test_two_who_share_an_e_mail_are_asked_for_a_number(house: House) -> None:
    home = house.world.community()
    house.world.members(home, 2, email=EMAIL)
    code_to(house.visitor(), EMAIL)
    assert house.world.deliveries() == []


@pytest.mark.parametrize(
    ("address", "told"),
    [("", "Écrivez votre numéro"), ("abc", "pas un numéro français"),
     ("0899 12 34 56", "pas un numéro français"), ("odette@", "pas complète"),
     ("06 39", "pas un numéro français")],
)  # fmt: skip
def test_a_bad_address_is_told_and_kept(house: House, address: str, told: str) -> None:
    answer = house.visitor().post("/sign-in/code", address=address)
    assert answer.status_code == 422
    assert told in words(answer)
    assert f'value="{address}"' in words(answer)
    assert 'href="#address"' in words(answer)


def test_five_wrong_passwords_a_minute_then_wait(house: House, odette: Member) -> None:
    visitor = house.visitor()
    said = [visitor.sign_in(EMAIL, "pas le bon du tout").status_code for _ in range(7)]
    assert said == [422] * 5 + [429] * 2
    answer = visitor.sign_in(EMAIL)
    assert "Trop d'essais" in words(answer)
    assert answer.headers["Retry-After"] == "60"


def test_one_account_is_not_tried_from_everywhere(house: House, odette: Member) -> None:
    said = [
        house.visitor().client.post(
            "/sign-in", data={"email": EMAIL}, environ_base={"REMOTE_ADDR": f"198.51.100.{n}"}
        ).status_code
        for n in range(3)
    ]  # fmt: skip
    assert said == [400] * 3  # without the token of a form it does not come that far


FULL_WIDTH = str.maketrans({chr(n): chr(n + 0xFEE0) for n in range(ord("a"), ord("z") + 1)})


@pytest.mark.parametrize(
    "ways",
    [
        [EMAIL + "\u200b" * count for count in range(6)],
        ["\u200b" * 250 * count + EMAIL for count in range(6)],
        ["odette@" + "voisins"[:n].translate(FULL_WIDTH) + "voisins.example"[n:] for n in range(6)],
    ],
    ids=["unseen after it", "unseen before it", "full width"],
)
def test_one_account_is_one_however_its_address_is_typed(
    house: House, odette: Member, ways: list[str]
) -> None:
    said = []
    for number, typed in enumerate(ways):
        visitor = house.visitor(**{"X-Forwarded-For": f"192.0.2.{number}"})
        said.append(visitor.sign_in(typed, "faux").status_code)
    assert said == [422] * 5 + [429]


def test_signing_out_ends_the_session_on_the_server(house: House, odette: Member) -> None:
    visitor = house.visitor()
    visitor.sign_in(EMAIL)
    assert visitor.get("/sign-out").status_code == 405
    assert visitor.signed_in()
    assert visitor.lands(visitor.post("/sign-out")) == "/"
    assert house.world.rows(WebSession) == []
    assert not visitor.signed_in()


def test_other_devices_can_be_signed_out(house: House, odette: Member) -> None:
    here, there = (
        house.visitor(),
        house.visitor(**{"User-Agent": "Mozilla/5.0 (Android) Firefox/1"}),
    )
    for visitor in (here, there):
        visitor.sign_in(EMAIL)
    page = here.get("/account").text
    assert "Firefox · Android" in page
    here.post("/account/sessions/end")
    assert here.signed_in()
    assert not there.signed_in()


def test_pages_of_who_is_signed_in_are_kept_nowhere(house: House, odette: Member) -> None:
    visitor = house.visitor()
    assert visitor.get("/").headers["Cache-Control"] == "private, no-cache"
    visitor.sign_in(EMAIL)
    assert visitor.get("/home").headers["Cache-Control"] == "no-store"
    assert visitor.get("/").headers["Cache-Control"] == "no-store"
    for file in ("/invite/flyer.pdf", "/first-steps/number.vcf"):
        with closing(visitor.get(file)) as answer:
            assert answer.headers["Cache-Control"] == "no-store", file


def test_the_session_is_noted_as_seen_once_in_a_while(house: House, odette: Member) -> None:
    visitor = house.visitor()
    visitor.sign_in(EMAIL)
    [row] = house.world.rows(WebSession)
    house.world.clock.forward(minutes=5)
    visitor.get("/home")
    assert house.world.rows(WebSession)[0].seen_at == row.seen_at
    house.world.clock.forward(minutes=6)
    visitor.get("/home")
    assert house.world.rows(WebSession)[0].seen_at == row.seen_at + timedelta(minutes=11)
