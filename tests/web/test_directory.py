"""/directory: neighbours as neighbours see them, and canaries that nobody may find (S64)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from community_store import blocks
from community_store.models import Community, Member, MemberState, Wording
from dispatch import pairing
from tests.dispatch.world import World
from tests.web.house import House, Visitor, words
from tests.web.letters import counted

HIDDEN_MOBILE, HIDDEN_LANDLINE = "+33639987777", "+33199007777"
CANARIES = (
    HIDDEN_MOBILE, "06 39 98 77 77", HIDDEN_LANDLINE, "01 99 00 77 77", "0639987777",
    "canari@mail.example", "77 bis", "38777", "Perroquet", "45.1777", "5.7277",
)  # fmt: skip


@dataclass
class Street:
    """Les Lilas: who hides everything, who shares; the twin's, a stranger, who waits."""

    house: House
    home: int
    me: Member
    hidden: Member
    shares: Member
    away: dict[str, Member]

    @property
    def world(self) -> World:
        return self.house.world

    def browser(self, who: Member) -> Visitor:
        return self.house.inside(self.house.account_of(who, password=False))

    def page(self, path: str = "/directory", who: Member | None = None) -> str:
        return words(self.browser(who or self.me).get(path))


@pytest.fixture
def street(house: House) -> Street:
    world = house.world
    home, twin, far = (world.community(name) for name in ("Les Lilas", "Les Roses", "Le Bourg"))
    world.twin(home, twin)
    hidden = world.member(
        home, first_name="Zéphyrine", last_name="Évrard", mobile=HIDDEN_MOBILE,
        landline=HIDDEN_LANDLINE, hide_mobile=True, hide_landline=True, pseudonym="Perroquet",
        email="canari@mail.example", address="77 bis chemin de l'Étang, 38777 Grenoble",
        lat=45.1777, lon=5.7277, referent=True,
    )  # fmt: skip
    shares = world.member(
        home, first_name="Anaïs", last_name="Durand", mobile="+33639980909",
        landline="+33199000909", address="4 rue des Lilas, 38000 Grenoble",
    )  # fmt: skip
    away = {
        "twin": world.member(twin, first_name="Paulette", referent=True),
        "stranger": world.member(far, first_name="Lisette", referent=True),
        "pending": world.member(home, first_name="Attente", state=MemberState.PENDING),
        "suspended": world.member(home, first_name="Suspendu", state=MemberState.SUSPENDED),
        "closed": world.member(home, first_name="Fermé", state=MemberState.CLOSED),
    }
    me = world.member(home, first_name="Jean", last_name="Petit", referent=True)
    return Street(house, home, me, hidden, shares, away)


def names(page: str) -> list[str]:
    return re.findall(r'<h2><a href="/directory/\d+">([^<]+)<', page)


def test_neighbours_are_listed_by_last_name_with_street_and_numbers(street: Street) -> None:
    page = street.page()
    order = ["Anaïs Durand", "Zéphyrine Évrard", "Jean Petit"]
    assert names(page) == order
    assert "rue des Lilas" in page
    assert "4 rue" not in page
    assert 'href="tel:+33639980909"' in page
    assert 'href="sms:+33639980909"' in page
    assert 'href="tel:+33199000909"' in page
    assert 'href="sms:+33199000909"' not in page
    assert "06 39 98 09 09" in page
    assert "Ne partage pas de numéro." in page
    assert "Les Lilas : 3 voisins." in page


def test_a_message_can_be_written_from_a_card(street: Street) -> None:
    """To whoever shares no number too; not to oneself, nor to somebody whom one blocked."""
    pages = ("/directory", f"/directory/{street.hidden.id}")
    for path in pages:
        page = street.page(path)
        assert f'href="/messages/write?to={street.hidden.id}"' in page
        assert f"to={street.me.id}" not in page
    assert "Écrire un message" not in street.page(f"/directory/{street.me.id}")
    visitor = street.browser(street.me)
    assert "Écrire à Zéphyrine Évrard" in words(
        visitor.get(f"/messages/write?to={street.hidden.id}")
    )
    with street.world.act() as act:
        blocks.block(act.session, street.me, street.hidden, act.now)
    for path in pages:
        assert f"to={street.hidden.id}" not in street.page(path)
    back = street.page(f"/directory/{street.me.id}", street.hidden)
    assert f"to={street.me.id}" in back, "nobody learns that they are blocked"


def test_the_list_asks_as_much_for_many_cards_as_for_few(street: Street) -> None:
    visitor, asked = street.browser(street.me), []
    visitor.get("/directory")
    for more in (0, 20):
        street.world.members(street.home, more)
        with counted(street.house) as statements:
            visitor.get("/directory")
        asked.append(len(statements))
    assert asked[0] == asked[1]


def test_who_is_not_an_active_neighbour_is_not_in_it(street: Street) -> None:
    for path in ("/directory", "/directory/print"):
        page = street.page(path)
        for person in street.away.values():
            assert person.first_name not in page


def test_a_card_is_a_neighbours_or_does_not_exist(street: Street) -> None:
    page = street.page(f"/directory/{street.shares.id}")
    assert "<h1>Anaïs Durand</h1>" in page
    assert 'href="sms:+33639980909"' in page
    visitor = street.browser(street.me)
    for person in street.away.values():
        assert visitor.get(f"/directory/{person.id}").status_code == 404
    for path in ("/directory/0", "/directory/999999", f"/directory/{10**12}", "/directory/-1"):
        assert visitor.get(path).status_code == 404
    assert street.browser(street.away["twin"]).get(f"/directory/{street.me.id}").status_code == 404


def test_a_card_says_what_they_like_and_what_they_say_of_themselves(street: Street) -> None:
    street.world.change(street.shares, about="Je prête mon échelle", interests="gardening,ruches")
    page = street.page(f"/directory/{street.shares.id}")
    assert "Je prête mon échelle" in page
    assert "ruches" in page


def test_my_own_card_is_what_neighbours_see(street: Street) -> None:
    page = street.page(f"/directory/{street.hidden.id}", street.hidden)
    assert "Voici ce que vos voisins voient de vous" in page
    for canary in CANARIES:
        assert canary not in page


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("evrard", ["Zéphyrine Évrard"]), ("ZÉPH", ["Zéphyrine Évrard"]),
        ("etang", ["Zéphyrine Évrard"]), ("durand anais", ["Anaïs Durand"]),
        ("rue lilas ana", ["Anaïs Durand"]), ("06 39 98 09 09", ["Anaïs Durand"]),
        ("+33 6 39 98 09 09", ["Anaïs Durand"]), ("80909", ["Anaïs Durand"]),
        ("personne", []), ("%", []), ("<b>", []),
    ],
)  # fmt: skip
def test_it_is_searched_whatever_the_accents(street: Street, wanted: str, found: list[str]) -> None:
    answer = street.browser(street.me).get("/directory", query_string={"q": wanted})
    listed = names(words(answer))
    assert [name for name in listed if name != "Jean Petit"] == found
    assert ("Aucun voisin ne correspond" in words(answer)) is (not listed)
    assert "<b>" not in answer.text


@pytest.mark.parametrize("canary", [*CANARIES, "77 77", "7777", "99007777"])
def test_what_is_hidden_cannot_be_searched(street: Street, canary: str) -> None:
    """Else one could guess a number figure by figure."""
    answer = street.browser(street.me).get("/directory", query_string={"q": canary})
    assert "Évrard" not in words(answer)


def test_a_long_directory_has_pages(street: Street) -> None:
    street.world.members(street.home, 40)
    first, second = (street.page(f"/directory?page={n}") for n in (1, 2))
    assert "Page 1 sur 2" in first
    assert first.count("<h2>") == 30
    assert second.count("<h2>") == 13
    assert "Page 2 sur 2" in street.page("/directory?page=99")
    assert "Page 1 sur 2" in street.page("/directory?page=x")


def test_a_page_of_results_keeps_what_was_looked_for(street: Street) -> None:
    street.world.members(street.home, 40)
    page = street.page("/directory?q=voisin")
    assert "/directory?q=voisin&page=2" in page
    assert "40 voisins trouvés" in page


def test_the_paper_has_everybody_and_nothing_hidden(street: Street) -> None:
    page = street.page("/directory/print")
    assert page.count('<th scope="row">') == 3
    assert "06 39 98 09 09" in page
    assert "01 99 00 09 09" in page
    assert "Réservé aux voisins de la communauté Les Lilas" in page
    for canary in CANARIES:
        assert canary not in page


def test_who_is_alone_is_told_what_to_do(house: House) -> None:
    alone = house.world.member(house.world.community())
    page = words(house.inside(house.account_of(alone)).get("/directory"))
    assert "vous êtes la première personne" in page.casefold()


# canaries


def paths(street: Street) -> Iterator[str]:
    """All that a member may ask for on these pages."""
    yield from (
        "/community", "/community/history", "/community/boundary", "/community/boundary.geojson",
        "/community/settings", "/community/twinning", "/community/outside", "/directory",
        "/directory/print", "/directory?q=evrard", "/home",
    )  # fmt: skip
    for person in street.world.rows(Member):
        yield f"/directory/{person.id}"


def viewers(street: Street) -> dict[str, Visitor]:
    people = {**street.away, "neighbour": street.shares, "referent": street.me}
    people.pop("closed")
    inside = {name: street.browser(who) for name, who in people.items()}
    agent = street.world.agent(email="agent@ville.example")
    inside["agent"] = street.house.inside(street.house.account_of(agent))
    return inside | {"anybody": street.house.visitor()}


def test_nobody_finds_what_is_hidden_anywhere_on_these_pages(street: Street) -> None:
    with street.world.act() as act:  # a proposal each way, and the mails that go with it
        twin = act.session.get_one(Member, street.away["stranger"].id)
        pairing.propose(act, twin, act.session.get_one(Community, street.home))
    read = 0
    for name, visitor in viewers(street).items():
        for path in paths(street):
            answer = visitor.get(path)
            read += answer.status_code == 200
            for canary in CANARIES:
                assert canary not in words(answer), (name, path, canary)
    assert read > 30


@pytest.mark.parametrize("who", ["twin", "stranger", "pending", "suspended"])
def test_no_name_of_the_community_goes_beyond_it(street: Street, who: str) -> None:
    visitor = street.browser(street.away[who])
    for path in paths(street):
        if path == "/home":
            continue
        page = words(visitor.get(path))
        for person in (street.hidden, street.shares, street.me):
            assert person.last_name not in page, path
            assert person.first_name not in page, path


def test_what_is_mailed_for_a_twinning_names_nobody(street: Street) -> None:
    street.world.change(street.me, email="jean@voisins.example")
    with street.world.act() as act:
        get = act.session.get_one
        pairing.propose(act, get(Member, street.away["stranger"].id), get(Community, street.home))
    mails = [one.mail + one.subject + one.sms for one in street.world.rows(Wording)]
    assert len(mails) == 2
    for mail in mails:
        for person in (*street.away.values(), street.me, street.hidden):
            for field in (person.first_name, person.last_name, person.pseudonym, person.mobile):
                assert str(field) not in mail
