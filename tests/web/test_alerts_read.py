"""What an alert's page says, to whom, and in which order."""

from __future__ import annotations

import pytest

from community_store.models import Member
from tests.web.house import Visitor, words
from tests.web.quarter import Quarter

TEXT = "Une échelle contre le mur, AB-123-CD"


@pytest.fixture
def path(quarter: Quarter) -> str:
    """An alert that was told."""
    visitor = quarter.browser(quarter.author)
    path = visitor.lands(visitor.post("/alerts/new", text=TEXT, sure="1"))
    quarter.world.pump()
    return path


def answers(quarter: Quarter, path: str, who: Member, **said: str) -> Visitor:
    visitor = quarter.browser(who)
    visitor.lands(visitor.post(f"{path}/reply", **said))
    return visitor


def test_what_an_alert_says_stands_above_what_came_since(quarter: Quarter, path: str) -> None:
    answers(quarter, path, quarter.neighbour, reply="Ils partent", all="1", sure="1")
    for who in (quarter.author, quarter.neighbour):
        page = words(quarter.browser(who).get(path))
        assert page.index("Une échelle") < page.index("Ils partent"), who.first_name
    page = words(quarter.browser(quarter.author).get(path))
    assert page.index("Une échelle") < page.index("Qui est prévenu")


def test_what_came_since_comes_to_an_open_page(quarter: Quarter, path: str) -> None:
    answers(quarter, path, quarter.neighbour, reply="Ils partent", all="1", sure="1")
    news = words(quarter.browser(quarter.author).get(f"{path}/live"))
    since = news.partition('id="since"')[2]
    assert "Ils partent" in since
    assert "Qui est prévenu" in since


def test_the_words_that_ended_an_alert_stay_on_its_page(quarter: Quarter, path: str) -> None:
    visitor = quarter.browser(quarter.author)
    visitor.lands(visitor.post(f"{path}/end", ending="Arrêtés, AB-123-CD", sure="1"))
    page = words(quarter.browser(quarter.neighbour).get(path))
    assert "Arrêtés" in page
    assert "AB-123-CD" not in page
    twin = words(quarter.browser(quarter.twin).get(path))
    assert "Arrêtés" in twin
    assert "Odette" not in twin


def test_so_do_those_of_an_sms(quarter: Quarter, path: str) -> None:
    number = quarter.author.mobile
    assert number
    quarter.world.text(number, f"FIN {path.rpartition('/')[2]} la police est là")
    assert "la police est là" in words(quarter.browser(quarter.neighbour).get(path))


def test_one_reads_ones_own_answer_again_and_a_twin_does_not(quarter: Quarter, path: str) -> None:
    visitor = answers(quarter, path, quarter.neighbour, reply="Je les vois", some="1")
    page = words(visitor.get(path))
    assert "Je les vois" in page
    assert "pour l'auteur et les référents seulement" in page
    assert "Je les vois" not in words(quarter.browser(quarter.twin).get(path))
    assert "pour vous et les référents" in words(quarter.browser(quarter.author).get(path))


def test_the_quarter_is_on_the_map_where_one_says_where_it_happens(quarter: Quarter) -> None:
    quarter.world.change(quarter.author, lat=45.18, lon=5.72)
    visitor = quarter.browser(quarter.author)
    for page in (
        visitor.get("/alerts/new"),
        visitor.post("/alerts/new", text=TEXT, placed="1", lat="45.18", lon="5.72"),
    ):
        assert "Les Lilas" in words(page).partition("data-zones")[2]


def test_a_filter_that_finds_nothing_leads_back_to_all_alerts(quarter: Quarter) -> None:
    page = words(quarter.browser(quarter.author).get("/alerts/?category=vol"))
    assert 'href="/alerts/">Toutes les alertes' in page


def test_who_does_not_end_it_after_all_finds_their_words_again(quarter: Quarter, path: str) -> None:
    visitor = quarter.browser(quarter.author)
    assert 'name="again"' in words(visitor.post(f"{path}/end", ending="La police est là"))
    page = words(visitor.post(f"{path}/end", ending="La police est là", again="1"))
    assert "La police est là</textarea>" in page
    assert "Alerte en cours" in page


def test_a_twin_reads_their_own_answer_under_no_name(quarter: Quarter, path: str) -> None:
    page = words(answers(quarter, path, quarter.twin, reply="Nous arrivons").get(path))
    assert "Nous arrivons" in page
    since = page.partition('id="since"')[2].partition("</ol>")[0]
    assert "Vous ·" in since
    assert "Paul" not in since


def test_nobody_is_said_to_be_told_of_an_alert_that_is_held(quarter: Quarter) -> None:
    visitor, limit = quarter.browser(quarter.author), quarter.world.runtime.settings.alerts
    path = ""
    for n in range(limit.per_member_hour + 1):
        path = visitor.lands(visitor.post("/alerts/new", text=f"{TEXT} {n}", sure="1"))
    for who in (quarter.author, quarter.referent):
        page = words(quarter.browser(who).get(path))
        assert "Personne n'est encore prévenu" in page, who.first_name
        assert "Qui est prévenu" not in page
        assert "Terminer l'alerte" not in page
        assert (f"{path}/withdraw" in page) == (who is quarter.author)


def test_what_may_be_left_out_at_the_end_is_the_word_and_not_the_end(
    quarter: Quarter, path: str
) -> None:
    page = words(quarter.browser(quarter.author).get(path))
    label = page.partition('<label for="ending">')[2].partition("</label>")[0]
    assert "Un mot à ajouter" in label
    assert "facultatif" in label
