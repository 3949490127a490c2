"""Calls end to end: our pump, the emulated Twilio, its signed webhooks, our application."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from twilio.request_validator import RequestValidator
from werkzeug.serving import make_server

from app import create_app
from community_store import optouts
from community_store.columns import utcnow
from community_store.models import Alert, Delivery, DeliveryState, Member
from community_store.store import Store
from dispatch import alerts, looking
from gateway.contract import Channel
from tests.dispatch.world import World, at, make_world
from tests.emulator.client import Emulator
from tests.rigs.processes import until

SITE = "https://tocsin.example"
OURS, HERS = "+33937000001", "+33199000001"


@dataclass
class Street:
    """A world whose landlines are called by Twilio, and one who lives there."""

    world: World
    emulator: Emulator
    author: Member
    listener: Member

    def raised(self, text: str = "Fumée rue des Lilas") -> Alert:
        alert = self.world.raised(self.author, text)
        self.world.pump()
        return alert

    def call(self) -> Delivery:
        return self.world.deliveries(channel=Channel.VOICE)[-1]

    def redialled(self, times: int) -> None:
        until(lambda: self.call().redials == times, f"{times} redials", 10)

    def settles(self, state: DeliveryState) -> Delivery:
        until(lambda: self.call().state == state, f"the call is {state}", 10)
        return self.call()


@pytest.fixture
def street(store: Store, redis_url: str, tmp_path: Path, emulator: Emulator) -> Iterator[Street]:
    """The application stands where Twilio finds it."""
    section = {
        "type": "twilio", "account_sid": emulator.account_sid, "auth_token": emulator.auth_token,
        "api_base": emulator.url,
    }  # fmt: skip
    gateways = {"sim": {"type": "simulator"}, "twilio": section}
    with make_world(store, redis_url, tmp_path, gateway=gateways) as world:
        world.clock.now = at(10)
        server = make_server(
            "127.0.0.1", 0, create_app(world.settings, world.runtime), threaded=True
        )
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        emulator.detours(**{SITE: f"http://127.0.0.1:{server.server_port}"})
        home = world.community()
        world.number(OURS, gateway="twilio", kind="long", sms=False, voice=True, call_rate=100.0)
        yield Street(
            world, emulator, world.member(home), world.member(home, mobile=None, landline=HERS)
        )
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_landline_hears_the_alert_and_confirms_it(street: Street) -> None:
    street.emulator.settings(key="1")
    alert = street.raised()
    street.settles(DeliveryState.DELIVERED)
    until(lambda: len(street.emulator.ledger("call_status")) == 3, "all is reported")
    [call] = street.emulator.ledger("call")
    assert (call["to"], call["sender"], call["d"], call["a"]) == (
        HERS,
        OURS,
        str(street.call().id),
        "1",
    )
    words = [said.text for said in ET.fromstring(call["twiml"]).iter("Say")]
    assert sum("Fumée rue des Lilas" in (each or "") for each in words) == 2
    until(lambda: street.emulator.ledger("key") != [], "the key is answered")
    [key] = street.emulator.ledger("key")
    assert key["answer"] == 200
    assert "Merci" in key["said"]
    assert {each["answer"] for each in street.emulator.ledger("call_status")} == {200}
    assert street.world.rows(Alert, id=alert.id)[0].acknowledged == 1


def test_no_key_is_delivered_without_a_confirmation(street: Street) -> None:
    alert = street.raised()
    street.settles(DeliveryState.DELIVERED)
    assert street.emulator.ledger("key") == []
    assert street.world.rows(Alert, id=alert.id)[0].acknowledged == 0


def test_9_ends_the_calls_and_says_so(street: Street) -> None:
    street.emulator.settings(keys={HERS: "39"})
    street.raised()
    street.settles(DeliveryState.DELIVERED)
    until(lambda: len(street.emulator.ledger("key")) == 2, "both keys are answered")
    unclear, stopped = (each["said"] for each in street.emulator.ledger("key"))
    assert "<Gather" in unclear
    assert "Je n'ai pas compris" in unclear
    assert "Tocsin ne vous appellera plus" in stopped
    assert "<Gather" not in stopped
    with street.world.store.read() as session:
        assert optouts.stopped(session, HERS, Channel.VOICE)
    street.raised("Encore de la fumée")
    assert len(street.emulator.ledger("call")) == 1


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("no_answer", "nobody answered"),
        ("busy", "the line was busy"),
        ("unreachable", "the call did not get through"),
    ],
)
def test_it_is_called_twice_more_when_nobody_takes_it(
    street: Street, kind: str, reason: str
) -> None:
    street.emulator.faults({"kind": kind, "on": "ring"})
    street.raised()
    for redials, wait in ((1, 60), (2, 180)):
        street.redialled(redials)
        assert street.call().reason == reason
        street.world.clock.forward(seconds=wait)
        street.world.pump()
    last = street.settles(DeliveryState.UNDELIVERED)
    assert [call["a"] for call in street.emulator.ledger("call")] == ["1", "2", "3"]
    assert last.reason == reason


def test_doubled_words_about_a_call_make_no_second_one(street: Street) -> None:
    street.emulator.faults(
        {"kind": "no_answer", "on": "ring", "times": 1}, {"kind": "double", "on": "call_status"}
    )
    street.raised()
    until(lambda: len(street.emulator.ledger("call_status")) == 4, "ringing and its end, twice")
    assert street.call().redials == 1
    street.world.clock.forward(seconds=60)
    street.world.pump()
    street.settles(DeliveryState.DELIVERED)
    assert len(street.emulator.ledger("call")) == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "reset", "when": "after"}, {"kind": "error", "status": 503, "when": "after"},
        {"kind": "bad_json"},
    ],
)  # fmt: skip
def test_a_call_in_doubt_is_looked_for_and_not_made_again(
    street: Street, fault: dict[str, object]
) -> None:
    street.emulator.settings(answers_after=0.0, call_lasts=0.0)
    street.emulator.faults({**fault, "on": "call", "times": 1})
    street.emulator.detours()  # no webhook comes through
    street.world.clock.now = utcnow()  # the emulator dates its calls by the real clock
    street.raised()
    assert street.call().state == DeliveryState.UNKNOWN
    street.world.clock.forward(seconds=20)
    looking.look(street.world.runtime)
    assert street.call().state == DeliveryState.DELIVERED
    assert len(street.emulator.ledger("call")) == 1


def test_an_invalid_number_is_not_called_again(street: Street) -> None:
    street.emulator.faults({"kind": "refuse", "on": "call", "code": 21214})
    street.raised()
    assert (street.call().state, street.call().redials) == (DeliveryState.FAILED, 0)


def test_an_unsigned_or_wrongly_signed_key_is_refused(street: Street) -> None:
    street.raised()
    call = street.settles(DeliveryState.DELIVERED)
    client = create_app(street.world.settings, street.world.runtime).test_client()
    path = f"/webhooks/twilio/voice?d={call.id}&a=1"
    form = {"AccountSid": street.emulator.account_sid, "CallSid": "CA1", "Digits": "9"}
    signed = RequestValidator(street.emulator.auth_token).compute_signature(SITE + path, form)
    assert client.post(path, data=form).status_code == 403
    assert client.post(path, data=form, headers={"X-Twilio-Signature": "x"}).status_code == 403
    assert client.get(path).status_code == 403
    other = f"/webhooks/twilio/voice?d={call.id}1&a=1"
    assert client.post(other, data=form, headers={"X-Twilio-Signature": signed}).status_code == 403
    assert client.post("/webhooks/nobody/voice").status_code == 404
    with street.world.store.read() as session:
        assert not optouts.stopped(session, HERS, Channel.VOICE)
    good = client.post(path, data=form, headers={"X-Twilio-Signature": signed})
    assert (good.status_code, good.mimetype) == (200, "text/xml")
    missing = {key: value for key, value in form.items() if key != "CallSid"}
    again = RequestValidator(street.emulator.auth_token).compute_signature(SITE + path, missing)
    assert client.post(path, data=missing, headers={"X-Twilio-Signature": again}).status_code == 400


def test_a_withdrawn_alert_rings_nobody(street: Street) -> None:
    alert = street.world.raised(street.author)
    with street.world.act() as act:
        alerts.withdraw(act, act.session.merge(alert))
    street.world.pump()
    assert street.emulator.ledger("call") == []
