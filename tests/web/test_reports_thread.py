"""A report of an alert shows what others told to all since: nobody can report it apart (A11)."""

from __future__ import annotations

import re

from tests.web.house import words
from tests.web.quarter import Quarter
from tests.web.test_alerts_listed import counted
from tests.web.test_reports import reported, team

BAD = "C'est le fils Durand, plaque GH-456-JK"


def thread(page: str) -> str:
    return " ".join(re.findall(r'<ol class="letter-thread">.*?</ol>', page, re.DOTALL))


def test_referents_and_the_team_read_what_was_told_to_all_and_who_said_it(quarter: Quarter) -> None:
    report = reported(quarter)
    path = f"/alerts/{report.subject_id}/reply"
    neighbour = quarter.browser(quarter.neighbour)
    neighbour.lands(neighbour.post(path, reply=BAD, all="1", sure="1"))
    neighbour.lands(neighbour.post(path, reply="Entre nous seulement", some="1"))
    referent = quarter.browser(quarter.referent)
    page = words(referent.get(f"/reports/{report.id}"))
    assert "fils Durand" in thread(page)
    assert "Jean Petit" in thread(page)
    assert "GH-456-JK" not in page
    whole = words(team(quarter.house).get(f"/team/reports/{report.id}"))
    assert BAD in thread(whole)
    assert "Jean Petit" in thread(whole)
    assert "Entre nous" not in page + whole


def test_a_referent_is_not_told_who_moved_away_since(quarter: Quarter) -> None:
    report = reported(quarter)
    neighbour = quarter.browser(quarter.neighbour)
    neighbour.lands(
        neighbour.post(f"/alerts/{report.subject_id}/reply", reply=BAD, all="1", sure="1")
    )
    quarter.world.change(quarter.neighbour, community_id=quarter.twin.community_id)
    page = words(quarter.browser(quarter.referent).get(f"/reports/{report.id}"))
    assert "fils Durand" in thread(page)
    assert "Un ancien voisin" in thread(page)
    assert "Petit" not in page
    assert quarter.neighbour.pseudonym not in page


def test_a_long_thread_asks_the_database_nothing_more(quarter: Quarter) -> None:
    report = reported(quarter)
    path, counts = f"/alerts/{report.subject_id}/reply", []
    referent = quarter.browser(quarter.referent)
    for who in (quarter.neighbour, quarter.author):
        visitor = quarter.browser(who)
        said = {"reply": BAD, "all": "1"} if who is quarter.neighbour else {"more": "Et encore"}
        visitor.lands(visitor.post(path, sure="1", **said))
        referent.get(f"/reports/{report.id}")
        with counted(quarter.world) as asked:
            page = thread(words(referent.get(f"/reports/{report.id}")))
        counts.append((page.count("<li>"), len(asked)))
    assert [shown for shown, _ in counts] == [1, 2]
    assert counts[0][1] == counts[1][1]
