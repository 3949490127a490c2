"""The commands that a text can be: one row each (sms.md). To add one, add a row.

A function reads one Incoming with the command's argument and returns the outcome that
its row keeps, or "" when the text is not this command after all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from community_store.models import MemberState
from dispatch import account, closing, deciding, joining, raising, replies
from dispatch.courtesies import politely_less
from dispatch.incoming import Incoming
from dispatch.reading import beginnings, folded, split_ref, whole, without_emoji

Run = Callable[[Incoming, str], str]


class Takes(Enum):
    """What may follow a command's word for the text still to be that command."""

    NOTHING = auto()
    REF = auto()  # nothing, or a reference
    REF_AND_TEXT = auto()  # nothing, or a reference and whatever follows it
    HOURS = auto()  # nothing, or how long
    TEXT = auto()  # a text; the word alone is the command too


@dataclass(frozen=True, slots=True)
class Command:
    """`words` are folded; the first is the one that help names.

    `polite`: "Stop ! Stop !" and "stop svp" are the command too, where "Aide svp" is a
    cry for help.
    """

    words: tuple[str, ...]
    takes: Takes
    run: Run
    polite: bool = True

    @property
    def warns(self) -> bool:
        """Whether what follows the word may be a warning of its own: "Fin de chantier"."""
        return self.takes is Takes.TEXT


def find(text: str) -> tuple[Command, str] | None:
    """The command that a text is, with its argument; None when it is none."""
    polite = politely_less(text)
    if command := _whole(folded(without_emoji(text))):
        return command, ""
    for said in (text, polite):
        command = _whole(whole(said))
        if command and command.polite:
            return command, ""
    return _with_argument(text) or _with_argument(polite)


def _whole(said: str) -> Command | None:
    said = _OUR_NUMBER.sub(r"\1", said)
    return next((command for command in COMMANDS if said in command.words), None)


def _with_argument(text: str) -> tuple[Command, str] | None:
    for head, rest in beginnings(text, LONGEST):
        for command in COMMANDS:
            if rest and head in command.words and _takes(command, rest):
                return command, rest
    return None


def _takes(command: Command, rest: str) -> bool:
    if command.takes is Takes.HOURS:
        return account.is_time(politely_less(rest))
    ref, more = split_ref(rest)
    if command.takes is Takes.REF:
        return ref is not None and not folded(politely_less(more)).strip("?!.")
    if command.takes is Takes.REF_AND_TEXT:
        return ref is not None
    return command.takes is Takes.TEXT


def _alert(incoming: Incoming, argument: str) -> str:
    return raising.raise_from(incoming, argument)


def _town(incoming: Incoming, argument: str) -> str:
    if incoming.agent is None:
        return ""  # a resident's text that begins with the word: an alert
    return raising.raise_for_town(incoming, argument)


def _everybody(incoming: Incoming, argument: str) -> str:
    member = incoming.member
    if incoming.agent is None and (member is None or member.state != MemberState.ACTIVE):
        return ""
    return replies.broadcast(incoming)


_OUR_NUMBER = re.compile(r"(stop|arret) (?:au )?\d{5}")  # as advertisements write it

COMMANDS: tuple[Command, ...] = (
    Command(
        (
            "stop", "arret", "stopsms", "stop sms", "arret sms", "unsubscribe", "arreter",
            "arretez", "desabonnement", "desabonner", "desinscription", "desinscrire",
        ),
        Takes.NOTHING, account.stop,
    ),
    Command(("reprise", "start", "unstop", "reprendre"), Takes.NOTHING, account.resume),
    Command(("aide", "help", "info", "infos", "?"), Takes.NOTHING, account.aide, polite=False),
    Command(("etat", "status"), Takes.REF, account.status),
    Command(("pause",), Takes.HOURS, account.pause),
    Command(("alerte", "alert"), Takes.TEXT, _alert),
    Command(("mairie", "town hall"), Takes.TEXT, _town),
    Command(("inscription", "m'inscrire", "inscrire"), Takes.TEXT, joining.join),
    Command(("join", "register", "sign up"), Takes.TEXT, joining.join_in_english),
    Command(
        (
            "fin", "end", "fini", "fin d'alerte", "fin d alerte", "fin alerte",
            "fin de l'alerte", "fin de l alerte", "end of alert",
        ),
        Takes.TEXT, closing.end,
    ),
    Command(
        ("over", "termine", "c'est fini", "alerte terminee", "alerte finie"),
        Takes.REF, closing.end,
    ),
    Command(
        (
            "faux", "fausse alerte", "faux alerte", "fausse alarme", "annuler", "annulez",
            "annule", "annulation", "annuler alerte", "annuler l'alerte", "alerte annulee",
            "c'est une fausse alerte", "c'etait une fausse alerte", "erreur",
            "false", "false alarm", "cancel",
        ),
        Takes.REF_AND_TEXT, closing.withdraw,
    ),
    Command(("tous", "all", "everyone"), Takes.NOTHING, _everybody),
    Command(
        (
            "oui", "yes", "oui fait", "oui c'est fait", "oui deja fait", "oui appele",
            "oui 17 appele", "oui j'ai appele", "oui j'ai appele le 17", "yes done",
            "yes i called", "yes i called 17",
        ),
        Takes.REF, deciding.yes,
    ),
    Command(("non", "no"), Takes.REF, deciding.no),
)  # fmt: skip
LONGEST = max(len(words.split()) for command in COMMANDS for words in command.words)
