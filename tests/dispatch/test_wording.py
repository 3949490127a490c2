"""What is said: the words of sms.md, in both languages, in as few segments as can be."""

from __future__ import annotations

import re
import string
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from community_store.membership import LANGUAGES
from community_store.models import Audience
from config import Settings
from dispatch import jobs, raising, wake, wording
from dispatch.catalogue import LOCALES, template
from dispatch.wording import Facts
from gateway import sms_text
from tests.dispatch.world import settings

SPEC = {  # sms.md, "What senders are told"
    "alert": "{service} alerte {ref}, {time}, {author} ({community}) : {text}",
    "alert_town": "{service} MAIRIE de {town}, {time} : {text}",
    "alert_agent": "{service} alerte {ref}, {community}, {author} {phone}, {address} : {text}",
    "receipt": "Alerte {ref} envoyée à {count} voisins. Appelez le 17 si ce n'est pas fait (répondez OUI). Fin : FIN {ref}. Erreur : FAUX {ref}.",
    "receipt_nobody": "Alerte {ref} reçue, mais vous êtes le premier inscrit de {community} : personne n'a été prévenu. Urgence : 17 ou 112.",
    "all_clear": "{service} FIN de l'alerte {ref} ({community}) {text}",
    "withdrawn": "{service} ANNULATION de l'alerte {ref} ({community}) : fausse alerte.",
    "unknown_sender": "Ce numéro n'est pas inscrit à {service}. Pour rejoindre vos voisins : {site} ou répondez INSCRIPTION prénom nom, adresse. Urgence : 17 ou 112.",
    "pending_sender": "Votre compte attend la validation de {who}. Votre message n'a PAS été envoyé. Urgence : 17 ou 112.",
    "no_community": "Vous n'avez pas encore de communaute : votre message n'a PAS été envoyé. {site} Urgence : 17 ou 112.",
    "stale": "Votre message de {time} nous est parvenu trop tard et n'a PAS été envoyé. Toujours d'actualité ? Renvoyez-le.",
    "help": "{service} : écrivez ce que vous voyez pour prévenir vos voisins. FIN, FAUX, ETAT, PAUSE 8, STOP. Urgence : 17, 112, ou 114 par SMS.",
    "stopped": "Vous ne recevrez plus de SMS de {service}. Pour reprendre : REPRISE.",
}  # fmt: skip
ORDINARY = {
    "service": "Tocsin", "site": "https://tocsin.fr", "ref": 381, "count": 87, "told": 42,
    "community": "Les Lilas", "town": "Grenoble", "author": "Ana Martin", "time": "14h32",
    "day": "24/11", "text": "Camionnette", "who": "la mairie", "phone": "06 39 98 00 01",
    "address": "12 rue des Lilas", "answer_to": "38000",
}  # fmt: skip


class Ordinary(dict[str, object]):
    """What a variable without an entry of its own holds: some ten letters."""

    def __missing__(self, _name: str) -> str:
        return "Les Lilas"


NO_MESSAGE = {
    "time",
    "day",
    "stale_day",
    "alert_oneway",
    "exercise_text",
    "exercise_mark",
}  # parts of others
NOW = datetime(2026, 11, 24, 13, 32, tzinfo=UTC)


def messages(language: str, domain: str) -> dict[str, str]:
    source = LOCALES / language / "LC_MESSAGES" / f"{domain}.po"
    with source.open("rb") as lines:
        return {str(m.id): str(m.string) for m in read_po(lines, locale=language) if m.id}


def variables(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("message", SPEC)
def test_the_french_words_are_those_of_the_specification(message: str) -> None:
    assert template("fr", "sms", message) == SPEC[message]


@pytest.mark.parametrize("domain", sorted(path.stem for path in LOCALES.glob("fr/*/*.po")))
def test_every_message_is_there_in_both_languages_with_the_same_variables(domain: str) -> None:
    french, english = messages("fr", domain), messages("en", domain)
    assert set(french) == set(english)
    for message, words in french.items():
        assert words, message
        assert english[message], message
        assert variables(words) == variables(english[message]), message


def test_every_message_that_the_code_names_is_there() -> None:
    named = set(re.findall(r'"(receipt\w*)"', Path(raising.__file__).read_text()))
    for path in (Path(wording.__file__).parent).glob("*.py"):
        named |= set(re.findall(r'\banswer\(\s*"(\w+)"', path.read_text()))
    assert {"receipt", "stopped", "ended", "no_such_alert"} <= named
    assert named <= set(messages("fr", "sms"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_fits_one_gsm_segment(language: str) -> None:
    for message, words in messages(language, "sms").items():
        if message in NO_MESSAGE:
            continue
        size = sms_text.count(sms_text.plain(words.format_map(Ordinary(ORDINARY))))
        assert (size.encoding, size.segments) == ("gsm7", 1), (message, size.units)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_not_sent_is_said_so_plainly(language: str) -> None:
    plainly = {"fr": "n'a PAS été envoyé", "en": "was NOT sent"}[language]
    for message in ("pending_sender", "suspended_sender", "no_community", "agent_refused", "stale"):
        assert plainly in template(language, "sms", message)


def test_every_queue_has_a_worker_and_every_job_a_queue() -> None:
    assert set(wake.QUEUES) == {wake.INBOUND, wake.DISPATCH}
    enqueued = set(re.findall(r'"(dispatch\.jobs\.\w+)"', Path(wake.__file__).read_text()))
    assert enqueued == set(jobs.ALLOWED)
    started = "".join(
        path.read_text() for path in (Path(wording.__file__).parents[1] / "commands").glob("*.py")
    )
    for queue in wake.QUEUES:
        assert f'"{queue}"' in started or f"wake.{queue.upper()}" in started


@pytest.fixture
def house(tmp_path: Path) -> Settings:
    return settings(tmp_path)


def facts(**more: object) -> Facts:
    known = {"ref": 381, "at": NOW, "text": "Camionnette suspecte", "community": "Les Lilas",
             "town": "Grenoble", "author": "Ana Martin", "phone": "06 39 98 00 01",
             "address": "12 rue des Lilas"}  # fmt: skip
    return Facts(**(known | more))  # type: ignore[arg-type]  # a table of its own fields


def test_an_alert_as_a_neighbour_reads_it(house: Settings) -> None:
    words = wording.alert(house, Audience.NEIGHBOUR, "fr", facts())
    assert words.sms == "Tocsin alerte 381, 14h32, Ana Martin (Les Lilas) : Camionnette suspecte"
    assert words.segments == 1
    assert "06 39" not in words.sms + words.mail + words.subject


def test_times_are_those_of_the_country(house: Settings) -> None:
    assert wording.clock_time(house, "fr", NOW) == "14h32"
    assert wording.clock_time(house, "en", NOW) == "14:32"
    assert wording.clock_time(house, "fr", NOW.replace(month=7)) == "15h32"
    yesterday = NOW.replace(day=23)
    assert wording.day_and_time(house, "fr", yesterday, NOW) == "23/11 à 14h32"
    assert wording.day_and_time(house, "fr", NOW, NOW) == "14h32"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("audience", [Audience.NEIGHBOUR, Audience.TWIN, Audience.AGENT])
@pytest.mark.parametrize("text", ["mot " * 500, "ж" * 2000, "🔥" * 800, "x" * 3000])
def test_a_long_alert_keeps_its_beginning_and_names_its_page(
    house: Settings, audience: Audience, language: str, text: str
) -> None:
    words = wording.alert(house, audience, language, facts(text=text, answer_to="38000"))
    assert words.segments <= 3
    assert "... https://tocsin.example/a/381" in words.sms
    assert words.sms.endswith("38000")
    assert text[:20].strip() in words.sms
    assert text.strip() in words.mail, "the mail has it whole"


@pytest.mark.parametrize("name", ["{service}", "{0}", "%s", "{", "}", "<b>", "a\nb"])
def test_what_people_write_is_never_a_template(house: Settings, name: str) -> None:
    for audience in (Audience.NEIGHBOUR, Audience.TWIN, Audience.AGENT):
        words = wording.alert(
            house, audience, "fr", facts(text=name, author=name, community=name, address=name)
        )
        assert name in words.mail
