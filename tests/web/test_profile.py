"""/profile: what a member says of themselves, and what each kind of viewer sees of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import event

from community_store import audit, profiles, pseudonyms
from community_store.errors import RuleError
from community_store.models import Member, MemberState, Movement, Town
from tests.dispatch.world import INSEE
from tests.web.house import House, Visitor, words
from web import i18n

MOBILE, LANDLINE = "+33639980742", "+33199000042"


@dataclass
class Street:
    """Odette, who has a profile; a neighbour, a twin, a stranger."""

    house: House
    odette: Member
    neighbour: Member
    twin: Member
    stranger: Member

    def browser(self, who: Member) -> Visitor:
        return self.house.inside(self.house.account_of(who, password=False))

    def me(self) -> Member:
        (found,) = self.house.world.rows(Member, id=self.odette.id)
        assert isinstance(found, Member)
        return found


@pytest.fixture
def street(house: House) -> Street:
    world = house.world
    home, other, far = (world.community(name) for name in ("Les Lilas", "Les Roses", "Le Bourg"))
    world.twin(home, other)
    odette = world.member(
        home, first_name="Odette", last_name="Martin", pseudonym="Mésange bleue",
        mobile=MOBILE, landline=LANDLINE, address="4 rue des Lilas, 38000 Grenoble",
        email="odette@voisins.example", about="J'ai une échelle.", interests="gardening,échecs",
    )  # fmt: skip
    return Street(house, odette, world.member(home), world.member(other), world.member(far))


# what I say


def test_the_profile_shows_all_of_it_and_ways_to_change_it(street: Street) -> None:
    visitor = street.browser(street.odette)
    page = words(visitor.get("/profile"))
    for told in ("Odette Martin", "Mésange bleue", "J'ai une échelle.", "jardinage", "échecs"):
        assert told in page
    for path in ("/profile/name", "/profile/pseudonym", "/profile/about", "/profile/home"):
        assert f'href="{path}"' in page
        assert visitor.get(path).status_code == 200


def test_a_name_is_changed(street: Street) -> None:
    visitor = street.browser(street.odette)
    visitor.lands(visitor.post("/profile/name", first_name=" Odile ", last_name="Le  Gall"))
    assert (street.me().first_name, street.me().last_name) == ("Odile", "Le Gall")


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("", "Martin", "Écrivez votre prénom"),
        ("Odette", "42", "lettres seulement"),
        ("Odette", "a@b.example", "lettres seulement"),
        ("O" * 61, "Martin", "60"),
        ("Odette", "Mésange", "Votre pseudonyme contient ce nom"),
        ("Police", "Municipale", "Écrivez votre prénom, puis votre nom de famille"),
        ("Mairie", "de Grenoble", "ferait croire que vous parlez pour la mairie"),
        ("Équipe", "Tocsin", "ou le service"),
    ],
)
def test_a_name_that_cannot_be_is_told(street: Street, first: str, last: str, told: str) -> None:
    answer = street.browser(street.odette).post("/profile/name", first_name=first, last_name=last)
    assert answer.status_code == 422
    assert told in words(answer)
    assert street.me().last_name == "Martin"


@pytest.mark.parametrize(("first", "last"), [("Jeanne", "Maire"), ("Luc", "Police")])
def test_a_family_is_not_taken_for_an_office(street: Street, first: str, last: str) -> None:
    visitor = street.browser(street.odette)
    visitor.lands(visitor.post("/profile/name", first_name=first, last_name=last))
    assert street.me().last_name == last


def test_referents_read_who_is_called_otherwise_and_the_audit_has_it(street: Street) -> None:
    world, home = street.house.world, street.odette.community_id or 0
    rose, jean = (world.member(home, referent=judge) for judge in (True, False))
    visitor = street.browser(street.odette)
    for _ in range(2):  # the second changes nothing
        visitor.lands(visitor.post("/profile/name", first_name="Odile", last_name="Le Gall"))
    told = "Odette Martin a changé de nom : Odile Le Gall."
    for path in ("/community/history", "/home"):
        assert words(street.browser(rose).get(path)).count(told) == 1
        assert "a changé de nom" not in words(street.browser(jean).get(path))
    with world.store.read() as db:
        (kept,) = audit.of(db, f"member {street.odette.id}")
    assert (kept.actor, kept.action) == (f"member {street.odette.id}", "renamed")


def test_who_waits_for_somebody_to_vouch_changes_their_name_quietly(street: Street) -> None:
    street.house.world.change(street.odette, state=MemberState.PENDING)
    visitor = street.browser(street.odette)
    visitor.lands(visitor.post("/profile/name", first_name="Odile", last_name="Le Gall"))
    assert [one.kind for one in street.house.world.rows(Movement) if one.kind == "name"] == []


def test_pseudonyms_are_offered_that_tell_nothing(street: Street) -> None:
    visitor = street.browser(street.odette)
    offered = re.findall(r'name="offered" value="([^"]+)"', visitor.get("/profile/pseudonym").text)
    assert len(set(offered)) == 6
    assert not any(pseudonyms.tells(one, "Odette", "Martin") for one in offered)
    visitor.lands(visitor.post("/profile/pseudonym", offered=offered[2]))
    assert street.me().pseudonym == offered[2]


@pytest.mark.parametrize(
    ("pseudonym", "told"),
    [
        ("Odette", "contient votre prénom ou votre nom"),
        ("La belle odétte", "contient votre prénom ou votre nom"),
        ("Martin-pêcheur", "contient votre prénom ou votre nom"),
        ("0dette38", "contient votre prénom ou votre nom"),
        ("o d e t t e", "contient votre prénom ou votre nom"),
        ("06 39 98 07 42", "dirait qui vous êtes"),
        ("odile@x", "dirait qui vous êtes"),
        ("Police municipale", "la mairie, la police"),
        ("Equipe Tocsin", "la mairie, la police"),
        ("ab", "trop court"),
        ("a" * 31, "trop long"),
        ("<b>oiseau</b>", "lettres, de chiffres"),
        ("", "Écrivez un pseudonyme"),
        ("Pinson GAI", "a déjà ce pseudonyme"),
    ],
)
def test_a_pseudonym_that_may_not_be_is_told_why(street: Street, pseudonym: str, told: str) -> None:
    street.house.world.change(street.neighbour, pseudonym="Pinson gai")
    answer = street.browser(street.odette).post("/profile/pseudonym", pseudonym=pseudonym)
    assert answer.status_code == 422
    assert told in words(answer)
    assert 'href="#pseudonym"' in answer.text
    assert street.me().pseudonym == "Mésange bleue"


@pytest.mark.parametrize("name", ["Rose", "Li", "Étoilé", "De La Grive"])
def test_no_pseudonym_at_random_tells_a_name(name: str) -> None:
    assert not any(
        pseudonyms.tells(one, name, "Vert") for one in pseudonyms.suggest(300, name, "Vert")
    )


@pytest.mark.parametrize(
    ("pseudonym", "name", "told"),
    [("Ana38", "Ana", True), ("Banane", "Ana", False), ("Le héron", "Le Goff", False),
     ("Goff du port", "Le Goff", True), ("Léa", "lea", True), ("Héron", "", False)],
)  # fmt: skip
def test_short_names_count_as_words_and_long_ones_anywhere(
    pseudonym: str, name: str, told: bool
) -> None:
    assert pseudonyms.tells(pseudonym, name) is told


def test_words_and_interests_are_kept_and_shown_again(street: Street) -> None:
    visitor = street.browser(street.odette)
    visitor.lands(
        visitor.post("/profile/about", about="Bonjour <b>", music="yes", others="ruches, échecs ,")
    )
    me = street.me()
    assert (me.about, profiles.interests(me)) == ("Bonjour <b>", ("music", "ruches", "échecs"))
    page = visitor.get("/profile/about").text
    assert 'value="ruches, échecs"' in page
    assert re.search(r'id="music"[^>]*checked', page)
    assert "&lt;b&gt;" in visitor.get("/profile").text


@pytest.mark.parametrize(
    "typed", [{"about": "x" * 301}, {"others": "a,b,c,d,e,f"}, {"others": "y" * 31}]
)
def test_too_many_words_are_refused_and_stay_in_the_form(
    street: Street, typed: dict[str, str]
) -> None:
    answer = street.browser(street.odette).post("/profile/about", **typed)
    assert answer.status_code == 422
    assert next(iter(typed.values())) in answer.text
    assert street.me().about == "J'ai une échelle."


def test_the_home_is_kept_for_oneself(street: Street) -> None:
    visitor = street.browser(street.odette)
    visitor.lands(visitor.post("/profile/home", tenure="owner", dwelling="flat"))
    assert (street.me().tenure, street.me().dwelling) == ("owner", "flat")
    assert "propriétaire, un appartement" in words(visitor.get("/profile"))
    assert visitor.post("/profile/home", tenure="king").status_code == 422
    visitor.lands(visitor.post("/profile/home", tenure="", dwelling=""))
    assert street.me().tenure == ""


# what others see


def seen(street: Street) -> dict[str, str]:
    """Each card of the page, by its title."""
    page = words(street.browser(street.odette).get("/profile/seen"))
    cards = [card.partition("</section>")[0] for card in page.split('<section class="card">')[1:]]
    return {re.findall("<h2>(.*?)</h2>", card)[0]: card for card in cards}


def test_the_page_shows_what_each_kind_of_viewer_sees(street: Street) -> None:
    street.house.world.change(street.odette, hide_mobile=True)
    cards = seen(street)
    neighbour, twin = cards["Mes voisins"], cards["Les communautés jumelées"]
    agent, anyone = cards["La mairie et la police municipale"], cards["Tous les autres"]
    assert all(told in neighbour for told in ("Odette Martin", "rue des Lilas", "01 99 00 00 42",
                                              "J'ai une échelle.", "jardinage, échecs"))  # fmt: skip
    assert not any(hidden in neighbour for hidden in ("06 39 98 07 42", "4 rue", "voisins.example"))
    assert "Mésange bleue" in twin
    assert not any(
        told in twin for told in ("Odette", "Martin", "rue", "01 99 00 00 42", "échelle")
    )
    assert all(told in agent for told in ("06 39 98 07 42", "4 rue des Lilas, 38000 Grenoble",
                                          "odette@voisins.example"))  # fmt: skip
    assert "échelle" not in agent
    assert "Rien du tout" in anyone
    assert "Odette" not in anyone
    assert "ne participe pas" in agent


def test_a_town_that_subscribes_is_said_to_see(street: Street) -> None:
    with street.house.world.act() as act:
        act.session.get_one(Town, INSEE).subscribed = True
    assert "Votre commune participe" in seen(street)["La mairie et la police municipale"]


@pytest.mark.parametrize("state", [MemberState.PENDING, MemberState.SUSPENDED])
def test_who_is_not_active_is_told_that_nobody_sees_them(
    street: Street, state: MemberState
) -> None:
    street.house.world.change(street.odette, state=state)
    page = words(street.browser(street.odette).get("/profile/seen"))
    assert "Votre compte n'est pas actif" in page


def test_neighbours_read_what_one_says_on_the_card_of_the_directory_and_nobody_else(
    street: Street,
) -> None:
    path = f"/directory/{street.odette.id}"
    page = words(street.browser(street.neighbour).get(path))
    assert all(told in page for told in ("Odette Martin", "J'ai une échelle.", "jardinage, échecs"))
    assert f'href="tel:{MOBILE}"' in page
    assert "4 rue" not in page
    assert "voisins.example" not in page
    for other in (street.twin, street.stranger):
        assert street.browser(other).get(path).status_code == 404
    assert "C'est vous" in words(street.browser(street.odette).get(path))
    assert street.browser(street.neighbour).get("/directory/99999999999").status_code == 404


def test_a_hidden_number_has_no_link_on_the_card(street: Street) -> None:
    street.house.world.change(street.odette, hide_mobile=True, hide_landline=True)
    page = words(street.browser(street.neighbour).get(f"/directory/{street.odette.id}"))
    assert "Ne partage pas de numéro" in page
    assert "tel:+" not in page


@pytest.mark.parametrize("state", [MemberState.PENDING, MemberState.SUSPENDED])
def test_who_is_not_active_has_no_card(street: Street, state: MemberState) -> None:
    street.house.world.change(street.odette, state=state)
    visitor = street.browser(street.neighbour)
    assert visitor.get(f"/directory/{street.odette.id}").status_code == 404


def test_the_suspended_change_nothing_that_others_see(street: Street) -> None:
    street.house.world.change(street.odette, state=MemberState.SUSPENDED)
    visitor = street.browser(street.odette)
    for path in ("/profile", "/profile/name", "/profile/about", "/settings/numbers"):
        assert visitor.get(path).status_code == 403
    for path in ("/settings", "/settings/data", "/profile/seen"):
        assert visitor.get(path).status_code == 200


def test_no_page_asks_the_database_more_for_a_large_community(street: Street) -> None:
    visitor, counts = street.browser(street.odette), []
    for more in (2, 40):
        street.house.world.members(street.odette.community_id or 0, more)
        told = {}
        for path in ("/profile", "/profile/seen", f"/directory/{street.neighbour.id}",
                     "/settings", "/settings/notifications"):  # fmt: skip
            visitor.get(path)
            with counted(street.house) as statements:
                visitor.get(path)
            told[path] = len(statements)
        counts.append(told)
    assert counts[0] == counts[1]
    assert max(counts[0].values()) < 20


@contextmanager
def counted(house: House) -> Iterator[list[str]]:
    """The statements that the database is given meanwhile."""
    statements: list[str] = []

    def note(*said: object) -> None:
        statements.append(str(said[2]))

    engine = house.world.store.engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_every_rule_that_can_refuse_has_words() -> None:
    known = i18n.load(("fr",), "Europe/Paris")["fr"].messages
    codes = ("name", "name_long", "office_name", "pseudonym", "short", "long", "letters", "contact", "tells",
             "office", "nickname_taken", "about_long", "interests", "same", "email", "too_many",
             "night", "no_voice", "taken", "last")  # fmt: skip
    assert {f"profile.wrong.{code}" for code in codes} <= known.keys()
    with pytest.raises(RuleError) as refused:
        pseudonyms.check("Odette", "Odette")
    assert refused.value.code in codes
