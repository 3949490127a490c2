"""Towns full of people, put in by the database itself: a million takes seconds.

Their numbers begin like those that France keeps for fiction and are too long to be
anybody's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from sqlalchemy import Connection, Table, insert, text
from sqlmodel import SQLModel

from community_store.columns import utcnow
from community_store.models import Community, Number, Town
from community_store.store import Store

_AS_MANY = {
    "postgresql": "SELECT n FROM generate_series({first}, {last}) AS each(n)",
    "sqlite": (
        "WITH RECURSIVE each(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM each"
        " WHERE n < {last}) SELECT n FROM each"
    ),
}
_MOBILE = {
    "postgresql": "'+3363998' || lpad(n::text, 7, '0')",
    "sqlite": "'+3363998' || printf('%07d', n)",
}
_BOUNDARY = shapely.box(5.72, 45.18, 5.725, 45.185)


@dataclass(frozen=True)
class Place:
    """A subscribed town with as many communities, among whom its people are spread."""

    insee: str
    people: int
    communities: int = 1


def mobile(person: int) -> str:
    """The number of the member with this id."""
    return f"+3363998{person:07d}"


def fill(store: Store, places: Sequence[Place]) -> None:
    """Make the towns, one after the other: ids of members and communities begin at 1."""
    people = communities = 0
    with store.engine.begin() as connection:
        for place in places:
            _settle(connection, place, people + 1, communities + 1)
            people += place.people
            communities += place.communities
        _catch_up(connection)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def add_numbers(store: Store, values: Sequence[str], rate: float, gateway: str = "twilio") -> None:
    """Default numbers, at `rate` segments a second each."""
    with store.begin() as session:
        for value in values:
            session.add(
                Number(
                    value=value,
                    gateway=gateway,
                    kind="long",
                    rate=rate,
                    is_default=True,
                    price=0.05,
                )
            )


def _settle(connection: Connection, place: Place, person: int, community: int) -> None:
    town = {"insee": place.insee, "name": f"Ville {place.insee}", "subscribed": True}
    connection.execute(insert(_table(Town)), [town | {"sms_alerts": True, "created_at": utcnow()}])
    homes = [
        {
            "id": community + n, "name": f"Quartier {community + n}", "town_insee": place.insee,
            "address": "", "mode": "team", "after_hold": "release", "boundary": _BOUNDARY,
            "area_ha": 20.0, "looked_for": f"quartier {community + n}", "created_at": utcnow(),
        }
        for n in range(place.communities)
    ]  # fmt: skip
    connection.execute(insert(_table(Community)), homes)
    dialect = connection.dialect.name
    rows = _AS_MANY[dialect].format(first=person, last=person + place.people - 1)
    connection.execute(
        text(
            "INSERT INTO member (id, first_name, last_name, mobile, address, community_id, state,"
            " referent, hide_mobile, hide_landline, pseudonym, language, created_at)"
            f" SELECT n, 'Ana', 'Voisin', {_MOBILE[dialect]}, '1 rue des Lilas, Grenoble',"
            f" {community} + (n - {person}) % {place.communities}, 'active', false, false, false,"
            f" 'Mesange', 'fr', CURRENT_TIMESTAMP FROM ({rows}) AS them"
        )
    )


def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]  # SQLModel hides __table__
    return table


def _catch_up(connection: Connection) -> None:
    """PostgreSQL does not learn from ids that were given."""
    if connection.dialect.name != "postgresql":
        return
    for name in ("member", "community"):
        last = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}"
        connection.execute(text(last))
