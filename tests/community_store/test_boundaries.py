"""The rules S60 to S62, and the community of a point."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import shapely
from sqlmodel import Session, select

from community_store import boundaries, communities
from community_store.geometry import BoundaryError
from community_store.models import BoundaryCell, Community
from community_store.store import Store, open_store
from tests.community_store.ground import (
    GEO,
    INSEE,
    SIDE,
    SOUTH,
    WEST,
    community,
    member,
    middle,
    square,
    town,
)

pytestmark = pytest.mark.both


def test_a_point_finds_its_community(store: Store) -> None:
    with store.begin() as session:
        lilas, roses = community(session, "Les Lilas"), community(session, "Les Roses", 1)
    with store.read() as session:
        found = [boundaries.community_at(session, *middle(column)) for column in (0, 1, 2)]
    assert [home and home.id for home in found] == [lilas.id, roses.id, None]


def test_many_points_find_theirs_at_once(store: Store) -> None:
    with store.begin() as session:
        lilas, roses = community(session, "Les Lilas"), community(session, "Les Roses", 1)
        places = [(lon, lat) for lat, lon in map(middle, (1, 2, 0))]
        found = boundaries.communities_at(session, places)
        assert boundaries.communities_at(session, []) == []
    assert found == [roses.id, None, lilas.id]


def test_on_a_shared_edge_the_elder_has_the_home(store: Store) -> None:
    edge = (SOUTH + SIDE / 2, square(1).bounds[0])
    with store.begin() as session:
        lilas, _ = community(session, "Les Lilas"), community(session, "Les Roses", 1)
        one = boundaries.community_at(session, *edge)
        many = boundaries.communities_at(session, [(edge[1], edge[0])])
    assert one is not None
    assert one.id == lilas.id
    assert many == [lilas.id]


def test_another_process_sees_a_new_boundary_at_once(store: Store, database_url: str) -> None:
    other = open_store(database_url)
    with store.begin() as session:
        home = community(session)
    with store.begin() as session:
        communities.redraw(session, session.get_one(Community, home.id), square(3), geo=GEO)
    with other.read() as session:
        before, after = (boundaries.community_at(session, *middle(n)) for n in (0, 3))
    other.close()
    assert before is None
    assert after is not None


def refused(session: Session, polygon: shapely.Polygon) -> BoundaryError:
    with pytest.raises(BoundaryError) as error:
        community(session, "Refusée", boundary=polygon)
    return error.value


def test_an_overlap_is_refused_and_placed(store: Store) -> None:
    with store.begin() as session:
        community(session)
        error = refused(session, shapely.affinity.translate(square(), SIDE / 2, 0))
    assert error.code == "overlap"
    assert "Les Lilas" in str(error)
    assert error.place is not None
    assert square().contains(shapely.Point(error.place))


def test_an_overlap_shows_the_shared_ground(store: Store) -> None:
    drawn = shapely.affinity.translate(square(), SIDE / 2, 0)
    with store.begin() as session:
        community(session)
        error = refused(session, drawn)
    assert error.shape is not None
    assert shapely.equals(shapely.normalize(error.shape), square() & drawn)
    where = error.where()
    assert where is not None
    assert where["type"] == "Polygon"
    assert error.facts["name"] == "Les Lilas"
    assert error.facts["area"] == pytest.approx(21.837 / 2, abs=0.01)


def test_of_several_overlapped_the_most_overlapped_is_named(store: Store) -> None:
    drawn = shapely.affinity.translate(square(), 0.7 * SIDE, 0)
    with store.begin() as session:
        community(session), community(session, "Les Roses", 1)
        error = refused(session, drawn)
    assert error.facts["name"] == "Les Roses"
    assert error.facts["others"] == 1
    assert error.shape is not None
    assert shapely.equals(error.shape, drawn)


@pytest.mark.parametrize(
    ("metres", "allowed"), [(0.1, True), (0.4, True), (0.7, False), (2.0, False)]
)
def test_an_edge_drawn_twice_may_differ_by_a_hair(
    store: Store, metres: float, *, allowed: bool
) -> None:
    """390 m of edge 0.4 m off are 220 m2, and nobody's home is there."""
    beside = shapely.affinity.translate(square(1), -metres / 78_500, 0)
    with store.begin() as session:
        community(session)
        if allowed:
            assert community(session, "Les Roses", boundary=beside).id
        else:
            assert refused(session, beside).code == "overlap"


def test_a_boundary_can_be_examined_without_being_placed(store: Store) -> None:
    with store.begin() as session:
        home = community(session)
        with pytest.raises(BoundaryError):
            boundaries.examine(session, square(), geo=GEO)
        found = boundaries.examine(session, square(), geo=GEO, community=home)
        beside = boundaries.examine(session, square(1), geo=GEO)
    assert found.area_ha == pytest.approx(21.837, abs=0.001)
    assert found.homes.low < found.homes.about < found.homes.high
    assert beside.outside == ()


def test_one_inside_the_other_overlaps(store: Store) -> None:
    with store.begin() as session:
        community(session, boundary=square(side=3 * SIDE))
        assert refused(session, square(1, 1)).code == "overlap"


@pytest.mark.parametrize(
    "shift", [0, 1e-9, -1e-9, 1e-10], ids=["exact", "gap", "sliver", "rounding"]
)
def test_a_shared_edge_is_fine(store: Store, shift: float) -> None:
    with store.begin() as session:
        community(session)
        beside = shapely.affinity.translate(square(1), shift, 0)
        assert community(session, "Les Roses", boundary=beside).id


def test_a_boundary_may_be_redrawn_over_itself(store: Store) -> None:
    with store.begin() as session:
        home = community(session)
        communities.redraw(session, home, square(side=1.5 * SIDE), geo=GEO)
        cells = session.exec(
            select(BoundaryCell.cell).where(BoundaryCell.community_id == home.id)
        ).all()
    assert home.area_ha == pytest.approx(49.1, abs=0.1)
    assert len(set(cells)) == len(cells)


@pytest.mark.parametrize(
    ("polygon", "code"),
    [
        (square(side=0.0004), "too_small"),
        (square(side=0.05), "too_large"),
        (shapely.box(WEST, SOUTH, WEST + 0.5, SOUTH + 0.00005), "too_long"),
    ],
)
def test_the_size_is_limited(store: Store, polygon: shapely.Polygon, code: str) -> None:
    with store.begin() as session:
        error = refused(session, polygon)
    assert error.code == code
    assert error.place is not None


def test_members_left_outside_must_be_confirmed(store: Store) -> None:
    with store.begin() as session:
        home = community(session, boundary=square(side=2 * SIDE))
        member(session, 1), member(session, 2)
        far = member(session, 3, column=1)
        with pytest.raises(BoundaryError) as error:
            communities.redraw(session, home, square(), geo=GEO)
        assert error.value.code == "members_outside"
        assert error.value.members == (far.id,)
        outside = boundaries.left_outside(session, home, square())
        communities.redraw(session, home, square(), geo=GEO, outside=outside)
    assert far.community_id == home.id


def test_confirming_some_is_not_confirming_others(store: Store) -> None:
    with store.begin() as session:
        home = community(session, boundary=square(side=2 * SIDE))
        member(session, 1)
        far = member(session, 2, column=1)
        with pytest.raises(BoundaryError, match="outside"):
            communities.redraw(session, home, square(), geo=GEO, outside=[(far.id or 0) + 1])


def test_fewer_than_half_inside_is_refused_whatever_is_confirmed(store: Store) -> None:
    with store.begin() as session:
        home = community(session, boundary=square(side=2 * SIDE))
        member(session, 1)
        away = [member(session, n, column=1).id or 0 for n in (2, 3)]
        with pytest.raises(BoundaryError) as error:
            communities.redraw(session, home, square(), geo=GEO, outside=away)
    assert error.value.code == "too_few_inside"
    shown, home_of_one = error.value.shape, shapely.Point(middle(1)[::-1])
    assert shown is not None
    assert not shapely.equals(shown, home_of_one)
    assert shapely.equals(shown, square(side=2 * SIDE) - square())


def test_a_refused_boundary_changes_nothing(store: Store) -> None:
    with store.begin() as session:
        home = community(session)
        community(session, "Les Roses", 1)
    with pytest.raises(BoundaryError), store.begin() as session:
        communities.redraw(session, session.get_one(Community, home.id), square(1), geo=GEO)
    with store.read() as session:
        kept = session.get_one(Community, home.id)
        assert shapely.equals(kept.boundary, square())
        assert boundaries.community_at(session, *middle(0)) is not None


def test_of_two_that_overlap_at_the_same_instant_one_is_told(store: Store) -> None:
    with store.begin() as session:
        town(session)
    start = threading.Barrier(2)

    def save(name: str, shift: float) -> tuple[str, bool]:
        boundary = shapely.affinity.translate(square(), shift, 0)
        start.wait()
        try:
            with store.begin() as session:
                communities.add(session, communities.NewCommunity(name, INSEE, boundary), geo=GEO)
        except BoundaryError as error:
            return error.code, bool(error.shape and boundary.covers(error.shape))
        return "saved", False

    for n in range(5):
        with ThreadPoolExecutor(2) as pool:
            told = pool.map(save, (f"Ici {n}", f"Là {n}"), (n * 0.02, n * 0.02 + SIDE / 2))
        assert sorted(told) == [("overlap", True), ("saved", False)]
