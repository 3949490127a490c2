"""A home that is not in the community whose link they came by: what comes of that, said early."""

from __future__ import annotations

from dataclasses import dataclass

from shapely import Point
from sqlmodel import Session

from community_store.geometry import distance_m
from community_store.models import Community, Registration
from dispatch.founding import FAR_M
from web.registering.room import invited, unplaced


@dataclass(frozen=True, slots=True)
class Outside:
    """`said` is an id of the catalogue; `metres` from the home to the boundary."""

    said: str
    community: str
    metres: float


def outside(db: Session, row: Registration, own: int | None) -> Outside | None:
    """None where nobody invited them, or the home is inside. `own` is where the home is."""
    home = invited(db)
    if home is None and row.invited_to is not None:
        home = db.get(Community, row.invited_to)
    if home is None or home.id == own or row.lat is None or row.lon is None:
        return None
    metres = distance_m(Point(row.lon, row.lat), home.boundary)
    return Outside(_said(metres, alone=own is None), home.name, metres)


def _said(metres: float, *, alone: bool) -> str:
    if metres > FAR_M:
        return "invite.far"
    return "invite.outside" if alone and unplaced() is None else "invite.other"
