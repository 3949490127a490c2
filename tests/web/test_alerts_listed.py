"""Alerts in lists and after a while: what lists cost, and who is still named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from community_store.models import Alert, AlertState, Member, Town
from tests.dispatch.world import INSEE, World
from tests.web.house import House, Visitor, words


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """The questions that the database is asked meanwhile."""
    statements: list[str] = []

    def note(*said: object) -> None:
        if not str(said[2]).startswith("BEGIN"):
            statements.append(str(said[2]))

    event.listen(world.store.engine, "before_cursor_execute", note)
    yield statements
    event.remove(world.store.engine, "before_cursor_execute", note)


def browser(house: House, who: Member) -> Visitor:
    return house.inside(house.account_of(who, password=False))


@pytest.mark.parametrize("path", ["/home", "/alerts/"])
@pytest.mark.parametrize("place", ["neighbour", "twin", "referent"])
def test_more_alerts_ask_the_database_nothing_more(house: House, path: str, place: str) -> None:
    world = house.world
    home, other = world.community("Les Lilas"), world.community("Les Roses")
    world.twin(home, other)
    reader = world.member(other if place == "twin" else home, referent=place == "referent")
    visitor = browser(house, reader)
    counts = []
    for more in (1, 6):
        for one in world.members(home, more):
            world.raised(one, f"Camionnette blanche {one.id}")
        visitor.get(path)
        with counted(world) as asked:
            page = words(visitor.get(path))
        counts.append((page.count("alert-head"), len(asked)))
    assert [shown for shown, _ in counts] == [1, 7]
    assert counts[0][1] == counts[1][1]


@pytest.mark.parametrize("went", ["to a twin", "elsewhere", "suspended"])
def test_who_is_no_neighbour_any_more_is_not_named_to_neighbours(house: House, went: str) -> None:
    world = house.world
    home, other, far = (world.community(name) for name in ("Les Lilas", "Les Roses", "Le Bourg"))
    world.twin(home, other)
    author = world.member(home, first_name="Odette", last_name="Martin", pseudonym="Mésange")
    reader = world.member(home, referent=True)
    path = f"/alerts/{world.raised(author, 'Camionnette blanche').id}"
    assert "Par Odette Martin" in words(browser(house, reader).get(path))
    answered = browser(house, author)
    answered.lands(answered.post(f"{path}/reply", more="Elle est partie", sure="1"))
    moved = {"to a twin": other, "elsewhere": far, "suspended": home}[went]
    state = "suspended" if went == "suspended" else "active"
    world.change(author, community_id=moved, state=state)
    page = words(browser(house, reader).get(path))
    assert "Elle est partie" in page
    assert "Odette" not in page
    assert "Mésange" not in page  # beside words that they had been named for
    if went != "suspended":
        assert "Par Odette Martin" in words(browser(house, author).get(path))


@pytest.fixture
def pair(house: House) -> tuple[Member, Member]:
    """An author, and a référent of the same community."""
    home = house.world.community()
    return house.world.member(home), house.world.member(home, referent=True)


def test_an_alert_that_nobody_ended_can_still_be(house: House, pair: tuple[Member, Member]) -> None:
    alert = house.world.raised(pair[0], "Camionnette blanche")
    house.world.change(alert, state=AlertState.EXPIRED)
    for who in pair:
        page = words(browser(house, who).get(f"/alerts/{alert.id}"))
        assert "Terminer l'alerte" in page
        assert "fausse alerte" in page
    visitor = browser(house, pair[0])
    visitor.lands(visitor.post(f"/alerts/{alert.id}/end", sure="1"))
    assert house.world.rows(Alert, state=AlertState.ENDED)


def test_a_refusal_is_not_said_in_green(house: House, pair: tuple[Member, Member]) -> None:
    alert = house.world.raised(pair[0], "Camionnette blanche")
    visitor = browser(house, pair[0])
    for kind in ("notice-good", "notice-warn"):
        page = words(visitor.get(visitor.lands(visitor.post(f"/alerts/{alert.id}/end", sure="1"))))
        assert kind in page


def test_a_twin_is_not_offered_what_they_cannot_do(house: House) -> None:
    home, other = house.world.community("Les Lilas"), house.world.community("Les Roses")
    house.world.twin(home, other)
    alert = house.world.raised(house.world.member(home), "Camionnette blanche")
    pages = [
        words(browser(house, house.world.member(where)).get(f"/alerts/{alert.id}"))
        for where in (home, other)
    ]
    assert ["ou à tous ceux" in page for page in pages] == [True, False]
    assert "À l'auteur et aux référents." in pages[1]


def test_the_living_part_says_nothing_until_something_changes(
    house: House, pair: tuple[Member, Member]
) -> None:
    alert = house.world.raised(pair[0], "Camionnette blanche")
    visitor = browser(house, pair[1])
    page = visitor.get(f"/alerts/{alert.id}").text
    asks = page.split('hx-get="')[1].split('"')[0]
    assert visitor.get(asks).status_code == 204
    visitor.lands(visitor.post(f"/alerts/{alert.id}/seen"))
    assert visitor.get(asks).status_code == 200


def test_the_figures_tell_what_arrived_from_what_left(
    house: House, pair: tuple[Member, Member]
) -> None:
    alert = house.world.raised(pair[0], "Camionnette blanche")
    page = words(browser(house, pair[0]).get(f"/alerts/{alert.id}"))
    assert page.index("Partis") < page.index("Reçus") < page.index("En cours")


def test_a_referents_home_begins_with_what_waits_for_them(
    house: House, pair: tuple[Member, Member]
) -> None:
    world, (author, referent) = house.world, pair
    world.raised(author, "Camionnette blanche")
    world.change(world.raised(author, "Une de trop"), state=AlertState.HELD)
    alert = world.raised(author, "Des injures")
    visitor = browser(house, world.member(author.community_id))
    visitor.lands(visitor.post(f"/report/alert/{alert.id}", why="des injures"))
    page = words(browser(house, referent).get("/home"))
    assert page.index("Une de trop") < page.index("Camionnette")
    assert "1 signalement vous attend" in page
    assert 'class="bell-count" aria-hidden="true">4<' in page


def test_an_agents_home_has_the_alerts_of_a_town_that_subscribes(
    house: House, pair: tuple[Member, Member]
) -> None:
    world = house.world
    world.raised(pair[0], "Camionnette AB-123-CD")
    agent = house.inside(house.account_of(world.agent(email="a@ville.example")))
    assert "Camionnette" not in words(agent.get("/home"))
    with world.act() as act:
        act.session.get_one(Town, INSEE).subscribed = True
    page = words(agent.get("/home"))
    assert "Camionnette AB-123-CD" in page
    assert "/alerts/" in page
