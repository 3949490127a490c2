"""How PostgreSQL reads what a claim asks for: in the order of its index, and no further."""

from __future__ import annotations

import re

import pytest

from community_store import planner
from dispatch import claiming
from dispatch.outbox import Lane
from dispatch.recordset import rows_parameter
from gateway.contract import Channel
from tests.dispatch.world import World


def test_each_lane_reads_its_own_stretch_of_the_index(postgres_world: World) -> None:
    """Or a claim would read and sort whatever waits on all numbers of a gateway (V6, V8)."""
    asked = [{"gateway": "sim", "number_id": n, "channel": "sms", "room": 5} for n in (1, 2)]
    statement = claiming.DUE_BY_LANES.compile(
        postgres_world.store.engine, compile_kwargs={"render_postcompile": True}
    )
    values = (
        statement.params | rows_parameter("postgresql", asked) | {"now": postgres_world.clock()}
    )
    with postgres_world.store.begin() as session:
        connection = session.connection()
        planner.in_order(session)
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        said = connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars().all()
    plan = "\n".join(said)
    assert "ix_delivery_due" in plan
    assert "number_id = " in plan
    assert "Sort" not in plan, plan


@pytest.mark.parametrize("mail", [False, True])
def test_a_claim_reads_no_further_than_it_must_when_the_figures_say_that_nothing_waits(
    postgres_world: World, mail: bool
) -> None:
    """After a quiet week a campaign begins: all of it would be read and sorted at each claim."""
    world = postgres_world
    with world.store.begin() as session:
        session.connection().exec_driver_sql("ANALYZE delivery")
    number = world.number()
    home = world.community()
    world.add(*[world.person(home, email=f"n{n}@residents.example") for n in range(300)])
    world.raised(world.member(home))
    lane = Lane("mail", None, Channel.EMAIL) if mail else Lane("sim", number.id)
    plan = _plan_of_a_claim(world, lane)
    assert "ix_delivery_due" in plan, plan
    (read,) = re.findall(r"using ix_delivery_due on delivery .*\(actual .*rows=(\d+)", plan)
    assert int(read) == 10
    assert "Sort" not in plan, plan
    assert "JIT" not in plan, "compiling takes seconds"


def _plan_of_a_claim(world: World, lane: Lane) -> str:
    due = claiming.DUE_BY_MAIL if lane.number_id is None else claiming.DUE_BY_NUMBER
    asked: dict[str, object] = {"gateway": lane.gateway, "number_id": lane.number_id}
    asked |= {"channel": lane.channel, "limit": 10, "now": world.clock()}
    claim = due.compile(world.store.engine).construct_expanded_state(asked)
    with world.store.begin() as session:
        planner.in_order(session)
        connection = session.connection()
        said = connection.exec_driver_sql(f"EXPLAIN (ANALYZE) {claim.statement}", claim.parameters)
        return "\n".join(said.scalars())
