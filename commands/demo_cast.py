"""The people of the demonstration: put into a database, and what each of them must get.

`demo_cast.json` names them. Who must get the demonstration's alert stands there by hand,
so that the demonstration checks the program and not the program itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shapely import Polygon
from sqlmodel import Session

from community_store import agents, communities, membership, numbers, optouts, towns, twinning
from community_store.columns import utcnow
from community_store.membership import NewMember
from community_store.models import Agent, Community, MemberState, Number
from config import Settings
from dispatch import requests
from dispatch.act import Act
from gateway.contract import Channel

SOURCE = Path(__file__).with_suffix(".json")
NOTES = "cast.json"

Row = Mapping[str, Any]


def read() -> dict[str, Any]:
    """Everybody, as the file has them."""
    document: dict[str, Any] = json.loads(SOURCE.read_text(encoding="utf-8"))
    return document


def seed(session: Session, cast: Row, settings: Settings, *, gateway: str) -> dict[str, int]:
    """Put everybody into an empty database; the ids of the communities by key."""
    numbers.add(session, Number(gateway=gateway, is_default=True, **cast["number"]))
    if "caller" in cast:
        numbers.add(session, Number(gateway=gateway, sms=False, voice=True, **cast["caller"]))
    for town in cast["towns"]:
        towns.add(session, town["insee"], town["name"], subscribed=town["subscribed"])
    places = {row["key"]: _community(session, row, settings) for row in cast["communities"]}
    for one, other in cast["twinned"]:
        twinning.twin(session, places[one], places[other], geo=settings.geo)
    for row in cast["members"]:
        _member(session, row, places[row["community"]])
    for row in cast["agents"]:
        agents.add(session, Agent(
            town_insee=row["town"], name=row["name"], mobile=row["mobile"],
            email=row["email"], role=row["role"],
        ))  # fmt: skip
    requests.ask_for_all(Act(session, settings, utcnow()))  # of whoever is still to be vouched for
    return {key: place.id or 0 for key, place in places.items()}


def write_notes(data_dir: Path, cast: Row, ids: Mapping[str, int]) -> None:
    """What the page of handsets says of them beyond their rows (see web/cast.py)."""
    notes = {
        "people": {contact(row): _note(row) for row in everybody(cast)},
        "suggest": {str(ids[row["key"]]): row["suggest"] for row in cast["communities"]},
        "strangers": [row["number"] for row in cast["strangers"]],
    }
    text = json.dumps(notes, ensure_ascii=False, indent=1)
    (data_dir / NOTES).write_text(text, encoding="utf-8")


def expected(cast: Row) -> dict[tuple[str, str], str]:
    """The name of whoever must get the alert, by channel and address; nobody else may."""
    people = {row["key"]: row for row in everybody(cast) if "key" in row}
    ways = {Channel.SMS: "mobile", Channel.EMAIL: "email", Channel.VOICE: "landline"}
    return {
        (channel, people[key][contact_kind]): name(people[key])
        for channel, contact_kind in ways.items()
        for key in cast["alert"]["expected"][channel]
    }


def author(cast: Row) -> Row:
    """The member who gives the demonstration's alert."""
    wanted = cast["alert"]["from"]
    found: Row = next(row for row in cast["members"] if row["key"] == wanted)
    return found


def everybody(cast: Row) -> list[Row]:
    return [*cast["members"], *cast["agents"], *cast["strangers"]]


def name(row: Row) -> str:
    return str(row.get("name") or f"{row['first_name']} {row['last_name']}")


def contact(row: Row) -> str:
    """What a person is known by: a number where there is one."""
    return str(row.get("mobile") or row.get("number") or row.get("landline") or row["email"])


def _note(row: Row) -> dict[str, Any]:
    about = {"fr": row["fr"], "en": row["en"]}
    return {"age": row.get("age"), "phone": row["phone"], "about": about}


def _community(session: Session, row: Row, settings: Settings) -> Community:
    new = communities.NewCommunity(
        name=row["name"],
        town=row["town"],
        boundary=Polygon(row["boundary"]),
        address=row["address"],
        mode=row["mode"],
    )
    return communities.add(session, new, geo=settings.geo)


def _member(session: Session, row: Row, place: Community) -> None:
    """Their home finds their community, which must be the one that the file says."""
    state = row.get("state", "active")
    told = (
        "first_name",
        "last_name",
        "mobile",
        "landline",
        "email",
        "address",
        "lat",
        "lon",
        "referent",
        "hide_mobile",
        "language",
    )
    new = NewMember(**{key: row[key] for key in told if key in row}, active=state != "pending")
    member = membership.register(session, new)
    assert member.community_id == place.id, f"the home of {row['key']} is outside"
    if state == MemberState.SUSPENDED:
        membership.suspend(session, member)
    if row.get("stop"):
        optouts.stop(session, row["mobile"], Channel.SMS)
