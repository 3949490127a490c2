"""A position beside the declared home (S22), the e-mail of the evening (S24)."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from community_store.errors import RuleError
from community_store.models import (
    EveningLink,
    JoinRequest,
    Member,
    MemberState,
    Mode,
    PositionTry,
    RequestState,
    Wording,
)
from dispatch import evening, presence, requests, sweep
from dispatch.presence import Fix, Presence
from gateway.contract import Channel
from tests.dispatch.world import World, at

HOME = (45.1825, 5.7225)
METRE = 1 / 111_150  # of latitude, at home
SURE = 0.0


@pytest.fixture
def jeanne(world: World) -> Member:
    """Waits for the team to vouch for her; it is 14:00 in France."""
    world.clock.now = at(13)
    world.number()
    lilas = world.community(mode=Mode.TEAM)
    world.member(lilas)
    return waiting(world, lilas)


def waiting(world: World, community: int | None, **more: object) -> Member:
    values = {
        "state": MemberState.PENDING, "lat": HOME[0], "lon": HOME[1],
        "email": "jeanne@mail.example", "first_name": "Jeanne", "created_at": world.clock.now,
    } | more  # fmt: skip
    member = world.member(community, **values)
    with world.act() as act:
        requests.ask(act, act.session.get_one(Member, member.id))
    return member


def tries(world: World, member: Member, metres: float, accuracy: float = SURE) -> Presence:
    with world.act() as act:
        fix = Fix(HOME[0] + metres * METRE, HOME[1], accuracy)
        return presence.check(act, act.session.get_one(Member, member.id), fix)


def state(world: World, member: Member) -> str:
    (found,) = world.rows(Member, id=member.id)
    assert isinstance(found, Member)
    return found.state


@pytest.mark.parametrize(
    ("metres", "accuracy", "at_home"),
    [
        (0, 0, True), (148, 0, True), (152, 0, False), (198, 50, True), (202, 50, False),
        (248, 100, True), (252, 100, False), (248, 900, True), (252, 900, False),
    ],
)  # fmt: skip
def test_150_metres_and_the_accuracy_at_most_250(
    world: World, jeanne: Member, metres: float, accuracy: float, *, at_home: bool
) -> None:
    found = tries(world, jeanne, metres, accuracy)
    assert found.at_home is at_home
    assert found.distance_m == pytest.approx(metres, abs=1)
    assert state(world, jeanne) == (MemberState.ACTIVE if at_home else MemberState.PENDING)


def test_at_home_the_request_is_accepted_and_she_is_welcome_twice(
    world: World, jeanne: Member
) -> None:
    assert tries(world, jeanne, 20).again_at is None
    (request,) = world.rows(JoinRequest)
    assert (request.state, request.decided_by) == (RequestState.ACCEPTED, "position")
    assert world.answers(jeanne.mobile or "") == ["welcome_one"]
    mail = world.delivery(channel=Channel.EMAIL, address="jeanne@mail.example")
    assert "Les Lilas, avec un voisin" in world.said(mail).mail
    assert "38000" in world.said(mail).mail


@pytest.mark.parametrize(
    ("lat", "lon", "accuracy"),
    [
        ("nan", "5.72", "10"), ("45.18", "inf", "10"), ("45.18", "5.72", "nan"),
        ("45.18", "5.72", "-1"), ("45.18", "5.72", "inf"), ("", "5.72", "10"), ("45,18", "5", "1"),
        ("0", "0", "10"), ("95", "5.72", "10"), ("5.72", "45.18", "10"), ("1e999", "5", "1"),
        ("45.18", "5.72", ""), ("45.18", "5.72", "1_0e"),
    ],
)  # fmt: skip
def test_what_is_no_position_is_refused(lat: str, lon: str, accuracy: str) -> None:
    with pytest.raises(RuleError) as refused:
        presence.read_fix(lat, lon, accuracy)
    assert refused.value.code == "position_unreadable"


def test_a_position_is_read() -> None:
    assert presence.read_fix("45.18", "5.72", "12.5") == Fix(45.18, 5.72, 12.5)


def test_a_device_that_does_not_know_proves_nothing(world: World, jeanne: Member) -> None:
    with pytest.raises(RuleError) as refused:
        tries(world, jeanne, 10, accuracy=5_000)
    assert refused.value.code == "position_vague"
    assert refused.value.facts == {"accuracy": 5000, "most": 1000}
    assert state(world, jeanne) == MemberState.PENDING


def test_a_member_may_try_ten_times_a_day(world: World, jeanne: Member) -> None:
    for _ in range(10):
        tries(world, jeanne, 5_000)
    with pytest.raises(RuleError) as refused:
        tries(world, jeanne, 0)
    assert refused.value.code == "position_too_many"
    world.clock.forward(days=1, minutes=1)
    assert tries(world, jeanne, 0).at_home


def test_how_far_is_kept_and_where_is_not(world: World, jeanne: Member) -> None:
    tries(world, jeanne, 5_000, accuracy=30)
    (kept,) = world.rows(PositionTry)
    assert (kept.distance_m, kept.accuracy_m, kept.accepted) == (
        pytest.approx(5_000, abs=10),
        30,
        False,
    )
    assert not {"lat", "lon"} & set(PositionTry.model_fields)


def test_it_counts_only_where_the_team_decides(world: World, jeanne: Member) -> None:
    roses = world.community("Les Roses", mode=Mode.REFERENT)
    world.member(roses, referent=True)
    karim = waiting(world, roses, email="karim@mail.example")
    with pytest.raises(RuleError) as refused:
        tries(world, karim, 0)
    assert refused.value.code == "position_not_team"
    world.clock.forward(days=15)
    sweep.sweep(world.runtime)
    assert tries(world, karim, 0).at_home


def test_a_home_that_was_never_placed_and_an_account_that_waits_for_nothing(
    world: World, jeanne: Member
) -> None:
    nowhere = waiting(world, None, lat=None, lon=None, email="n@mail.example")
    active = world.member(None, lat=HOME[0], lon=HOME[1])
    for member, code in ((nowhere, "position_no_home"), (active, "position_not_pending")):
        with pytest.raises(RuleError) as refused:
            tries(world, member, 0)
        assert refused.value.code == code


# the e-mail of the evening


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-24T13:00", "2026-11-24T17:30"),
        ("2026-11-24T17:29", "2026-11-24T17:30"),
        ("2026-11-24T17:30", "2026-11-25T17:30"),
        ("2026-11-24T23:30", "2026-11-25T17:30"),
        ("2026-07-14T13:00", "2026-07-14T16:30"),
        ("2026-10-24T20:00", "2026-10-25T17:30"),
        ("2027-03-27T20:00", "2027-03-28T16:30"),
    ],
)
def test_the_evening_is_half_past_six_in_france(world: World, now: str, due: str) -> None:
    instant, expected = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (now, due))
    assert evening.next_evening(world.settings, instant) == expected


def mailed(world: World) -> str:
    """The token of the evening's e-mail as it is read."""
    sweep.sweep(world.runtime)
    world.pump()
    text = [mail for mail in world.mails() if "confirmez votre adresse" in mail["subject"]][-1][
        "text"
    ]
    found = re.search(r"https://tocsin\.example/activation/lien/(\S+)", text)
    assert found, text
    return found[1]


def test_that_evening_an_email_brings_one_link(world: World, jeanne: Member) -> None:
    assert tries(world, jeanne, 5_000).again_at == at(17, 30)
    assert tries(world, jeanne, 6_000).again_at == at(17, 30)
    world.clock.now = at(17, 29)
    sweep.sweep(world.runtime)
    assert world.deliveries(channel=Channel.EMAIL) == []
    world.clock.now = at(17, 30)
    token = mailed(world)
    sweep.sweep(world.runtime)
    assert len(world.deliveries(channel=Channel.EMAIL)) == 1
    (link,) = world.rows(EveningLink)
    assert token not in link.model_dump_json()
    with world.act() as act:
        found = evening.holder(act, token)
        assert found is not None
        assert found.id == jeanne.id
        used = evening.redeem(act, token)
        assert used is not None
    with world.act() as act:
        assert evening.redeem(act, token) is None
        assert evening.holder(act, token) is None
    assert not any(token in said.mail for said in world.rows(Wording))
    assert tries(world, jeanne, 0).at_home


def test_of_two_who_open_a_link_at_once_one_wins(world: World, jeanne: Member) -> None:
    tries(world, jeanne, 5_000)
    world.clock.now = at(17, 30)
    token, start = mailed(world), threading.Barrier(2)

    def opened(_: int) -> bool:
        start.wait()
        with world.act() as act:
            return evening.redeem(act, token) is not None

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(opened, range(2))) == [False, True]


@pytest.mark.parametrize("wrong", ["", "x", "é" * 10, "a" * 32, "a" * 5_000])
def test_a_link_of_ones_own_making_opens_nothing(world: World, jeanne: Member, wrong: str) -> None:
    tries(world, jeanne, 5_000)
    world.clock.now = at(17, 30)
    mailed(world)
    with world.act() as act:
        assert evening.redeem(act, wrong) is None


def test_a_link_is_over_after_three_days_and_its_words_go(world: World, jeanne: Member) -> None:
    tries(world, jeanne, 5_000)
    world.clock.now = at(17, 30)
    token = mailed(world)
    world.clock.now += timedelta(hours=72)
    sweep.sweep(world.runtime)
    with world.act() as act:
        assert evening.redeem(act, token) is None
    assert not any(token in said.mail for said in world.rows(Wording))


def test_who_was_accepted_meanwhile_gets_no_link(world: World, jeanne: Member) -> None:
    tries(world, jeanne, 5_000)
    assert tries(world, jeanne, 0).at_home
    world.clock.now = at(17, 30)
    sweep.sweep(world.runtime)
    (link,) = world.rows(EveningLink)
    assert (link.digest, link.sent_at) == (None, at(17, 30))


def test_without_an_email_nothing_is_promised(world: World, jeanne: Member) -> None:
    other = waiting(world, jeanne.community_id, email=None)
    assert tries(world, other, 5_000).again_at is None
