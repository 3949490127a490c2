"""The commands that a text can be: one row each (sms.md). To add one, add a row.

A function reads one Incoming and returns the outcome that its row keeps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from sqlmodel import col, select

from community_store import optouts
from community_store.errors import NotFound
from community_store.models import Alert, AlertState, Member, MemberState
from dispatch import alerts, outbox, raising
from dispatch.incoming import Incoming
from dispatch.reading import folded, split_ref, split_word
from gateway.contract import Channel

Run = Callable[[Incoming, str], str]


class Takes(Enum):
    """What may follow a command's word for the text still to be that command."""

    NOTHING = auto()
    TEXT = auto()
    REF = auto()


@dataclass(frozen=True, slots=True)
class Command:
    """`words` are folded. `run` returns "" when the text is not this command after all."""

    words: tuple[str, ...]
    takes: Takes
    run: Run


def find(text: str) -> tuple[Command, str] | None:
    """The command that a text is, with its argument; None when it is none."""
    whole = folded(text)
    for command in COMMANDS:
        if whole in command.words:
            return command, ""
    first, rest = split_word(text)
    for command in COMMANDS:
        if command.takes is Takes.TEXT and first in command.words and rest:
            return command, rest
        if command.takes is Takes.REF and first in command.words and split_ref(rest)[0] is not None:
            return command, rest
    return None


def _stop(incoming: Incoming, _argument: str) -> str:
    session, sender = incoming.session, incoming.row.sender
    if optouts.stopped(session, sender, Channel.SMS):
        return "stop"  # confirmed already: silence is what was asked for
    outbox.suppress_waiting(session, sender, Channel.SMS, incoming.now)
    optouts.stop(session, sender, Channel.SMS)
    incoming.answer("stopped")
    return "stop"


def _resume(incoming: Incoming, _argument: str) -> str:
    was = optouts.resume(incoming.session, incoming.row.sender, Channel.SMS)
    incoming.answer("resumed" if was else "resumed_already")
    return "resume"


def _help(incoming: Incoming, _argument: str) -> str:
    incoming.answer("help")
    return "help"


def _alert(incoming: Incoming, argument: str) -> str:
    return raising.raise_from(incoming, argument)


def _town(incoming: Incoming, argument: str) -> str:
    if incoming.agent is None:
        return ""  # a resident's text that begins with the word: an alert
    return raising.raise_for_town(incoming, argument)


def _end(incoming: Incoming, argument: str) -> str:
    ref, text = split_ref(argument)
    alert = _theirs(incoming, ref)
    if alert is None:
        return _unknown_ref(incoming, ref)
    if alert.state in (AlertState.ENDED, AlertState.WITHDRAWN):
        incoming.answer("closed_already", alert_id=alert.id, ref=alert.id)
        return "closed_already"
    told = alerts.end(incoming.act, alert, text)
    incoming.answer("ended", alert_id=alert.id, ref=alert.id, count=told)
    return "end"


def _withdraw(incoming: Incoming, argument: str) -> str:
    ref, _ = split_ref(argument)
    alert = _theirs(incoming, ref)
    if alert is None:
        return _unknown_ref(incoming, ref)
    if alert.state in (AlertState.ENDED, AlertState.WITHDRAWN):
        incoming.answer("closed_already", alert_id=alert.id, ref=alert.id)
        return "closed_already"
    told = alerts.withdraw(incoming.act, alert)
    incoming.answer("withdrawn_done", alert_id=alert.id, ref=alert.id, count=told)
    return "withdraw"


def _unknown_ref(incoming: Incoming, ref: int | None) -> str:
    if incoming.member is None and incoming.agent is None:
        return ""  # an unknown number: the usual answer
    if ref is None:
        incoming.answer("no_open_alert")
    else:
        incoming.answer("no_such_alert", ref=ref)
    return "unknown_ref"


def _theirs(incoming: Incoming, ref: int | None) -> Alert | None:
    """The alert meant, if the sender may close it; by default their latest open one."""
    if ref is None:
        return _latest_open(incoming)
    try:
        alert = alerts.find(incoming.session, ref)
    except NotFound:
        return None
    return alert if may_close(incoming, alert) else None


def _latest_open(incoming: Incoming) -> Alert | None:
    member, agent = incoming.member, incoming.agent
    mine = (
        col(Alert.author_id) == member.id
        if member is not None
        else col(Alert.agent_id) == (agent.id if agent else None)
    )
    return incoming.session.exec(
        select(Alert).where(mine, Alert.state == AlertState.OPEN).order_by(col(Alert.id).desc())
    ).first()


def may_close(incoming: Incoming, alert: Alert) -> bool:
    """The author, a référent of the alert's community, an agent of its subscribed town."""
    agent, member = incoming.agent, incoming.member
    if agent is not None and agent.town_insee == alert.town_insee:
        return True
    if member is None or member.state != MemberState.ACTIVE:
        return False
    return alert.author_id == member.id or _is_referent_of(member, alert)


def _is_referent_of(member: Member, alert: Alert) -> bool:
    return (
        member.referent
        and alert.community_id is not None
        and member.community_id == alert.community_id
    )


COMMANDS: tuple[Command, ...] = (
    Command(("stop", "arret", "stopsms", "stop sms", "unsubscribe"), Takes.NOTHING, _stop),
    Command(("reprise", "start", "unstop"), Takes.NOTHING, _resume),
    Command(("aide", "help", "info", "?"), Takes.NOTHING, _help),
    Command(("alerte", "alert"), Takes.TEXT, _alert),
    Command(("mairie",), Takes.TEXT, _town),
    Command(("fin", "end", "over"), Takes.REF, _end),
    Command(
        ("faux", "fausse alerte", "annuler", "false", "cancel", "false alarm"),
        Takes.REF,
        _withdraw,
    ),
)
