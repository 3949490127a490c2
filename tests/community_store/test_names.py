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
