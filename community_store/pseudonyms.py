"""Pseudonyms: two words, a bird and an adjective, the only thing that twins see (S78).

One may be chosen too, if it does not give away whose it is.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable

from community_store import offices
from community_store.errors import RuleError

SHORTEST, LONGEST = 3, 30
DIGITS = 5  # together: a number, or most of one
_LETTERS = re.compile(r"[^\W_](?:[^\W_]|[ .'’-])*")
_WORDS = re.compile(r"[^\W_]+")
_ALPHABETIC = re.compile(r"[^\W\d_]+")
_LOOKALIKES = str.maketrans("013457@$", "oieastas")
_PARTICLES = frozenset(["de", "du", "des", "le", "la", "les", "d", "l", "van", "von", "ben", "el"])

# Nobody chose theirs: no bird that is also a word for a fool or worse, no colour of skin.
_MASCULINE = (
    "Accenteur", "Balbuzard", "Bécasseau", "Bihoreau", "Bouvreuil", "Bruant", "Chardonneret",
    "Chevalier", "Cincle", "Colibri", "Coucou", "Courlis", "Fuligule", "Harle", "Macareux",
    "Roselin", "Sizerin", "Tadorne", "Vanneau", "Venturon", "Faucon", "Geai", "Goéland", "Gravelot", "Grèbe", "Grimpereau", "Guêpier", "Héron", "Ibis",
    "Jaseur", "Loriot", "Martinet", "Milan", "Moineau", "Pinson", "Pipit", "Pluvier", "Pouillot",
    "Roitelet", "Rossignol", "Rougequeue", "Tarin", "Torcol", "Traquet", "Verdier",
)  # fmt: skip
_FEMININE = (
    "Aigrette", "Alouette", "Avocette", "Bergeronnette", "Caille", "Chouette", "Cigogne",
    "Bernache", "Gallinule", "Gorgebleue", "Guifette", "Locustelle", "Marouette", "Panure",
    "Rousserolle", "Corneille", "Effraie", "Fauvette", "Foulque", "Grive", "Huppe", "Hirondelle",
    "Mésange", "Mouette", "Outarde", "Perdrix", "Pie", "Sarcelle", "Sittelle",
    "Spatule", "Sterne", "Tourterelle",
)  # fmt: skip
_ADJECTIVES = (
    ("argenté", "argentée"), ("bleu", "bleue"), ("blond", "blonde"), ("brun", "brune"),
    ("cendré", "cendrée"), ("charmant", "charmante"), ("discret", "discrète"),
    ("doré", "dorée"), ("élégant", "élégante"), ("étoilé", "étoilée"), ("fier", "fière"),
    ("gracieux", "gracieuse"), ("huppé", "huppée"), ("joyeux", "joyeuse"),
    ("lointain", "lointaine"), ("matinal", "matinale"), ("moucheté", "mouchetée"),
    ("pourpre", "pourpre"), ("rapide", "rapide"), ("rieur", "rieuse"), ("rose", "rose"),
    ("roux", "rousse"), ("sage", "sage"), ("serein", "sereine"), ("tacheté", "tachetée"),
    ("tranquille", "tranquille"), ("vert", "verte"), ("vif", "vive"), ("voyageur", "voyageuse"),
)  # fmt: skip


def pick(*names: str) -> str:
    """A pseudonym at random that tells nothing of the names given."""
    while True:
        pseudonym = _any()
        if not tells(pseudonym, *names):
            return pseudonym


def was_picked(pseudonym: str) -> bool:
    """Whether it could be one of ours: nobody chose it, or chose it from our list."""
    bird, _, adjective = pseudonym.partition(" ")
    forms = {form for both in _ADJECTIVES for form in both}
    return bird in _MASCULINE + _FEMININE and adjective in forms


def count() -> int:
    """How many there are to pick from."""
    return len(_MASCULINE + _FEMININE) * len(_ADJECTIVES)


def suggest(count: int, *names: str) -> list[str]:
    """Some different ones to choose from."""
    found: dict[str, None] = {}
    while len(found) < count:
        found.setdefault(pick(*names))
    return list(found)


def check(pseudonym: str, *names: str, service: str = "") -> None:
    """Refuse what gives away a person of these names, or passes for somebody in office.

    Raises RuleError: "short", "long", "letters", "contact", "tells", "office".
    """
    if len(pseudonym) < SHORTEST:
        raise RuleError("short", f"a pseudonym has at least {SHORTEST} characters")
    if len(pseudonym) > LONGEST:
        raise RuleError("long", f"a pseudonym has at most {LONGEST} characters")
    if "@" in pseudonym or len(re.sub(r"\D", "", pseudonym)) >= DIGITS:
        raise RuleError("contact", "a pseudonym is no number and no address")
    if not _LETTERS.fullmatch(pseudonym) or not re.search(r"[^\W\d_]", pseudonym):
        raise RuleError("letters", "a pseudonym is made of letters, digits, spaces and hyphens")
    if tells(pseudonym, *names):
        raise RuleError("tells", "a pseudonym does not contain one's own name")
    if _in_office(pseudonym, service):
        raise RuleError("office", "a pseudonym does not pass for the town, the police or us")


def _in_office(pseudonym: str, service: str) -> bool:
    own, words = _words(service), _words(pseudonym)
    return bool(offices.WORDS & words or (own and own <= words)) or offices.is_office(pseudonym)


def tells(pseudonym: str, *names: str) -> bool:
    """Whether a name can be read in a pseudonym: as a word, or, if it is long, anywhere.

    Neither accents nor spaces nor a 0 for an o hide it.
    """
    shown = {_plain(pseudonym), _plain(pseudonym).translate(_LOOKALIKES)}
    words = set().union(*(_ALPHABETIC.findall(text) for text in shown))
    squeezed = {"".join(_WORDS.findall(text)) for text in shown}
    return any(
        part in words or (len(part) > 3 and any(part in text for text in squeezed))
        for part in _parts(names)
    )


def _parts(names: Iterable[str]) -> set[str]:
    """A name and its words, but for the particles that many share."""
    parts: set[str] = set()
    for name in names:
        words = _ALPHABETIC.findall(_plain(name))
        parts |= {"".join(words), *(word for word in words if word not in _PARTICLES)}
    return parts - {""}


def _words(text: str) -> set[str]:
    return set(_WORDS.findall(_plain(text)))


def _any() -> str:
    bird = secrets.choice(_MASCULINE + _FEMININE)
    masculine, feminine = secrets.choice(_ADJECTIVES)
    return f"{bird} {masculine if bird in _MASCULINE else feminine}"


def _plain(text: str) -> str:
    """Without accents, case or hyphens."""
    spread = unicodedata.normalize("NFKD", text.casefold().replace("-", " "))
    return "".join(c for c in spread if not unicodedata.combining(c))
