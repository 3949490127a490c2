"""The pages that messages lead to: the rest of an alert, and no more mail."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from community_store import optouts
from community_store.columns import utcnow
from community_store.models import (
    Alert,
    AlertState,
    Audience,
    Delivery,
    DeliveryState,
    Notice,
    Reply,
    Town,
    Wording,
)
from community_store.store import Store
from config import Settings
from dispatch import envelope, links
from dispatch.runtime import Runtime, build_providers, connect_redis
from tests.rigs.templates import compiled_once

LONG = "Camionnette blanche AB-123-CD, appelez le 06 39 98 12 34"
ADDRESS = "ada@residents.example"


class Letters:
    """One alert and one mail, and a browser."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.settings = store, settings
        runtime = Runtime(settings, store, connect_redis("unix:///none"), build_providers(settings))
        app = compiled_once(create_app(settings, runtime))
        self.client: FlaskClient = app.test_client()
        with store.begin() as session:
            session.add(Town(insee="38185", name="Grenoble"))
            session.flush()
            session.add(Alert(id=381, town_insee="38185", text=LONG, expires_at=utcnow()))
            session.add(Notice(id=1, kind="welcome"))
            session.flush()
            session.add(Wording(id=1, notice_id=1, audience=Audience.PERSON, language="fr"))
            session.flush()
            for number in (1, 2):
                session.add(self._mail(number))

    def _mail(self, number: int) -> Delivery:
        return Delivery(
            id=number, notice_id=1 if number == 1 else None, wording_id=1,
            audience=Audience.PERSON, channel="email", address=ADDRESS, gateway="mail",
            priority=0, expires_at=utcnow(),
        )  # fmt: skip

    @property
    def page(self) -> str:
        return links.alert_address(self.settings, 381).removeprefix(self.settings.service.site)

    @property
    def unsubscribe(self) -> str:
        return f"/unsubscribe/{envelope.unsubscribe_token(self.settings, 1)}"

    def stopped(self) -> bool:
        with self.store.read() as session:
            return optouts.stopped(session, ADDRESS, "email")


@pytest.fixture
def letters(sqlite_store: Store, tmp_path: Path) -> Letters:
    return Letters(sqlite_store, Settings(service={"data_dir": tmp_path}))


def test_the_rest_of_an_alert_shows_to_whoever_has_its_address(letters: Letters) -> None:
    page = letters.client.get(letters.page)
    assert page.status_code == 200
    assert "Camionnette blanche [plaque], appelez le [numéro]" in page.text
    assert "AB-123-CD" not in page.text


def test_only_those_responsible_see_the_figures(letters: Letters) -> None:
    """The author, référents and agents, by the address that ETAT gives them (A10)."""
    with letters.store.begin() as session:
        alert = session.get(Alert, 381)
        assert alert is not None
        alert.called, alert.acknowledged = True, 4
        session.add(Wording(id=2, alert_id=381, audience=Audience.NEIGHBOUR, language="fr"))
        session.flush()
        session.add(
            Delivery(
                id=3, alert_id=381, wording_id=2, audience=Audience.NEIGHBOUR, channel="sms",
                address="+33639980001", gateway="simulator", priority=2, expires_at=utcnow(),
                state=DeliveryState.DELIVERED,
            )
        )  # fmt: skip
        for kind, text in (("followup", "Elle repart, AB-123-CD"), ("reply", "Je sors voir")):
            session.add(Reply(alert_id=381, kind=kind, text=text))
    base = letters.settings.service.site
    full = links.alert_address(letters.settings, 381, figures=True).removeprefix(base)
    told, page = letters.client.get(full).text, letters.client.get(letters.page).text
    for shown in (told, page):
        assert "Le 17 a été appelé." in shown
        assert "Elle repart, [plaque]" in shown
        assert "Je sors voir" not in shown
        assert "+33639980001" not in shown
    assert "4 ont confirmé." in told
    assert "confirmé" not in page


def test_it_speaks_the_language_of_the_browser(letters: Letters) -> None:
    page = letters.client.get(letters.page, headers={"Accept-Language": "en"})
    assert "An alert that is open" in page.text


@pytest.mark.parametrize("slug", ["381", "381-", "381-aaaaaaaa", "382-{tag}", "-{tag}", "x"])
def test_no_other_address_shows_it(letters: Letters, slug: str) -> None:
    tag = letters.page.rpartition("-")[2]
    assert letters.client.get("/a/" + slug.format(tag=tag)).status_code == 404


def test_a_held_alert_is_not_shown(letters: Letters) -> None:
    with letters.store.begin() as session:
        alert = session.get(Alert, 381)
        assert alert is not None
        alert.state = AlertState.HELD
    assert letters.client.get(letters.page).status_code == 404


def test_looking_at_the_unsubscribe_page_changes_nothing(letters: Letters) -> None:
    assert letters.client.get(letters.unsubscribe).status_code == 200
    assert not letters.stopped()


def test_one_click_stops_mail_and_what_waits(letters: Letters) -> None:
    answer = letters.client.post(letters.unsubscribe, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert letters.stopped()
    with letters.store.read() as session:
        waiting = session.get(Delivery, 2)
        assert waiting is not None
        assert waiting.state == DeliveryState.SUPPRESSED


@pytest.mark.parametrize("token", ["x", "1", "MQ.forged"])
def test_a_forged_token_stops_nothing(letters: Letters, token: str) -> None:
    assert letters.client.post(f"/unsubscribe/{token}").status_code == 404
    assert not letters.stopped()


@pytest.mark.parametrize("path", ["/healthz", "/a/x", "/webhooks/none/sms"])
def test_every_answer_forbids_foreign_code(letters: Letters, path: str) -> None:
    policy = letters.client.get(path).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
