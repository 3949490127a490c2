"""Whose name is refused since it is an office's, and whose is not since it is a person's."""

from __future__ import annotations

import pytest

from community_store import offices, pseudonyms
from community_store.errors import RuleError

PEOPLE = [
    "Jean Maire", "Anne Lemaire", "Bruno Le Maire", "Maire Brennan", "Máire Ní Bhraonáin",
    "Paul Mairesse", "Marie Police", "Luc Gendarme", "Zoé Pompier", "Samu Virtanen", "Ville Valo",
    "Emma Irie", "Anne Hall", "Federico Mayor", "Jean-Pierre Prévôt", "Rose Sergent", "Jo Town",
    "Hugo Commissaire", "Léa Préfet", "Lise Deville", "Marc de la Ville", "Louis Ville d'Avray",
    "Madame Maire", "Sam Commune", "Élise Adjoint", "J. Maire", "Мария Мэр", "Jeanne Croix",
    "Ali Ben Mairi", "Noé Civile", "Rose Ladjointe",
]  # fmt: skip
OFFICES = [
    "Police Municipale", "POLICE  municipale", "Police-Municipale Grenoble", "PoliceMunicipale Ici",
    "P.o.l.i.c.e Municipale", "Agent Police Municipale", "Police Nationale", "Police Grenoble",
    "La Police", "Agent de Police", "Mairie de Grenoble", "Votre Mairie", "M.A.I.R.I.E Grenoble",
    "Jean de la Mairie", "Gendarmerie Nationale", "Brigade de Gendarmerie", "Gendarme Paul",
    "Sapeurs Pompiers", "Pompier Grenoble", "Les Pompiers", "Le Maire", "Monsieur le Maire",
    "M. Le Maire", "Maire de Grenoble", "Madame la Maire", "Maire Adjoint", "Adjoint au Maire",
    "Le Samu", "Samu de l'Isère", "Ville de Grenoble", "Hôtel de Ville", "Sous-Préfecture Vienne",
    "Préfet de l'Isère", "Commissariat Central", "Town Hall", "Mayor of Grenoble",
    "Fire Brigade", "Sécurité Civile", "\u0420\u043elice Municipale", "\uff30olice Municipale",
    "Maírie Annexe", "Gárde Champêtre",
]  # fmt: skip


@pytest.mark.parametrize("name", PEOPLE)
def test_a_family_that_is_called_like_an_office_is_not_one(name: str) -> None:
    assert not offices.is_office(name, service="Tocsin")


@pytest.mark.parametrize("name", OFFICES)
def test_an_office_is_nobody(name: str) -> None:
    assert offices.is_office(name)


@pytest.mark.parametrize(
    ("name", "service", "ours"),
    [
        ("Équipe Tocsin", "Tocsin", True), ("Le Tocsin", "Tocsin", True),
        ("Service de Veille", "Veille", True), ("Rose Tocsin", "Tocsin", False),
        ("Rose Service", "Tocsin", False), ("Rose Lilas", "Les Lilas", False),
        ("Équipe Martin", "", False),
    ],
)  # fmt: skip
def test_nobody_is_the_team_of_the_service(name: str, service: str, ours: bool) -> None:
    assert offices.is_office(name, service=service) is ours


@pytest.mark.parametrize(
    "pseudonym", ["Police bleue", "Maire vert", "Town mouse", "Hotel de ville"]
)
def test_a_pseudonym_has_no_word_of_an_office(pseudonym: str) -> None:
    with pytest.raises(RuleError) as refused:
        pseudonyms.check(pseudonym)
    assert refused.value.code == "office"


@pytest.mark.parametrize("pseudonym", ["Rat des villes", "Étoile du maïs", "Halle verte"])
def test_other_words_are_free(pseudonym: str) -> None:
    pseudonyms.check(pseudonym)


@pytest.mark.parametrize(
    "name",
    ["Mairie", "La Mairie", "MAIRIE de Grenoble", "Police municipale", "La Police", "Les Pompiers",
     "Gendarmerie", "Town Hall", "Tocsin", "Équipe Tocsin", "Hôtel de Ville"],
)  # fmt: skip
def test_a_neighbourhood_is_not_called_like_an_institution(name: str) -> None:
    with pytest.raises(RuleError, match="institution"):
        offices.require_place(name, service="Tocsin")


@pytest.mark.parametrize(
    "name",
    ["Quartier de la Mairie", "Place de la Gendarmerie", "Rue des Pompiers", "La Ville aux Dames",
     "Le Hameau d'Angély", "Les Lilas", "Maire-Levescault", "Les Communes", "Le Tocsin vert"],
)  # fmt: skip
def test_a_neighbourhood_around_one_is(name: str) -> None:
    offices.require_place(name, service="Tocsin")
