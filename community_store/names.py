"""What a name is made of: it goes by mail and SMS to people who do not know whose it is."""

from __future__ import annotations

import re
import unicodedata

_BETWEEN = " '’‘-‑.·"  # in the names of people: J.-P. L'Hôte, Gal·la
_HOST = re.compile(r"\w\w\.\w\w")  # what programs that show mail make a link of


def is_name(text: str) -> bool:
    """Letters of any script, and what stands between them; no address of anything."""
    made_of = all(one in _BETWEEN or unicodedata.category(one)[0] in "LM" for one in text)
    return made_of and any(one.isalpha() for one in text) and not _HOST.search(text)
