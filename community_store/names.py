"""What a name is made of: it goes by mail and SMS to people who do not know whose it is."""

from __future__ import annotations

import re
import unicodedata

_BETWEEN = " '’‘-‑.·"  # in the names of people: J.-P. L'Hôte, Gal·la
_HOST = re.compile(r"\w\w\.\w\w")  # what programs that show mail make a link of
_IN_PLACES = " °=+"  # beside punctuation, in those of communities: Les « Lilas » (n° 2 / 4)
_PLACE_KINDS = ("Mn", "Mc", "Nd")  # accents and figures, beside letters; no sign, no emoji
_LINK = re.compile(r"\w\.[a-z]{2}|\d(\.\d+){3}|\b[wW]{3}\.|://|@")  # t.co, 1.2.3.4; not St.Martin
PLACE_MAX = 80  # characters of a community's name


def is_name(text: str) -> bool:
    """Letters of any script, and what stands between them; no address of anything."""
    made_of = all(one in _BETWEEN or unicodedata.category(one)[0] in "LM" for one in text)
    return made_of and any(one.isalpha() for one in text) and not _HOST.search(text)


def is_community_name(text: str) -> bool:
    """Letters of any script, figures and punctuation; no emoji, and nothing that telephones and
    programs that show mail make a link of: strangers read it above an alert.
    """
    made_of = all(
        one in _IN_PLACES or one.isalpha() or _of_places(unicodedata.category(one)) for one in text
    )
    enough = sum(one.isalpha() for one in text) >= 2 and len(text) <= PLACE_MAX
    return made_of and enough and not _LINK.search(text)


def _of_places(category: str) -> bool:
    return category in _PLACE_KINDS or category[0] == "P"
