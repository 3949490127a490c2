"""/settings/data/read: everything is in words, whatever is held."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, date, datetime
from enum import StrEnum

import pytest
from sqlalchemy import JSON, String, inspect
from sqlmodel import SQLModel

from community_store import gazette_data, personal_data, report_data
from community_store.models import (
    Absence,
    Alert,
    Block,
    Conversation,
    Delivery,
    EmailChange,
    Enrolment,
    Every,
    GazetteComment,
    GazetteDigest,
    GazetteEntry,
    GazettePicture,
    InboundText,
    Invitation,
    Member,
    Message,
    Movement,
    Mute,
    Participant,
    PartnerProof,
    PositionTry,
    Registration,
    Reply,
    Report,
    Stop,
)
from community_store.store import Store
from tests.community_store.ground import community, member
from tests.web.house import House, words
from web import i18n
from web.profile import held
from web.profile.held import INSTANTS, LISTED, TYPED, Listed

WORDS = i18n.load(("fr", "en"), "Europe/Paris")
SECRET = {*personal_data.SECRETS, *gazette_data.SECRET}
MESSAGE = ("id", "channel", "address", "state", "created_at", "handed_over_at", "text")
PARTS: dict[str, type[SQLModel] | Collection[str]] = {
    "member": Member,
    "account": ("email", "has_password", "created_at", "signed_in_at", "sessions", "device",
                "since", "seen_at"),
    "community": ("id", "name"),
    "turned_off": Mute,
    "stopped": Stop,
    "texts_sent": InboundText,
    "registrations": Registration,
    "emails_to_prove": personal_data.EMAILS_SHOWN,
    "enrolments": Enrolment,
    "positions_tried": PositionTry,
    "proved_by_partners": PartnerProof,
    "proofs_of_address": personal_data.PROOFS_SHOWN,
    "notified_devices": ("device", "created_at"),
    "invitation": Invitation,
    "alerts_raised": Alert,
    "replies": Reply,
    "reports_made": report_data.MADE,
    "reports_about_me": report_data.ABOUT,
    "gazette_entries": GazetteEntry,
    "gazette_comments": GazetteComment,
    "gazette_pictures": GazettePicture,
    "gazette_digest": GazetteDigest,
    "movements": Movement,
    "messages_received": MESSAGE,
    "messages_to_the_team": MESSAGE,
    "messages_written": Message,
    "conversations": Participant,
    "groups_begun": Conversation,
    "blocked": Block,
    "absences": Absence,
}  # fmt: skip
TABLES = {"emails_to_prove": EmailChange, "reports_made": Report, "reports_about_me": Report,
          "messages_received": Delivery, "messages_to_the_team": Delivery}  # fmt: skip
CHOSEN = ("label", "address", "insee", "lat", "lon")  # of a place, among `choices`


def names(part: str) -> list[str]:
    """What an export has of a part."""
    shown = PARTS[part]
    if isinstance(shown, type):
        shown = [column.name for column in inspect(shown).columns if column.name not in SECRET]
    return list(dict.fromkeys([*shown, *(CHOSEN if "choices" in shown else ())]))


SHOWN = [(part, name) for part in PARTS for name in names(part) if not held.is_inside(part, name)]
CHOICES = [(one, value) for one in LISTED.values() for value in one.values]


def test_every_part_of_an_export_is_walked_here(store: Store) -> None:
    with store.begin() as session:
        community(session)
        assert set(PARTS) == set(personal_data.export(session, member(session, 1)))


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("part", PARTS)
def test_every_part_and_every_column_has_a_name(language: str, part: str) -> None:
    assert WORDS[language](f"profile.part.{part}")
    assert all(held.label(WORDS[language], *one) for one in SHOWN if one[0] == part)


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize(("listed", "value"), CHOICES)
def test_every_value_of_a_list_has_words(language: str, listed: Listed, value: str) -> None:
    told = listed.told(WORDS[language], value)
    assert told
    assert "_" not in told
    assert "/" not in told


@pytest.mark.parametrize(("part", "name"), SHOWN)
def test_every_text_is_of_a_list_or_typed_by_somebody(part: str, name: str) -> None:
    """Add a new column to one of them in web/profile/held.py, and words to the catalogues."""
    table = TABLES.get(part, PARTS[part])
    column = inspect(table).columns.get(name) if isinstance(table, type) else None
    if column is not None and not isinstance(column.type, String | JSON):
        return
    if name in ("sessions", "choices", "has_password", "lat", "lon", "size"):
        return  # rows, or no text
    time = name.endswith((held.DAYS, *INSTANTS))
    assert time or f"{part}.{name}" in LISTED or name in TYPED


def test_every_column_that_begins_with_a_value_of_a_list_is_listed() -> None:
    begun = {
        f"{part}.{name}"
        for part, table in {**PARTS, **TABLES}.items()
        if isinstance(table, type)
        for name in names(part)
        if name in table.model_fields and isinstance(table.model_fields[name].default, StrEnum)
    }
    assert begun - {"alerts_raised.audience"} <= set(LISTED)


@pytest.mark.parametrize(("language", "wanted"), [
    ("fr", ("Mon résumé de la gazette", "une fois par jour", "06 39 98 07 42", "1er décembre",
            "20 décembre", "jardinage, échecs", "Ce qui a été signalé de moi", "retiré",
            "C'était une insulte.", "Covoiturage")),
    ("en", ("once a day", "06 39 98 07 42", "1 December", "Sunday 20 December", "removed")),
])  # fmt: skip
def test_the_page_reads_as_people_write(
    house: House, language: str, wanted: tuple[str, ...]
) -> None:
    world = house.world
    home = world.community("Les Lilas")
    me = world.member(home, first_name="Odette", mobile="+33639980742", language=language,
                      interests="gardening,échecs")  # fmt: skip
    with world.act() as act:
        noon, mine = datetime(2026, 12, 1, 11, tzinfo=UTC), me.id or 0
        act.session.add(GazetteDigest(member_id=mine, every=Every.DAILY, due_at=noon,
                                      told_until=noon))  # fmt: skip
        act.session.add(Absence(member_id=mine, starts_on=date(2026, 12, 20),
                                ends_on=date(2026, 12, 21)))  # fmt: skip
        act.session.add(GazetteEntry(community_id=home, author_id=mine, text="Deux places",
                                     kind="covoiturage", title="Marché", expires_at=noon))  # fmt: skip
        act.session.add(Report(kind="entry", subject_id=1, about_id=mine, quote="Sot", state="done",
                               outcome="removed", told="C'était une insulte."))  # fmt: skip
    page = words(house.inside(house.account_of(me, password=False)).post("/settings/data/read"))
    assert [one for one in wanted if one not in page] == []
    read = re.sub(r"<[^>]*>", " ", page)
    for raw in (
        "+33",
        "gazette_digest",
        "due_at",
        "daily",
        "covoiturage",
        "2026-",
        "T11:00",
        "_on",
    ):
        assert raw not in read
