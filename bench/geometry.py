"""V7: the community of a point, and whether a new boundary is free, among 50,000 boundaries.

Every way answers the same questions, one at a time, over one connection and inside an open
transaction, as a page or an enrolment asks them:

- Tocsin: `lookup.holder` and `boundaries.examine`, from the squares of the map
- PostGIS: the same in SQL, with a GiST index, through the same session
- an index in memory: shapely's STRtree, which knows nothing of what others change
- a linear scan: every boundary looked at, in memory, by one vectorised call

Before that, another connection moves boundaries, and each is looked for just after its
commit: how many answers are stale says whether the index is right at once.
"""

from __future__ import annotations

import contextlib
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil
import shapely
from matplotlib.figure import Figure
from shapely import Polygon
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from bench.result import Options, Result, middle, number, share
from community_store import boundaries, lookup, schema
from community_store.columns import utcnow
from community_store.geometry import BoundaryError
from community_store.models import BoundaryCell, Community, Town
from community_store.squares import cells
from community_store.store import Store, open_store
from config import Geo
from tests.rigs.postgres import postgres
from tests.rigs.processes import short_folder

GEO = Geo()
TOWN = "00001"
A_TOWN = 100  # boundaries side by side, ten by ten
SIDE = 0.004  # degrees: some 14 ha
CORNERS = 16
MOVES = 50
PLACES = {"lookup": "point", "overlap": "overlap"}

Way = Callable[[Any], object]
Ways = dict[str, Way]


@dataclass(frozen=True)
class Asked:
    """The points, and the boundaries that are to be checked: half of each meet something."""

    points: Sequence[tuple[float, float]]
    drawn: Sequence[Polygon]


def run(options: Options) -> Result:
    count = options.size("boundaries", 50_000, 2_000)
    asked = questions(count, options.size("questions", 3_000, 300))
    result = Result(
        "geometry", f"V7: among {count:,} boundaries",
        "community of a point p99 1 ms, overlap check p99 3 ms, ahead of PostGIS, right at once",
        ("way", "point p50", "p99", "points/s", "overlap p50", "p99", "checks/s"),
    )  # fmt: skip
    grounds = [ground(n) for n in range(count)]
    for group in groups(grounds, result):
        measure(result, group, asked, options.runs)
    result.draw = lambda figure: draw(figure, result.raw)
    return result


def ground(n: int, centre: tuple[float, float] | None = None) -> Polygon:
    """The n-th boundary: sixteen corners, in a square of its own of a town of a hundred."""
    town, place = divmod(n, A_TOWN)
    column, row = place % 10, place // 10
    west = -1.0 + 0.12 * (town % 60) + SIDE * column
    south = 43.5 + 0.12 * (town // 60) + SIDE * row
    lon, lat = centre or (west + SIDE / 2, south + SIDE / 2)
    wobble = random.Random(n)  # the same boundaries in every run
    turns = [2 * math.pi * k / CORNERS for k in range(CORNERS)]
    reach = [SIDE / 2 * wobble.uniform(0.75, 0.99) for _ in turns]
    return Polygon(
        [(lon + r * math.cos(a), lat + r * math.sin(a)) for a, r in zip(turns, reach, strict=True)]
    )


def questions(count: int, many: int) -> Asked:
    dice = random.Random(7)  # the same questions in every run
    points, drawn = [], []
    for n in range(many):
        town, place = A_TOWN * dice.randrange(count // A_TOWN), dice.randrange(A_TOWN)
        middle_of = ground(town + place).centroid
        away = 11 * SIDE if n % 2 else 0.0  # beside the town, or among its boundaries
        shift = dice.choice((0.0, 0.3, 0.6)) * SIDE
        lon, lat = middle_of.x + shift + away, middle_of.y + shift
        points.append((lon, lat))
        drawn.append(ground(dice.randrange(count), (lon, lat)))
    return Asked(points, drawn)


def groups(grounds: Sequence[Polygon], result: Result) -> Iterator[dict[str, Ways]]:
    """The ways that are asked in turns: those on PostgreSQL, those of one process."""
    with postgres() as server, server.database() as url, filled(url, grounds) as store:
        result.notes.append(
            f"PostgreSQL: {stale(store)} of {MOVES} answers were stale after a move"
        )
        postgis = has_postgis(store)
        with store.read() as session:
            here = {"Tocsin, PostgreSQL": ours(session)}
            if postgis:
                here["PostGIS, GiST index"] = with_postgis(session)
            else:
                result.notes.append("no PostGIS here: apt install postgresql-15-postgis-3")
            yield here
    with short_folder() as folder, filled(f"sqlite:///{folder}/tocsin.db", grounds) as store:
        result.notes.append(f"SQLite: {stale(store)} of {MOVES} answers were stale after a move")
        with store.read() as session:
            yield {
                "Tocsin, SQLite": ours(session),
                "STRtree in memory, never told of changes": in_memory(store, result),
                "linear scan in memory, vectorised": linear(grounds),
            }


@contextlib.contextmanager
def filled(url: str, grounds: Sequence[Polygon]) -> Iterator[Store]:
    store = open_store(url)
    schema.upgrade(store)
    with store.engine.begin() as connection:
        town = {"insee": TOWN, "name": "Ville", "subscribed": False, "sms_alerts": True}
        connection.execute(insert(_table(Town)), [town | {"created_at": utcnow()}])
        connection.execute(
            insert(_table(Community)), [_row(n, one) for n, one in enumerate(grounds)]
        )
        connection.execute(
            insert(_table(BoundaryCell)),
            [row for n, one in enumerate(grounds) for row in _squares(n, one)],
        )
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    try:
        yield store
    finally:
        store.close()


def _row(n: int, polygon: Polygon) -> dict[str, Any]:
    return {
        "id": n + 1, "name": f"Quartier {n + 1}", "town_insee": TOWN, "address": "",
        "mode": "team", "after_hold": "release", "boundary": polygon, "area_ha": 14.0,
        "created_at": utcnow(),
    }  # fmt: skip


def _squares(n: int, polygon: Polygon) -> Iterator[dict[str, Any]]:
    west, south, east, north = polygon.bounds
    for square in cells(polygon):
        yield {
            "cell": square, "community_id": n + 1,
            "west": west, "south": south, "east": east, "north": north,
        }  # fmt: skip


def ours(session: Session) -> Ways:
    def at(point: tuple[float, float]) -> object:
        return lookup.holder(session, point)

    def overlap(polygon: Polygon) -> object:
        try:
            return boundaries.examine(session, polygon, geo=GEO)
        except BoundaryError as refused:
            return refused

    return {"lookup": at, "overlap": overlap}


_POSTGIS = (
    "CREATE EXTENSION postgis",
    "CREATE TABLE ground AS SELECT id, ST_SetSRID(ST_GeomFromWKB(boundary), 4326) AS shape"
    " FROM community",
    "CREATE INDEX ON ground USING gist (shape)",
    "ALTER TABLE ground ADD PRIMARY KEY (id)",
    "ANALYZE ground",
)
_POINT = text(
    "SELECT id FROM ground WHERE ST_Intersects(shape, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
    " ORDER BY id LIMIT 1"
)
_OVERLAP = text(
    "WITH drawn AS (SELECT ST_SetSRID(ST_GeomFromWKB(:wkb), 4326) AS shape),"
    " shared AS (SELECT id, ST_Intersection(ground.shape, drawn.shape) AS part FROM ground, drawn"
    " WHERE ST_Intersects(ground.shape, drawn.shape))"
    " SELECT id, ST_Area(part::geography), ST_AsBinary(part) FROM shared"
)


def has_postgis(store: Store) -> bool:
    """Whether PostGIS is installed; then the boundaries are there in its way too."""
    try:
        with store.engine.begin() as connection:
            for statement in _POSTGIS:
                connection.execute(text(statement))
    except DBAPIError:
        return False
    return True


def with_postgis(session: Session) -> Ways:
    def at(point: tuple[float, float]) -> object:
        return session.connection().execute(_POINT, {"lon": point[0], "lat": point[1]}).first()

    def overlap(polygon: Polygon) -> object:
        return session.connection().execute(_OVERLAP, {"wkb": shapely.to_wkb(polygon)}).all()

    return {"lookup": at, "overlap": overlap}


def in_memory(store: Store, result: Result) -> Ways:
    """As a process of its own copy would have to: read everything, keep it, build a tree."""
    process, start = psutil.Process(), time.perf_counter()
    before = process.memory_info().rss
    with store.read() as session:
        grounds = session.exec(select(col(Community.boundary)).order_by(col(Community.id))).all()
    tree = shapely.STRtree(grounds)
    tree.query(grounds[0])
    grown = (process.memory_info().rss - before) / 1e6
    result.raw["tree"] = {"megabytes": grown, "seconds": time.perf_counter() - start}
    result.notes.append(
        f"STRtree: {grown:.0f} MB in each process, and {time.perf_counter() - start:.1f} s to"
        " read and build again whenever anybody changed a boundary"
    )

    def at(point: tuple[float, float]) -> object:
        return tree.query(shapely.Point(point), "intersects")

    def overlap(polygon: Polygon) -> object:
        near = tree.query(polygon, "intersects")
        return [shapely.intersection(polygon, grounds[n]).area for n in near]

    return {"lookup": at, "overlap": overlap}


def linear(grounds: Sequence[Polygon]) -> Ways:
    everything = np.array(grounds, dtype=object)

    def at(point: tuple[float, float]) -> object:
        return np.flatnonzero(shapely.intersects_xy(everything, *point))

    def overlap(polygon: Polygon) -> object:
        near = np.flatnonzero(shapely.intersects(everything, polygon))
        return shapely.area(shapely.intersection(everything[near], polygon))

    return {"lookup": at, "overlap": overlap}


def stale(store: Store) -> int:
    """How often a look just after another connection's commit does not see its move."""
    other, wrong = open_store(store.engine.url.render_as_string(hide_password=False)), 0
    for n in range(MOVES):
        there = (8.5 + 0.01 * (n % 10), 49.5 + 0.01 * (n // 10))
        moved = ground(n, there)
        with other.begin() as session:
            home = session.exec(select(Community).where(col(Community.id) == n + 1)).one()
            boundaries.place(session, home, moved, geo=GEO)
        with store.read() as session:
            found = boundaries.community_at(session, there[1], there[0])
            wrong += found is None or found.id != n + 1
        with other.begin() as session:
            home = session.exec(select(Community).where(col(Community.id) == n + 1)).one()
            boundaries.place(session, home, ground(n), geo=GEO)
    other.close()
    return wrong


def measure(result: Result, group: dict[str, Ways], asked: Asked, runs: int) -> None:
    """Each question to every way in turn, so that a busy machine is as busy for all."""
    found: dict[str, dict[str, Any]] = {name: {} for name in group}
    for question, what in (("lookup", asked.points), ("overlap", asked.drawn)):
        ways = {name: each[question] for name, each in group.items()}
        figures = [timed(ways, what) for _ in range(runs)]
        for name in group:
            found[name][question] = [middle([one[name][k] for one in figures]) for k in range(3)]
    for name, each in found.items():
        row = [name]
        for p50, p99, rate in each.values():
            row += [f"{p50:.3f} ms", f"{p99:.3f} ms", number(rate)]
        result.rows.append(row)
        result.raw[name] = {
            q: dict(zip(("p50", "p99", "rate"), three, strict=True)) for q, three in each.items()
        }


def timed(ways: dict[str, Way], what: Sequence[Any]) -> dict[str, tuple[float, float, float]]:
    """p50 and p99 in milliseconds, and questions a second; a tenth of it warms up first."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for n, one in enumerate([*what[: len(what) // 10], *what]):
        for name, way in ways.items():
            start = time.perf_counter()
            way(one)
            if n >= len(what) // 10:
                took[name].append((time.perf_counter() - start) * 1000)
    return {
        name: (middle(ms), share(ms, 99), 1000 * len(ms) / sum(ms)) for name, ms in took.items()
    }


def draw(figure: Figure, raw: dict[str, Any]) -> None:
    named = {
        name: found for name, found in raw.items() if isinstance(found, dict) and "lookup" in found
    }
    axes = figure.add_subplot()
    for shift, question, color in ((-0.2, "lookup", "#c0392b"), (0.2, "overlap", "#2c3e50")):
        bars = axes.barh(
            [n + shift for n in range(len(named))],
            [found[question]["p99"] for found in named.values()],
            0.38, color=color, label=f"{PLACES[question]}, p99",
        )  # fmt: skip
        axes.bar_label(bars, fmt="%.2f ms", fontsize=8)
    for promised, color in ((1.0, "#c0392b"), (3.0, "#2c3e50")):
        axes.axvline(promised, color=color, linestyle="--", linewidth=1)
    axes.set_xscale("log")
    axes.set_yticks(range(len(named)), list(named), fontsize=8)
    axes.set_xlabel("milliseconds (dashed: promised)")
    axes.legend(fontsize=8)


def _table(model: Any) -> Any:
    return model.__table__
