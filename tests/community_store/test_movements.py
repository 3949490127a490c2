"""The history of a community: who comes is told once, who goes is not named."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session, col, select

from community_store import (
    communities,
    members_csv,
    membership,
    movements,
    personal_data,
    profiles,
    retention,
    twinning,
)
from community_store.columns import utcnow
from community_store.membership import NewMember
from community_store.models import Community, Mode, Movement, MovementKind
from community_store.store import Store
from tests.community_store.ground import GEO, SIDE, community, member, middle, square

ARRIVAL, DEPARTURE = MovementKind.ARRIVAL, MovementKind.DEPARTURE


def lines(session: Session, home: Community) -> list[tuple[str, int | None]]:
    """What its history has since it was founded, oldest first: the kind, and who."""
    rows = session.exec(
        select(Movement).where(
            Movement.community_id == home.id, Movement.kind != MovementKind.FOUNDED
        ).order_by(col(Movement.id))
    )  # fmt: skip
    return [(one.kind, one.member_id) for one in rows]


def test_a_community_begins_with_its_foundation(store: Store) -> None:
    with store.begin() as session:
        home = community(session)
        (first,) = session.exec(select(Movement)).all()
    assert (first.kind, first.said, first.community_id) == ("founded", "Les Lilas", home.id)


def test_who_is_activated_has_arrived_once(store: Store) -> None:
    with store.begin() as session:
        home = community(session)
        ana = member(session, 1, active=False)
        assert lines(session, home) == []
        membership.activate(session, ana)
        membership.activate(session, ana)
        membership.suspend(session, ana)
        membership.activate(session, ana)
        assert lines(session, home) == [(ARRIVAL, ana.id)]


def test_a_suspension_is_told_to_nobody(store: Store) -> None:
    with store.begin() as session:
        home = community(session)
        membership.suspend(session, member(session, 1))
        assert [kind for kind, _ in lines(session, home)] == [ARRIVAL]


def test_who_leaves_is_not_named_and_nobody_learns_why(store: Store) -> None:
    """Closed, suspended and then closed, moved: one line each, the same for all."""
    with store.begin() as session:
        home, other = community(session), community(session, "Les Roses", 1)
        closed, suspended, moved = (member(session, n) for n in (1, 2, 3))
        membership.suspend(session, suspended)
        membership.close(session, closed)
        membership.close(session, suspended)
        membership.move(session, moved, other)
        assert lines(session, home)[3:] == [(DEPARTURE, None)] * 3
        assert lines(session, home)[:3] == [(ARRIVAL, None), (ARRIVAL, None), (ARRIVAL, moved.id)]
        assert lines(session, other) == [(ARRIVAL, moved.id)]
        said = session.exec(select(Movement).where(Movement.kind == DEPARTURE)).all()
        assert {(one.said, one.before, one.request_id) for one in said} == {("", "", None)}


def test_who_never_was_among_neighbours_does_not_leave_them(store: Store) -> None:
    with store.begin() as session:
        home = community(session)
        membership.refuse(session, member(session, 1, active=False))
        membership.move(session, member(session, 2, active=False), None)
        assert lines(session, home) == []


def test_a_boundary_drawn_around_homes_brings_them_in(store: Store) -> None:
    with store.begin() as session:
        few = [member(session, n) for n in range(2)]
        member(session, 5, active=False)
        home = community(session)
        assert lines(session, home) == [(ARRIVAL, one.id) for one in few]
        for n in range(10, 17):
            member(session, n, column=1)
        communities.redraw(session, home, square(side=2 * SIDE), geo=GEO)
        (many,) = session.exec(
            select(Movement).where(col(Movement.count) > 1, Movement.kind == ARRIVAL)
        )
        assert (many.count, many.member_id) == (7, None)
        assert [kind for kind, _ in lines(session, home)] == [ARRIVAL, ARRIVAL, "boundary", ARRIVAL]


def test_a_boundary_that_stays_the_same_is_no_news(store: Store) -> None:
    with store.begin() as session:
        home = community(session)
        communities.redraw(session, home, square().reverse(), geo=GEO)
        assert lines(session, home) == []


def test_a_file_of_members_is_one_line_for_each_community(store: Store) -> None:
    lat, lon = middle()
    rows = "".join(f"Ana,V{n},ana{n}@m.example,{lat},{lon},yes\n" for n in range(3))
    text = f"first_name,last_name,email,lat,lon,active\n{rows}Zoé,P,z@m.example,{lat},{lon},no\n"
    with store.begin() as session:
        home = community(session)
        read = [one for one in members_csv.read(text, lambda typed, _: typed)
                if isinstance(one, members_csv.Row)]  # fmt: skip
        assert members_csv.Importer().write(session, read) == []
        assert lines(session, home) == [(ARRIVAL, None)]
        assert session.exec(select(Movement.count).where(Movement.kind == ARRIVAL)).one() == 3


def test_a_name_a_mode_and_a_twinning_are_told(store: Store) -> None:
    with store.begin() as session:
        home, other = community(session), community(session, "Les Roses", 1)
        communities.rename(session, home, "Les Iris")
        communities.rename(session, home, " Les  Iris ")
        communities.choose_mode(session, home, Mode.REFERENT)
        communities.choose_mode(session, home, Mode.REFERENT)
        twinning.twin(session, home, other, geo=GEO)
        twinning.twin(session, other, home, geo=GEO)
        twinning.untwin(session, home, other)
        twinning.untwin(session, home, other)
        told = session.exec(
            select(Movement).where(Movement.community_id == home.id).order_by(col(Movement.id))
        ).all()
        assert [(one.kind, one.before, one.said) for one in told[1:]] == [
            ("renamed", "Les Lilas", "Les Iris"), ("mode", "team", "referent"),
            ("twinned", "", "Les Roses"), ("untwinned", "", "Les Roses"),
        ]  # fmt: skip
        assert [kind for kind, _ in lines(session, other)] == ["twinned", "untwinned"]


def test_the_twins_of_a_community_that_goes_read_of_it(store: Store) -> None:
    with store.begin() as session:
        home, other = community(session), community(session, "Les Roses", 1)
        twinning.twin(session, home, other, geo=GEO)
        communities.remove(session, home)
    with store.begin() as session:
        told = session.exec(select(Movement).order_by(col(Movement.id))).all()
        assert [(one.kind, one.said, one.other_id) for one in told] == [
            ("founded", "Les Roses", None), ("twinned", "Les Lilas", None),
            ("untwinned", "Les Lilas", None),
        ]  # fmt: skip


def test_only_who_is_active_here_may_be_named(store: Store) -> None:
    with store.begin() as session:
        home, other = community(session), community(session, "Les Roses", 1)
        stays, suspended, moved = (member(session, n) for n in (1, 2, 3))
        membership.suspend(session, suspended)
        membership.move(session, moved, other)
        ids = [one.id or 0 for one in (stays, suspended, moved)]
        assert list(movements.still_here(session, home.id or 0, ids)) == [stays.id]
        assert movements.still_here(session, home.id or 0, []) == {}


def test_ones_arrival_comes_out_with_all_that_is_held(store: Store) -> None:
    with store.begin() as session:
        community(session)
        held = personal_data.export(session, member(session, 1))
    assert [one["kind"] for one in held["movements"]] == [ARRIVAL]


def test_names_leave_the_history_in_their_time(store: Store) -> None:
    later = retention.Limits.of(
        utcnow() + timedelta(days=13 * 31), text_days=90, delivery_months=13,
        pending_days=30, gazette_days=30, message_days=365, movement_months=12,
    )  # fmt: skip
    with store.begin() as session:
        home = community(session)
        member(session, 1)
        found = retention.due(session, later)
        assert len(found["movements"]) == 1
        retention.forget(session, found)
        assert lines(session, home) == [(ARRIVAL, None)]
        assert retention.due(session, later)["movements"] == []


def test_a_name_that_somebody_had_leaves_with_them_or_in_its_time(store: Store) -> None:
    later = {"pending_days": 30, "gazette_days": 30, "message_days": 365, "movement_months": 12}
    limits = retention.Limits.of(
        utcnow() + timedelta(days=13 * 31), text_days=90, delivery_months=13, **later
    )
    with store.begin() as session:
        community(session)
        gone, stays = member(session, 1), member(session, 2)
        for one in (gone, stays):
            before = f"{one.first_name} {one.last_name}"
            profiles.rename(session, one, "Zoé", "Petit", service="Tocsin", now=utcnow())
            (held,) = personal_data.export(session, one)["movements"][1:]
            assert (held["before"], held["said"]) == (before, "Zoé Petit")
        personal_data.erase(session, gone)
        named = select(Movement).where(Movement.kind == MovementKind.NAME)
        forgotten, kept = session.exec(named.order_by(col(Movement.id))).all()
        assert (forgotten.member_id, forgotten.before, forgotten.said) == (None, "", "")
        assert kept.said == "Zoé Petit"
        retention.forget(session, retention.due(session, limits))
        session.refresh(kept)
        assert (kept.member_id, kept.before, kept.said) == (None, "", "")


def test_a_person_registered_as_active_has_arrived(store: Store) -> None:
    with store.begin() as session:
        home = community(session)
        new = NewMember("Ana", "Martin", email="a@m.example", community_id=home.id, active=True)
        ana = membership.register(session, new)
        membership.register(session, NewMember("Zoé", "Petit", email="z@m.example", active=True))
        assert lines(session, home) == [(ARRIVAL, ana.id)]
