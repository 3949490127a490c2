"""Column types that behave the same on SQLite and PostgreSQL: UTC times, polygons."""

from __future__ import annotations

from datetime import UTC, datetime

import shapely
from sqlalchemy import DateTime, LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


def utcnow() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. SQLite forgets time zones, so every value goes in and comes out as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PolygonColumn(TypeDecorator[shapely.Polygon]):
    """A polygon in WGS 84 (lon, lat), kept as WKB: exact, and read without PostGIS."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: shapely.Polygon | None, dialect: Dialect) -> bytes | None:
        return None if value is None else shapely.to_wkb(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> shapely.Polygon | None:
        if value is None:
            return None
        polygon = shapely.from_wkb(bytes(value))
        if not isinstance(polygon, shapely.Polygon):
            raise TypeError("a boundary that is not a polygon")
        return polygon
