"""Ma communauté: the one of one's home, those around, and asking to join (S12 to S15)."""

from __future__ import annotations

from typing import Any

import pytest

from community_store.models import JoinRequest, MemberState
from tests.web.founders import now, resident
from tests.web.house import House, words

# a community to belong to


def test_who_lives_inside_a_community_is_congratulated_with_its_name_and_its_members(
    house: House,
) -> None:
    home = house.world.community("Les Lilas")
    house.world.members(home, 3)
    _, visitor = resident(house, community_id=home)
    page = words(visitor.get("/community"))
    assert "Félicitations ! Votre communauté est Les Lilas" in page
    assert "3 membres y sont déjà inscrits." in page
    assert 'href="/activation"' in page
    assert '"kind": "own"' in page


def test_an_active_member_goes_on_to_the_first_steps(house: House) -> None:
    home = house.world.community("Les Lilas")
    _, visitor = resident(house, community_id=home, state=MemberState.ACTIVE)
    page = words(visitor.get("/community"))
    assert 'href="/first-steps"' in page
    assert "/activation" not in page


def test_communities_around_are_listed_nearest_first_and_shown_as_zones(house: House) -> None:
    house.world.community("Les Lilas", address="Rue des Lilas, 38990 Valmoutier")
    house.world.community("Les Roses")
    _, visitor = resident(house, column=-1)
    page = words(visitor.get("/community"))
    assert "2 communautés de voisins existent près de chez vous." in page
    assert page.index("<h3>Les Lilas</h3>") < page.index("<h3>Les Roses</h3>")
    assert "à 200 m de chez vous" in page
    assert "Rue des Lilas, 38990 Valmoutier" in page
    assert page.count('"kind": "near"') == 2
    assert "Créer ma communauté" in page


def test_where_there_is_none_one_is_told_how_to_make_it(house: House) -> None:
    _, visitor = resident(house)
    page = words(visitor.get("/community"))
    assert "Il n'y a pas encore de communauté près de chez vous." in page
    assert 'href="/community/new"' in page


def test_who_has_no_place_is_led_to_give_an_address(house: House) -> None:
    house.world.community("Les Lilas")
    _, visitor = resident(house, lat=None, lon=None)
    page = words(visitor.get("/community"))
    assert "Nous ne savons pas encore où se trouve votre logement." in page
    assert 'href="/join"' in page
    assert visitor.lands(visitor.get("/community/new")) == "/community"
    assert "Les Lilas" not in visitor.get("/community/list").text
    found = words(visitor.get("/community/list?q=lilas"))
    assert "Les Lilas" in found
    assert "Placez d'abord votre logement sur la carte" in found
    assert 'name="community"' not in found


# the list


def test_the_list_has_those_of_the_town_with_address_members_and_a_button(house: House) -> None:
    home = house.world.community("Les Lilas", address="Rue des Lilas")
    house.world.community("Les Roses", insee="38421")
    house.world.members(home, 2)
    _, visitor = resident(house)
    page = words(visitor.get("/community/list"))
    assert "2 communautés trouvées" in page
    assert "Rue des Lilas" in page
    assert "2 membres" in page
    assert "Ville 38421" in page
    assert page.count('name="community"') == 2


@pytest.mark.parametrize("wanted", ["école", "ECOLE", " ecole ", "rue de l'ecole", "38185"])
def test_the_list_is_searched_whatever_the_accents(house: House, wanted: str) -> None:
    house.world.community("L'École", address="Rue de l'École")
    house.world.community("Les Roses", insee="38421")
    _, visitor = resident(house)
    page = words(visitor.get("/community/list", query_string={"q": wanted}))
    assert "<h3>L'École</h3>" in page
    assert "<h3>Les Roses</h3>" not in page


def test_what_fits_nothing_is_said_and_shown_again_as_text(house: House) -> None:
    house.world.community("Les Lilas")
    _, visitor = resident(house)
    answer = visitor.get("/community/list", query_string={"q": "<b>%_"})
    assert "Aucune communauté ne correspond" in words(answer)
    assert "<b>%" not in answer.text


def test_a_long_list_has_pages(house: House) -> None:
    for n in range(23):
        house.world.community(f"Quartier {n:02}")
    _, visitor = resident(house, column=11)
    first, second = (words(visitor.get(f"/community/list?page={n}")) for n in (1, 2))
    assert ("Quartier 00" in first, "Quartier 22" in first) == (True, False)
    assert ("Quartier 00" in second, "Quartier 22" in second) == (False, True)
    assert "Page 1 sur 2" in first
    assert "Page 2 sur 2" in words(visitor.get("/community/list?page=99"))
    assert "Page 1 sur 2" in words(visitor.get("/community/list?page=x"))


# to join


def test_who_asks_to_join_is_on_the_way_to_activation(house: House) -> None:
    home = house.world.community("Les Lilas")
    member, visitor = resident(house, column=-1)
    assert visitor.lands(visitor.post("/community/join", community=str(home))) == "/activation"
    assert now(house.world, member).community_id == home
    (request,) = house.world.rows(JoinRequest)
    assert (request.member_id, request.community_id) == (member.id, home)
    page = words(visitor.get("/community"))
    assert "Votre choix : Les Lilas" in page
    assert "en dehors de son périmètre" in page


def test_another_may_be_chosen_before_anybody_decided(house: House) -> None:
    first, second = house.world.community("Les Lilas"), house.world.community("Les Roses")
    member, visitor = resident(house, column=-1)
    for home in (first, second):
        visitor.post("/community/join", community=str(home))
    assert now(house.world, member).community_id == second
    assert len(house.world.rows(JoinRequest)) == 1


@pytest.mark.parametrize("id_", ["999", "", "x", "-1", "1.5", "²", "9" * 30, "1; drop"])
def test_a_community_that_is_not_there_is_not_found(house: House, id_: str) -> None:
    house.world.community("Les Lilas")
    _, visitor = resident(house)
    assert visitor.post("/community/join", community=id_).status_code == 404


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"lat": None, "lon": None}, "Placez d'abord votre logement sur la carte"),
        ({"lat": 45.3}, "Choisissez-en une à moins de 5 km, ou créez la vôtre."),
    ],
)
def test_what_a_rule_refuses_is_said_in_words(
    house: House, more: dict[str, Any], told: str
) -> None:
    home = house.world.community("Les Lilas")
    member, visitor = resident(house, **more)
    answer = visitor.post("/community/join", community=str(home))
    assert answer.status_code == 409
    assert told in words(answer)
    assert now(house.world, member).community_id is None


def test_who_is_active_in_a_community_is_told_so_and_stays(house: House) -> None:
    mine, other = house.world.community("Les Lilas"), house.world.community("Les Roses")
    member, visitor = resident(house, community_id=mine, state=MemberState.ACTIVE)
    answer = visitor.post("/community/join", community=str(other))
    assert answer.status_code == 409
    assert "Vous êtes déjà dans une communauté" in words(answer)
    row = now(house.world, member)
    assert (row.community_id, row.state) == (mine, MemberState.ACTIVE)
