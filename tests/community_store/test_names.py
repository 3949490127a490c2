"""What may stand where a name is asked for."""

from __future__ import annotations

import pytest

from community_store import names


@pytest.mark.parametrize(
    "name",
    ["Jeanne", "J.", "J.-P.", "J.P.", "Zoë", "Zoe\u0308", "O'Brien", "O’Brien", "De La Tour", "Gal·la",
     "Ng", "Łukasz", "Мария", "美玲", "فاطمة"],
)  # fmt: skip
def test_names_of_people(name: str) -> None:
    assert names.is_name(name)


@pytest.mark.parametrize(
    "text",
    ["", "'", "12345", "Jeanne2", "http://gagnez.example", "www.gagnez.example", "gagnez.example",
     "a@b", "<b>", "=HYPERLINK(1)", "\U0001f600", "Jeanne, 06", "gagnez。example", "a\nb"],
)  # fmt: skip
def test_no_names(text: str) -> None:
    assert not names.is_name(text)


@pytest.mark.parametrize(
    "name",
    ["Les Lilas", "Moulin d'Août", "L’École", "Bât. A & B (n° 2/4)", "Z.A.C. du Pré", "Ng",
     "Résidence Saint-Rémy, 8 mai 1945", "Rue de l'Île\u0302", "丘の上", "حي السلام", "x" * 80,
     "Les « Lilas »", "St.Martin – Nord", "Vive le Bourg !", "=cmd"],
)  # fmt: skip
def test_names_of_communities(name: str) -> None:
    assert names.is_community_name(name)


@pytest.mark.parametrize(
    "text",
    ["", "A", "12", "(&)", "Le Bourg <b>", "Moulin d'Août \U0001f600", "Lilas 1\ufe0f\u20e3",
     "http://gagnez", "www.gagnez", "voir gagnez.example", "t.co/gagnez", "Lilas 10.0.0.1", "a@bc",
     "Les\nLilas", "Les\u200bLilas", "Lilas \U0001f1eb\U0001f1f7", "x" * 81],
)  # fmt: skip
def test_no_names_of_communities(text: str) -> None:
    assert not names.is_community_name(text)
