"""Towns, communities and twinnings."""

from __future__ import annotations

import pytest
import shapely
from sqlmodel import select

from community_store import boundaries, communities, towns, twinning
from community_store.errors import Ambiguous, NotFound, RuleError
from community_store.models import Community, MemberState, Twinning
from community_store.store import Store
from tests.community_store.ground import GEO, community, member, middle, square, town

pytestmark = pytest.mark.both


@pytest.mark.parametrize(
    ("typed", "code"),
    [("38185", "38185"), (" 01001 ", "01001"), ("2a004", "2A004"), ("97411", "97411")],
)
def test_insee_codes_are_text(typed: str, code: str) -> None:
    assert towns.read_insee(typed) == code


@pytest.mark.parametrize("typed", ["", "1001", "381850", "00001", "2C004", "Grenoble", "3818é"])
def test_what_is_no_insee_code_is_refused(typed: str) -> None:
    with pytest.raises(RuleError, match="INSEE"):
        towns.read_insee(typed)


def test_a_lost_zero_is_suspected() -> None:
    with pytest.raises(RuleError, match="did you mean 01001"):
        towns.read_insee("1001")


def test_a_town_is_found_by_code_or_name(store: Store) -> None:
    with store.begin() as session:
        towns.add(session, "38185", "Échirolles")
        for named in ("38185", "Échirolles", "ÉCHIROLLES" if not store.sqlite else "ÉchIROLLES"):
            assert towns.find(session, named).insee == "38185"
        with pytest.raises(NotFound, match="tocsin town add 69123"):
            towns.find(session, "69123")
        towns.add(session, "01001", "Échirolles")
        with pytest.raises(Ambiguous, match="01001"):
            towns.find(session, "Échirolles")
        with pytest.raises(RuleError, match="exists"):
            towns.add(session, "38185", "Encore")


def test_towns_are_listed_with_their_counts(store: Store) -> None:
    with store.begin() as session:
        community(session)
        towns.add(session, "01001", "Ailleurs")
        listed = [(one.insee, homes, agents) for one, homes, agents in towns.list_all(session)]
    assert listed == [("01001", 0, 0), ("38185", 1, 0)]


def test_a_community_is_found_by_id_or_unique_name(store: Store) -> None:
    with store.begin() as session:
        home = community(session, "Les Écrins")
        for named in (str(home.id), "Les Écrins", "les Écrins", " Les Écrins "):
            assert communities.find(session, named).id == home.id
        with pytest.raises(NotFound, match="tocsin community list"):
            communities.find(session, "Les Cimes")
        town(session, "01001")
        new = communities.NewCommunity("Les Écrins", "01001", square(2))
        communities.add(session, new, geo=GEO)
        with pytest.raises(Ambiguous, match="01001"):
            communities.find(session, "Les Écrins")


def test_a_name_is_taken_once_in_a_town(store: Store) -> None:
    with store.begin() as session:
        community(session)
        with pytest.raises(RuleError, match="already"):
            community(session, "LES LILAS", 1)
        roses = community(session, "Les Roses", 1)
        with pytest.raises(RuleError, match="already"):
            communities.rename(session, roses, "les lilas")
        communities.rename(session, roses, "Les  Iris")
        assert roses.name == "Les Iris"
        with pytest.raises(RuleError, match="name"):
            communities.rename(session, roses, "  ")
        for wanted in ("Moulin d'Août \U0001f600 <b>", "Lilas, voir gagnez.example", "A"):
            with pytest.raises(RuleError, match="no web address"):
                communities.rename(session, roses, wanted)


def test_an_unknown_town_is_refused(store: Store) -> None:
    with store.begin() as session, pytest.raises(NotFound, match="unknown town 69123"):
        communities.add(session, communities.NewCommunity("Là", "69123", square()), geo=GEO)


def test_communities_are_listed_with_their_members(store: Store) -> None:
    with store.begin() as session:
        community(session), community(session, "Les Roses", 1)
        member(session, 1), member(session, 2), member(session, 3, active=False)
        gone = member(session, 4)
        gone.state = MemberState.SUSPENDED
        listed = communities.list_all(session)
        only = communities.list_all(session, only=listed[1][0].id)
    assert [(home.name, active, waiting) for home, _, active, waiting in listed] == [
        ("Les Lilas", 2, 1), ("Les Roses", 0, 0),
    ]  # fmt: skip
    assert [home.name for home, *_ in only] == ["Les Roses"]


def test_residents_without_a_community_join_the_one_drawn_around_them(store: Store) -> None:
    with store.begin() as session:
        inside, outside = member(session, 1), member(session, 2, column=3)
        home = community(session)
        session.refresh(inside)
        session.refresh(outside)
    assert inside.community_id == home.id
    assert outside.community_id is None


def test_a_community_with_members_is_not_removed_by_mistake(store: Store) -> None:
    with store.begin() as session:
        home, roses = community(session), community(session, "Les Roses", 1)
        twinning.twin(session, home, roses, geo=GEO)
        resident = member(session, 1, referent=True)
        with pytest.raises(RuleError, match="1 members"):
            communities.remove(session, home)
        assert communities.remove(session, home, with_members=True) == 1
        session.refresh(resident)
    assert (resident.community_id, resident.referent) == (None, False)
    with store.read() as session:
        assert boundaries.community_at(session, *middle()) is None
        assert session.exec(select(Twinning)).all() == []
        assert len(session.exec(select(Community)).all()) == 1


def test_twinning_twice_is_once_and_either_way_round(store: Store) -> None:
    with store.begin() as session:
        lilas, roses = community(session), community(session, "Les Roses", 1)
        for a, b in ((roses, lilas), (lilas, roses)):
            twinning.twin(session, a, b, geo=GEO)
        assert twinning.twins(session, lilas.id or 0) == [(roses.id, "Les Roses")]
        assert twinning.twins(session, roses.id or 0) == [(lilas.id, "Les Lilas")]
        assert twinning.untwin(session, roses, lilas)
        assert not twinning.untwin(session, lilas, roses)
        assert twinning.twins(session, lilas.id or 0) == []


@pytest.mark.parametrize(("gap_m", "allowed"), [(4990, True), (5010, False)])
def test_twins_are_at_most_5_km_apart(store: Store, gap_m: float, allowed: bool) -> None:
    degrees = gap_m / 111_140  # a degree of latitude there
    far = shapely.affinity.translate(square(), 0, 0.005 + degrees)
    with store.begin() as session:
        lilas, away = community(session), community(session, "Au loin", boundary=far)
        if allowed:
            twinning.twin(session, lilas, away, geo=GEO)
            assert twinning.are_twins(session, lilas.id or 0, away.id or 0)
        else:
            with pytest.raises(RuleError, match="5 km is the most"):
                twinning.twin(session, lilas, away, geo=GEO)


def test_none_is_its_own_twin(store: Store) -> None:
    with store.begin() as session:
        home = community(session)
        with pytest.raises(RuleError, match="itself"):
            twinning.twin(session, home, home, geo=GEO)
