"""/invite and /i/<code>: a link of one's own, and the way in that it opens (S35)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlmodel import select

from community_store import invitations, personal_data
from community_store.models import (
    Community,
    Invitation,
    JoinRequest,
    Member,
    MemberState,
    Registration,
)
from community_store.store import Store
from tests.community_store.ground import square
from tests.dispatch.world import make_world
from tests.web.house import SITE, House, Visitor, make_house, words
from tests.web.newcomer import FILLED, LILAS, filled, jeanne, mail_link, placed


@pytest.fixture
def odette(house: House) -> Member:
    home = house.world.community("Les Lilas")
    return house.world.member(
        home, first_name="Odette", last_name="Martin", pseudonym="Mésange", email=None
    )


def browser(house: House, who: Member) -> Visitor:
    return house.inside(house.account_of(who, password=False))


def code_of(house: House, who: Member) -> str:
    with house.world.store.begin() as db:
        return invitations.of(db, db.get_one(Member, who.id), house.world.clock()).code


# the member's page


def test_the_page_offers_ready_words_the_link_and_the_papers(house: House, odette: Member) -> None:
    page = browser(house, odette).get("/invite")
    link = f"{SITE}/i/{code_of(house, odette)}"
    shown = unquote(page.text)
    assert 'href="sms:?&amp;body=Bonjour' in shown
    assert 'href="mailto:?subject=Les Lilas' in shown
    assert shown.count(link) >= 5, "in both messages, to share, to copy, to read"
    assert f'data-share="{link}"' in shown
    assert f'data-copy="{link}"' in shown
    assert 'href="/invite/flyer.pdf?lang=fr"' in shown
    assert 'href="/invite/presentation.pdf?lang=fr"' in shown


def test_it_speaks_english_too(house: House, odette: Member) -> None:
    page = words(browser(house, odette).get("/invite?lang=en"))
    assert "Invite my neighbours" in page
    assert "To join us: " in page
    assert "Bonjour" not in page
    assert "You are invited to join Les Lilas" in words(
        house.visitor().get(f"/i/{code_of(house, odette)}?lang=en")
    )


def test_the_link_stays_the_same_until_it_is_changed(house: House, odette: Member) -> None:
    visitor = browser(house, odette)
    visitor.get("/invite")
    before = code_of(house, odette)
    visitor.get("/invite")
    assert code_of(house, odette) == before
    assert visitor.lands(visitor.post("/invite/new")) == "/invite"
    after = code_of(house, odette)
    assert after != before
    page = words(visitor.get("/invite"))
    assert "L'ancien ne mène plus nulle part" in page
    assert before not in page
    assert house.visitor().get(f"/i/{before}").status_code == 404
    assert house.visitor().get(f"/i/{after}").status_code == 200


def test_home_the_menu_and_the_first_steps_lead_there(house: House, odette: Member) -> None:
    visitor = browser(house, odette)
    assert visitor.get("/home").text.count('href="/invite"') == 2
    assert f"{SITE}/i/{code_of(house, odette)}" in unquote(visitor.get("/first-steps").text)


@pytest.mark.parametrize("state", [MemberState.PENDING, MemberState.SUSPENDED])
def test_who_is_not_active_has_none(house: House, odette: Member, state: MemberState) -> None:
    code = code_of(house, odette)
    house.world.change(odette, state=state)
    visitor = browser(house, odette)
    for path in ("/invite", "/invite/flyer.pdf", "/invite/presentation.pdf"):
        assert visitor.get(path).status_code == 403
    assert visitor.post("/invite/new").status_code == 403
    assert house.visitor().get(f"/i/{code}").status_code == 404
    assert 'href="/invite"' not in visitor.get("/home").text


# whoever follows the link


def test_the_link_tells_the_community_and_nobody_in_it(house: House, odette: Member) -> None:
    answer = house.visitor().get(f"/i/{code_of(house, odette)}")
    page = words(answer)
    assert "Vous êtes invité à rejoindre Les Lilas" in page
    assert 'href="/join"' in page
    for told in ("Odette", "Martin", "Mésange", odette.mobile or "?"):
        assert told not in page


@pytest.mark.parametrize(
    "code", ["x", "abcdefghjk", "ABCDEFGHJK", "a" * 200, "é" * 10, "1' OR 1=1"]
)
def test_a_code_that_leads_nowhere_is_404_and_leaves_a_way_in(
    house: House, odette: Member, code: str
) -> None:
    code_of(house, odette)
    answer = house.visitor().get(f"/i/{code}")
    assert answer.status_code == 404
    assert 'href="/join"' in answer.text
    assert "Les Lilas" not in words(answer)


def test_a_code_leads_where_its_member_is_now(house: House, odette: Member) -> None:
    code = code_of(house, odette)
    house.world.change(odette, community_id=house.world.community("Les Roses"))
    page = words(house.visitor().get(f"/i/{code}"))
    assert "Les Roses" in page
    assert "Les Lilas" not in page
    house.world.change(odette, community_id=None)
    assert house.visitor().get(f"/i/{code}").status_code == 404


@pytest.mark.parametrize(
    ("state", "home", "said", "onward"),
    [
        ("active", "Les Lilas", "Vous faites déjà partie de cette communauté", "/home"),
        ("active", "Les Roses", "Vous faites déjà partie d'une autre communauté", "/home"),
        ("pending", "Les Roses", "Vous pouvez demander", "/community"),
        ("pending", "", "vous pouvez demander", "/community"),
    ],
)
def test_who_has_an_account_goes_on_where_they_are(
    house: House, odette: Member, state: str, home: str, said: str, onward: str
) -> None:
    place = house.world.community(home) if home == "Les Roses" else odette.community_id
    other = house.world.member(place if home else None, state=state)
    page = words(browser(house, other).get(f"/i/{code_of(house, odette)}"))
    assert said.lower() in page.lower()
    assert f'class="button" href="{onward}"' in page


# all the way through registering


@pytest.fixture
def place(sqlite_store: Store, redis_url: str, tmp_path: Path, addok: str) -> Iterator[House]:
    """Les Lilas around its street, Les Roses beside it, with the real address server."""
    with make_world(sqlite_store, redis_url, tmp_path, geo={"geocoder_url": addok}) as world:
        world.number()
        yield make_house(world)


def invites(place: House, community: int) -> str:
    """The path of a link of some member there."""
    return f"/i/{code_of(place, place.world.member(community))}"


def ground(place: House, community: int) -> tuple[float, float]:
    [row] = place.world.rows(Community, id=community)
    return row.boundary.centroid.y, row.boundary.centroid.x


def test_a_home_inside_joins_as_always(place: House) -> None:
    lilas = place.world.community("Les Lilas")
    visitor = place.visitor()
    visitor.get(invites(place, lilas))
    assert "Un voisin vous invite à rejoindre Les Lilas" in words(visitor.get("/join"))
    placed(visitor)
    page = words(visitor.get("/join/confirm"))
    assert "Votre quartier : Les Lilas." in page
    assert "où l'on vous invite" not in page
    filled(visitor)
    visitor.post("/join/proofs", code=place.code())
    assert jeanne(place).community_id == lilas


def moved(visitor: Visitor, lat: float, lon: float) -> str:
    """The marker put there, and what the second screen says."""
    visitor.post("/join", address=LILAS)
    answer = visitor.post("/join/place", lat=str(lat), lon=str(lon))
    assert visitor.lands(answer) == "/join/confirm"
    return words(visitor.get("/join/confirm"))


def registered(place: House, visitor: Visitor) -> Member:
    visitor.post("/join/confirm")
    visitor.post("/join/form", **FILLED)
    visitor.post("/join/proofs", code=place.code())
    return jeanne(place)


def test_a_home_outside_is_told_so_and_asks_the_inviters_community(place: House) -> None:
    lilas = place.world.community("Les Lilas")
    lat, lon = ground(place, lilas)
    visitor = place.visitor()
    visitor.get(invites(place, lilas))
    page = moved(visitor, lat - 0.01, lon)
    assert "Ce logement est en dehors de la communauté Les Lilas" in page
    assert "Votre demande ira quand même à cette communauté" in page
    member = registered(place, visitor)
    assert (member.state, member.community_id) == (MemberState.PENDING, lilas)
    [request] = place.world.rows(JoinRequest, member_id=member.id)
    assert request.community_id == lilas
    assert "Votre choix : Les Lilas" in words(visitor.get("/community"))


def test_without_the_link_that_home_asks_nobody(place: House) -> None:
    lat, lon = ground(place, place.world.community("Les Lilas"))
    visitor = place.visitor()
    assert "où l'on vous invite" not in moved(visitor, lat - 0.01, lon)
    assert registered(place, visitor).community_id is None


def test_the_mails_link_in_another_browser_remembers_the_invitation(place: House) -> None:
    lilas = place.world.community("Les Lilas")
    lat, lon = ground(place, lilas)
    visitor = place.visitor()
    moved(visitor, lat - 0.01, lon)
    visitor.get(invites(place, lilas))  # in the middle of registering
    visitor.post("/join/confirm")
    visitor.post("/join/form", **FILLED)
    assert place.world.rows(Registration)[0].invited_to == lilas
    elsewhere = place.visitor()
    elsewhere.post(mail_link(place))
    assert jeanne(place).community_id == lilas


def test_a_home_in_another_community_may_ask_the_inviters(place: House) -> None:
    lilas, roses = (place.world.community(name) for name in ("Les Lilas", "Les Roses"))
    visitor = place.visitor()
    visitor.get(invites(place, roses))
    page = moved(visitor, *ground(place, lilas))
    assert "Votre quartier : Les Lilas." in page
    assert "Ce logement n'est pas dans Les Roses, où l'on vous invite" in page
    assert registered(place, visitor).community_id == lilas
    page = words(visitor.get("/community"))
    assert "Un voisin vous invite à rejoindre Les Roses" in page
    assert visitor.lands(visitor.post("/community/join", community=str(roses))) == "/activation"
    assert jeanne(place).community_id == roses


def test_a_home_that_is_far_is_told_so_and_asks_nobody(place: House) -> None:
    visitor = place.visitor()
    lilas = place.world.community("Les Lilas")
    far = place.world.community("Le Bourg")
    with place.world.store.begin() as db:
        db.get_one(Community, far).boundary = square(40)
    visitor.get(invites(place, far))
    page = moved(visitor, *ground(place, lilas))
    assert "Ce logement est trop loin de la communauté Le Bourg" in page
    assert registered(place, visitor).community_id == lilas
    page = words(visitor.get("/community"))
    assert "trop loin de la communauté Le Bourg" in page
    assert f'name="community" value="{far}"' not in page


# what is held of it


def test_the_link_is_in_the_export_and_is_erased_with_the_account(
    house: House, odette: Member
) -> None:
    code = code_of(house, odette)
    with house.world.store.begin() as db:
        member = db.get_one(Member, odette.id)
        [row] = personal_data.export(db, member)["invitation"]
        assert row["code"] == code
        personal_data.erase(db, member)
    with house.world.store.read() as db:
        assert db.exec(select(Invitation)).all() == []
    assert house.visitor().get(f"/i/{code}").status_code == 404


def test_codes_are_long_random_and_easy_to_type(house: House) -> None:
    home = house.world.community()
    codes = {code_of(house, member) for member in house.world.members(home, 30)}
    assert len(codes) == 30
    assert all(len(code) == invitations.LENGTH for code in codes)
    assert set("".join(codes)) <= set(invitations.ALPHABET)
    assert not set("01ilo") & set(invitations.ALPHABET)
