"""What says nothing: smileys, and figures that look like one."""

from __future__ import annotations

import pytest

from dispatch.courtesies import is_courtesy


@pytest.mark.parametrize("text", ["8)", "8-D", ":3", "merci 8-)", ":-)", "<3"])
def test_a_smile_is_a_courtesy(text: str) -> None:
    assert is_courtesy(text)


def test_no_number_is_a_smile() -> None:
    """83 may be an alert's number, or a house: not eyes and a mouth."""
    assert not [number for number in range(100_000) if is_courtesy(str(number))]
