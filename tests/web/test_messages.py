"""/messages: whom one may write to, and writing."""

from __future__ import annotations

import pytest

from community_store.models import (
    Conversation,
    Message,
)
from dispatch import messaging
from tests.web.house import House, words
from tests.web.letters import Street, canaries, counted, make_street


@pytest.fixture
def street(house: House) -> Street:
    return make_street(house)


# whom to write to


def test_neighbours_are_listed_by_name_and_twins_by_pseudonym(street: Street) -> None:
    page = street.reads(street.odette, "/messages/new")
    assert "Jean Petit" in page
    assert "Anne Blanc" in page
    assert "Odette Martin" not in page
    assert "Geai" not in page
    assert "Pinson" not in page, "the pseudonym of a neighbour"
    twins = street.reads(street.odette, f"/messages/new?of={street.paul.community_id}")
    assert "Geai" in twins
    assert not [one for one in canaries(street.paul) if one in twins]


@pytest.mark.parametrize(("wanted", "found"), [("petit", True), ("JEAN pet", True), ("zz", False)])
def test_a_neighbour_is_looked_for_by_name(street: Street, wanted: str, found: bool) -> None:
    assert ("Jean Petit" in street.reads(street.odette, f"/messages/new?q={wanted}")) is found


@pytest.mark.parametrize(("wanted", "found"), [("gea", True), ("Noir", False), ("paul", False)])
def test_a_twin_is_looked_for_by_pseudonym_alone(street: Street, wanted: str, found: bool) -> None:
    path = f"/messages/new?of={street.paul.community_id}&q={wanted}"
    assert ("Geai" in street.reads(street.odette, path)) is found


def test_what_is_ticked_stays_ticked_from_page_to_page(street: Street) -> None:
    path = street.path(street.odette, "/messages/new", street.jean, street.paul) + "&q=anne"
    page = street.reads(street.odette, path)
    for one, ticked in ((street.jean, True), (street.paul, True), (street.anne, False)):
        box = page.split(f'name="to" value="{street.ref(street.odette, one)}"')[1].split(">")[0]
        assert ("checked" in box) is ticked, one.first_name


def test_the_list_of_a_large_community_has_pages_and_few_questions(street: Street) -> None:
    path, counts = "/messages/new", []
    assert "Page 1" not in street.reads(street.odette, path)
    for _ in range(2):
        with counted(street.house) as statements:
            street.reads(street.odette, path)
        counts.append(len(statements))
        home = street.odette.community_id or 0
        street.world.add(*[street.world.person(home, last_name=f"Za{n:03}") for n in range(60)])
    assert counts[0] == counts[1]
    assert "Za059" in street.reads(street.odette, f"{path}?page=99")


@pytest.mark.parametrize("path", ["/messages/write", "/messages/new"])
def test_one_cannot_write_to_a_stranger(street: Street, path: str) -> None:
    suspended = street.world.member(street.odette.community_id, state="suspended")
    for who in (street.lise, street.odette, suspended):
        assert street.code(street.odette, street.path(street.odette, path, who)) == 404, (
            who.first_name
        )
    assert street.code(street.odette, f"{path}?to=99999") == 404


# writing


def test_a_message_is_read_by_both_and_by_nobody_else(street: Street) -> None:
    path = street.writes(street.odette, street.jean, text="As-tu mon échelle ?")
    assert "As-tu mon échelle ?" in street.reads(street.odette, path)
    page = street.reads(street.jean, path)
    assert "As-tu mon échelle ?" in page
    assert "Odette Martin" in page
    for other in (street.anne, street.paul, street.lise):
        for part in ("", "/live", "/leave", f"/block/{street.jean.id}"):
            assert street.code(other, path + part) == 404, (other.first_name, part)
        assert street.browser(other).post(path, text="Moi").status_code == 404
    assert street.code(street.odette, "/messages/99999999999999999999") == 404


def test_two_people_have_one_conversation(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    assert street.writes(street.jean, street.odette, text="Salut") == path
    visitor = street.browser(street.odette)
    assert (
        visitor.lands(visitor.get(street.path(street.odette, "/messages/write", street.jean)))
        == f"{path}#end"
    )
    assert [one.text for one in street.world.rows(Message)] == ["Bonjour", "Salut"]


def test_a_second_press_sends_nothing_more(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    for _ in range(2):
        street.says(street.odette, path, "Encore")
    assert [one.text for one in street.world.rows(Message)] == ["Bonjour", "Encore"]
    once = "0123456789abcdef"
    paths = {street.writes(street.odette, street.jean, street.anne, once=once) for _ in range(2)}
    assert len(paths) == 1


@pytest.mark.parametrize(("text", "code"), [("  ", 422), ("x" * 2001, 422)])
def test_an_empty_or_endless_message_is_not_sent(street: Street, text: str, code: int) -> None:
    path = street.writes(street.odette, street.jean)
    assert street.browser(street.odette).post(path, text=text).status_code == code
    assert len(street.world.rows(Message)) == 1


def test_a_group_is_read_by_all_of_it(street: Street) -> None:
    path = street.writes(street.odette, street.jean, street.paul, text="Fête ?", title="La fête")
    for who in (street.odette, street.jean, street.paul):
        page = street.reads(who, path)
        assert "Fête ?" in page
        assert "La fête" in page
    assert street.code(street.anne, path) == 404


def test_a_group_without_a_name_is_called_after_its_people(street: Street) -> None:
    path = street.writes(street.odette, street.jean, street.paul)
    assert "Jean Petit, Geai (Les Roses)" in street.reads(street.odette, path)


def test_a_group_has_ten_people_at_most(street: Street) -> None:
    many = street.world.members(street.odette.community_id or 0, 10)
    answer = street.browser(street.odette).get(street.path(street.odette, "/messages/write", *many))
    assert answer.status_code == 409
    assert "10 personnes au plus" in words(answer)
    assert (
        street.code(street.odette, street.path(street.odette, "/messages/write", *many[:9])) == 200
    )


def test_twins_of_ours_that_are_not_twins_of_each_other_are_in_no_group(street: Street) -> None:
    third = street.world.community("Les Iris")
    street.world.twin(street.odette.community_id or 0, third)
    other = street.world.member(third, pseudonym="Héron")
    answer = street.browser(street.odette).get(
        street.path(street.odette, "/messages/write", street.paul, other)
    )
    assert answer.status_code == 409
    assert "pas jumelées entre elles" in words(answer)
    sent = street.browser(street.odette).post(
        street.path(street.odette, "/messages/write", street.paul, other), text="Bonjour"
    )
    assert sent.status_code == 409
    assert street.world.rows(Conversation) == []


def test_nobody_writes_without_end(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    for n in range(messaging.MOST_MESSAGES - 1):
        street.says(street.odette, path, f"Message {n}")
    answer = street.browser(street.odette).post(path, text="De trop")
    assert answer.status_code == 409
    assert "n'a PAS été envoyé" in words(answer)
    assert "De trop" in answer.text, "what was typed is not lost"


def test_nobody_begins_conversations_without_end(street: Street) -> None:
    for other in street.world.members(street.odette.community_id or 0, messaging.MOST_BEGUN):
        street.writes(street.odette, other)
    answer = street.browser(street.odette).post(
        street.path(street.odette, "/messages/write", street.jean), text="Un"
    )
    assert answer.status_code == 409
