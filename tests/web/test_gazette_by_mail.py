"""/gazette by e-mail, which one asks for; and what is held of who wrote in it."""

from __future__ import annotations

import io
import json
from contextlib import closing
from datetime import timedelta
from zipfile import ZipFile

import pytest

from community_store import optouts, personal_data
from community_store.models import (
    Delivery,
    Every,
    GazetteComment,
    GazetteDigest,
    GazetteEntry,
    GazettePicture,
    Member,
)
from dispatch import digests, envelope, pictures
from tests.dispatch import papers
from tests.dispatch.world import at
from tests.web.house import words
from tests.web.quarter import TITLE, Quarter

pytestmark = pytest.mark.usefixtures("noon")

# by e-mail


def test_the_gazette_by_mail_is_off_until_one_asks(quarter: Quarter) -> None:
    visitor = quarter.browser(quarter.neighbour)
    assert "Vous pouvez recevoir les nouveautés par e-mail" in words(visitor.get("/gazette/"))
    page = words(visitor.get("/gazette/digest"))
    assert 'value="never" selected' in page
    assert "à 8 h 30" in page
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
