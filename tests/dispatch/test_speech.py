"""What a call says: read twice, in a voice's own spelling, never too long."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community_store.models import Audience
from dispatch import speech, wording
from dispatch.catalogue import catalogue
from dispatch.wording import Facts
from tests.dispatch.world import settings

NOON = datetime(2026, 11, 24, 13, 32, tzinfo=UTC)  # 14:32 in Paris


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Camionnette vue à 14h32", "Camionnette vue à 14 heures 32"),
        ("vers 9h, ou 9:05", "vers 9 heures, ou 9 heures 5"),
        ("de 8 h à 18 h 30", "de 8 heures à 18 heures 30"),
        ("Plaque AB-123-CD bleue", "Plaque A B, 123, C D bleue"),
        ("ab123cd", "A B, 123, C D"),
        ("Appelez le 06 39 98 00 01.", "Appelez le 06, 39, 98, 00, 01."),
        ("ou le +33639980001", "ou le 06, 39, 98, 00, 01"),
        (
            "12 bd Hugo, n°4 rte de Lyon, av. Foch",
            "12 boulevard Hugo, numéro 4 route de Lyon, avenue Foch",
        ),
        ("50 km/h dans le village", "50 kilomètres à l'heure dans le village"),
        ("2 hommes & 1 chien 🐕 !", "2 hommes et 1 chien !"),
        ("CAMBRIOLAGE AU 12 RUE DES LILAS", "Cambriolage au 12 rue des lilas"),
        ("Le SAMU et le 17 sont là", "Le SAMU et le 17 sont là"),
        ("voir https://site.example/a?b=1 vite", "voir vite"),
        ("jean@voisins.example", "jean arobase voisins point example"),
        ("deux\nlignes\ttabulées", "deux lignes tabulées"),
        ("dossier 1234567", "dossier 12, 34, 56, 7"),
        ("38000 Grenoble", "38000 Grenoble"),
        ("", ""),
    ],
)
def test_a_text_is_spelt_for_a_voice(typed: str, said: str) -> None:
    assert speech.spoken("fr", typed) == said


@given(st.text(max_size=400))
def test_any_text_can_be_spoken_on_one_line(text: str) -> None:
    said = speech.spoken("fr", text)
    assert "\n" not in said
    assert said == said.strip()


def alert(tmp_path: Path, text: str, language: str = "fr", **more: object) -> str:
    facts = Facts(
        ref=381, at=NOON, text=text, community="Les Lilas", town="Saint-Aubin", author="Odette Martin",
        **more,  # type: ignore[arg-type]  # the facts that a test adds
    )  # fmt: skip
    return wording.alert(settings(tmp_path), Audience.NEIGHBOUR, language, facts).voice


def test_an_alert_is_read_twice_then_the_keys(tmp_path: Path) -> None:
    first, second, keys = alert(tmp_path, "Fumée rue des Lilas").splitlines()
    once = "Alerte numéro 381, à 14 heures 32. Odette Martin, Les Lilas, prévient ses voisins : Fumée rue des Lilas"
    assert first == f"Bonjour, ici Tocsin. {once}"
    assert second == f"Je répète. {once}"
    assert keys == "Si vous avez entendu, tapez 1. Pour ne plus recevoir d'appels, tapez 9."


def test_an_english_member_hears_english(tmp_path: Path) -> None:
    said = alert(tmp_path, "Smoke", "en")
    assert said.startswith("Hello, this is Tocsin. Alert number 381, at 14:32.")
    assert said.endswith("press 9.")


def test_personal_data_is_masked_and_17_is_told(tmp_path: Path) -> None:
    said = alert(tmp_path, "Clio AB-123-CD, 06 39 98 00 01", masked=True, called=True)
    assert said.count("Clio une plaque, un numéro de téléphone. Le 17 a été appelé") == 2


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("length", [10, 160, 300, 1600])
def test_a_call_lasts_45_seconds_at_most(tmp_path: Path, language: str, length: int) -> None:
    said = alert(tmp_path, "mot " * (length // 4), language)
    assert len(said) <= speech.LONGEST
    more = {"fr": "Le message est plus long.", "en": "There is more."}[language]
    assert said.count(more) == (2 if length > 200 else 0)


def test_only_neighbours_are_called(tmp_path: Path) -> None:
    facts = Facts(ref=1, at=NOON, text="Fumée")
    for hearer in (Audience.TWIN, Audience.AGENT):
        assert wording.alert(settings(tmp_path), hearer, "fr", facts).voice == ""


def test_a_code_is_said_digit_by_digit_twice(tmp_path: Path) -> None:
    words = wording.notice(settings(tmp_path), "fr", "proof_code", {"code": "048213"})
    assert words.voice.count("0, 4, 8, 2, 1, 3") == 2
    assert "048213" in words.sms
    assert words.segments == 1


def test_french_and_english_say_the_same_with_the_same_variables() -> None:
    french, english = (ids(language) for language in ("fr", "en"))
    assert french.keys() == english.keys()
    for message, variables in french.items():
        assert variables == english[message], message


def ids(language: str) -> dict[str, set[str]]:
    said = catalogue(language, speech.DOMAIN)._catalog  # type: ignore[attr-defined]  # gettext's own
    return {
        key: {name for _, name, _, _ in Formatter().parse(words) if name}
        for key, words in said.items()
        if key
    }
