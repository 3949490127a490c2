"""The claim: what may still go, first what must go first, each to one worker only."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import delete

from community_store.errors import NotFound, RuleError
from community_store.models import (
    Agent,
    Attempt,
    Delivery,
    MemberState,
    Stop,
    Topic,
    Town,
    Twinning,
)
from community_store.models import DeliveryState as State
from dispatch import alerts, claiming, outbox
from dispatch.alerts import Told, TownVoice
from dispatch.outbox import Claimed, Lane, Terms
from gateway.contract import Channel
from tests.dispatch.world import INSEE, World

pytestmark = pytest.mark.both

SMS, EMAIL = Channel.SMS, Channel.EMAIL


class Scene:
    """One neighbour, one twin, one agent, told and waiting."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.town = world.town(subscribed=True)
        self.home, self.twinned = world.community("A"), world.community("B")
        world.twin(self.home, self.twinned)
        self.number = world.number()
        self.author = world.member(self.home)
        self.neighbour = world.member(self.home, email="neighbour@residents.example")
        self.twin = world.member(self.twinned, email="twin@residents.example")
        self.agent = world.agent(email="agent@town.example")
        self.alert = world.raised(self.author)

    def close(self, how: Callable[..., int]) -> None:
        with self.world.act() as act:
            found = alerts.find(act.session, self.alert.id or 0)
            how(act, found)

    def left(self) -> dict[tuple[str, str], str]:
        """What is claimed now, and the reason of what is dropped instead."""
        claims = self.world.claim(self.number) + self.world.claim()
        going = {claimed.id for claimed in claims}
        rows = self.world.deliveries(alert_id=self.alert.id)
        return {
            (row.audience, row.channel): "goes" if row.id in going else f"{row.state}: {row.reason}"
            for row in rows
        }


ALL = {
    ("neighbour", "sms"): "goes",
    ("neighbour", "email"): "goes",
    ("twin", "email"): "goes",
    ("agent", "sms"): "goes",
    ("agent", "email"): "goes",
}


def dropped(why: str, *hearers: tuple[str, str]) -> dict[tuple[str, str], str]:
    return ALL | dict.fromkeys(hearers, why)


NEIGHBOUR = (("neighbour", "sms"), ("neighbour", "email"))
AGENT = (("agent", "sms"), ("agent", "email"))
CHANGES: dict[str, tuple[Callable[[Scene], object], dict[tuple[str, str], str]]] = {
    "nothing": (lambda s: None, ALL),
    "stop": (
        lambda s: s.world.stop(s.neighbour.mobile or ""),
        dropped("suppressed: stop", NEIGHBOUR[0]),
    ),
    "unsubscribed from mail": (
        lambda s: s.world.stop("twin@residents.example", EMAIL),
        dropped("suppressed: stop", ("twin", "email")),
    ),
    "suspended": (
        lambda s: s.world.change(s.neighbour, state=MemberState.SUSPENDED),
        dropped("suppressed: not an active member", *NEIGHBOUR),
    ),
    "departed": (
        lambda s: s.world.change(s.neighbour, community_id=None),
        dropped("suppressed: left the community", *NEIGHBOUR),
    ),
    "moved to the twin": (
        lambda s: s.world.change(s.neighbour, community_id=s.twinned),
        dropped("suppressed: left the community", *NEIGHBOUR),
    ),
    "paused": (
        lambda s: s.world.change(s.neighbour, paused_until=s.world.clock() + timedelta(hours=8)),
        dropped("suppressed: paused", NEIGHBOUR[0]),
    ),
    "pause over": (
        lambda s: s.world.change(s.neighbour, paused_until=s.world.clock()),
        ALL,
    ),
    "muted": (
        lambda s: s.world.mute(s.neighbour, Topic.ALERT, EMAIL),
        dropped("suppressed: turned off", NEIGHBOUR[1]),
    ),
    "twins muted": (
        lambda s: s.world.mute(s.twin, Topic.TWIN, EMAIL),
        dropped("suppressed: turned off", ("twin", "email")),
    ),
    "another topic muted": (lambda s: s.world.mute(s.twin, Topic.ALERT, EMAIL), ALL),
    "new mobile": (
        lambda s: s.world.change(s.neighbour, mobile="+33639989999"),
        dropped("suppressed: address changed", NEIGHBOUR[0]),
    ),
    "twinning ended": (
        lambda s: s.world.delete(Twinning(a_id=s.home, b_id=s.twinned)),
        dropped("suppressed: no longer twinned", ("twin", "email")),
    ),
    "twin suspended": (
        lambda s: s.world.change(s.twin, state=MemberState.CLOSED),
        dropped("suppressed: not an active member", ("twin", "email")),
    ),
    "town unsubscribed": (
        lambda s: s.world.change(s.town, subscribed=False),
        dropped("suppressed: town no longer subscribed", *AGENT),
    ),
    "agent removed": (
        lambda s: s.world.delete(s.agent),
        dropped("suppressed: no longer an agent", *AGENT),
    ),
    "agent's new mobile": (
        lambda s: s.world.change(s.agent, mobile="+33639989999"),
        dropped("suppressed: address changed", AGENT[0]),
    ),
    "ended": (lambda s: s.close(alerts.end), dict.fromkeys(ALL, "cancelled: alert ended")),
    "withdrawn": (
        lambda s: s.close(alerts.withdraw),
        dict.fromkeys(ALL, "cancelled: alert withdrawn"),
    ),
    "too late": (
        lambda s: s.world.clock.forward(minutes=120),
        dict.fromkeys(ALL, "expired: time to live"),
    ),
    "just in time": (lambda s: s.world.clock.forward(minutes=119, seconds=59), ALL),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_claim_reads_every_right_again(world: World, change: str) -> None:
    happen, expected = CHANGES[change]
    scene = Scene(world)
    happen(scene)
    assert scene.left() == expected


def test_an_alert_that_closed_beside_us_stops_at_the_claim(sqlite_world: World) -> None:
    scene = Scene(sqlite_world)
    sqlite_world.change(scene.alert, state="withdrawn")
    assert set(scene.left().values()) == {"cancelled: alert withdrawn"}


def test_a_town_alert_stops_for_who_left_the_town(sqlite_world: World) -> None:
    world = sqlite_world
    scene = Scene(world)
    with world.act() as act:
        town = act.session.get(Town, INSEE)
        assert town is not None
        raised = alerts.raise_town(act, town, Told("Route coupée"), TownVoice())
    far = world.community("C", "38421")
    world.change(scene.neighbour, community_id=far)
    world.change(scene.author, community_id=scene.twinned)
    world.claim(scene.number)
    states = {
        row.member_id: row.state for row in world.deliveries(alert_id=raised.alert.id, channel=SMS)
    }
    assert states[scene.neighbour.id] == State.SUPPRESSED
    assert states[scene.author.id] == State.SENDING


def test_a_claim_writes_the_attempt_and_the_lease(world: World) -> None:
    scene = Scene(world)
    claims = world.claim(scene.number, lease=30)
    for claimed in claims:
        row = world.delivery(id=claimed.id)
        assert (row.state, row.attempts, row.lease) == (State.SENDING, 1, claimed.lease)
        assert row.lease_until == world.clock() + timedelta(seconds=30)
    attempts = world.rows(Attempt)
    assert {(a.delivery_id, a.n, a.outcome) for a in attempts} == {(c.id, 1, "") for c in claims}
    assert world.claim(scene.number) == []


def test_first_what_must_leave_first_then_each_community_in_turn(world: World) -> None:
    world.town(subscribed=True)
    small, large = world.community("A"), world.community("B")
    number = world.number()
    few, many = world.members(small, 3), world.members(large, 6)
    with world.act() as act:
        town = act.session.get(Town, INSEE)
        assert town is not None
        news = alerts.raise_town(act, town, Told("Marché déplacé"), TownVoice()).alert.id
        urgent = alerts.raise_town(act, town, Told("Crue"), TownVoice(urgent=True)).alert.id
    big = world.raised(many[0]).id
    little = world.raised(few[0]).id
    world.text("+33639989000", "AIDE")
    order = [world.delivery(id=claimed.id).alert_id for claimed in world.claim(number)]
    in_turn = [big, little] * 2 + [big] * 3
    assert order == [None] + [urgent] * 9 + in_turn + [news] * 9


def test_a_claim_takes_segments_not_messages_but_always_one(sqlite_world: World) -> None:
    world = sqlite_world
    number = world.number()
    author, *_ = world.members(world.community(), 7)
    world.raised(author, "mot " * 60)  # two segments each
    assert [len(world.claim(number, room)) for room in (1, 2, 3)] == [1, 1, 2]


def test_what_is_dropped_makes_room_for_what_may_go(sqlite_world: World) -> None:
    world = sqlite_world
    home = world.community()
    number = world.number()
    author, *neighbours = world.members(home, 6)
    world.raised(author)
    for gone in neighbours[:4]:
        world.stop(gone.mobile or "")
    (claimed,) = world.claim(number, 1)
    assert claimed.to == neighbours[4].mobile


def test_the_lanes_of_a_moment_are_claimed_at_once_each_its_own(world: World) -> None:
    home = world.community()
    one, two = world.number("38000"), world.number("38001")
    author = world.member(home)
    for n in range(12):
        world.member(home, email=f"n{n}@residents.example")
    world.raised(author)
    by_number = {number.id: world.deliveries(number_id=number.id) for number in (one, two)}
    world.stop(by_number[one.id][0].address)
    wants = [
        (Lane("sim", one.id), 2),
        (Lane("sim", two.id), 100),
        (Lane("mail", None, Channel.EMAIL), 3),
    ]
    wants.append((Lane("sim", 404), 5))
    with world.store.begin() as session:
        taken = claiming.claim_all(session, wants, Terms("me:1", 30, world.clock()))
    assert [len(batch) for batch in taken] == [2, 6, 3, 0]
    assert [claimed.id for claimed in taken[0]] == [row.id for row in by_number[one.id][1:3]]
    assert [claimed.id for claimed in taken[1]] == [row.id for row in by_number[two.id]]
    assert {claimed.lane for batch in taken for claimed in batch} == {lane for lane, _ in wants[:3]}
    assert len({claimed.lease for batch in taken for claimed in batch}) == 1
    states = Counter(row.state for row in world.deliveries(channel=SMS))
    assert states == {State.SENDING: 8, State.SUPPRESSED: 1, State.QUEUED: 3}


def test_two_workers_never_claim_the_same(world: World) -> None:
    number = world.number()
    author = world.member(world.community())
    world.add(*[world.person(author.community_id) for _ in range(200)])
    world.raised(author)
    taken: list[list[Claimed]] = [[] for _ in range(4)]
    together = threading.Barrier(len(taken))

    def work(mine: list[Claimed]) -> None:
        together.wait()
        lane = Lane("sim", number.id)
        while True:
            terms = Terms(threading.current_thread().name, 30, world.clock())
            with world.store.begin() as session:
                claimed = claiming.claim(session, lane, 10, terms)
            if not claimed:
                return
            mine += claimed

    threads = [threading.Thread(target=work, args=(mine,)) for mine in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [claimed.id for mine in taken for claimed in mine]
    assert len(ids) == len(set(ids)) == 200
    assert {row.attempts for row in world.deliveries()} == {1}


@pytest.mark.parametrize("race", range(5))
def test_nothing_is_claimed_after_a_stop_has_committed(world: World, race: int) -> None:
    number = world.number()
    author, *neighbours = world.members(world.community(), 12)
    world.raised(author)
    victim = neighbours[race * 2].mobile or ""
    claimed_after: list[Claimed] = []
    stopped = threading.Event()

    def claim() -> None:
        while True:
            late = stopped.is_set()
            batch = world.claim(number, 1)
            if late:
                claimed_after.extend(batch)
            if not batch:
                return

    thread = threading.Thread(target=claim)
    thread.start()
    world.text(victim, "STOP")
    stopped.set()
    thread.join()
    kinds = {c.to: world.delivery(id=c.id).alert_id for c in claimed_after if c.to == victim}
    assert all(alert is None for alert in kinds.values()), "only the confirmation may leave"


def test_a_retry_is_refused_where_it_could_double(sqlite_world: World) -> None:
    world = sqlite_world
    Scene(world)
    row = world.deliveries()[0]
    for state in set(State) - {State.FAILED, State.UNDELIVERED}:
        world.change(row, state=state)
        with world.store.begin() as session, pytest.raises(RuleError) as refused:
            outbox.retry(session, row.id or 0, world.clock())
        assert refused.value.code == "not_failed"
    world.change(row, state=State.FAILED)
    with world.store.begin() as session, pytest.raises(RuleError) as refused:
        outbox.retry(session, row.id or 0, row.expires_at)
    assert refused.value.code == "expired"
    with world.store.begin() as session, pytest.raises(NotFound):
        outbox.retry(session, 10**9, world.clock())


def test_erasing_rows_leaves_no_orphan(sqlite_world: World) -> None:
    world = sqlite_world
    scene = Scene(world)
    with world.store.begin() as session:
        session.exec(delete(Stop))
        session.exec(delete(Agent))
    assert scene.left()[AGENT[0]] == "suppressed: no longer an agent"
    assert all(row.wording_id for row in world.rows(Delivery))
