"""/gazette: what is changed, over or removed, and comments."""

from __future__ import annotations

import pytest

from community_store.models import (
    AuditEntry,
    GazetteComment,
)
from tests.dispatch.world import at
from tests.web.house import words
from tests.web.quarter import SAID, TITLE, Quarter

pytestmark = pytest.mark.usefixtures("noon")

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


def test_who_would_report_what_is_gone_is_told_so(quarter: Quarter) -> None:
    path = quarter.writes()
    comment, reader = quarter.comments(path, quarter.neighbour), quarter.browser(quarter.referent)
    reports = (f"/report/comment/{comment.id}", f"/report/entry/{quarter.entry().id}")
    theirs, mine = quarter.browser(quarter.neighbour), quarter.browser(quarter.author)
    theirs.lands(theirs.post(f"/gazette/comments/{comment.id}/remove"))
    assert [reader.get(one).status_code for one in reports] == [410, 200]
    mine.lands(mine.post(f"{path}/remove"))
    for one in reports:
        answer = reader.get(one)
        assert (answer.status_code, "déjà plus là" in words(answer)) == (410, True)
        assert reader.post(one, why="Non").status_code == 410
        assert quarter.browser(quarter.stranger).get(one).status_code == 404
    assert mine.get(reports[1]).status_code == 404


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
