"""The commands that a text can be: one row each (sms.md). To add one, add a row.

A function reads one Incoming with the command's argument and returns the outcome that
its row keeps, or "" when the text is not this command after all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from dispatch import account, closing, deciding, joining, raising, replies
from dispatch.incoming import Incoming
from dispatch.reading import folded, split_ref, split_word

Run = Callable[[Incoming, str], str]


class Takes(Enum):
    """What may follow a command's word for the text still to be that command."""

    NOTHING = auto()
    REF = auto()  # nothing, or a reference and whatever follows it
    TEXT = auto()  # a text; the word alone is the command too


@dataclass(frozen=True, slots=True)
class Command:
    """`words` are folded; the first is the one that help names."""

    words: tuple[str, ...]
    takes: Takes
    run: Run


def find(text: str) -> tuple[Command, str] | None:
    """The command that a text is, with its argument; None when it is none."""
    whole = folded(text)
    for command in COMMANDS:
        if whole in command.words:
            return command, ""
    for words in (2, 1):
        head, rest = split_word(text, words)
        if not rest:
            continue
        for command in COMMANDS:
            if head in command.words and _takes(command, rest):
                return command, rest
    return None


def _takes(command: Command, rest: str) -> bool:
    if command.takes is Takes.REF:
        return split_ref(rest)[0] is not None
    return command.takes is Takes.TEXT


def _alert(incoming: Incoming, argument: str) -> str:
    return raising.raise_from(incoming, argument)


def _town(incoming: Incoming, argument: str) -> str:
    if incoming.agent is None:
        return ""  # a resident's text that begins with the word: an alert
    return raising.raise_for_town(incoming, argument)


def _everybody(incoming: Incoming, argument: str) -> str:
    if incoming.member is None and incoming.agent is None:
        return ""
    return replies.broadcast(incoming)


COMMANDS: tuple[Command, ...] = (
    Command(("stop", "arret", "stopsms", "stop sms", "unsubscribe"), Takes.NOTHING, account.stop),
    Command(("reprise", "start", "unstop"), Takes.NOTHING, account.resume),
    Command(("aide", "help", "info", "?"), Takes.NOTHING, account.aide),
    Command(("etat", "status"), Takes.REF, account.status),
    Command(("pause",), Takes.REF, account.pause),
    Command(("alerte", "alert"), Takes.TEXT, _alert),
    Command(("mairie", "town hall"), Takes.TEXT, _town),
    Command(("inscription", "m'inscrire", "inscrire"), Takes.TEXT, joining.join),
    Command(("join", "register", "sign up"), Takes.TEXT, joining.join_in_english),
    Command(("fin", "end", "over", "fini"), Takes.TEXT, closing.end),
    Command(
        ("faux", "fausse alerte", "annuler", "false", "false alarm", "cancel"),
        Takes.REF, closing.withdraw,
    ),
    Command(("tous", "all", "everyone"), Takes.NOTHING, _everybody),
    Command(("oui", "yes"), Takes.REF, deciding.yes),
    Command(("non", "no"), Takes.REF, deciding.no),
)  # fmt: skip
