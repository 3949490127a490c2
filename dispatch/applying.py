"""What an INSCRIPTION says: a name and an address, or a code; read without asking anybody."""

from __future__ import annotations

import re
from dataclasses import dataclass

from community_store import names
from dispatch.courtesies import politely_less
from dispatch.reading import folded

ADDRESS_MAX = 200
NAME_MAX = 40
CODE_DIGITS = 6

_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.\-])*")
_TITLES = frozenset({"m", "mr", "mme", "mlle", "madame", "monsieur", "mrs", "ms", "miss"})
# in a warning's words, never in a name before its comma
_NO_NAMES = frozenset(
    [
        "sur", "dans", "devant", "derriere", "au", "aux", "un", "une", "des", "les", "pour",
        "par", "est", "sont", "on", "the", "at", "in", "is",
    ]
)  # fmt: skip
_CODE_FIRST = re.compile(
    r"(?:code\W*)?((?:\d[ .\-]?){3,9}\d)(?!\d)[\s,;:.\-]*(.*)", re.IGNORECASE | re.DOTALL
)
_CODE_LAST = re.compile(
    r"(\D*?)[\s,;:]+(?:code\W*)?((?:\d[ .\-]?){5}\d)\W*", re.IGNORECASE | re.DOTALL
)
_CHOICE = re.compile(r"(?:(?:le|la|l'|choix|numero|number|adresse|reponse|no|n)[ °.:]*)?([0-9])")
_NONE = frozenset(
    {"non", "no", "aucun", "aucune", "none", "aucune des trois", "ni l'une ni l'autre"}
)
_YES = frozenset({"oui", "yes", "ok", "c'est ca", "oui c'est ca"})


@dataclass(frozen=True, slots=True)
class Person:
    """A first name and a last name, as they are written on letters."""

    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class ByAddress:
    """Somebody who lives at an address that is still to be found."""

    person: Person
    address: str


@dataclass(frozen=True, slots=True)
class ByCode:
    """Somebody with a home's code; the digits are as many as they typed."""

    code: str
    person: Person | None


def read(argument: str) -> ByAddress | ByCode | None:
    """What follows the word; None when it is neither (told how to write it)."""
    if match := _CODE_FIRST.fullmatch(argument.strip()):
        return ByCode(_digits(match[1]), _person(match[2]))
    if (match := _CODE_LAST.fullmatch(argument.strip())) and (person := _person(match[1])):
        return ByCode(_digits(match[2]), person)
    name, _, address = re.sub(r"\s*;\s*", ", ", argument).partition(",")
    person, address = _person(name), " ".join(address.split())[:ADDRESS_MAX].strip(" ,.")
    if person is None or len(re.findall(r"[^\W\d_]", address)) < 3:
        return None
    return ByAddress(person, address)


def is_meant(argument: str, form: ByAddress | ByCode | None) -> bool:
    """Whether somebody who may warn others means to join: `Inscription raciste sur le mur,
    rue des Lilas` is an alert.
    """
    if not argument or isinstance(form, ByCode):
        return True
    if form is None or not re.search(r"\d", form.address):
        return False
    words = f"{form.person.first_name} {form.person.last_name}".split()
    return len(words) <= 4 and not _NO_NAMES.intersection(folded(word) for word in words)


def choice(text: str) -> int | None:
    """The number of a choice, 0 for none of them; None when the text chooses nothing.

    A plain yes is 1.
    """
    said = folded(text)
    if said not in _YES:  # "ok" is both a courtesy and a yes
        said = folded(politely_less(text)) or said
    if said in _NONE:
        return 0
    if said in _YES:
        return 1
    match = _CHOICE.fullmatch(said)
    return int(match[1]) if match else None


def _person(text: str) -> Person | None:
    words = text.replace("’", "'").strip(" ,;:.").split()
    while words and folded(words[0]) in _TITLES:
        words = words[1:]
    if not 2 <= len(words) <= 6 or not all(map(_is_word, words)):
        return None
    first, last = _cased(words[0]), " ".join(_cased(word) for word in words[1:])
    if len(first) > NAME_MAX or len(last) > NAME_MAX:
        return None
    return Person(first, last)


def _is_word(text: str) -> bool:
    return bool(_WORD.fullmatch(text)) and names.is_name(text)


def _cased(word: str) -> str:
    """Capitals as in a letter, for what was typed without any or with nothing else."""
    if not (word.islower() or (word.isupper() and len(word) > 1)):
        return word
    return re.sub(r"[^\W\d_]+", lambda part: part[0].capitalize(), word)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
