"""What somebody writes by the contact form goes to the mailbox of `[service] contact`.

Nobody is answered by the form itself: the address is only a claim, and a copy to it would let
anybody mail anybody in our name. The mail says whom to answer, since its sender is a robot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from community_store.errors import RuleError
from community_store.models import TO_THE_TEAM, Notice
from config import Settings
from dispatch import codes, notices
from dispatch.act import Act
from dispatch.catalogue import say
from gateway import numbers
from gateway.contract import Channel

_MAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.\w+")  # the contact may be a sentence
_ROBOT = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")
LIVE = timedelta(days=14)  # a mail server may be away for long, and the writer is not told


class About(StrEnum):
    """What a message is about, so that the team can sort them."""

    QUESTION = "question"
    ACCOUNT = "account"
    CONTENT = "content"
    SUSPENSION = "suspension"
    DATA = "data"
    ACCESSIBILITY = "accessibility"
    TOWN = "town"
    REFERENT = "referent"
    OTHER = "other"


class Who(StrEnum):
    """What we know of the writer: what they were when they wrote."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    ACTIVE = "active"
    REFERENT = "referent"
    SUSPENDED = "suspended"
    AGENT = "agent"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Message:
    """What was written, and by whom as they say; `member_id` is of who is signed in, and
    `community` has the name of that which a référent asks for.
    """

    name: str
    answer_to: str
    about: About
    text: str
    who: Who = Who.UNKNOWN
    member_id: int | None = None
    community: str = ""


def mailbox(settings: Settings) -> str:
    """The e-mail address in `[service] contact`; "" when it names none."""
    found = _MAIL.search(settings.service.contact)
    return found[0].lower() if found else ""


def read_address(settings: Settings, typed: str) -> str:
    """Where the answer goes, an e-mail or a number, as people write it.

    Raises NumberError, RuleError "email"; "ours" for the robot that our mails come from.
    """
    address, channel = codes.read(typed)
    if channel is not Channel.EMAIL:
        return numbers.national(address)
    robot = _ROBOT.search(settings.mail.sender)
    if robot is not None and address == robot[0].lower():
        raise RuleError("ours", "answers to our own robot are read by nobody")
    return address


def send(act: Act, message: Message) -> Notice:
    """Queue the message for the team's mailbox. Raises RuleError "no_mailbox"."""
    address = mailbox(act.settings)
    if not address:
        raise RuleError("no_mailbox", "[service] contact names no e-mail address")
    language = act.settings.service.languages[0]
    known, about = f"contact_who_{message.who}", f"contact_about_{message.about}"
    variables: dict[str, object] = {
        "name": message.name,
        "answer_to": message.answer_to,
        "about": say(language, "mail", about, community=message.community),
        "who": say(
            language, "mail", known, member=message.member_id or "", community=message.community
        ),
        "written": quoted(message.text),
    }
    # the row is its writer's: their copy of their data has it, and closing the account erases it
    to = notices.Addressee(address, language, member_id=message.member_id, channel=Channel.EMAIL)
    return notices.tell(act, to, notices.Subject(TO_THE_TEAM, variables, live=LIVE))


def quoted(text: str) -> str:
    """As mail quotes, so that nothing in it passes for a line of ours."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
