"""What people type and gateways say, as tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import numbers
from gateway.numbers import Kind, NumberError, Phone

MOBILE = Phone("+33639980001", Kind.MOBILE)


@pytest.mark.parametrize(
    "typed",
    [
        "0639980001",
        "06 39 98 00 01",
        "06.39.98.00.01",
        "06-39-98-00-01",
        "06\u00a039\u202f98\u00a000\u00a001",
        "+33639980001",
        "+33 6 39 98 00 01",
        "+33 (0)6 39 98 00 01",
        "+330639980001",
        "0033639980001",
        "0033 (0) 6 39 98 00 01",
        "33639980001",
        " 0639980001\n",
        "０６３９９８０００１",
    ],
)
def test_a_mobile_is_understood_however_it_is_typed(typed: str) -> None:
    assert numbers.parse(typed) == MOBILE


@pytest.mark.parametrize(
    ("typed", "e164", "kind"),
    [
        ("06 12 34 56 78", "+33612345678", Kind.MOBILE),
        ("07 56 78 90 12", "+33756789012", Kind.MOBILE),
        ("06 39 98 99 99", "+33639989999", Kind.MOBILE),
        ("01 99 00 00 00", "+33199000000", Kind.LANDLINE),
        ("02 61 91 00 00", "+33261910000", Kind.LANDLINE),
        ("03 53 01 00 00", "+33353010000", Kind.LANDLINE),
        ("04 65 71 00 00", "+33465710000", Kind.LANDLINE),
        ("05 36 49 00 00", "+33536490000", Kind.LANDLINE),
        ("09 87 65 43 21", "+33987654321", Kind.LANDLINE),
        ("0262 20 20 20", "+262262202020", Kind.LANDLINE),
        ("0692 00 12 34", "+262692001234", Kind.MOBILE),
        ("+33 692 00 12 34", "+262692001234", Kind.MOBILE),
        ("+262 692 00 12 34", "+262692001234", Kind.MOBILE),
        ("0269 61 12 34", "+262269611234", Kind.LANDLINE),
        ("0639 01 98 76", "+262639019876", Kind.MOBILE),
        ("0590 81 23 45", "+590590812345", Kind.LANDLINE),
        ("0690 00 12 34", "+590690001234", Kind.MOBILE),
        ("0596 71 23 45", "+596596712345", Kind.LANDLINE),
        ("0696 12 34 56", "+596696123456", Kind.MOBILE),
        ("0594 30 12 34", "+594594301234", Kind.LANDLINE),
        ("0694 20 12 34", "+594694201234", Kind.MOBILE),
        ("0508 41 12 34", "+508411234", Kind.LANDLINE),
        ("+508 41 12 34", "+508411234", Kind.LANDLINE),
        ("75 12 34", "+687751234", Kind.MOBILE),
        ("+687 75 12 34", "+687751234", Kind.MOBILE),
        ("87 12 34 56", "+68987123456", Kind.MOBILE),
    ],
)
def test_mainland_fiction_and_overseas_have_their_own_codes(
    typed: str, e164: str, kind: Kind
) -> None:
    assert numbers.parse(typed) == Phone(e164, kind)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "no number"),
        ("   ", "no number"),
        ("appelle-moi", "digits only"),
        ("06399x0001", "digits only"),
        ("0639 98 00", "too few digits"),
        ("+336399800", "too few digits"),
        ("06 39 98 00 011", "too many digits"),
        ("112", "short number"),
        ("3949", "short number"),
        ("118 218", "begins with 0 or"),
        ("639980001", "begins with 0 or"),
        ("0899 12 34 56", "premium"),
        ("+33 892 12 34 56", "premium"),
        ("0800 12 34 56", "premium and service"),
        ("+881 612 345 678", "satellite"),
        ("+882 16 123 4567", "satellite"),
        ("00870 773 111 632", "satellite"),
        ("+44 7700 900123", "only French"),
        ("+1 202 555 0123", "only French"),
        ("+377 6 12 34 56 78", "only French"),
        ("07 00 12 34 56", "in service"),
        ("0639 12 34 56", "in service"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(typed: str, reason: str) -> None:
    with pytest.raises(NumberError, match=reason) as refusal:
        numbers.parse(typed)
    digits = "".join(filter(str.isdigit, typed))
    assert not digits or digits not in str(refusal.value)


@given(st.text(max_size=30))
def test_any_text_is_a_french_number_or_a_number_error(text: str) -> None:
    try:
        phone = numbers.parse(text)
    except NumberError:
        return
    assert numbers.parse(phone.e164) == phone


@given(st.integers(0, 9999))
def test_every_number_of_fiction_reads_back_from_how_it_is_shown(number: int) -> None:
    e164 = f"+3363998{number:04d}"
    assert numbers.parse(numbers.national(e164)) == Phone(e164, Kind.MOBILE)


@pytest.mark.parametrize(
    ("said", "sender", "answerable"),
    [
        ("+33639980001", "+33639980001", True),
        ("33639980001", "+33639980001", True),
        ("0639980001", "+33639980001", True),
        ("0033639980001", "+33639980001", True),
        (" +33 6 39 98 00 01 ", "+33639980001", True),
        ("0692001234", "+262692001234", True),
        ("447700900123", "+447700900123", True),
        ("+15005550006", "+15005550006", True),
        ("38000", "38000", False),
        (" 36111 ", "36111", False),
        ("SFR", "SFR", False),
        ("Orange 12", "Orange 12", False),
        ("", "", False),
        ("+33899123456", "+33899123456", False),
        ("+881612345678", "+881612345678", False),
        ("anonymous", "anonymous", False),
    ],
)
def test_senders_are_normalised_and_robots_get_no_answer(
    said: str, sender: str, answerable: bool
) -> None:
    assert numbers.sender(said) == sender
    assert numbers.answerable(sender) is answerable


@given(st.text(max_size=20))
def test_a_sender_once_normalised_stays(text: str) -> None:
    assert numbers.sender(numbers.sender(text)) == numbers.sender(text)


@pytest.mark.parametrize(
    ("typed", "value", "kind"),
    [
        ("+33639980000", "+33639980000", "long"),
        ("06 39 98 00 00", "+33639980000", "long"),
        ("+15005550006", "+15005550006", "long"),
        ("38000", "38000", "short"),
        ("360", "360", "short"),
        ("Tocsin", "Tocsin", "sender"),
        ("Ville-de-X1", "Ville-de-X1", "sender"),
    ],
)
def test_our_own_numbers_are_told_apart_by_their_look(typed: str, value: str, kind: str) -> None:
    assert numbers.number_value(typed) == (value, kind)


@pytest.mark.parametrize("typed", ["", "12", "1234567", "DouzeLettres", "Été", "a;b", "+33"])
def test_what_no_operator_gives_is_refused(typed: str) -> None:
    with pytest.raises(NumberError):
        numbers.number_value(typed)


@pytest.mark.parametrize(
    ("e164", "shown", "hidden"),
    [
        ("+33639980078", "06 39 98 00 78", "+33•••••78"),
        ("+262692001234", "0692 00 12 34", "+262•••••34"),
        ("+508411234", "0508 41 12 34", "+508•••••34"),
        ("+447911123456", "+44 7911 123456", "•••••56"),
        ("38000", "38000", "•••••"),
        ("", "", "•••••"),
    ],
)
def test_numbers_are_shown_as_neighbours_write_them_or_masked(
    e164: str, shown: str, hidden: str
) -> None:
    assert numbers.national(e164) == shown
    assert numbers.masked(e164) == hidden
