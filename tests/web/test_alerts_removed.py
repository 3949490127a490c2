"""An alert that was removed after a report: it was no false alarm, and who removed it is said."""

from __future__ import annotations

import pytest

from community_store.models import Member, Report
from dispatch import links
from tests.web.house import House, words
from tests.web.quarter import Quarter
from tests.web.test_reports import reported, team

BY = {"referent": "etirée par un référent", "team": "etirée par l'équipe"}


def removed(quarter: Quarter, by: str) -> Report:
    report = reported(quarter)
    visitor = quarter.browser(quarter.referent) if by == "referent" else team(quarter.house)
    path = f"{'/team' if by == 'team' else ''}/reports/{report.id}"
    visitor.lands(visitor.post(path, answer="removed", told="Sans preuve", sure="1"))
    return report


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("place", ["/alerts/", "/alerts/{ref}", "/a/{slug}"])
def test_a_removed_alert_is_no_false_alarm(quarter: Quarter, by: str, place: str) -> None:
    ref = removed(quarter, by).subject_id
    settings = quarter.world.settings
    slug = links.alert_address(settings, ref).rpartition("/")[2]
    path = place.format(ref=ref, slug=slug)
    someone = quarter.house.visitor() if "/a/" in path else quarter.browser(quarter.neighbour)
    page = words(someone.get(path))
    assert BY[by] in page
    assert "retiré après un signalement" in page
    assert "fausse alerte" not in page


def test_who_wrote_what_was_removed_is_told_to_those_responsible(quarter: Quarter) -> None:
    path = f"/alerts/{removed(quarter, 'referent').subject_id}"

    def names(who: Member) -> bool:
        return "Odette Martin" in words(quarter.browser(who).get(path)).split("</header>")[1]

    assert names(quarter.author)
    assert names(quarter.referent)
    assert not names(quarter.neighbour)


def test_a_false_alarm_is_still_one(quarter: Quarter) -> None:
    path = quarter.sends()
    author = quarter.browser(quarter.author)
    author.lands(author.post(f"{path}/withdraw"))
    assert "Annulée : fausse alerte" in words(author.get(path))
    assert "fausse alerte" in words(quarter.browser(quarter.neighbour).get("/alerts/"))


def test_an_old_alert_without_a_text_was_not_removed(house: House) -> None:
    member = house.world.member(house.world.community())
    alert = house.world.raised(member, "Camionnette")
    house.world.change(alert, text="", state="ended")
    page = words(house.inside(house.account_of(member)).get("/alerts/"))
    assert "trop ancien" in page
    assert "terminée" in page


def test_what_was_added_for_everybody_goes_with_a_removed_alert(quarter: Quarter) -> None:
    path = quarter.sends()
    quarter.world.pump()
    author, neighbour = quarter.browser(quarter.author), quarter.browser(quarter.neighbour)
    author.lands(author.post(f"{path}/reply", more="C'est le fils Durand", sure="1"))
    neighbour.lands(neighbour.post(f"{path}/reply", reply="Durand, oui", all="1", sure="1"))
    neighbour.lands(neighbour.post(f"{path}/reply", reply="Je suis chez moi", some="1"))
    neighbour.lands(neighbour.post(f"/report{path.replace('alerts', 'alert')}", why="Non"))
    judge = team(quarter.house)
    assert "fils Durand" in words(judge.get("/team/reports/1"))  # or nobody could judge of it
    judge.lands(judge.post("/team/reports/1", answer="removed", told="Sans preuve", sure="1"))
    slug = links.alert_address(quarter.world.settings, 1).rpartition("/")[2]
    readers = (quarter.author, quarter.neighbour, quarter.referent, quarter.twin)
    pages = [words(quarter.browser(who).get(path)) for who in readers]
    pages += [words(quarter.house.visitor().get(f"/a/{slug}"))]
    assert [page for page in pages if "Durand" in page or "trop ancien" in page] == []
    assert "Je suis chez moi" in pages[2]
    quarter.world.pump()
    assert "Durand" not in "".join(quarter.world.phone(quarter.referent.mobile or ""))


@pytest.mark.parametrize("by", BY)
def test_what_was_removed_is_not_reported_anew(quarter: Quarter, by: str) -> None:
    """The report says who removed it: begun anew, it would be a false alarm again."""
    report = removed(quarter, by)
    path, again = f"/alerts/{report.subject_id}", f"/report/alert/{report.subject_id}"
    for who in (quarter.neighbour, quarter.referent, quarter.twin):
        visitor = quarter.browser(who)
        assert again not in visitor.get(path).text
        gone = visitor.get(again)
        assert (gone.status_code, "déjà plus là" in words(gone)) == (410, True)
        assert visitor.post(again, why="Encore").status_code == 410
        assert BY[by] in words(visitor.get(path))
    for who in (quarter.author, quarter.stranger):
        assert quarter.browser(who).get(again).status_code == 404
    assert [one.outcome for one in quarter.world.rows(Report)] == ["removed"]
