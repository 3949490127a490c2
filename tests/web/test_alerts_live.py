"""An alert's page while it is open: what comes when something changed, and what is read aloud."""

from __future__ import annotations

import html
import re

from tests.web.house import Visitor, words
from tests.web.quarter import Quarter
from tests.web.test_reports import reported

ALOUD = re.compile(r'id="aloud" hx-swap-oob="innerHTML">(.*?)</p>', re.DOTALL)


def asks(visitor: Visitor, path: str) -> str:
    """What the page asks every few seconds."""
    return html.unescape(visitor.get(path).text.split('hx-get="')[1].split('"')[0])


def aloud(page: str) -> str:
    found = ALOUD.search(page)
    return " ".join(found[1].split()) if found else ""


def test_the_forms_go_when_the_alert_ends_meanwhile(quarter: Quarter) -> None:
    path = quarter.sends()
    neighbour, author = quarter.browser(quarter.neighbour), quarter.browser(quarter.author)
    asked = [(visitor, asks(visitor, path)) for visitor in (neighbour, author)]
    assert all(f"{path}/reply" in words(visitor.get(path)) for visitor, _ in asked)
    author.lands(author.post(f"{path}/end", sure="1"))
    for visitor, address in asked:
        answer = visitor.get(address)
        page = words(answer)
        assert answer.status_code == 286
        assert 'id="saying" hx-swap-oob' in page
        assert 'id="doing" hx-swap-oob' in page
        assert f"{path}/reply" not in page
        assert f"{path}/end" not in page
        assert "Vous pouvez copier votre texte" in page
        assert aloud(page) == "L'alerte est terminée."


def test_figures_change_no_forms_and_are_not_read_aloud(quarter: Quarter) -> None:
    path = quarter.sends()
    author, neighbour = quarter.browser(quarter.author), quarter.browser(quarter.neighbour)
    asked = asks(author, path)
    neighbour.lands(neighbour.post(f"{path}/seen"))
    page = words(author.get(asked))
    assert "1 personne a confirmé" in page
    assert re.findall(r'id="(\w+)" hx-swap-oob', page) == ["since"]
    whole = author.get(path).text
    assert "aria-live" not in whole.split('class="letter"')[1].split("</section>")[0]
    assert 'role="status" id="aloud"' in whole


def test_what_is_said_to_all_is_read_aloud_alone(quarter: Quarter) -> None:
    path = quarter.sends()
    quarter.world.pump()
    author, neighbour = quarter.browser(quarter.author), quarter.browser(quarter.neighbour)
    author.lands(author.post(f"{path}/reply", more="Ils sont deux", sure="1"))
    asked = asks(neighbour, path)
    assert neighbour.get(asked).status_code == 204
    author.lands(author.post(f"{path}/reply", more="Ils sont partis", sure="1"))
    page = words(neighbour.get(asked))
    assert aloud(page) == "Odette Martin : Ils sont partis"
    assert 'id="saying"' not in page


def test_the_author_is_asked_no_more_once_17_was_called(quarter: Quarter) -> None:
    path = quarter.sends()
    author = quarter.browser(quarter.author)
    asked = asks(author, path)
    assert f"{path}/called" in words(author.get(path))
    author.lands(author.post(f"{path}/called"))
    page = words(author.get(asked))
    assert f"{path}/called" not in page
    assert f"{path}/reply" in page
    assert "hx-preserve" in page
    assert aloud(page) == "Alerte en cours. Le 17 a été appelé."


def test_a_text_that_is_removed_leaves_the_open_page(quarter: Quarter) -> None:
    report = reported(quarter)
    path, neighbour = f"/alerts/{report.subject_id}", quarter.browser(quarter.neighbour)
    asked = asks(neighbour, path)
    referent = quarter.browser(quarter.referent)
    page = f"/reports/{report.id}"
    referent.lands(referent.post(page, answer="removed", told="Sans preuve", sure="1"))
    page = words(neighbour.get(asked))
    assert 'id="told" hx-swap-oob' in page
    assert "retiré après un signalement" in page
    assert aloud(page) == "Retirée par un référent."
