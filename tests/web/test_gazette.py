"""/gazette: read and written inside the community, by its active members alone; its list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from community_store.models import (
    GazetteComment,
    GazetteEntry,
    GazettePicture,
    MemberState,
)
from tests.dispatch import papers
from tests.dispatch.world import World, at
from tests.web.house import Visitor, words
from tests.web.quarter import SAID, TEXT, TITLE, Quarter

pytestmark = pytest.mark.usefixtures("noon")

# written, and read


def test_what_is_written_is_read_by_the_community(quarter: Quarter) -> None:
    path = quarter.writes()
    visitor = quarter.browser(quarter.neighbour)
    for page in (words(visitor.get("/gazette/")), words(visitor.get(path))):
        for told in (
            TITLE,
            TEXT,
            "Odette Martin, 24 novembre à 12 h",
            "Petite annonce",
            "20 décembre",
        ):
            assert told in page
        for hidden in ("Mésange", "Canaris", quarter.author.mobile or "?", "odette@"):
            assert hidden not in page
    assert quarter.world.deliveries() == []


def test_nothing_in_it_can_run(quarter: Quarter) -> None:
    path = quarter.writes(title="<script>alert(1)</script>", text="<b>gras</b>\n\nsuite")
    quarter.comments(path, quarter.neighbour, "<img src=x onerror=alert(1)>")
    visitor = quarter.browser(quarter.neighbour)
    for page in (visitor.get(path).text, visitor.get("/gazette/").text):
        assert "<script>alert" not in page
        assert "<b>gras" not in page
        assert "<img src=x" not in page


def routes(entry: int, comment: int, picture: int) -> list[tuple[str, str]]:
    """Every way to an entry and what belongs to it."""
    return [
        ("GET", f"/gazette/{entry}"),
        *((method, f"/gazette/{entry}/edit") for method in ("GET", "POST")),
        *((method, f"/gazette/{entry}/remove") for method in ("GET", "POST")),
        ("POST", f"/gazette/{entry}/comments"),
        *((method, f"/gazette/comments/{comment}/edit") for method in ("GET", "POST")),
        *((method, f"/gazette/comments/{comment}/remove") for method in ("GET", "POST")),
        *(("GET", f"/gazette/pictures/{picture}/{size}") for size in ("small", "medium", "large")),
    ]


def tried(visitor: Visitor, method: str, path: str) -> int:
    if method == "GET":
        return visitor.get(path).status_code
    return visitor.post(path, **SAID, comment="Bonjour").status_code


def whole(quarter: Quarter) -> list[tuple[str, str]]:
    """An entry with a picture and a comment of the author's."""
    quarter.shows(papers.picture())
    entry = quarter.entry()
    comment = quarter.comments(f"/gazette/{entry.id}", quarter.author)
    (picture,) = quarter.world.rows(GazettePicture)
    return routes(entry.id or 0, comment.id or 0, picture.id)


def test_it_does_not_exist_for_other_communities(quarter: Quarter) -> None:
    """Twins included, and their référents."""
    ways = whole(quarter)
    for who in (quarter.twin, quarter.stranger):
        visitor = quarter.browser(who)
        assert {tried(visitor, *way) for way in ways} == {404}
        assert TITLE not in words(visitor.get("/gazette/"))
    assert (quarter.entry().title, quarter.entry().removed_at) == (TITLE, None)


@pytest.mark.parametrize(
    ("state", "status"), [(MemberState.PENDING, 403), (MemberState.SUSPENDED, 403)]
)
def test_it_is_for_active_members_alone(quarter: Quarter, state: str, status: int) -> None:
    ways = whole(quarter)
    quarter.world.change(quarter.neighbour, state=state)
    visitor = quarter.browser(quarter.neighbour)
    for way in (*ways, ("GET", "/gazette/"), ("GET", "/gazette/new"), ("POST", "/gazette/new")):
        assert tried(visitor, *way) == status, way


def test_an_agent_of_the_town_has_no_part_in_it(quarter: Quarter) -> None:
    agent = quarter.world.agent(email="agent@ville.example")
    visitor = quarter.house.inside(quarter.house.account_of(agent))
    assert {tried(visitor, *way) for way in whole(quarter)} == {403}


def test_numbers_that_are_none_are_not_there(quarter: Quarter) -> None:
    visitor = quarter.browser(quarter.author)
    for way in routes(2**31, 2**40, 2**62):
        assert tried(visitor, *way) in (404, 405), way
    assert visitor.get("/gazette/?page=99999999999999999999&kind=nonsense").status_code == 200


@pytest.mark.parametrize("gone", [{"state": MemberState.SUSPENDED}, {"community_id": None}])
def test_whoever_is_no_longer_here_is_not_read_here(quarter: Quarter, gone: dict[str, Any]) -> None:
    path = quarter.writes()
    other = quarter.writes(quarter.referent, title="Fête de rue")
    quarter.comments(other, quarter.author, "J'apporte un gâteau")
    quarter.world.change(quarter.author, **gone)
    visitor = quarter.browser(quarter.neighbour)
    page = words(visitor.get("/gazette/"))
    assert TITLE not in page
    assert "1 commentaire" not in page
    assert visitor.get(path).status_code == 410
    assert "gâteau" not in words(visitor.get(other))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": ""}, "Dites de quoi il s'agit."),
        ({"kind": "vente_d_armes"}, "Dites de quoi il s'agit."),
        ({"title": " "}, "Dites en quelques mots de quoi il s'agit."),
        ({"title": "x" * 81}, "80"),
        ({"text": ""}, "Écrivez d'abord votre texte."),
        ({"text": "x" * 3001}, "3000"),
        ({"until": ""}, "Donnez un jour"),
        ({"until": "bientôt"}, "Donnez un jour"),
        ({"until": "2026-11-23"}, "Ce jour est passé"),
        ({"until": "2027-11-23"}, "180 jours au plus"),
        ({"until": "99999-01-01"}, "Donnez un jour"),
    ],
)
def test_what_is_not_right_is_said_and_nothing_is_lost(
    quarter: Quarter, wrong: dict[str, str], said: str
) -> None:
    answer = quarter.browser(quarter.author).post("/gazette/new", **(SAID | wrong))
    assert answer.status_code == 422
    page = words(answer)
    assert said in page
    assert any(kept in page for kept in (TITLE, TEXT))
    assert quarter.world.rows(GazetteEntry) == []


@pytest.mark.parametrize("until", ["2026-12-20", "20/12/2026"])
def test_a_day_may_be_written_as_one_likes(quarter: Quarter, until: str) -> None:
    quarter.writes(until=until)
    assert quarter.entry().expires_at == at(23).replace(month=12, day=20)  # midnight in Paris


def test_a_second_press_adds_nothing(quarter: Quarter) -> None:
    assert quarter.writes() == quarter.writes()
    assert quarter.writes(title="Autre chose") != quarter.writes()
    assert len(quarter.world.rows(GazetteEntry)) == 2


def test_nobody_fills_it_alone(quarter: Quarter) -> None:
    for n in range(10):
        quarter.writes(title=f"Numéro {n}")
    answer = quarter.browser(quarter.author).post("/gazette/new", **SAID)
    assert answer.status_code == 422
    assert "10 informations en un jour" in words(answer)
    quarter.writes(quarter.neighbour)
    quarter.world.clock.forward(days=1, minutes=1)
    quarter.writes()


# the list


def test_the_list_is_filtered_and_has_pages(quarter: Quarter) -> None:
    home = quarter.author.community_id
    now = quarter.world.clock()
    for n in range(23):
        quarter.world.add(
            GazetteEntry(
                community_id=home or 0, author_id=quarter.author.id or 0, title=f"Numéro {n}.", text=TEXT,
                kind="fete" if n == 7 else "covoiturage", created_at=now,
                expires_at=now + timedelta(days=9),
            )
        )  # fmt: skip
    quarter.writes(quarter.neighbour, title="À moi")
    visitor = quarter.browser(quarter.neighbour)
    first, last = (words(visitor.get(f"/gazette/?page={n}")) for n in (1, 3))
    assert "24 informations" in first
    assert [first.count("entry-line "), last.count("entry-line ")] == [10, 4]
    assert first.index("À moi") < first.index("Numéro 22.")
    assert "Numéro 0." in last
    assert "page 3 sur 3" in words(visitor.get("/gazette/?page=99"))
    party = words(visitor.get("/gazette/?kind=fete"))
    assert party.count("entry-line ") == 1
    assert "Numéro 7." in party
    assert "Rien de ce genre" in words(visitor.get("/gazette/?kind=perdu_trouve"))
    assert words(visitor.get("/gazette/?mine=yes")).count("entry-line ") == 1
    rides = words(visitor.get("/gazette/?kind=covoiturage&page=2"))
    assert "kind=covoiturage" in rides.split("Plus anciennes")[0].rsplit("<a", 1)[1]


def test_an_empty_gazette_says_what_it_is_for(quarter: Quarter) -> None:
    page = words(quarter.browser(quarter.neighbour).get("/gazette/"))
    assert "un chat perdu" in page
    assert "Ajouter une information" in page


def test_a_page_asks_as_much_for_many_as_for_few(quarter: Quarter) -> None:
    drawn = quarter.shows(papers.picture())
    (picture,) = quarter.world.rows(GazettePicture)
    assert drawn.status_code == 303
    visitor = quarter.browser(quarter.neighbour)
    counts: dict[str, list[int]] = {"/gazette/": [], f"/gazette/{quarter.entry().id}": []}
    for more in (1, 8):
        fill(quarter, more, picture)
        for path, found in counts.items():
            visitor.get(path)
            with counted(quarter.world) as statements:
                assert visitor.get(path).status_code == 200
            found.append(len(statements))
    assert all(few == many for few, many in counts.values()), counts
    assert max(max(found) for found in counts.values()) <= 15


def fill(quarter: Quarter, more: int, picture: GazettePicture) -> None:
    """So many entries more with comments and a picture each, and comments on the first."""
    first, world = quarter.world.rows(GazetteEntry)[0], quarter.world
    for _ in range(more):
        who = world.member(quarter.author.community_id)
        entry = GazetteEntry(
            community_id=first.community_id, author_id=who.id or 0, kind="fete", title="Fête",
            text=TEXT, created_at=world.clock(), expires_at=first.expires_at,
        )  # fmt: skip
        world.add(entry)
        shown = picture.model_dump(exclude={"id"})
        values = shown | {"entry_id": entry.id, "file": f"{entry.id:032x}"}
        world.add(GazettePicture(**values))
        for of in (first, entry):
            world.add(GazetteComment(entry_id=of.id or 0, author_id=who.id or 0, text="Oui"))


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
