"""Segments against two independent codecs, words against a table."""

from __future__ import annotations

import unicodedata

import gsm0338
import pytest
import smsutil
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway import sms_text
from gateway.sms_text import BASIC, EXTENSION, Size, count, fit, is_full_part, plain

CODEC = gsm0338.Codec()
GSM7 = BASIC + EXTENSION
gsm7_texts = st.text(st.sampled_from(GSM7), max_size=700)
french = st.text(
    st.sampled_from("abc éèêçœÀ’“«»—…\n\u202f€[]|😀👍🏽👨\u200d👩\u200d👧🇫🇷e\u0301Ωαж火"),
    max_size=400,
)
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def test_the_table_is_that_of_the_codec() -> None:
    everything = (chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000)
    known = {letter for letter in everything if _encodes(letter)}
    assert set(GSM7) - {"\f"} == known - {"\f", "\x1b"}


def _encodes(letter: str) -> bool:
    try:
        return bool(CODEC.encode(letter, "strict")[0])
    except UnicodeError:
        return False


@given(gsm7_texts)
def test_septets_are_the_bytes_of_the_codec(text: str) -> None:
    assert count(text).units == len(CODEC.encode(text, "strict")[0])


@given(gsm7_texts.filter(lambda text: "\f" not in text) | any_text | french)
def test_segments_are_those_of_smsutil(text: str) -> None:
    assume(
        text and not {"\f", "\x1b"} & set(text)
    )  # smsutil is wrong of the empty text, of \f and of a lone escape
    theirs = smsutil.split(text)
    ours = count(text)
    assert ours.segments == len(theirs.parts)
    assert ours.encoding == ("gsm7" if theirs.encoding == "gsm0338" else "ucs2")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", Size("gsm7", 0, 1)),
        ("a" * 160, Size("gsm7", 160, 1)),
        ("a" * 161, Size("gsm7", 161, 2)),
        ("a" * 306, Size("gsm7", 306, 2)),
        ("a" * 307, Size("gsm7", 307, 3)),
        ("€" * 80, Size("gsm7", 160, 1)),
        ("a" * 159 + "€", Size("gsm7", 161, 2)),
        # The pair does not fit in the last septet of the first part: 152 + 153 + 1.
        ("a" * 152 + "€" + "a" * 152, Size("gsm7", 306, 3)),
        ("ê" * 70, Size("ucs2", 70, 1)),
        ("ê" * 71, Size("ucs2", 71, 2)),
        ("ê" * 134, Size("ucs2", 134, 2)),
        ("ê" * 135, Size("ucs2", 135, 3)),
        ("😀" * 35, Size("ucs2", 70, 1)),
        ("ê" * 66 + "😀" + "ê" * 66, Size("ucs2", 134, 3)),
    ],
)
def test_golden_sizes(text: str, size: Size) -> None:
    assert count(text) == size


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("Été à l'école, où ça ? ùìò ÉÇ €", "Été à l'école, où ca ? ùìò ÉÇ €"),
        ("être forêt maïs Noël hôtel flûte âne", "etre foret mais Noel hotel flute ane"),
        ("ÀÂÈÊËÎÏÔÛ Œuvre cœur", "AAEEEIIOU OEuvre coeur"),
        ("l’école “citée” «là» ‘ici’ „bas‟", 'l\'école "citée" "là" \'ici\' "bas"'),
        ("un — deux – trois‑quatre−cinq", "un - deux - trois-quatre-cinq"),
        ("attendez… vite", "attendez... vite"),
        ("12\u202f000\u00a0€\u2009!", "12 000 € !"),
        ("n° 3, 20 °C, 5 m²", "no 3, 20 oC, 5 m2"),
        ("e\u0301te\u0301 c\u0327a", "été ca"),
        ("ﬁn ½ № ™ © ①", "fin 1/2 No TM (c) 1"),
        ("Łódź Ðorđe Þór İstanbul ß", "Lodz Dorde THor Istanbul ß"),
        ("→ rue des Lilas", "-> rue des Lilas"),
        ("ΔΦΓΛΩΠΨΣΘΞ", "ΔΦΓΛΩΠΨΣΘΞ"),
        ("Ελλάδα", "EΛΛAΔA"),
        ("Feu 🔥 rue des Lilas 🚒🚒", "Feu rue des Lilas"),
        ("🔥 Feu", "Feu"),
        ("Feu\n🔥\nvite", "Feu\n\nvite"),
        ("vu 👍🏽 👨\u200d👩\u200d👧 🇫🇷 1\ufe0f\u20e3", "vu 1"),
        ("zéro\u200blargeur\ufeff soft\u00adhyphen", "zérolargeur softhyphen"),
        ("tab\tet\r\nligne\rfin\x00\x07", "tab et\nligne\nfin"),
    ],
)
def test_letters_outside_the_table_become_their_nearest(written: str, sent: str) -> None:
    assert plain(written) == sent
    assert count(sent).encoding == "gsm7"


@pytest.mark.parametrize(
    "text", ["Внимание, пожар", "火 brûle 🔥", "حريق", "👍", "👍🏽 👍🏽", "🔥 !", "Ça brûle ж"]
)
def test_what_cannot_be_transliterated_is_sent_as_it_is(text: str) -> None:
    assert plain(text) == text
    assert count(text).encoding == "ucs2"


@given(any_text | french)
def test_plain_is_done_once_and_loses_no_word(text: str) -> None:
    short = plain(text)
    assert plain(short) == short
    assert bool(short.strip()) or not _visible(text)
    assert count(short).encoding == "gsm7" or short == sms_text._clean(text)


def _visible(text: str) -> bool:
    """Whether there is a letter, number, mark of punctuation or picture in it."""
    return any(unicodedata.category(letter)[0] in "LNPS" for letter in text)


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("a" * 153, True),
        ("a" * 160, True),
        ("a" * 151 + "€", True),
        ("ê" * 67, True),
        ("ê" * 70, True),
        ("a" * 67, True),  # the first part of a text whose second part has an emoji
        ("a" * 152, False),
        ("a" * 161, False),
        ("ê" * 153, False),
        ("ê" * 66, False),
        ("", False),
    ],
)
def test_a_full_part_may_have_a_continuation(text: str, full: bool) -> None:
    assert is_full_part(text) is full


HEAD = "Tocsin alerte A12, 21h05, Paul (Lilas) : "
PAGE = "https://tocsin.example/a/A12"


def test_a_short_alert_is_left_whole() -> None:
    text = fit(HEAD, "Camionnette suspecte", " Répondez au 38000.", more=PAGE, limit=3)
    assert text == HEAD + "Camionnette suspecte Répondez au 38000."


def test_a_long_alert_keeps_its_beginning_and_says_where_the_rest_is() -> None:
    body = "Deux hommes cagoulés devant l’école. " * 30
    text = fit(HEAD, body, " Répondez au 38000.", more=PAGE, limit=3)
    assert text.startswith(HEAD + "Deux hommes cagoulés devant l'école. Deux")
    assert text.endswith(f"... {PAGE} Répondez au 38000.")
    kept = text.removeprefix(HEAD).partition("...")[0]
    assert kept.split()[-1] in {"Deux", "hommes", "cagoulés", "devant", "l'école"}
    assert count(text).segments == 3
    assert count(text).units > 3 * 153 - 20


def test_a_text_without_spaces_is_cut_all_the_same() -> None:
    text = fit("T : ", "x" * 900, "", more="", limit=2)
    assert text == "T : " + "x" * (306 - 7) + "..."


def test_a_body_of_emoji_alone_is_not_lost_among_words() -> None:
    assert fit(HEAD, "🔥🔥", "", more=PAGE, limit=1).endswith(" : 🔥🔥")


def test_a_family_or_a_flag_is_never_cut_in_two() -> None:
    family, flag = "👨\u200d👩\u200d👧", "🇫🇷"
    for length in range(1, 12):
        text = fit("x" * length, (family + flag) * 40, "", more="", limit=1)
        kept = text[length:].removesuffix("...")
        assert kept.replace(family, "").replace(flag, "") == ""


def test_a_head_too_long_by_itself_is_cut_too() -> None:
    text = fit("mot " * 100, "x", "y" * 300, more=PAGE, limit=1)
    assert count(text).segments == 1
    assert text.endswith("mot...")


@given(french, french, french, st.integers(1, 4))
def test_no_text_ever_costs_more_than_the_limit(
    head: str, body: str, tail: str, limit: int
) -> None:
    text = fit(head, body, tail, more=PAGE, limit=limit)
    assert count(text).segments <= limit
    text.encode("utf-16-be")
