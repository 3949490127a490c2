"""The page says who was told, by which way, and why the others were not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from community_store.columns import utcnow
from community_store.models import Agent, Alert, Delivery, DeliveryState, Member, Wording
from tests.web.conftest import Village

NAMES = ("Karim", "Thomas", "Jeanne", "Hugo", "Inès", "Yves", "Samir", "Odette", "Paul", "Julien")


def deliver(session: Session, alert: Alert, to: Member | Agent, way: tuple[str, str]) -> None:
    channel, state = way
    wording = Wording(alert_id=alert.id, audience="neighbour", language="fr")
    session.add(wording)
    session.flush()
    delivery = Delivery(
        alert_id=alert.id, wording_id=wording.id or 0, audience="neighbour", channel=channel,
        address=(to.mobile if channel == "sms" else to.email) or "", gateway="simulator",
        priority=2, state=state, expires_at=alert.expires_at,
        handed_over_at=alert.created_at + timedelta(seconds=0.4),
    )  # fmt: skip
    if isinstance(to, Member):
        delivery.member_id = to.id
    else:
        delivery.agent_id = to.id
    session.add(delivery)


@pytest.fixture
def told(village: Village) -> Village:
    """Odette's alert: Karim has both ways, Thomas an e-mail, Paul's SMS is on its way."""
    with village.store.begin() as session:
        people = {member.first_name: member for member in session.exec(select(Member))}
        alert = Alert(
            author_id=people["Odette"].id,
            community_id=people["Odette"].community_id,
            town_insee="01901",
            text="Bruit",
            expires_at=utcnow() + timedelta(hours=2),
        )
        session.add(alert)
        session.flush()
        deliver(session, alert, people["Karim"], ("sms", DeliveryState.DELIVERED))
        deliver(session, alert, people["Karim"], ("email", DeliveryState.ACCEPTED))
        deliver(session, alert, people["Thomas"], ("email", DeliveryState.DELIVERED))
        deliver(session, alert, people["Paul"], ("sms", DeliveryState.QUEUED))
        agent = session.exec(select(Agent)).first()
        assert agent is not None
        deliver(session, alert, agent, ("sms", DeliveryState.SENT))
    return village


def outcome(village: Village, language: str = "fr") -> dict[str, Any]:
    answer = village.client.get(f"/simulator/feed?lang={language}").get_json()
    alert: dict[str, Any] = answer["alert"]
    return alert


def fates(village: Village) -> dict[str, str]:
    with village.store.read() as session:
        names = {f"m{member.id}": member.first_name for member in session.exec(select(Member))}
    said = outcome(village)["fates"]
    return {names[who]: fate["label"] for who, fate in said.items() if who in names}


def test_before_the_first_alert_there_is_nothing_to_tell(village: Village) -> None:
    assert village.client.get("/simulator/feed").get_json()["alert"] is None


def test_the_headline_counts_neighbours_and_seconds(told: Village) -> None:
    said = outcome(told)
    assert said["headline"] == "2 voisins prévenus en 0,4\u00a0s"
    assert said["details"] == [
        "alerte 1",
        "2 SMS",
        "2 e-mails",
        "1 agent de la commune",
        "1 message en route",
    ]
    assert outcome(told, "en")["headline"] == "2 neighbours told in 0.4\u00a0s"


def test_each_person_hears_why(told: Village) -> None:
    said = fates(told)
    assert {name: said[name] for name in NAMES} == {
        "Odette": "a donné l'alerte",
        "Karim": "SMS + e-mail",
        "Thomas": "e-mail",
        "Paul": "en route…",
        "Jeanne": "ligne fixe seulement",
        "Hugo": "a dit STOP",
        "Inès": "compte en attente",
        "Julien": "compte suspendu",
        "Yves": "jumelage\N{NO-BREAK SPACE}: par e-mail seulement",
        "Samir": "autre quartier, non jumelé",
    }
