"""Somebody reports an alert; référents and the team decide of it (A11)."""

from __future__ import annotations

import re

import pytest

from community_store import audit
from community_store.models import Alert, AlertState, MemberState, Notice, Report, ReportState
from tests.web.house import House, Visitor, words
from tests.web.quarter import ALERT as TEXT
from tests.web.quarter import Quarter
from tests.web.test_alerts import only_alert


def reported(quarter: Quarter, why: str = "C'est faux") -> Report:
    path = quarter.sends()
    visitor = quarter.browser(quarter.neighbour)
    assert visitor.lands(visitor.post(f"/report{path.replace('alerts', 'alert')}", why=why)) == path
    (found,) = quarter.world.rows(Report)
    assert isinstance(found, Report)
    return found


def team(house: House) -> Visitor:
    return house.inside(house.team())


def test_a_report_asks_the_referents_and_the_team_once(quarter: Quarter) -> None:
    report = reported(quarter)
    assert (report.about_id, report.quote) == (quarter.author.id, TEXT)
    path = f"/report/alert/{report.subject_id}"
    for who in (quarter.neighbour, quarter.twin):
        visitor = quarter.browser(who)
        visitor.lands(visitor.post(path, why="Je le dis aussi"))
    assert len(quarter.world.rows(Report)) == 2
    asked = [one for one in quarter.world.rows(Notice) if one.kind == "report_ask"]
    told = [
        one.address for one in quarter.world.deliveries() if one.notice_id in {a.id for a in asked}
    ]
    assert told == [quarter.referent.mobile]


def test_the_team_is_shown_at_home_how_many_wait(quarter: Quarter) -> None:
    visitor = team(quarter.house)
    assert "signalement" not in words(visitor.get("/home")).replace("Signalements", "")
    reported(quarter)
    page = words(visitor.get("/home"))
    assert "1 signalement vous attend" in page
    assert 'class="bell-count" aria-hidden="true">1<' in page
    assert visitor.get("/team/reports").status_code == 200


def test_one_cannot_report_what_one_may_not_read_or_wrote(quarter: Quarter) -> None:
    path = quarter.sends().replace("alerts", "alert")
    for who in (quarter.author, quarter.stranger):
        visitor = quarter.browser(who)
        assert visitor.get(f"/report{path}").status_code == 404
        assert visitor.post(f"/report{path}", why="Non").status_code == 404
    assert quarter.browser(quarter.neighbour).post(f"/report{path}", why=" ").status_code == 422
    assert quarter.browser(quarter.neighbour).get("/report/message/1").status_code == 404
    assert quarter.world.rows(Report) == []


def test_a_referent_does_not_learn_who_reported(quarter: Quarter) -> None:
    report = reported(quarter)
    referent = quarter.browser(quarter.referent)
    page = words(referent.get(f"/reports/{report.id}"))
    assert "Odette Martin" in page
    assert "Jean" not in page
    assert "Jean Petit" in words(team(quarter.house).get(f"/team/reports/{report.id}"))


def test_a_referent_removes_and_the_author_is_told_why(quarter: Quarter) -> None:
    report = reported(quarter)
    referent = quarter.browser(quarter.referent)
    path = f"/reports/{report.id}"
    assert referent.post(path, answer="removed").status_code == 422
    assert referent.post(path, answer="suspended", told="Non").status_code == 400
    referent.lands(
        referent.post(path, answer="removed", told="Une accusation sans preuve", sure="1")
    )
    alert = only_alert(quarter.world)
    assert (alert.state, alert.text) == (AlertState.WITHDRAWN, "")
    quarter.world.pump()
    assert "Une accusation sans preuve" in quarter.world.phone(quarter.author.mobile or "")[-1]
    assert referent.get(path).status_code == 410
    with quarter.world.store.read() as db:
        assert [one.action for one in audit.of(db, f"report {report.id}")] == ["removed"]


def test_the_team_suspends_and_the_author_sees_why(quarter: Quarter) -> None:
    report = reported(quarter)
    visitor = team(quarter.house)
    visitor.lands(
        visitor.post(f"/team/reports/{report.id}", answer="suspended", told="Trois fois", sure="1")
    )
    world = quarter.world
    world.pump()
    assert world.rows(type(quarter.author), id=quarter.author.id)[0].state == MemberState.SUSPENDED
    assert "Trois fois" in world.phone(quarter.author.mobile or "")[-1]
    assert "Trois fois" in words(quarter.browser(quarter.author).get("/home"))


def test_the_team_sees_on_its_first_page_and_its_bell_what_waits(quarter: Quarter) -> None:
    visitor = team(quarter.house)
    quiet = visitor.get("/home")
    assert 'href="/team/reports"' in quiet.text
    assert "bell-count" not in quiet.text
    reported(quarter)
    page = visitor.get("/home")
    assert "1 signalement vous attend" in words(page)
    assert 'class="bell-count" aria-hidden="true">1<' in page.text


def test_what_a_referent_passes_on_waits_for_the_team(quarter: Quarter) -> None:
    report = reported(quarter)
    referent = quarter.browser(quarter.referent)
    referent.lands(referent.post(f"/reports/{report.id}", answer="passed_on"))
    assert quarter.world.rows(Report)[0].state == ReportState.PASSED_ON
    assert referent.get(f"/reports/{report.id}").status_code == 410
    assert "transmis par un référent" in words(team(quarter.house).get("/team/reports"))


@pytest.mark.parametrize("answer", ["removed", "kept"])
def test_who_comes_second_reads_that_it_is_decided_and_nothing_of_it(
    quarter: Quarter, answer: str
) -> None:
    report = reported(quarter)
    second = quarter.world.member(quarter.referent.community_id, referent=True)
    paths = {"referent": f"/reports/{report.id}", "team": f"/team/reports/{report.id}"}
    quarter.browser(quarter.referent).post(paths["referent"], answer=answer, told="Non", sure="1")
    late = {"referent": quarter.browser(second), "team": team(quarter.house)}
    for who, visitor in late.items():
        said = visitor.post(paths[who], answer="kept", told="Trop tard")
        assert said.status_code == 410
        assert "n'attend plus de réponse" in words(said)
        assert TEXT not in words(said)
    assert late["referent"].get(paths["referent"]).status_code == 410
    assert quarter.browser(quarter.neighbour).get(paths["referent"]).status_code == 403


def test_a_referent_does_not_decide_of_their_own(quarter: Quarter) -> None:
    quarter.world.change(quarter.author, referent=True)
    report = reported(quarter)
    visitor = quarter.browser(quarter.author)
    assert visitor.get(f"/reports/{report.id}").status_code == 404
    assert visitor.post(f"/reports/{report.id}", answer="kept").status_code == 404


@pytest.mark.parametrize("answer", ["kept", "removed", "warned"])
def test_who_reported_is_told_by_mail_that_somebody_looked(quarter: Quarter, answer: str) -> None:
    quarter.world.change(quarter.neighbour, email="jean@voisins.example")
    report = reported(quarter)
    referent = quarter.browser(quarter.referent)
    referent.lands(
        referent.post(f"/reports/{report.id}", answer=answer, told="Parce que", sure="1")
    )
    done = [one.id for one in quarter.world.rows(Notice) if one.kind == "report_done"]
    told = [one.address for one in quarter.world.deliveries() if one.notice_id in done]
    assert told == ["jean@voisins.example"]
    assert len(quarter.world.rows(Alert)) == 1


def test_a_referent_reads_a_report_masked_as_the_alert_is(quarter: Quarter) -> None:
    report = reported(quarter)
    referent, ada = quarter.browser(quarter.referent), team(quarter.house)
    for path in ("/reports", f"/reports/{report.id}"):
        page = words(referent.get(path))
        assert "Camionnette blanche" in page
        assert "AB-123-CD" not in page
        assert "AB-123-CD" in words(ada.get(f"/team{path}"))


@pytest.mark.parametrize("answer", ["removed", "warned", "suspended"])
def test_what_cannot_be_undone_is_confirmed_first(quarter: Quarter, answer: str) -> None:
    path = f"/team/reports/{reported(quarter).id}"
    page = team(quarter.house).post(path, answer=answer, told="Sans preuve")
    assert page.status_code == 200
    assert "ne peut pas être remis" in words(page)
    assert "Sans preuve" in words(page)
    assert only_alert(quarter.world).text == TEXT
    assert quarter.world.rows(Report)[0].state == ReportState.OPEN


def test_the_team_lifts_a_suspension_and_the_person_is_told(quarter: Quarter) -> None:
    report, visitor, world = reported(quarter), team(quarter.house), quarter.world
    world.change(quarter.author, activated_at=world.clock())
    path = f"/team/reports/{report.id}"
    visitor.lands(visitor.post(path, answer="suspended", told="Trois fois", sure="1"))
    page = words(visitor.get("/team/suspended"))
    assert "Odette Martin" in page
    assert "Trois fois" in page
    lift = f"/team/suspended/{quarter.author.id}"
    for said in ("La suspension est levée", "déjà décidé"):
        assert said in words(visitor.get(visitor.lands(visitor.post(lift))))
    (author,) = world.rows(type(quarter.author), id=quarter.author.id)
    assert (author.state, author.suspended_why) == (MemberState.ACTIVE, "")
    world.pump()
    assert any("plus suspendu" in one for one in world.phone(quarter.author.mobile or ""))
    assert "Aucun compte" in words(visitor.get("/team/suspended"))
    assert visitor.post("/team/suspended/9999999999").status_code == 404


def test_a_suspension_before_anybody_vouched_ends_as_it_began(quarter: Quarter) -> None:
    world = quarter.world
    world.change(quarter.stranger, state=MemberState.SUSPENDED, activated_at=None)
    team(quarter.house).post(f"/team/suspended/{quarter.stranger.id}")
    (found,) = world.rows(type(quarter.stranger), id=quarter.stranger.id)
    assert found.state == MemberState.PENDING


def test_what_was_kept_and_then_changed_can_be_reported_again(quarter: Quarter) -> None:
    report, referent = reported(quarter), quarter.browser(quarter.referent)
    referent.lands(referent.post(f"/reports/{report.id}", answer="kept"))
    quarter.world.change(only_alert(quarter.world), text="Sale voleur")
    quarter.world.clock.forward(minutes=5)
    visitor = quarter.browser(quarter.neighbour)
    for _ in range(2):
        visitor.lands(visitor.post(f"/report/alert/{report.subject_id}", why="Une insulte"))
    (again,) = quarter.world.rows(Report)
    assert (again.state, again.outcome, again.decided_by) == (ReportState.OPEN, "", "")
    page = words(referent.get(f"/reports/{report.id}"))
    assert "Sale voleur" in page
    assert "Une insulte" in page
    asked = [one for one in quarter.world.rows(Notice) if one.kind == "report_ask"]
    assert len(asked) == 2, "the référent, once more"


def test_the_reason_is_not_said_to_be_of_ones_choice(quarter: Quarter) -> None:
    report = reported(quarter)
    page = words(quarter.browser(quarter.referent).get(f"/reports/{report.id}"))
    assert "facultatif" not in page
    assert page.count("formnovalidate") == 2, "to do nothing, or to leave it to the team"


def test_nobody_warns_or_suspends_the_author_of_what_has_none(quarter: Quarter) -> None:
    report, visitor = reported(quarter), team(quarter.house)
    quarter.world.change(report, about_id=None)
    path = f"/team/reports/{report.id}"
    assert re.findall(r'name="answer" value="(\w+)"', visitor.get(path).text) == [
        "kept", "removed",
    ]  # fmt: skip
    assert visitor.post(path, answer="suspended", told="Non", sure="1").status_code == 400


def test_the_page_of_a_removed_alert_says_so_and_to_its_author_why(quarter: Quarter) -> None:
    report, referent = reported(quarter), quarter.browser(quarter.referent)
    path = f"/reports/{report.id}"
    referent.lands(referent.post(path, answer="removed", told="Sans preuve", sure="1"))
    pages = {
        who.id: words(quarter.browser(who).get(f"/alerts/{report.subject_id}"))
        for who in (quarter.author, quarter.neighbour)
    }
    assert all("retiré après un signalement" in page for page in pages.values())
    assert "Sans preuve" in pages[quarter.author.id]
    assert "Sans preuve" not in pages[quarter.neighbour.id]
