"""What was reported is to be seen by whoever judges it: its page, its pictures, its record."""

from __future__ import annotations

import re

import pytest

from community_store import personal_data
from community_store.models import GazettePicture, Member, Report, Reported, Town
from dispatch import alerts, pictures
from dispatch.alerts import Told, TownVoice
from tests.dispatch import papers
from tests.dispatch.world import INSEE
from tests.web.house import House, Visitor, words
from tests.web.quarter import SAID, TEXT, Quarter, uploaded

pytestmark = pytest.mark.usefixtures("noon")

REASON = "On ne montre pas les enfants des autres"


def team(house: House) -> Visitor:
    return house.inside(house.team())


def reported(quarter: Quarter, kind: str, id_: int | None) -> Report:
    visitor = quarter.browser(quarter.neighbour)
    visitor.lands(visitor.post(f"/report/{kind}/{id_}", why="Ce n'est pas correct"))
    found = quarter.world.rows(Report)[-1]
    assert isinstance(found, Report)
    return found


def shown(quarter: Quarter) -> Report:
    """An entry with a picture, reported."""
    quarter.shows(papers.picture())
    return reported(quarter, "entry", quarter.entry().id)


def seen(page: str) -> list[str]:
    return re.findall(r'src="(/team/reports/[^"]+)"', page)


def test_the_team_sees_the_pictures_of_what_is_reported_and_of_nothing_else(
    quarter: Quarter,
) -> None:
    quarter.writes(title="Une autre")
    other = reported(quarter, "entry", quarter.entry().id)
    report, visitor = shown(quarter), team(quarter.house)
    (row,) = quarter.world.rows(GazettePicture)
    (path,) = seen(visitor.get(f"/team/reports/{report.id}").text)
    assert path == f"/team/reports/{report.id}/pictures/{row.id}/medium"
    answer = visitor.get(path)
    assert (answer.status_code, answer.content_type) == (200, "image/jpeg")
    assert answer.data == pictures.look(quarter.world.settings, row, pictures.Size.MEDIUM)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert seen(visitor.get(f"/team/reports/{other.id}").text) == []
    for wrong in (
        f"{other.id}/pictures/{row.id}/medium", f"{report.id}/pictures/{row.id}/huge",
        f"{report.id}/pictures/{(row.id or 0) + 1}/medium", f"9/pictures/{row.id}/medium",
        f"{10**12}/pictures/{10**12}/medium",
    ):  # fmt: skip
        assert visitor.get(f"/team/reports/{wrong}").status_code == 404, wrong


def test_what_was_written_since_is_not_taken_for_what_was_reported(quarter: Quarter) -> None:
    """SQLite gives the number of what is gone to what is written next, perhaps elsewhere."""
    report, clock = shown(quarter), quarter.world.clock
    gone = quarter.entry().id
    with quarter.world.act() as act:
        personal_data.erase(act.session, act.session.get_one(Member, quarter.author.id))
    clock.forward(minutes=1)
    uploaded(quarter.browser(quarter.stranger), "/gazette/new", [papers.picture()], SAID)
    assert quarter.entry().id == gone
    visitor, path = team(quarter.house), f"/team/reports/{report.id}"
    assert seen(visitor.get(path).text) == []
    visitor.lands(visitor.post(path, answer="removed", told=REASON, sure="1"))
    assert quarter.entry().removed_at is None


def test_nobody_but_the_team_has_pictures_that_way(quarter: Quarter) -> None:
    report = shown(quarter)
    (row,) = quarter.world.rows(GazettePicture)
    for who in (quarter.author, quarter.neighbour, quarter.referent, quarter.twin):
        answer = quarter.browser(who).get(f"/team/reports/{report.id}/pictures/{row.id}/small")
        assert answer.status_code == 403


def test_a_comment_is_judged_without_the_pictures_of_another(quarter: Quarter) -> None:
    quarter.shows(papers.picture())
    comment = quarter.comments(f"/gazette/{quarter.entry().id}", quarter.author)
    report, visitor = reported(quarter, "comment", comment.id), team(quarter.house)
    (row,) = quarter.world.rows(GazettePicture)
    assert seen(visitor.get(f"/team/reports/{report.id}").text) == []
    path = f"/team/reports/{report.id}/pictures/{row.id}/small"
    assert visitor.get(path).status_code == 404


def test_what_its_author_takes_back_meanwhile_is_still_judged(quarter: Quarter) -> None:
    report, visitor = shown(quarter), team(quarter.house)
    author = quarter.browser(quarter.author)
    author.lands(author.post(f"/gazette/{quarter.entry().id}/remove"))
    (path,) = seen(visitor.get(f"/team/reports/{report.id}").text)
    assert visitor.get(path).status_code == 200


def test_what_was_removed_stays_on_the_record_for_the_team(quarter: Quarter) -> None:
    report, visitor = shown(quarter), team(quarter.house)
    assert "Rien n'a été retiré" in words(visitor.get("/team/reports/decided"))
    referent = quarter.browser(quarter.referent)
    path = f"/reports/{report.id}"
    referent.lands(referent.post(path, answer="removed", told=REASON, sure="1"))
    assert f'href="/team{path}"' in visitor.get("/team/reports/decided").text
    answer = visitor.get(f"/team{path}")
    for told in (TEXT, REASON, "Odette Martin", "Ce n'est pas correct"):
        assert told in words(answer)
    assert 'name="answer"' not in answer.text
    (picture,) = seen(answer.text)
    assert visitor.get(picture).status_code == 200
    assert visitor.post(f"/team{path}", answer="kept").status_code == 410
    assert referent.get(path).status_code == 410


def test_what_was_kept_is_nobodys_business_any_more(quarter: Quarter) -> None:
    report, visitor = shown(quarter), team(quarter.house)
    (path,) = seen(visitor.get(f"/team/reports/{report.id}").text)
    visitor.lands(visitor.post(f"/team/reports/{report.id}", answer="kept"))
    answer = visitor.get(f"/team/reports/{report.id}")
    assert answer.status_code == 410
    assert TEXT not in words(answer)
    assert visitor.get(path).status_code == 404
    assert "Rien n'a été retiré" in words(visitor.get("/team/reports/decided"))


@pytest.mark.parametrize("removed", [True, False])
def test_nothing_is_left_when_its_author_closes_the_account(
    quarter: Quarter, removed: bool
) -> None:
    report, visitor = shown(quarter), team(quarter.house)
    page = f"/team/reports/{report.id}"
    (path,) = seen(visitor.get(page).text)
    if removed:
        visitor.lands(visitor.post(page, answer="removed", told=REASON, sure="1"))
    with quarter.world.act() as act:
        personal_data.erase(act.session, act.session.get_one(Member, quarter.author.id))
    assert visitor.get(path).status_code == 404
    assert seen(visitor.get(page).text) == []
    for left in (words(visitor.get(page)), words(visitor.get("/team/reports/decided"))):
        assert not any(told in left for told in (TEXT, REASON, "Odette"))


@pytest.mark.parametrize("kind", ["entry", "comment", "alert"])
def test_a_referent_is_led_to_what_is_reported_while_they_may_read_it(
    quarter: Quarter, kind: str
) -> None:
    if kind == "alert":
        id_ = quarter.world.raised(quarter.author, "Fumée").id
        page = f"/alerts/{id_}"
    else:
        page = quarter.writes()
        id_ = quarter.entry().id
        if kind == "comment":
            id_ = quarter.comments(page, quarter.author).id
            page += "#comments"
    report, referent = reported(quarter, kind, id_), quarter.browser(quarter.referent)
    assert f'href="{page}"' in referent.get(f"/reports/{report.id}").text
    assert referent.get(page).status_code == 200
    assert f'href="{page}"' not in team(quarter.house).get(f"/team/reports/{report.id}").text
    if kind != "alert":
        author = quarter.browser(quarter.author)
        way = f"/gazette/comments/{id_}" if kind == "comment" else f"/gazette/{id_}"
        author.lands(author.post(f"{way}/remove"))
        assert f'href="{page}"' not in referent.get(f"/reports/{report.id}").text


def test_of_what_a_town_says_nobody_is_warned_or_suspended(quarter: Quarter) -> None:
    """An agent is no member: there is no account to warn or to suspend."""
    world = quarter.world
    agent = world.agent()
    with world.act() as act:
        town, voice = act.session.get_one(Town, INSEE), TownVoice(agent=act.session.merge(agent))
        town.subscribed = True
        ref = alerts.raise_town(act, town, Told("Coupure d'eau"), voice).alert.id
    report, visitor = reported(quarter, Reported.ALERT, ref), team(quarter.house)
    page = f"/team/reports/{report.id}"
    answers = re.findall(r'name="answer" value="(\w+)"', visitor.get(page).text)
    assert answers == ["kept", "removed"]
    assert visitor.post(page, answer="suspended", told=REASON, sure="1").status_code == 400
