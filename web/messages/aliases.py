"""How an address names somebody: a neighbour by number, a twin by a word that says nothing.

A member's number is theirs for life: whoever had seen it beside a pseudonym would know it
again beside a name, once its owner lived closer. The word is another for each reader.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from sqlmodel import Session

from community_store import correspondents
from community_store.circles import Fellow
from community_store.conversations import LARGEST_ID
from community_store.correspondents import Person
from community_store.models import Member
from web import identity

LETTERS = 16


def word(secret: str, reader: int, member: int) -> str:
    """What stands for a member in the addresses that one reader sees."""
    about = f"alias:{reader}:{member}".encode()
    return hmac.new(secret.encode(), about, hashlib.sha256).hexdigest()[:LETTERS]


def ref(me: Member, one: Person | Fellow) -> str:
    """A neighbour's number; a twin's community, and their word."""
    return f"{one.home}-{word_for(me, one.id)}" if one.place else str(one.id)


def word_for(me: Member, member: int) -> str:
    return word(identity.runtime().settings.secret_key(), me.id or 0, member)


def resolve(db: Session, me: Member, refs: Sequence[str]) -> list[int]:
    """Whom they name; 0 for nobody. The caller sees to it that each is what it says."""
    numbers = {text: _number(text.partition("-")[0]) for text in refs}
    places = {number for text, number in numbers.items() if "-" in text}
    twins = {
        f"{place}-{word_for(me, id_)}": id_
        for place in places & correspondents.places(db, me).keys()
        for id_ in correspondents.ids(db, place)
    }
    return [twins.get(text, 0) if "-" in text else number for text, number in numbers.items()]


def _number(text: str) -> int:
    known = text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_ID))
    return min(int(text), LARGEST_ID) if known else 0
