"""/gazette: pictures, drawn anew, and served to the community alone."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from community_store.models import (
    GazetteEntry,
    GazettePicture,
    MemberState,
)
from tests.dispatch import papers
from tests.web.house import SITE, words
from tests.web.quarter import SAID, TITLE, Quarter

pytestmark = pytest.mark.usefixtures("noon")


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
