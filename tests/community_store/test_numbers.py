"""The numbers of the service, and its agents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from community_store import agents, numbers
from community_store.columns import utcnow
from community_store.errors import Ambiguous, NotFound, RuleError
from community_store.models import (
    Agent,
    Alert,
    Delivery,
    DeliveryState,
    Number,
    NumberState,
    Wording,
)
from community_store.store import Store
from tests.community_store.ground import INSEE, town


def number(value: str = "38000", **more: Any) -> Number:
    values: dict[str, Any] = {
        "value": value,
        "gateway": "simulator",
        "kind": "short",
        "rate": 10.0,
    } | more
    return Number(**values)


def delivery(session: Session, by: Number, state: DeliveryState) -> Delivery:
    town(session)
    soon = utcnow() + timedelta(hours=2)
    alert = Alert(town_insee=INSEE, text="Fumée", expires_at=soon)
    session.add(alert)
    session.flush()
    wording = Wording(alert_id=alert.id, audience="neighbour", language="fr", sms="Fumée")
    session.add(wording)
    session.flush()
    sent = Delivery(
        alert_id=alert.id, wording_id=wording.id or 0, audience="neighbour", channel="sms",
        address="+33639980001", gateway="simulator", number_id=by.id, priority=1,
        state=state, expires_at=soon,
    )  # fmt: skip
    session.add(sent)
    session.flush()
    return sent


def test_the_first_number_is_a_default_and_one_always_is(store: Store) -> None:
    with store.begin() as session:
        first, second = numbers.add(session, number()), numbers.add(session, number("38001"))
        assert (first.is_default, second.is_default) == (True, False)
        with pytest.raises(RuleError, match="only default"):
            numbers.change(session, first, {"is_default": False})
        numbers.change(session, second, {"is_default": True})
        numbers.change(session, first, {"is_default": False})
        numbers.remove(session, second)
        assert first.is_default


def test_a_number_is_added_once(store: Store) -> None:
    with store.begin() as session:
        numbers.add(session, number())
        with pytest.raises(RuleError, match="exists"):
            numbers.add(session, number())


@pytest.mark.parametrize(
    ("state", "gateway"), [(DeliveryState.QUEUED, "kannel"), (DeliveryState.UNKNOWN, "simulator")]
)
def test_what_waits_follows_its_number_to_another_gateway(
    store: Store, state: DeliveryState, gateway: str
) -> None:
    """What may have been sent is still looked for where it was sent."""
    with store.begin() as session:
        first = numbers.add(session, number())
        sent = delivery(session, first, state)
        numbers.change(session, first, {"gateway": "kannel"})
        session.refresh(sent)
        assert sent.gateway == gateway
        sent.state = DeliveryState.QUEUED
        session.flush()
        assert numbers.follow(session) == (gateway != "kannel")
        session.refresh(sent)
        assert sent.gateway == "kannel"


@pytest.mark.parametrize(
    "fault",
    [{"rate": 0.0}, {"rate": -1.0}, {"rate": float("nan")}, {"rate": float("inf")},
     {"price": -0.1}, {"price": float("nan")}, {"kind": "fax"}],
)  # fmt: skip
def test_what_a_number_cannot_be_is_refused(sqlite_store: Store, fault: dict[str, Any]) -> None:
    with sqlite_store.begin() as session:
        with pytest.raises(RuleError):
            numbers.add(session, number(**fault))
        good = numbers.add(session, number("38002"))
        with pytest.raises(RuleError):
            numbers.change(session, good, fault)
        session.rollback()


def test_a_number_pauses_with_a_reason_and_resumes(store: Store) -> None:
    with store.begin() as session:
        one = numbers.add(session, number(backoff_until=utcnow()))
        numbers.pause(session, one, " panne ")
        assert (one.state, one.reason) == (NumberState.PAUSED, "panne")
        numbers.resume(session, one)
        assert (one.state, one.reason, one.backoff_until) == (NumberState.ACTIVE, "", None)


@pytest.mark.parametrize("state", ["queued", "held", "sending", "unknown"])
def test_a_number_with_deliveries_due_is_not_removed(store: Store, state: str) -> None:
    with store.begin() as session:
        one = numbers.add(session, number())
        delivery(session, one, DeliveryState(state))
        with pytest.raises(RuleError, match=r"1 deliveries.*tocsin number pause 38000"):
            numbers.remove(session, one)


@pytest.mark.parametrize("state", ["accepted", "delivered", "failed", "cancelled"])
def test_what_a_removed_number_sent_stays(store: Store, state: str) -> None:
    with store.begin() as session:
        one = numbers.add(session, number())
        sent = delivery(session, one, DeliveryState(state))
        numbers.remove(session, one)
        session.refresh(sent)
        assert (sent.state, sent.number_id) == (state, None)
        with pytest.raises(NotFound):
            numbers.find(session, "38000")


def agent(name: str = "Police", **more: Any) -> Agent:
    values: dict[str, Any] = {"email": "p@mail.example"} | more
    return Agent(town_insee=INSEE, name=name, **values)


def test_an_agent_acts_for_a_town(store: Store) -> None:
    with store.begin() as session:
        with pytest.raises(NotFound, match="unknown town"):
            agents.add(session, agent())
        town(session)
        added = agents.add(session, agent(email="P@Mail.example", mobile="+33639980050"))
        assert (added.email, added.role) == ("p@mail.example", "mairie")
        for named in (str(added.id), "police", "P@MAIL.example"):
            assert agents.find(session, named).id == added.id
        assert agents.find(session, "06...", number="+33639980050").id == added.id
        with pytest.raises(RuleError, match="has this mobile"):
            agents.add(session, agent("Autre", mobile="+33639980050"))
        agents.add(session, agent("Autre"))
        with pytest.raises(Ambiguous):
            agents.find(session, "p@mail.example")
        agents.remove(session, added)
        assert [one.name for one in agents.list_all(session, town=INSEE)] == ["Autre"]
        assert agents.list_all(session, town="01001") == []


@pytest.mark.parametrize(
    "fault", [{"name": " "}, {"email": ""}, {"role": "maire"}, {"email": "x@"}]
)
def test_what_an_agent_cannot_be_is_refused(sqlite_store: Store, fault: dict[str, str]) -> None:
    with sqlite_store.begin() as session:
        town(session)
        with pytest.raises(RuleError):
            agents.add(session, agent(**fault))
