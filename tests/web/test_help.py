"""The help centre: both languages, searched as people search, true to the settings in force."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Alerts, Service, Settings
from dispatch.commands import find
from tests.web.house import House, words
from web import i18n
from web.docs import FOLDER, Press
from web.help_centre import questions, searching
from web.help_centre.questions import THEMES, Question

LANGUAGES = ("fr", "en")
READ = {language: questions.read(language, Settings()) for language in LANGUAGES}
EVERY = [(language, slug) for language in LANGUAGES for slug in READ[language]]
LINK = re.compile(r'href="(/[^"]*)"')


def sources(language: str) -> list[Path]:
    return sorted((FOLDER / "help" / language).glob("*.md"))


# what there is


def test_both_languages_have_the_same_questions_in_the_same_places() -> None:
    french, english = (
        [(path.name, *placed(READ[language][path.stem])) for path in sources(language)]
        for language in LANGUAGES
    )
    assert french == english
    assert len(french) >= 25


def placed(one: Question) -> tuple[str, int]:
    return one.theme, one.order


def test_both_languages_have_as_many_parts_links_and_figures() -> None:
    """So that what is added to one is not forgotten in the other."""
    wrong = {}
    for french, english in zip(sources("fr"), sources("en"), strict=True):
        shapes = [shape(path.read_text(encoding="utf-8")) for path in (french, english)]
        if shapes[0] != shapes[1]:
            wrong[french.name] = shapes
    assert wrong == {}


def shape(source: str) -> tuple[list[str], list[str], int, int]:
    """Links, values of the settings, lines of lists and of tables."""
    return (
        sorted(re.findall(r"\]\(([^)]+)\)", source)),
        sorted(re.findall(r"{{\s*(.*?)\s*}}|{%\s*(.*?)\s*%}", source)),
        len(re.findall(r"^ *(?:-|\d\.) ", source, re.MULTILINE)),
        len(re.findall(r"^\|", source, re.MULTILINE)),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_place_of_a_theme_is_taken_once_and_no_theme_is_empty(language: str) -> None:
    places = [placed(one) for one in READ[language].values()]
    assert len(set(places)) == len(places)
    assert {theme for theme, _ in places} == set(THEMES)


@pytest.mark.parametrize(("language", "slug"), EVERY)
def test_each_question_is_one_and_has_an_answer(language: str, slug: str) -> None:
    one = READ[language][slug]
    assert one.title.rstrip(".").endswith(("?", "?\u00a0»")) or "?" in one.title
    assert len(one.document.plain) > 150
    assert len(one.opening) > 20
    assert "{{" not in one.document.html
    assert "[]" not in one.document.html


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_of_the_answers_leads_somewhere(house: House, language: str) -> None:
    visitor = house.visitor(**{"Accept-Language": language})
    links = {link for one in READ[language].values() for link in LINK.findall(one.document.html)}
    assert len(links) > 15
    assert {link: visitor.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_the_words_of_the_table_are_commands_in_both_languages() -> None:
    """The table must never name a word that the service does not know."""
    for language in LANGUAGES:
        html = READ[language]["all-the-words"].document.html
        named = set(re.findall(r"<strong>([A-Z]+(?: \d+)?)</strong>", html))
        assert len(named) >= 14
        unknown = {word for word in named if find(word) is None and not takes_more(word)}
        assert unknown == set()


def takes_more(word: str) -> bool:
    return find(f"{word} Camionnette blanche") is not None


# what a page shows


def test_the_questions_stand_by_theme_and_each_has_its_page(house: House) -> None:
    visitor = house.visitor()
    page = words(visitor.get("/help"))
    assert page.index("Prévenir ses voisins</h2>") < page.index("Accessibilité</h2>")
    assert "38000" in page
    for slug, one in READ["fr"].items():
        assert f'href="/help/{slug}"' in page
        answer = visitor.get(f"/help/{slug}")
        assert answer.status_code == 200
        assert f"<h1>{one.title}</h1>".replace("\u00a0", " ") in words(answer)


def test_a_question_leads_to_those_beside_it_and_to_who_can_be_asked(house: House) -> None:
    page = words(house.visitor().get("/help/stop"))
    assert 'href="/help/pause"' in page
    assert 'href="/contact?about=question"' in page


@pytest.mark.parametrize("slug", ["nothing", "..%2Fresidents", "stop.md", "STOP"])
def test_what_is_no_question_does_not_exist(house: House, slug: str) -> None:
    assert house.visitor().get(f"/help/{slug}").status_code == 404


def test_the_reader_s_language_counts(house: House) -> None:
    page = words(house.visitor(**{"Accept-Language": "en"}).get("/help/stop"))
    assert "How do I stop the SMS" in page


OTHERWISE = questions.read(
    "fr",
    Settings(service=Service(name="*Veille*"), alerts=Alerts(reply_hours=4, mask=False)),
)


def test_the_figures_are_those_of_the_settings() -> None:
    """And what an operator turned off is not promised."""
    ours, theirs = READ["fr"], OTHERWISE
    assert "Pendant les 6 heures" in ours["answer-an-alert"].document.plain
    assert "Pendant les 4 heures" in theirs["answer-an-alert"].document.plain
    assert "lisent donc [plaque]" in ours["plates-are-masked"].document.plain
    assert "a choisi de les laisser" in theirs["plates-are-masked"].document.plain


def test_a_name_with_a_star_in_it_stays_a_name() -> None:
    assert "*Veille* est <strong>gratuit</strong>" in OTHERWISE["cost"].document.html


def test_html_in_a_text_or_a_value_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "one.md"
    path.write_text(
        "---\ntitle: T\n---\n<script>alert(1)</script> {{ told }} [x](javascript:alert(1))\n"
    )
    made = Press("fr", {"told": "<b>*a*</b> [y](https://evil.example)\n# h"}).document(path)
    assert not re.search(r"<(script|b|em|h1|a)\b", made.html)
    assert "*a*" in made.plain


# searching


def found(language: str, query: str) -> list[str]:
    ignored = searching.folded(i18n.load((language,), "Europe/Paris")[language]("help.ignored"))
    return [one.slug for one in searching.find(READ[language].values(), query, ignored)]


@pytest.mark.parametrize(("language", "slug"), EVERY)
def test_each_question_is_found_first_by_its_own_words(language: str, slug: str) -> None:
    assert found(language, READ[language][slug].title)[0] == slug


@pytest.mark.parametrize(
    ("language", "query", "slug"),
    [
        ("fr", "STOP", "stop"),
        ("fr", "référents", "referent"),
        ("fr", "REFERENT", "referent"),
        ("fr", "cacher mon numero", "hide-my-number"),
        ("fr", "j'ai perdu mon telephone que dois-je faire", "lost-phone"),
        ("fr", "combien ça coûte", "cost"),
        ("fr", "prix", "cost"),
        ("fr", "sourd", "text-114"),
        ("fr", "panneaux", "choose-signs"),
        ("fr", "installer un panneau", "install-signs"),
        ("fr", "vacances", "absence"),
        ("fr", "arnaque", "is-this-message-real"),
        ("fr", "supprimer mon compte", "close-my-account"),
        ("fr", "mot de passe oublié", "sign-in"),
        ("fr", "accusé de réception", "who-got-my-alert"),
        ("fr", "mairie", "what-the-town-sees"),
        ("en", "hidden number", "hide-my-number"),
        ("en", "twins", "twinning"),
        ("en", "scam", "is-this-message-real"),
    ],
)
def test_what_people_type_is_found(language: str, query: str, slug: str) -> None:
    assert slug in found(language, query)[:2]


def test_accents_case_and_endings_make_no_difference() -> None:
    assert found("fr", "Numéros cachés") == found("fr", "NUMEROS CACHES")
    assert found("fr", "numéro") == found("fr", "numeros")


def test_a_word_in_a_title_counts_for_more_than_in_a_text() -> None:
    results = found("fr", "jumelage")
    in_title = ["jumelage" in searching.folded(READ["fr"][slug].title) for slug in results]
    assert any(in_title)
    assert in_title == sorted(in_title, reverse=True)


@pytest.mark.parametrize("query", ["zzyzx", "???", "xylophone quantique", "'\"<>"])
def test_what_nobody_answers_leads_to_somebody_who_does(house: House, query: str) -> None:
    page = words(house.visitor().get("/help", query_string={"q": query}))
    assert "Aucune réponse pour" in page
    assert "Posez-nous la question" in page
    assert 'href="/contact?about=question"' in page


def test_a_search_is_shown_again_and_never_obeyed(house: House) -> None:
    answer = house.visitor().get("/help", query_string={"q": '"><script>alert(1)</script>' * 40})
    assert answer.status_code == 200
    assert "<script>" not in answer.text
    assert len(answer.text) < 20_000


def test_an_empty_search_shows_all_questions(house: House) -> None:
    assert "Prévenir ses voisins" in words(house.visitor().get("/help?q=%20"))


def test_searching_counts_what_it_found(house: House) -> None:
    page = words(house.visitor().get("/help?q=autocollant"))
    count = re.search(r"(\d+) réponses?, l", page)
    assert count
    assert int(count[1]) == len(list(results(page))) > 0


def results(page: str) -> Iterator[str]:
    listed = page.partition("questions")[2].partition("</ul>")[0]
    yield from re.findall(r'href="/help/([a-z0-9-]+)"', listed)
