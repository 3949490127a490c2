"""Registering on the web: the address, the home, the form; a code or a link makes the account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import SQLModel, select
from werkzeug.test import TestResponse

from community_store import agents
from community_store.models import (
    Account,
    Agent,
    Community,
    Delivery,
    JoinRequest,
    Member,
    Notice,
    Number,
    Registration,
    Stop,
    Wording,
)
from community_store.store import Store
from dispatch import registering, sweep
from dispatch.housekeeping import Housekeeping
from gateway import numbers
from tests.dispatch.test_voice import caller
from tests.dispatch.world import at, make_world
from tests.rigs.processes import free_port
from tests.web.house import PASSWORD, House, Visitor, make_house, words

LILAS = "12 rue des lilas 38990 valmoutier"
LABEL = "12 Rue des Lilas 38990 Valmoutier"
MOBILE, LANDLINE, EMAIL = "06 39 98 00 71", "01 99 00 00 71", "jeanne@voisins.example"
E164 = "+33639980071"
FILLED = {"first_name": "Jeanne", "last_name": "Petit", "mobile": MOBILE, "landline": "",
          "email": EMAIL, "new": PASSWORD, "again": PASSWORD}  # fmt: skip


@pytest.fixture
def place(sqlite_store: Store, redis_url: str, tmp_path: Path, addok: str) -> Iterator[House]:
    """Les Lilas around its street, with the real address server."""
    sections = {"geo": {"geocoder_url": addok}}
    with make_world(sqlite_store, redis_url, tmp_path, **sections) as world:
        world.number()
        world.community("Les Lilas")
        yield make_house(world)


def placed(visitor: Visitor, address: str = LILAS) -> Visitor:
    """As far as the form."""
    assert visitor.lands(visitor.post("/join", address=address)) == "/join/place"
    assert visitor.lands(visitor.post("/join/place", lat="", lon="")) == "/join/confirm"
    assert visitor.lands(visitor.post("/join/confirm")) == "/join/form"
    return visitor


def filled(visitor: Visitor, **other: str) -> Visitor:
    """As far as the code and the link."""
    assert visitor.lands(placed(visitor).post("/join/form", **FILLED | other)) == "/join/proofs"
    return visitor


def mail_link(house: House) -> str:
    """The path of the newest link that confirms an e-mail."""
    with house.world.store.read() as session:
        query = select(Wording).join(Notice)
        found = session.exec(
            query.where(Notice.kind == "join_link").order_by(Notice.id.desc())  # type: ignore[union-attr]  # SQL
        ).first()
    assert found is not None
    path = re.search(rf"({re.escape(registering.PATH)}\S+)", found.mail)
    assert path
    return path[1]


def jeanne(house: House) -> Member:
    [member] = house.world.rows(Member, first_name="Jeanne")
    assert isinstance(member, Member)
    return member


# the address


def test_an_address_leads_to_its_place_and_then_to_the_neighbourhood(place: House) -> None:
    visitor = place.visitor()
    assert visitor.lands(visitor.post("/join", address=LILAS)) == "/join/place"
    page = words(visitor.get("/join/place"))
    assert LABEL in page
    assert re.search(r'name="lat" value="45\.\d+"', page)
    visitor.post("/join/place", lat="", lon="")
    assert "Votre quartier : Les Lilas." in words(visitor.get("/join/confirm"))


def test_an_address_that_may_mean_several_asks_which(place: House) -> None:
    visitor = place.visitor()
    assert visitor.lands(visitor.post("/join", address="12 rue des lilas")) == "/join/which"
    page = words(visitor.get("/join/which"))
    choices = re.findall(r'name="choice" value="(\d)">([^<]+)<', page)
    assert len(choices) == 2
    number, address = choices[1]
    assert visitor.lands(visitor.post("/join/which", choice=number)) == "/join/place"
    assert address in words(visitor.get("/join/place"))


@pytest.mark.parametrize("choice", ["", "7", "-1", "x", "0;1"])
def test_a_choice_that_was_not_offered_is_asked_again(place: House, choice: str) -> None:
    visitor = place.visitor()
    visitor.post("/join", address="12 rue des lilas")
    assert visitor.lands(visitor.post("/join/which", choice=choice)) == "/join/which"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Écrivez votre adresse"),
        ("Valmoutier", "Ajoutez le numéro et le nom de la rue"),
        ("<script>alert(1)</script>", "Nous ne trouvons pas cette adresse"),
        ("zzzz qqqq", "Nous ne trouvons pas cette adresse"),
        ("1 rue " + "e" * 300, "200"),
    ],
)
def test_what_leads_nowhere_is_said_and_stays_in_the_field(
    place: House, typed: str, told: str
) -> None:
    answer = place.visitor().post("/join", address=typed, email=EMAIL)
    assert answer.status_code == 422
    page = words(answer)
    assert told in page
    assert typed in page
    assert EMAIL in page
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:{port}"])
def test_without_an_address_server_the_town_is_chosen_on_a_list(
    sqlite_store: Store, redis_url: str, tmp_path: Path, url: str
) -> None:
    sections = {"geo": {"geocoder_url": url.format(port=free_port())}}
    with make_world(sqlite_store, redis_url, tmp_path, **sections) as world:
        world.number()
        visitor = make_house(world).visitor()
        answer = visitor.post("/join", address=LILAS)
        assert answer.status_code == 503
        assert "ne répond pas" in words(answer)
        assert LILAS in words(answer)
        assert 'href="/join/town"' in answer.text
        asked = visitor.post("/join/town", street="12 rue des Lilas", postcode="38250")
        assert "Lans-en-Vercors" in words(asked)
        taken = visitor.post(
            "/join/town", street="12 rue des Lilas", postcode="38250", town="38205"
        )
        assert visitor.lands(taken) == "/join/place"
        assert "12 rue des Lilas 38250 Lans-en-Vercors" in words(visitor.get("/join/place"))


@pytest.mark.parametrize("postcode", ["00000", "abcde", "380", "3800000"])
def test_a_postcode_that_is_none_is_said(place: House, postcode: str) -> None:
    answer = place.visitor().post("/join/town", street="1 rue", postcode=postcode)
    assert answer.status_code == 422
    assert "Aucune commune" in words(answer)
    assert postcode in words(answer)


def test_addresses_are_suggested_as_one_types(place: House) -> None:
    visitor = place.visitor()
    assert LABEL in (visitor.post("/join/suggest", q="12 rue des lil").json or [])
    assert visitor.post("/join/suggest", q="zz").json == []
    assert visitor.bare_post("/join/suggest", q="12 rue des lil").status_code == 400


@pytest.mark.parametrize(
    ("lat", "lon", "told"),
    [
        ("40.4", "-3.7", "pas en France"),
        ("48.85", "2.35", "plus de 3 km"),
        ("nan", "inf", "pas été comprise"),
        ("x", "5.7", "pas été comprise"),
    ],
)
def test_a_marker_that_is_elsewhere_is_said(place: House, lat: str, lon: str, told: str) -> None:
    visitor = place.visitor()
    visitor.post("/join", address=LILAS)
    answer = visitor.post("/join/place", lat=lat, lon=lon)
    assert answer.status_code == 422
    assert told in words(answer)


def chosen(house: House, town: str, postcode: str) -> Visitor:
    """Whose town is known, and whose street is not."""
    visitor = house.visitor()
    visitor.post("/join/town", street="Chemin Inconnu", postcode=postcode, town=town)
    return visitor


def marked(house: House, visitor: Visitor) -> TestResponse:
    """The marker in the middle of Les Lilas, which are in 38185."""
    middle = house.world.rows(Community)[0].boundary.centroid
    return visitor.post("/join/place", lat=str(middle.y), lon=str(middle.x))


def test_a_marker_in_another_town_than_the_chosen_one_is_said(place: House) -> None:
    answer = marked(place, chosen(place, "33063", "33000"))
    assert answer.status_code == 422
    assert "pas dans la commune de cette adresse" in words(answer)
    assert place.world.rows(Registration)[0].lat is None
    visitor = chosen(place, "38185", "38000")
    assert visitor.lands(marked(place, visitor)) == "/join/confirm"


def test_while_the_address_server_is_away_the_communities_say_which_town_it_is(
    sqlite_store: Store, redis_url: str, tmp_path: Path
) -> None:
    with make_world(sqlite_store, redis_url, tmp_path, geo={"geocoder_url": ""}) as world:
        world.community("Les Lilas")
        house = make_house(world)
        assert marked(house, chosen(house, "33063", "33000")).status_code == 422
        visitor = chosen(house, "33063", "33000")
        assert visitor.lands(visitor.post("/join/place", lat="44.84", lon="-0.58")) == (
            "/join/confirm"
        )


# the form


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("first_name", "", "Écrivez votre prénom"),
        ("last_name", " ", "Écrivez votre nom"),
        ("first_name", "http://gagnez.example", "fait de lettres seulement"),
        ("first_name", "www.gagnez.example", "fait de lettres seulement"),
        ("last_name", "Petit 06 39 98 00 71", "fait de lettres seulement"),
        ("first_name", "Gendarmerie", "Écrivez votre prénom, puis votre nom de famille"),
        ("mobile", "", "Donnez un numéro"),
        ("mobile", "08 99 00 00 00", "numéro français"),
        ("mobile", "+44 7911 123456", "numéro français"),
        ("landline", "06 39 98 00 72", "deux numéros de mobile"),
        ("email", "jeanne", "pas complète"),
        ("new", "", "Choisissez un mot de passe"),
        ("new", "court", "12"),
        ("new", "motdepasse123", "essayé en premier"),
        ("again", "un autre que le premier", "pas les mêmes"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(
    place: House, field: str, typed: str, told: str
) -> None:
    visitor = placed(place.visitor())
    both = {"new": typed, "again": typed} if field == "new" else {field: typed}
    answer = visitor.post("/join/form", **FILLED | both)
    assert answer.status_code == 422
    page = words(answer)
    assert told in page
    assert f'id="{field}-error"' in page
    if field != "last_name":
        assert 'value="Petit"' in page
    assert PASSWORD not in page
    assert place.world.rows(Registration)[0].first_name == ""


@pytest.mark.parametrize(
    ("mobile", "landline", "kept"),
    [
        ("0639980071", "", (E164, "")),
        ("+33 6.39.98.00.71", "", (E164, "")),
        ("0033639980071", "", (E164, "")),
        ("", "01 99 00 00 71", ("", "+33199000071")),
        ("01-99-00-00-71", "", ("", "+33199000071")),
        ("01 99 00 00 71", "06 39 98 00 71", (E164, "+33199000071")),
    ],
)
def test_numbers_are_understood_as_people_type_them(
    place: House, mobile: str, landline: str, kept: tuple[str, str]
) -> None:
    visitor = placed(place.visitor())
    visitor.post("/join/form", **FILLED | {"mobile": mobile, "landline": landline})
    [row] = place.world.rows(Registration)
    assert (row.mobile, row.landline) == kept


def test_the_form_needs_an_address_first(place: House) -> None:
    visitor = place.visitor()
    assert visitor.lands(visitor.get("/join/form")) == "/join"
    assert visitor.lands(visitor.post("/join/form", **FILLED)) == "/join"


def test_what_was_typed_is_there_again_but_for_the_password(place: House) -> None:
    visitor = filled(place.visitor())
    page = words(visitor.get("/join/form"))
    for typed in ("Jeanne", "Petit", MOBILE, EMAIL):
        assert f'value="{typed}"' in page
    assert PASSWORD not in page
    assert "laissez vide pour le garder" in page
    again = visitor.post("/join/form", **FILLED | {"new": "", "again": "", "last_name": "Grand"})
    assert visitor.lands(again) == "/join/proofs"


def test_who_corrects_their_name_again_and_again_keeps_the_code_and_the_link(
    place: House,
) -> None:
    visitor = filled(place.visitor())
    code, link, told = place.code(), mail_link(place), len(place.world.rows(Notice))
    for last_name in ("Petite", "Petitt", "Petit", "Grand"):
        visitor.post("/join/form", **FILLED | {"last_name": last_name})
    assert len(place.world.rows(Notice)) == told
    assert "Trop de codes" not in words(visitor.get("/join/proofs"))
    assert "Jeanne Grand" in words(visitor.get(link))
    assert visitor.lands(visitor.post("/join/proofs", code=code)) == "/community"


def test_who_corrects_their_number_or_email_is_sent_what_proves_it(place: House) -> None:
    visitor = filled(place.visitor(), mobile="06 39 98 00 79", email="jane@voisins.example")
    before = mail_link(place)
    visitor.post("/join/form", **FILLED)
    assert place.world.answers(E164) == ["proof_code"]
    assert visitor.get(before).status_code == 410
    assert EMAIL in words(visitor.get(mail_link(place)))


@pytest.mark.parametrize("known", [False, True])
def test_a_code_that_was_asked_for_elsewhere_tells_nobody_whether_one_is_known(
    place: House, known: bool
) -> None:
    if known:
        place.world.member(None, first_name="Odette", mobile=E164)
    place.visitor().post("/sign-in/code", address=MOBILE)
    visitor = filled(place.visitor())
    visitor.post("/join/again", what="number")
    assert "Trop de codes" not in words(visitor.get("/join/proofs"))
    visitor.post("/join/again", what="number")
    assert "Trop de codes" in words(visitor.get("/join/proofs"))


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


# whoever types somebody else's e-mail gets nothing by it

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
    visitor = filled(place.visitor(), mobile="", landline=LANDLINE)
    assert told in words(visitor.get("/join/proofs"))
    place.visitor().post(mail_link(place))
    assert (jeanne(place).landline, jeanne(place).email) == (None, EMAIL)


def test_without_an_email_the_code_is_enough_and_no_password_is_kept(place: House) -> None:
    visitor = filled(place.visitor(), email="", new="", again="")
    visitor.post("/join/proofs", code=place.code())
    [account] = place.world.rows(Account, member_id=jeanne(place).id)
    assert (account.email, account.password) == (None, "")


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


def joined_by_text(house: House, **more: object) -> Member:
    """Whose account has no e-mail and no password."""
    values = {"first_name": "Jeanne", "last_name": "Petit", "mobile": E164} | more
    return house.world.member(house.world.rows(Community)[0].id, **values)


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


def test_a_mobile_of_another_name_opens_nothing_before_it_is_said_whose_it_is(
    place: House,
) -> None:
    known = joined_by_text(place, first_name="Odette", last_name="Blanc")
    visitor = filled(place.visitor())
    answer = visitor.post("/join/proofs", code=place.code())
    assert visitor.lands(answer) == "/join/whose"
    assert not visitor.signed_in()
    page = words(visitor.get("/join/whose"))
    assert "Son prénom commence par O." in page
    assert not re.search(f"Odette|Blanc|{known.address}", page)
    assert "L'inscription de Jeanne Petit continue sans ce numéro" in page
    assert 'href="/contact"' in page
    assert visitor.lands(visitor.get("/join/proofs")) == "/join/whose"


def shared(house: House, **typed: str) -> Visitor:
    """Who has proved a mobile that is Odette's, and is asked whose it is."""
    joined_by_text(house, first_name="Odette", last_name="Blanc")
    visitor = filled(house.visitor(), **typed)
    visitor.post("/join/proofs", code=house.code())
    return visitor


def test_whose_account_it_is_opens_it_and_nothing_typed_is_added(place: House) -> None:
    visitor = shared(place)
    assert visitor.lands(visitor.post("/join/whose", whose="mine")) == "/home"
    page = words(visitor.get("/home"))
    assert "Bonjour Odette" in page
    assert "rien de ce que vous veniez de taper n'y a été ajouté" in page
    [member] = place.world.rows(Member)
    assert (member.first_name, member.email) == ("Odette", None)
    assert place.world.rows(Registration) == []


def test_whose_account_it_is_not_goes_on_with_what_else_was_typed(place: House) -> None:
    visitor = shared(place)
    assert visitor.lands(visitor.post("/join/whose", whose="other")) == "/join/proofs"
    page = words(visitor.get("/join/proofs"))
    assert "continue sans ce portable" in page
    assert EMAIL in page
    assert MOBILE not in page
    visitor.post(mail_link(place))
    assert (jeanne(place).mobile, jeanne(place).email) == (None, EMAIL)
    assert len(place.world.rows(Member, mobile=E164)) == 1


def test_who_gave_nothing_else_is_asked_for_another_number_or_an_email(place: House) -> None:
    visitor = shared(place, email="", new="", again="")
    assert visitor.lands(visitor.post("/join/whose", whose="other")) == "/join/form"
    assert 'value="Jeanne"' in words(visitor.get("/join/form"))
    nothing = FILLED | {"mobile": "", "email": "", "new": "", "again": ""}
    assert "ou au moins une adresse e-mail" in words(visitor.post("/join/form", **nothing))
    assert "sert déjà à un autre compte" in words(visitor.post("/join/form", **FILLED))
    assert visitor.lands(visitor.post("/join/form", **FILLED | {"mobile": ""})) == "/join/proofs"
    visitor.post(mail_link(place))
    assert jeanne(place).email == EMAIL


def test_the_landline_that_was_typed_too_is_called_then(by_call: House) -> None:
    visitor = shared(by_call, landline=LANDLINE, email="", new="", again="")
    visitor.post("/join/whose", whose="other")
    assert visitor.lands(visitor.post("/join/proofs", code=by_call.code())) == "/community"
    assert (jeanne(by_call).mobile, jeanne(by_call).landline) == (None, "+33199000071")


@pytest.mark.parametrize("said", ["", "yes"])
def test_an_answer_that_is_none_asks_again(place: House, said: str) -> None:
    visitor = shared(place)
    assert visitor.lands(visitor.post("/join/whose", whose=said)) == "/join/whose"
    assert not visitor.signed_in()


def test_who_has_given_no_code_of_late_opens_nothing(place: House) -> None:
    visitor, stranger = shared(place), place.visitor()
    place.world.clock.forward(minutes=11)
    for one in (visitor, stranger, filled(place.visitor())):
        assert one.lands(one.get("/join/whose")) == "/join/proofs"
        one.post("/join/whose", whose="mine")
        assert not one.signed_in()
    assert "Odette" not in words(visitor.get("/join/proofs"))


def test_who_proved_their_email_meanwhile_has_an_account_and_opens_no_other(
    place: House,
) -> None:
    visitor = shared(place)
    visitor.post(mail_link(place))
    assert visitor.lands(visitor.post("/join/whose", whose="mine")) == "/join/whose"
    assert "Bonjour Jeanne" in words(visitor.get("/home"))


def test_who_acts_for_the_town_is_asked_for_their_password_there_too(place: House) -> None:
    visitor = shared(place)
    [member] = place.world.rows(Member)
    account = place.account_of(member)
    place.world.change(account, agent_id=place.world.agent(email="agent@ville.example").id)
    answer = visitor.post("/join/whose", whose="mine")
    assert visitor.lands(answer).startswith("/sign-in")
    assert not visitor.signed_in()


def test_two_who_share_a_mobile_stay_two(place: House) -> None:
    joined_by_text(place, first_name="Robert")
    visitor = filled(place.visitor())
    visitor.post(mail_link(place))
    assert visitor.lands(visitor.post("/join/proofs", code=place.code())) == "/join/proofs"
    page = words(visitor.get("/join/proofs"))
    assert "Si cet autre compte est à vous, déconnectez-vous" in page
    assert MOBILE not in words(visitor.get("/join/proofs"))
    assert (jeanne(place).mobile, jeanne(place).email) == (None, EMAIL)


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
