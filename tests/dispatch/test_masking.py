"""Plates, numbers and e-mails are masked; sentences that look like them are not (A9)."""

from __future__ import annotations

import pytest

from dispatch.masking import holds_personal_data


@pytest.mark.parametrize(
    "text",
    [
        "AB-123-CD", "ab-123-cd", "AB 123 CD", "ab 123 cd", "ab123cd", "AB.123.CD", "LA-123-ET",
        "Clio grise AB 123 ET vers le stade", "1234 XY 38", "06 39 98 00 01", "+33 6 39 98 00 01",
        "AB - 123 - CD", "AB–123–CD", "+262 692 00 00 01", "+41 79 123 45 67", "06/39/98/00/01",
        "ecrivez à faux@arnaque.example",
    ],
)  # fmt: skip
def test_what_names_somebody_is_masked(text: str) -> None:
    assert holds_personal_data(text)


@pytest.mark.parametrize(
    "text",
    [
        "Appelez le 112 et fermez vos portes", "devant le 123 de la rue", "la 306 de Marcel",
        "au 112 rue Haute", "LE 123 ET LE 125", "les 119 sont", "Rue Basse, 2 bis", "le 17 est prévenu",
        "24 av. de la Gare 38000", "12 RUE 38", "en 300 ml",
    ],
)  # fmt: skip
def test_a_sentence_is_not(text: str) -> None:
    assert not holds_personal_data(text)
