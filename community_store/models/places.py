"""Towns, communities, their boundaries and twinnings."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from shapely import Polygon
from sqlalchemy import CheckConstraint, Column, Index, event
from sqlmodel import Field, SQLModel

from community_store.columns import PolygonColumn, UtcDateTime, utcnow
from community_store.folding import folded


class Mode(StrEnum):
    """Who vouches for a new member's home (S21)."""

    TEAM = "team"
    REFERENT = "referent"
    TOWN = "town"


class AfterHold(StrEnum):
    """What becomes of a held alert that nobody answered for (A8)."""

    RELEASE = "release"
    DROP = "drop"


class Town(SQLModel, table=True):
    """A municipality, keyed by its INSEE code: five characters of text (2A004, 01001)."""

    __tablename__ = "town"
    insee: str = Field(primary_key=True, max_length=5)
    name: str
    subscribed: bool = False
    sms_alerts: bool = True  # whether an agent's text may become a town alert
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)


class Community(SQLModel, table=True):
    """A neighbourhood. `boundary` is WGS 84 lon, lat; `area_ha` is in hectares.

    `looked_for` is the name and the address without accents and capitals: what a list is
    in the order of, and what is searched.
    """

    __tablename__ = "community"
    __table_args__ = (Index("ix_community_looked_for", "town_insee", "looked_for"),)
    model_config: ClassVar[Any] = {"arbitrary_types_allowed": True}
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    town_insee: str = Field(foreign_key="town.insee", index=True)
    address: str = ""
    mode: str = Mode.TEAM
    after_hold: str = AfterHold.RELEASE
    boundary: Polygon = Field(sa_column=Column(PolygonColumn, nullable=False))
    area_ha: float
    looked_for: str = ""
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)


@event.listens_for(Community, "before_insert")
@event.listens_for(Community, "before_update")
def _keep_looked_for(_mapper: Any, _connection: Any, community: Community) -> None:
    """Whoever names a community cannot forget it."""
    community.looked_for = folded(f"{community.name} {community.address}")


class BoundaryCell(SQLModel, table=True):
    """A square of 0.01 degree that a boundary touches: how a point finds its community.

    Exact at once for every process, since it changes in the boundary's transaction;
    a boundary of at most 4 km2 touches a handful. `cell` is squares.cell(lon, lat).
    The bounding box, in degrees, is that of the boundary: in a dense town a square has
    dozens, and decoding them all would cost more than the rest of the look-up.
    """

    __tablename__ = "boundary_cell"
    cell: int = Field(primary_key=True)
    community_id: int = Field(
        primary_key=True, foreign_key="community.id", ondelete="CASCADE", index=True
    )
    west: float
    south: float
    east: float
    north: float


class Twinning(SQLModel, table=True):
    """A link between two neighbouring communities, `a_id` the smaller id (S50)."""

    __tablename__ = "twinning"
    __table_args__ = (
        CheckConstraint("a_id < b_id", name="ck_twinning_order"),
        Index("ix_twinning_b_id", "b_id"),
    )
    a_id: int = Field(primary_key=True, foreign_key="community.id", ondelete="CASCADE")
    b_id: int = Field(primary_key=True, foreign_key="community.id", ondelete="CASCADE")
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
