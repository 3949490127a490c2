"""What is held on a person in words of every day: no name of a column, no value as it is kept.

Each column is one of these: of a LISTED set of values, which all have words; TYPED by people,
or a proper name; INSIDE, of use to this installation alone, which the file has and the page
leaves out; or its type says how it is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from babel.numbers import format_decimal

from community_store import traces
from community_store.models import (
    AlertKind,
    AlertState,
    Category,
    DeliveryState,
    Dwelling,
    EnrolmentState,
    EntryKind,
    Every,
    InboundState,
    MemberState,
    MovementKind,
    Outcome,
    RemovedBy,
    ReplyKind,
    Reported,
    ReportState,
    Tenure,
    Topic,
)
from community_store.models.subscriptions import PREFIX
from community_store.profiles import Interest
from community_store.visibility import Viewer
from gateway import numbers
from gateway.contract import Channel
from web.i18n import Words

DAYS = "_on"
INSTANTS = ("_at", "since", "_until")  # how the names of times end
KILO = 1000
E164 = re.compile(r"\+[0-9]{6,15}")

Row = list[tuple[str, Any]]  # a name, and a text or a list of rows


class Language(StrEnum):
    """What the service speaks."""

    FRENCH = "fr"
    ENGLISH = "en"


class Refused(StrEnum):
    """What a STOP may be of; a code is refused during the call that tells it."""

    SMS = "sms"
    EMAIL = "email"
    VOICE = "voice"
    CODE = "code"


class Media(StrEnum):
    """What a proof of address is."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Listed:
    """A set of values, and the beginning of the ids of their words."""

    values: type[StrEnum]
    words: str = "profile.value"

    def told(self, t: Words, value: str) -> str:
        """In words; what is not of the set was typed by somebody."""
        known = value in set(self.values)
        return t(f"{self.words}.{value.replace('/', '_')}") if known else value


CHANNEL, REPORT = Listed(Channel), Listed(ReportState, "profile.value.report")
LANGUAGE, REMOVED = Listed(Language), Listed(RemovedBy)
REPORTED, OUTCOME = Listed(Reported, "reports.kind"), Listed(Outcome, "profile.value.outcome")
DELIVERED = Listed(DeliveryState)

LISTED: Mapping[str, Listed] = {
    "member.state": Listed(MemberState),
    "member.language": LANGUAGE,
    "member.interests": Listed(Interest, "profile.interest"),
    "member.tenure": Listed(Tenure, "profile.tenure"),
    "member.dwelling": Listed(Dwelling, "profile.dwelling"),
    "turned_off.topic": Listed(Topic, "settings.topic"),
    "turned_off.channel": CHANNEL,
    "stopped.channel": Listed(Refused),
    "texts_sent.state": Listed(InboundState),
    "registrations.language": LANGUAGE,
    "enrolments.language": LANGUAGE,
    "enrolments.state": Listed(EnrolmentState),
    "proofs_of_address.media_type": Listed(Media),
    "alerts_raised.kind": Listed(AlertKind),
    "alerts_raised.category": Listed(Category, "alerts.category"),
    "alerts_raised.state": Listed(AlertState),
    "replies.kind": Listed(ReplyKind),
    "reports_made.kind": REPORTED,
    "reports_made.state": REPORT,
    "reports_made.outcome": OUTCOME,
    "reports_about_me.kind": REPORTED,
    "reports_about_me.state": REPORT,
    "reports_about_me.outcome": OUTCOME,
    "gazette_entries.kind": Listed(EntryKind, "gazette.kind"),
    "gazette_entries.removed_by": REMOVED,
    "gazette_comments.removed_by": REMOVED,
    "gazette_digest.every": Listed(Every),
    "movements.kind": Listed(MovementKind, "profile.value.movement"),
    "messages_received.channel": CHANNEL,
    "messages_received.state": DELIVERED,
    "messages_to_the_team.channel": CHANNEL,
    "messages_to_the_team.state": DELIVERED,
    "blocked.seen_as": Listed(Viewer),
}
MANY = frozenset(["interests"])  # several values, with commas between
TYPED = frozenset(
    [
        "first_name", "last_name", "name", "email", "mobile", "landline", "address", "pseudonym",
        "about", "suspended_why", "why", "sender", "recipient", "text", "title", "note", "quote",
        "told", "removed_why", "said", "before", "device", "code", "insee", "town_insee", "label",
        "partner", "invited_to",
    ]
)  # fmt: skip
INSIDE = frozenset(
    ["id", "gateway", "joined_into", "only", "key", "summarised", "tries", "outcome.texts_sent",
     "large", "medium", "small", "again_at"]
)  # fmt: skip


def parts(t: Words, held: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Each part of an export by its name, as rows that have something in them."""
    return {
        t(f"profile.part.{part}"): [
            _row(t, part, row) for row in (rows if isinstance(rows, list) else [rows]) if row
        ]
        for part, rows in held.items()
    }


def is_inside(part: str, name: str) -> bool:
    """Whether only the file has it: a number of a row elsewhere, or how things are done here."""
    return bool({name, f"{name}.{part}"} & INSIDE) or name.endswith("_id")


def label(t: Words, part: str, name: str) -> str:
    """What a column is called, in this part or wherever it is. Raises KeyError."""
    own = f"profile.field.{part}.{name}"
    return t(own if t.has(own) else f"profile.field.{name}")


def _row(t: Words, part: str, row: Mapping[str, Any]) -> Row:
    return [
        (label(t, part, name), _told(t, part, name, value))
        for name, value in row.items()
        if value not in (None, "", [], {}) and not is_inside(part, name)
    ]


def _told(t: Words, part: str, name: str, value: Any) -> Any:
    """A text, or a list of rows."""
    if isinstance(value, list):
        return [_row(t, part, one) for one in value]
    if isinstance(value, bool):
        return t("profile.yes" if value else "profile.no")
    if isinstance(value, float):
        return format_decimal(value, "0.0####", locale=t.language)
    if isinstance(value, int):
        return _count(t, name, value)
    return _text(t, f"{part}.{name}", value)


def _text(t: Words, column: str, value: str) -> str:
    if column in LISTED:
        return _listed(t, column, value)
    return _when(t, column, value) or _typed(t, value)


def _count(t: Words, name: str, value: int) -> str:
    """With what it counts: metres, kilobytes."""
    if name.endswith("_m"):
        return t.distance(value)
    if name == "size":
        return t("profile.kilobytes", size=t.whole(max(1, round(value / KILO))))
    return t.whole(value)


def _listed(t: Words, column: str, value: str) -> str:
    values: Sequence[str] = value.split(",") if column.partition(".")[2] in MANY else [value]
    return ", ".join(LISTED[column].told(t, one) for one in values if one)


def _when(t: Words, name: str, value: str) -> str:
    """A day or an instant; "" for what is none."""
    if name.endswith(DAYS):
        return t.calendar_day(date.fromisoformat(value))
    return t.moment(datetime.fromisoformat(value)) if name.endswith(INSTANTS) else ""


def _typed(t: Words, value: str) -> str:
    """A telephone number as people write it; a device by no number of ours."""
    if value.startswith(PREFIX):
        return t("profile.device")
    if value.startswith(traces.ERASED):
        return t("profile.erased")
    return numbers.national(value) if E164.fullmatch(value) else value
