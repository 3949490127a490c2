"""What an INSCRIPTION says, as tables; and which place an address means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import applying, matching
from dispatch.applying import ByAddress, ByCode, Person
from gateway.geocoder import Place, PlaceKind

JEANNE = Person("Jeanne", "Petit")


@pytest.mark.parametrize(
    ("argument", "person", "address"),
    [
        ("Jeanne Petit, 12 rue des Lilas, Valmoutier", ("Jeanne", "Petit"), "12 rue des Lilas, Valmoutier"),
        ("jeanne petit,12 rue des Lilas", ("Jeanne", "Petit"), "12 rue des Lilas"),
        ("JEANNE PETIT ; 12 RUE DES LILAS", ("Jeanne", "Petit"), "12 RUE DES LILAS"),
        ("Mme Jeanne PETIT, 12 rue des Lilas.", ("Jeanne", "Petit"), "12 rue des Lilas"),
        ("jean-pierre d'argent, le bourg", ("Jean-Pierre", "D'Argent"), "le bourg"),
        ("Jeanne de La Tour, 1 place X. Abc", ("Jeanne", "De La Tour"), "1 place X. Abc"),
        ("Élise McCoy, 3 bis rue Basse", ("Élise", "McCoy"), "3 bis rue Basse"),
        ("J. Petit, rue Haute", ("J.", "Petit"), "rue Haute"),
        ("Zoë O’Brien, rue Haute", ("Zoë", "O'Brien"), "rue Haute"),
    ],
)  # fmt: skip
def test_a_name_and_an_address(argument: str, person: tuple[str, str], address: str) -> None:
    assert applying.read(argument) == ByAddress(Person(*person), address)


@pytest.mark.parametrize(
    ("argument", "code", "person"),
    [
        ("482193 Jeanne Petit", "482193", JEANNE), ("482 193 jeanne petit", "482193", JEANNE),
        ("48 21 93, Jeanne Petit", "482193", JEANNE), ("482-193 JEANNE PETIT", "482193", JEANNE),
        ("code 482193 Jeanne Petit", "482193", JEANNE), ("code: 482193", "482193", None),
        ("Jeanne Petit 482193", "482193", JEANNE), ("Jeanne Petit, 482 193.", "482193", JEANNE),
        ("Jeanne Petit code 482193", "482193", JEANNE), ("482193", "482193", None),
        ("482193 Jeanne", "482193", None), ("4821 Jeanne Petit", "4821", JEANNE),
        ("4821933 Jeanne Petit", "4821933", JEANNE),
    ],
)  # fmt: skip
def test_a_code(argument: str, code: str, person: Person | None) -> None:
    assert applying.read(argument) == ByCode(code, person)


@pytest.mark.parametrize(
    "argument",
    [
        "", ",", "Jeanne Petit", "Jeanne, 12 rue des Lilas", "Jeanne Petit,", "Jeanne Petit, 12",
        "Jeanne Petit 12 rue des Lilas", "12 rue des Lilas, Jeanne Petit", "Jeanne P3tit, rue X",
        "je voudrais rejoindre mes voisins de la rue des Lilas, merci", "Mme Petit, 12 rue Basse",
        "Jeanne gagnez.example, 12 rue Basse",
    ],
)  # fmt: skip
def test_neither(argument: str) -> None:
    assert applying.read(argument) is None


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    form = applying.read(text)
    if isinstance(form, ByAddress):
        assert form.person.first_name
        assert form.person.last_name
        assert len(form.address) <= applying.ADDRESS_MAX
    elif form is not None:
        assert form.code.isdigit()
    chosen = applying.choice(text)
    assert chosen is None or 0 <= chosen <= 9


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1), (" 2 . ", 2), ("le 3", 3), ("n°2", 2), ("Choix 1 !", 1), ("OUI", 1), ("non", 0),
        ("Aucune", 0), ("2 svp", 2), ("NON merci", 0), ("ok", 1), ("Bonjour, 3", 3), ("0", 0), ("12", None), ("2 rue des Lilas", None), ("", None), ("4", 4),
        ("1 2", None), ("merci", None), ("L'adresse 2", None), ("adresse 2", 2),
    ],
)  # fmt: skip
def test_a_choice(text: str, number: int | None) -> None:
    assert applying.choice(text) == number


def place(label: str, score: float, kind: str = "housenumber", **more: str) -> Place:
    return Place(label, score, PlaceKind(kind), 45.0, 5.0, **more)


HERE = place("12 Rue des Lilas 38990 Valmoutier", 0.95, postcode="38990", citycode="38185")
THERE = place("12 Rue des Lilas 38991 Rochebrune", 0.95, postcode="38991", citycode="38190")
FAR = place("12 Rue des Lilas 59000 Lille", 0.6, postcode="59000")
STREET = place("Rue des Lilas 38990 Valmoutier", 0.84, "street", postcode="38990")
TOWN = place("Valmoutier", 0.97, "municipality")


@pytest.mark.parametrize(
    ("asked", "places", "certain", "choices"),
    [
        ("12 rue des lilas valmoutier", [HERE, FAR], HERE, []),
        ("12 rue des lilas 38 990 valmoutier", [HERE, FAR], HERE, []),
        ("12 rue des lilas 38000 valmoutier", [HERE, FAR], None, [HERE, FAR]),
        ("12 rue des lilas", [THERE, HERE, FAR], None, [HERE, THERE, FAR]),
        ("12 rue des lilas", [FAR], None, [FAR]),
        ("99 rue des lilas valmoutier", [STREET], None, [STREET]),
        ("rue des lilas valmoutier", [STREET], STREET, []),
        ("valmoutier", [TOWN], None, []),
        ("x", [place("y", 0.3)], None, []),
        ("12 rue des lilas valmoutier", [HERE, HERE], HERE, []),
        ("12 rue", [HERE, THERE, FAR, STREET], None, [HERE, THERE, STREET]),
        ("12 rue", [], None, []),
    ],
)
def test_the_place_that_an_address_means(
    asked: str, places: list[Place], certain: Place | None, choices: list[Place]
) -> None:
    found = matching.match(asked, places, {"38185"})
    assert (found.certain, list(found.choices)) == (certain, choices)


def test_the_number_that_was_typed_is_kept_where_only_the_street_is_known() -> None:
    assert matching.written("99 rue des lilas", STREET) == "99 rue des lilas"
    assert matching.written("rue des lilas", STREET) == STREET.label
    assert matching.written("12 rue d lilas", HERE) == HERE.label
