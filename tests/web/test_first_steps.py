"""First steps: the number as a contact, a test message, an invitation, what is left to do."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from community_store.models import Delivery, MemberState, Notice
from community_store.models import DeliveryState as State
from dispatch import confirming
from tests.web.house import House, Visitor, words

DONE = '{} <span class="proved">Fait'


@pytest.fixture
def odette(house: House) -> Visitor:
    home = house.world.community("Les Lilas")
    house.world.members(home, 2)
    member = house.world.member(home, first_name="Odette", email="odette@voisins.example")
    return house.inside(house.account_of(member))


def test_a_new_neighbour_is_welcomed_with_what_to_do(odette: Visitor) -> None:
    page = words(odette.get("/first-steps"))
    assert "Bienvenue, Odette !" in page
    assert "Les Lilas" in page
    assert "2 voisins sont inscrits" in page
    assert "38000" in page


def test_the_number_is_a_contact_of_the_telephone(house: House, odette: Visitor) -> None:
    house.world.number("+33939000001", kind="long", is_default=False)
    house.world.number("TOCSIN", kind="sender", is_default=False)
    answer = odette.get("/first-steps/number.vcf")
    assert answer.content_type.startswith("text/vcard")
    lines = answer.text.split("\r\n")
    assert lines[:3] == ["BEGIN:VCARD", "VERSION:3.0", "FN:Tocsin"]
    assert "TEL;TYPE=CELL:38000" in lines
    assert "TEL;TYPE=CELL:+33939000001" in lines
    assert not any("TOCSIN" in line for line in lines)
    assert DONE.format("Enregistrez le numéro") in words(odette.get("/first-steps"))


def test_a_test_message_comes_to_one_person_alone(house: House, odette: Visitor) -> None:
    assert odette.lands(odette.post("/first-steps/test")) == "/first-steps"
    [row] = house.world.rows(Delivery)
    assert (row.channel, row.state) == ("sms", State.QUEUED)
    assert "essai" in house.world.said(row).sms
    assert DONE.format("Faites un essai") not in words(odette.get("/first-steps"))
    house.world.pump()
    assert DONE.format("Faites un essai") in words(odette.get("/first-steps"))


def test_three_test_messages_a_day_are_enough(house: House, odette: Visitor) -> None:
    for _ in range(3):
        odette.post("/first-steps/test")
    answer = odette.post("/first-steps/test")
    assert answer.status_code == 422
    assert "recommencez demain" in words(answer)
    assert len(house.world.rows(Notice)) == 3
    house.world.clock.forward(days=1, seconds=1)
    assert odette.lands(odette.post("/first-steps/test")) == "/first-steps"


def test_who_stopped_everything_is_told_how_to_begin_again(house: House) -> None:
    member = house.world.member(house.world.community(), mobile="+33639980055", email=None)
    house.world.stop("+33639980055")
    visitor = house.inside(house.account_of(member, password=False))
    answer = visitor.post("/first-steps/test")
    assert answer.status_code == 422
    assert "REPRISE" in words(answer)


def test_an_invitation_leaves_from_one_s_own_telephone(odette: Visitor) -> None:
    page = odette.get("/first-steps").text
    assert 'href="sms:?&amp;body=' in page
    assert 'href="mailto:?subject=' in page
    assert "https://tocsin.example/i/" in unquote(page)


def test_neighbours_who_came_by_themselves_were_not_invited(odette: Visitor) -> None:
    """Who was invited nobody can know: the page of invitations was at least opened."""
    assert DONE.format("Invitez vos voisins") not in words(odette.get("/first-steps"))
    odette.get("/invite")
    assert DONE.format("Invitez vos voisins") in words(odette.get("/first-steps"))


@pytest.mark.parametrize("state", [MemberState.PENDING, MemberState.SUSPENDED])
def test_it_is_for_active_members_alone(house: House, state: MemberState) -> None:
    member = house.world.member(house.world.community(), state=state)
    visitor = house.inside(house.account_of(member, password=False))
    for path in ("/first-steps", "/first-steps/number.vcf"):
        assert visitor.get(path).status_code == 403


def test_home_leads_on_to_what_comes_next(house: House) -> None:
    home = house.world.community()
    pending = house.world.member(home, state=MemberState.PENDING)
    lost = house.world.member(None, state=MemberState.PENDING)
    for member, path in ((pending, "/activation"), (lost, "/community")):
        page = house.inside(house.account_of(member, password=False)).get("/home").text
        assert f'href="{path}"' in page
    active = house.inside(house.account_of(house.world.member(home), password=False))
    assert 'href="/first-steps"' in active.get("/home").text


def test_the_address_of_an_email_s_link_is_where_its_page_is(house: House) -> None:
    rules = {rule.rule for rule in house.app.url_map.iter_rules()}
    assert f"{confirming.PATH}<token>" in rules
