"""/gazette: read and written inside the community, by its active members alone."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from PIL import Image
from sqlalchemy import event
from werkzeug.test import EnvironBuilder, TestResponse

from community_store import optouts, personal_data
from community_store.models import (
    AuditEntry,
    Delivery,
    Every,
    GazetteComment,
    GazetteDigest,
    GazetteEntry,
    GazettePicture,
    Member,
    MemberState,
)
from dispatch import digests, envelope, pictures
from tests.dispatch import papers
from tests.dispatch.world import World, at
from tests.web.house import SITE, TOKEN, House, Visitor, words

TITLE, TEXT = "Vélo d'enfant à donner", "Rouge, 20 pouces. À prendre chez moi."
SAID = {"kind": "petite_annonce", "title": TITLE, "text": TEXT, "until": "2026-12-20"}


@dataclass
class Quarter:
    """Les Lilas with an author, a neighbour and a référent; its twin; another community."""

    house: House
    author: Member
    neighbour: Member
    referent: Member
    twin: Member
    stranger: Member

    @property
    def world(self) -> World:
        return self.house.world

    def browser(self, who: Member) -> Visitor:
        return self.house.inside(self.house.account_of(who, password=False))

    def writes(self, who: Member | None = None, **more: str) -> str:
        """The path of a new entry."""
        visitor = self.browser(who or self.author)
        return visitor.lands(visitor.post("/gazette/new", **(SAID | more)))

    def entry(self) -> GazetteEntry:
        found = self.world.rows(GazetteEntry)[-1]
        assert isinstance(found, GazetteEntry)
        return found

    def comments(self, path: str, who: Member, text: str = "Il m'intéresse") -> GazetteComment:
        visitor = self.browser(who)
        visitor.lands(visitor.post(f"{path}/comments", comment=text))
        found = self.world.rows(GazetteComment)[-1]
        assert isinstance(found, GazetteComment)
        return found

    def shows(self, *files: bytes, path: str = "/gazette/new", **more: str) -> TestResponse:
        return uploaded(self.browser(self.author), path, files, SAID | more)


@pytest.fixture
def quarter(house: House) -> Quarter:
    world = house.world
    world.clock.now = at(11)
    home, other, far = (world.community(name) for name in ("Les Lilas", "Les Roses", "Le Bourg"))
    world.twin(home, other)
    return Quarter(
        house,
        world.member(home, first_name="Odette", last_name="Martin", pseudonym="Mésange",
                     email="odette@voisins.example", address="4 rue des Canaris"),
        world.member(home, first_name="Jean", last_name="Petit", email="jean@voisins.example"),
        world.member(home, first_name="Rose", last_name="Blanc", referent=True),
        world.member(other, first_name="Paul", last_name="Noir"),
        world.member(far, first_name="Lise", last_name="Roux", referent=True),
    )  # fmt: skip


def uploaded(
    visitor: Visitor, path: str, files: Sequence[bytes], said: dict[str, str]
) -> TestResponse:
    token = TOKEN.search(visitor.get("/help").text)
    assert token
    form: dict[str, Any] = {
        "csrf_token": token[1],
        "pictures": [(io.BytesIO(data), f"photo{n}.jpg") for n, data in enumerate(files)],
        **said,
    }
    built = EnvironBuilder(path, SITE, method="POST", data=form)
    environ = built.get_environ()
    answer = visitor.client.open(environ)
    answer.get_data()
    environ["wsgi.input"].close()  # on the disk, when it is long
    built.close()
    return answer


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


# changed, over, removed


def test_one_changes_ones_own(quarter: Quarter) -> None:
    path = quarter.writes()
    visitor = quarter.browser(quarter.author)
    form = words(visitor.get(f"{path}/edit"))
    assert TITLE in form
    assert 'value="2026-12-20"' in form
    quarter.world.clock.forward(hours=2)
    visitor.lands(visitor.post(f"{path}/edit", **(SAID | {"title": "Vélo donné, merci"})))
    page = words(quarter.browser(quarter.neighbour).get(path))
    assert "Vélo donné, merci" in page
    assert "modifié le 24 novembre à 14 h" in page
    assert visitor.post(f"{path}/edit", **(SAID | {"title": ""})).status_code == 422


def test_nobody_changes_anothers(quarter: Quarter) -> None:
    """A référent removes; words are never put into somebody's mouth."""
    path = quarter.writes()
    for who in (quarter.neighbour, quarter.referent):
        visitor = quarter.browser(who)
        assert visitor.get(f"{path}/edit").status_code == 404
        assert visitor.post(f"{path}/edit", **(SAID | {"title": "Autre"})).status_code == 404
    assert quarter.entry().title == TITLE


def test_when_its_day_is_over_only_its_author_reads_it(quarter: Quarter) -> None:
    path = quarter.writes(until="2026-11-25")
    quarter.world.clock.now = at(22, 59).replace(day=25)
    assert TITLE in words(quarter.browser(quarter.neighbour).get(path))
    quarter.world.clock.forward(minutes=1)
    other, author = quarter.browser(quarter.neighbour), quarter.browser(quarter.author)
    answer = other.get(path)
    assert answer.status_code == 410
    assert TITLE not in words(answer)
    assert TITLE not in words(other.get("/gazette/"))
    assert TITLE not in words(author.get("/gazette/"))
    assert "passée" in words(author.get("/gazette/?mine=yes"))
    assert "vous seul la lisez encore" in words(author.get(path))
    assert author.post(f"{path}/comments", comment="Encore là").status_code == 422
    author.lands(author.post(f"{path}/edit", **SAID))
    assert TITLE in words(other.get("/gazette/"))


def test_one_removes_ones_own_after_being_asked(quarter: Quarter) -> None:
    path = quarter.writes()
    visitor = quarter.browser(quarter.author)
    assert "Retirer cette information ?" in words(visitor.get(f"{path}/remove"))
    assert quarter.entry().removed_at is None
    assert visitor.lands(visitor.post(f"{path}/remove")) == "/gazette/"
    for who in (quarter.author, quarter.neighbour, quarter.referent):
        reader = quarter.browser(who)
        answer = reader.get(path)
        assert (answer.status_code, TITLE in words(answer)) == (410, False)
        assert TITLE not in words(reader.get("/gazette/?mine=yes"))
    assert visitor.post(f"{path}/remove").status_code == 404
    assert quarter.world.rows(AuditEntry) == []


def test_a_neighbour_removes_nothing_of_anothers(quarter: Quarter) -> None:
    path = quarter.writes()
    visitor = quarter.browser(quarter.neighbour)
    assert visitor.get(f"{path}/remove").status_code == 404
    assert visitor.post(f"{path}/remove").status_code == 404
    assert quarter.entry().removed_at is None


def test_a_referent_removes_and_says_why(quarter: Quarter) -> None:
    path = quarter.writes()
    visitor = quarter.browser(quarter.referent)
    assert "L'auteur lira ces mots" in words(visitor.get(f"{path}/remove"))
    visitor.lands(visitor.post(f"{path}/remove", why="Pas de vente ici"))
    for who in (quarter.neighbour, quarter.referent):
        assert quarter.browser(who).get(path).status_code == 410
    author = quarter.browser(quarter.author)
    page = words(author.get(path))
    assert "Un référent a retiré" in page
    assert "Pas de vente ici" in page
    assert "retirée" in words(author.get("/gazette/?mine=yes"))
    for what in ("edit", "remove"):
        assert author.get(f"{path}/{what}").status_code == 404
    (noted,) = quarter.world.rows(AuditEntry)
    assert (noted.actor, noted.action, noted.subject) == (
        f"member {quarter.referent.id}", "removed", f"gazette {quarter.entry().id}",
    )  # fmt: skip


# comments


def test_comments_are_read_by_all_under_a_name(quarter: Quarter) -> None:
    path = quarter.writes()
    quarter.comments(path, quarter.neighbour)
    page = words(quarter.browser(quarter.referent).get(path))
    assert "Jean Petit" in page
    assert "Il m'intéresse" in page
    assert "1 commentaire" in words(quarter.browser(quarter.author).get("/gazette/"))


def test_a_comment_says_something_and_once(quarter: Quarter) -> None:
    path = quarter.writes()
    visitor = quarter.browser(quarter.neighbour)
    for wrong in ("", "  ", "x" * 1001):
        assert visitor.post(f"{path}/comments", comment=wrong).status_code == 422
    quarter.comments(path, quarter.neighbour)
    quarter.comments(path, quarter.neighbour)
    assert len(quarter.world.rows(GazetteComment)) == 1


def test_one_changes_and_removes_ones_own_comment(quarter: Quarter) -> None:
    path = quarter.writes()
    comment = quarter.comments(path, quarter.neighbour)
    mine, edit = quarter.browser(quarter.neighbour), f"/gazette/comments/{comment.id}/edit"
    assert "Il m'intéresse" in words(mine.get(edit))
    assert mine.post(edit, comment="").status_code == 422
    mine.lands(mine.post(edit, comment="Finalement non"))
    assert "Finalement non" in words(quarter.browser(quarter.author).get(path))
    for who in (quarter.author, quarter.referent):
        assert quarter.browser(who).post(edit, comment="Autre").status_code == 404
    remove = f"/gazette/comments/{comment.id}/remove"
    assert quarter.browser(quarter.author).post(remove).status_code == 404
    assert "Finalement non" in words(mine.get(remove))
    mine.lands(mine.post(remove))
    assert "Finalement non" not in words(quarter.browser(quarter.author).get(path))
    assert mine.post(edit, comment="Encore").status_code == 404


def test_a_referent_removes_a_comment(quarter: Quarter) -> None:
    path = quarter.writes()
    comment = quarter.comments(path, quarter.neighbour, "Méchanceté")
    visitor = quarter.browser(quarter.referent)
    visitor.lands(visitor.post(f"/gazette/comments/{comment.id}/remove"))
    for who in (quarter.author, quarter.neighbour):
        assert "Méchanceté" not in words(quarter.browser(who).get(path))
    assert [one.subject for one in quarter.world.rows(AuditEntry)] == [f"comment {comment.id}"]


def test_there_is_an_end_to_comments(quarter: Quarter) -> None:
    path = quarter.writes()
    for n in range(50):
        quarter.world.add(
            GazetteComment(
                entry_id=quarter.entry().id or 0, author_id=quarter.neighbour.id or 0, text=f"{n}",
                created_at=quarter.world.clock(),
            )
        )  # fmt: skip
    answer = quarter.browser(quarter.neighbour).post(f"{path}/comments", comment="Un de plus")
    assert answer.status_code == 422
    assert "50 commentaires en un jour" in words(answer)
    for n in range(150):
        quarter.world.add(
            GazetteComment(
                entry_id=quarter.entry().id or 0, author_id=quarter.author.id or 0, text=f"{n}"
            )
        )
    visitor = quarter.browser(quarter.referent)
    assert visitor.post(f"{path}/comments", comment="Moi aussi").status_code == 422
    assert "publiez plutôt une nouvelle information" in words(visitor.get(path))


# pictures


def test_pictures_are_drawn_anew_and_say_nothing_of_where(quarter: Quarter) -> None:
    photo = papers.photo_at_home()
    assert Image.open(io.BytesIO(photo)).getexif().get_ifd(0x8825)
    assert quarter.shows(photo, papers.picture("PNG"), papers.picture("WEBP")).status_code == 303
    rows = quarter.world.rows(GazettePicture)
    visitor = quarter.browser(quarter.neighbour)
    page = visitor.get(f"/gazette/{quarter.entry().id}").text
    for row in rows:
        assert f"/gazette/pictures/{row.id}/medium" in page
    for size, longest in (("large", 1600), ("medium", 800), ("small", 320)):
        answer = visitor.get(f"/gazette/pictures/{rows[0].id}/{size}")
        shown = Image.open(io.BytesIO(answer.data), formats=["JPEG"])
        assert max(shown.size) == longest
        assert shown.height > shown.width  # it was lying on its side
        assert dict(shown.getexif()) == {}
        for told in (b"Exif", b"CANARY", papers.SECRET):
            assert told not in answer.data


def test_a_picture_is_served_as_nothing_but_a_picture(quarter: Quarter) -> None:
    quarter.shows(papers.picture())
    (row,) = quarter.world.rows(GazettePicture)
    visitor, path = quarter.browser(quarter.neighbour), f"/gazette/pictures/{row.id}/medium"
    answer = visitor.get(path)
    assert answer.content_type == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in answer.headers["Vary"]
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    known = {"If-None-Match": answer.headers["ETag"]}
    again = visitor.client.get(path, base_url=SITE, headers=known)
    assert (again.status_code, again.data) == (304, b"")
    stranger = quarter.browser(quarter.stranger)
    assert stranger.client.get(path, base_url=SITE, headers=known).status_code == 404
    nobody = quarter.house.visitor()
    assert "/sign-in" in nobody.lands(nobody.get(path))
    assert visitor.get(f"/gazette/pictures/{row.id}/original").status_code == 404


@pytest.mark.parametrize("how", ["removed", "over", "suspended"])
def test_a_picture_goes_with_its_entry(quarter: Quarter, how: str) -> None:
    quarter.shows(papers.picture())
    (row,) = quarter.world.rows(GazettePicture)
    path = f"/gazette/pictures/{row.id}/small"
    assert quarter.browser(quarter.neighbour).get(path).status_code == 200
    if how == "removed":
        visitor = quarter.browser(quarter.author)
        visitor.lands(visitor.post(f"/gazette/{row.entry_id}/remove"))
    elif how == "over":
        quarter.world.clock.forward(days=60)
    else:
        quarter.world.change(quarter.author, state=MemberState.SUSPENDED)
    assert quarter.browser(quarter.neighbour).get(path).status_code == 404


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ((b"MZ\x90\x00 chat.jpg",), "n'est pas une photo JPEG"),
        ((b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",), "n'est pas une photo"),
        ((papers.picture()[:900],), "abîmée"),
        ((papers.png_bomb(),), "trop de points"),
        ((papers.text_bomb(),), "abîmée"),
        ((papers.picture(), papers.letter()), "n'est pas une photo JPEG"),
        ((papers.picture("PNG", (9, 9)),) * 4, "3 photos au plus"),
        ((papers.picture() + bytes(10_000_000),), "10 Mo au plus"),
    ],
    ids=["program", "svg", "half", "pixels", "comment", "one of two", "many", "heavy"],
)
def test_what_is_no_picture_is_refused_and_nothing_is_published(
    quarter: Quarter, files: tuple[bytes, ...], said: str
) -> None:
    answer = quarter.shows(*files)
    page = words(answer)
    assert answer.status_code == 422
    assert said in page
    assert TITLE in page
    assert "Choisissez de nouveau vos photos" in page
    assert quarter.world.rows(GazetteEntry) == []
    assert not list((quarter.world.settings.data_dir / "pictures").glob("*"))


def test_what_is_far_too_heavy_is_not_even_read(quarter: Quarter) -> None:
    assert quarter.shows(bytes(31_000_000)).status_code == 413


def test_pictures_are_exchanged(quarter: Quarter) -> None:
    small = [papers.picture("PNG", (size, 9)) for size in (10, 20, 30, 40)]
    quarter.shows(*small[:3])
    path, rows = f"/gazette/{quarter.entry().id}/edit", quarter.world.rows(GazettePicture)
    assert quarter.shows(small[3], path=path).status_code == 422
    assert [one.width for one in quarter.world.rows(GazettePicture)] == [10, 20, 30]
    assert quarter.shows(small[3], path=path, drop=str(rows[1].id)).status_code == 303
    assert [one.width for one in quarter.world.rows(GazettePicture)] == [10, 30, 40]


def test_nobody_drops_the_pictures_of_another_entry(quarter: Quarter) -> None:
    quarter.shows(papers.picture())
    (row,) = quarter.world.rows(GazettePicture)
    path = quarter.writes(quarter.neighbour, title="À moi")
    visitor = quarter.browser(quarter.neighbour)
    visitor.lands(visitor.post(f"{path}/edit", **SAID, drop=str(row.id)))
    assert len(quarter.world.rows(GazettePicture)) == 1


# by e-mail


def test_the_gazette_by_mail_is_off_until_one_asks(quarter: Quarter) -> None:
    visitor = quarter.browser(quarter.neighbour)
    assert "Vous pouvez recevoir les nouveautés par e-mail" in words(visitor.get("/gazette/"))
    page = words(visitor.get("/gazette/digest"))
    assert 'value="never" selected' in page
    assert "à 8h30" in page
    visitor.lands(visitor.post("/gazette/digest", every="weekly"))
    (row,) = quarter.world.rows(GazetteDigest)
    assert (row.member_id, row.every, row.chosen_at) == (quarter.neighbour.id, "weekly", at(11))
    assert 'value="weekly" selected' in words(visitor.get("/gazette/digest"))
    visitor.lands(visitor.post("/gazette/digest", every="never"))
    assert quarter.world.rows(GazetteDigest) == []
    assert visitor.post("/gazette/digest", every="hourly").status_code == 422


def test_without_an_address_there_is_none(quarter: Quarter) -> None:
    visitor = quarter.browser(quarter.referent)
    assert "Il nous faut d'abord votre adresse e-mail" in words(visitor.get("/gazette/digest"))
    quarter.world.stop("jean@voisins.example", "email")  # type: ignore[arg-type]  # its value
    page = words(quarter.browser(quarter.neighbour).get("/gazette/digest"))
    assert "plus recevoir aucun e-mail" in page


def digest_of(quarter: Quarter) -> str:
    """The way out of a digest that the neighbour got."""
    visitor = quarter.browser(quarter.neighbour)
    visitor.lands(visitor.post("/gazette/digest", every=Every.DAILY.value))
    quarter.world.clock.forward(minutes=5)
    quarter.writes()
    quarter.world.clock.now = at(7, 30).replace(day=25)
    assert digests.run(quarter.world.runtime) == 1
    (delivery,) = quarter.world.rows(Delivery)
    return f"/unsubscribe/{envelope.unsubscribe_token(quarter.world.settings, delivery.id)}"


def test_a_digest_is_stopped_in_one_click_and_alerts_go_on(quarter: Quarter) -> None:
    """As a mail program does it: a POST without cookie or token (RFC 8058)."""
    way_out, program = digest_of(quarter), quarter.house.visitor()
    assert "Les alertes continuent" in words(program.get(way_out))
    assert len(quarter.world.rows(GazetteDigest)) == 1, "a GET changes nothing"
    for _ in range(2):
        answer = program.bare_post(way_out, **{"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "plus de gazette par e-mail" in words(answer)
    assert quarter.world.rows(GazetteDigest) == []
    assert quarter.world.delivery().state == "suppressed"
    with quarter.world.store.read() as session:
        assert not optouts.stopped(session, "jean@voisins.example", "email")
    assert program.bare_post(f"{way_out}x").status_code == 404


# what is held


def test_an_author_takes_their_pictures_along_and_nobody_elses(quarter: Quarter) -> None:
    quarter.shows(papers.picture())
    (picture,) = quarter.world.rows(GazettePicture)
    visitor = quarter.browser(quarter.author)
    answer = visitor.post("/settings/data/all")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.zip"'
    assert answer.headers["Cache-Control"] == "no-store"
    with closing(answer), ZipFile(io.BytesIO(answer.data)) as parcel:
        held = json.loads(parcel.read("my-data.json"))
        shown = parcel.read(f"pictures/{picture.id}.jpg")
    assert held == json.loads(visitor.post("/settings/data").text)
    assert [one["id"] for one in held["gazette_pictures"]] == [picture.id]
    assert shown == visitor.get(f"/gazette/pictures/{picture.id}/large").data
    other = quarter.browser(quarter.neighbour).post("/settings/data/all")
    with closing(other), ZipFile(io.BytesIO(other.data)) as parcel:
        assert parcel.namelist() == ["my-data.json"]


def test_what_one_wrote_comes_out_and_is_erased(quarter: Quarter) -> None:
    quarter.shows(papers.picture())
    path = f"/gazette/{quarter.entry().id}"
    quarter.comments(path, quarter.author, "Toujours là")
    quarter.comments(path, quarter.neighbour)
    visitor = quarter.browser(quarter.author)
    visitor.lands(visitor.post("/gazette/digest", every="daily"))
    with quarter.world.act() as act:
        author = act.session.get_one(Member, quarter.author.id)
        held = personal_data.export(act.session, author)
        personal_data.erase(act.session, author)
    assert [one["title"] for one in held["gazette_entries"]] == [TITLE]
    assert [one["text"] for one in held["gazette_comments"]] == ["Toujours là"]
    assert [one["width"] for one in held["gazette_pictures"]] == [800]
    assert "sealed_key" not in held["gazette_pictures"][0]
    assert [one["every"] for one in held["gazette_digest"]] == ["daily"]
    for table in (GazetteEntry, GazetteComment, GazettePicture, GazetteDigest):
        assert quarter.world.rows(table) == []
    quarter.world.clock.forward(hours=2)
    with quarter.world.store.read() as session:
        later = quarter.world.clock() + timedelta(days=10_000)  # files have the machine's time
        assert pictures.tidy(session, quarter.world.settings, later) == 1
