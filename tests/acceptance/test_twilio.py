"""Through the real Twilio SDK to an emulator of Twilio, whose ledger is the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.acceptance.system import NUMBER, Make, System, eventually
from tests.acceptance.village import ANA, BOB, CHLOE, FARID, IRIS, MAYOR, NORA
from tests.emulator.client import Emulator

pytestmark = pytest.mark.timeout(180)

LIMITS = {"per_member_hour": 1000, "per_community_hour": 1000, "answers_max": 1000}
EVERYBODY = Counter([BOB, CHLOE, FARID, IRIS, MAYOR, NORA])


@pytest.fixture(scope="module")
def running(make_system: Make, emulator_process: Emulator) -> System:
    """A village at Twilio, which sends with a key and checks webhooks with the token."""
    keys = {"type": "twilio", "api_base": emulator_process.url}
    keys |= {"account_sid": emulator_process.account_sid, "auth_token": emulator_process.auth_token}
    keys |= {"api_key": emulator_process.api_key, "api_secret": emulator_process.api_secret}
    dispatch = {"send_timeout_seconds": 1.5}
    system = make_system(dispatch=dispatch, alerts=LIMITS, **{"gateway.twilio": keys})
    system.tocsin("number", "set", NUMBER, "--gateway", "twilio")
    system.up()
    eventually(lambda: _at_rest(system), "what was asked before the first test has arrived", 60)
    return system


@pytest.fixture
def system(running: System, emulator: Emulator) -> Iterator[System]:
    """The village, with an emulator that knows where its webhooks are."""
    emulator.settings(webhook=f"{running.url}/webhooks/twilio")
    yield running
    emulator.no_faults()
    eventually(lambda: _at_rest(running), "all is settled before the next test")


def _at_rest(system: System) -> bool:
    return not system.states().keys() & {"queued", "sending", "unknown", "accepted", "sent"}


def tell(emulator: Emulator, text: str, phone: str = ANA) -> str:
    """A phone texts words that no other text has; the last of them, its mark."""
    mark = uuid4().hex[:8]
    assert emulator.inbound(phone, NUMBER, f"{text} {mark}")[1] == [200]
    return mark


def heard(emulator: Emulator, mark: str) -> Counter[str]:
    """Whom Twilio really has a message for with this mark, and how many times."""
    return Counter(m["to"] for m in emulator.ledger("accepted") if mark in m["body"])


def wait_heard(emulator: Emulator, mark: str, whom: Counter[str] = EVERYBODY) -> None:
    eventually(lambda: heard(emulator, mark) >= whom, f"all have {mark!r}")


def outcome(system: System, emulator: Emulator, mark: str) -> dict[str, dict[str, Any]]:
    """The deliveries by SMS of an alert once they are all settled, by number."""
    eventually(lambda: _at_rest(system), "all is settled", 30)
    found = system.json("delivery", "list", "--channel", "sms")
    ids = {int(m["d"]) for m in emulator.ledger("accepted") if mark in m["body"]}
    (alert,) = {d["alert"] for d in found if d["id"] in ids}
    return {d["to"]: d for d in found if d["alert"] == alert}


def test_a_signed_text_is_sent_on_and_reported_delivered(
    system: System, emulator: Emulator
) -> None:
    mark = tell(emulator, "Camionnette blanche près de l'école")
    wait_heard(emulator, mark)
    deliveries = outcome(system, emulator, mark)
    assert heard(emulator, mark) == EVERYBODY
    assert {d["state"] for d in deliveries.values()} == {"delivered"}
    sent = {m["to"]: m for m in emulator.ledger("accepted") if mark in m["body"]}
    for to, message in sent.items():
        own = deliveries[to]
        assert message["callback"] == f"{system.url}/webhooks/twilio/status?d={own['id']}&a=1"
        assert message["sender"] == NUMBER
    assert {r["answer"] for r in emulator.ledger("receipt")} == {200}


def test_a_refusal_is_final_and_says_why(system: System, emulator: Emulator) -> None:
    emulator.faults({"kind": "refuse", "code": 21211, "to": BOB})
    mark = tell(emulator, "Volet forcé")
    others = EVERYBODY - Counter([BOB])
    wait_heard(emulator, mark, others)
    bob = outcome(system, emulator, mark)[BOB]
    assert (bob["state"], bob["attempts"]) == ("failed", 1)
    assert "not valid" in bob["reason"]
    assert heard(emulator, mark) == others


def test_a_receipt_that_says_undelivered_is_believed(system: System, emulator: Emulator) -> None:
    emulator.faults({"kind": "fail", "on": "receipt", "to": BOB, "code": 30005})
    mark = tell(emulator, "Rôdeur au parc")
    wait_heard(emulator, mark)
    found = outcome(system, emulator, mark)
    assert {to: d["state"] for to, d in found.items() if d["state"] != "delivered"} == {
        BOB: "undelivered"
    }
    assert found[BOB]["reason"]


def test_throttling_waits_as_long_as_it_is_asked_to(system: System, emulator: Emulator) -> None:
    emulator.faults({"kind": "throttle", "retry_after": 1.5, "to": BOB, "times": 1})
    mark = tell(emulator, "Alarme qui sonne")
    wait_heard(emulator, mark)
    (fault,) = emulator.ledger("fault")
    (taken,) = [m for m in emulator.ledger("accepted") if m["to"] == BOB]
    assert taken["mono"] - fault["mono"] >= 1.5
    assert outcome(system, emulator, mark)[BOB]["state"] == "delivered"
    assert heard(emulator, mark) == EVERYBODY


@pytest.mark.parametrize(
    ("fault", "reported"),
    [
        ({"kind": "hang", "when": "after"}, True),
        ({"kind": "reset", "when": "after"}, True),
        ({"kind": "error", "status": 500, "when": "after"}, True),
        ({"kind": "hang", "when": "after"}, False),
        ({"kind": "error", "status": 503, "when": "after"}, False),
        ({"kind": "bad_json"}, False),
        ({"kind": "reset", "when": "before"}, True),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else str(value),
)
def test_a_lost_answer_never_doubles_a_message(
    system: System, emulator: Emulator, fault: dict[str, object], reported: bool
) -> None:
    """It may have been sent: a callback settles it, or a look at Twilio's list."""
    emulator.faults({**fault, "to": BOB, "times": 1})
    if not reported:
        emulator.faults({"kind": "drop", "on": "receipt", "to": BOB})
    mark = tell(emulator, "Fumée au gymnase")
    wait_heard(emulator, mark)
    eventually(lambda: system.states().get("unknown", 0) == 0, "no doubt is left", 30)
    assert heard(emulator, mark) == EVERYBODY
    assert system.figure("tocsin_duplicates_total") == 0


def test_a_text_whose_webhook_was_lost_is_found_on_the_list(
    system: System, emulator: Emulator
) -> None:
    emulator.faults({"kind": "drop", "on": "inbound", "times": 1})
    mark = f"Coffre volé {uuid4().hex[:8]}"
    assert emulator.inbound(ANA, NUMBER, mark)[1] == []
    wait_heard(emulator, mark)
    after = tell(emulator, "Autre chose")
    wait_heard(emulator, after)
    assert heard(emulator, mark) == EVERYBODY


def test_a_text_delivered_twice_is_one_alert(system: System, emulator: Emulator) -> None:
    emulator.faults({"kind": "double", "on": "inbound", "times": 1})
    mark = f"Vélo volé {uuid4().hex[:8]}"
    assert emulator.inbound(ANA, NUMBER, mark)[1] == [200, 200]
    wait_heard(emulator, mark)
    wait_heard(emulator, tell(emulator, "Autre chose"))
    assert heard(emulator, mark) == EVERYBODY


def test_an_unsigned_or_wrongly_signed_call_gets_403_and_leaves_nothing(
    system: System, emulator: Emulator
) -> None:
    unsigned = b"MessageSid=SM1&From=%2B33639981001&To=38000&Body=Faux&AccountSid=AC1"
    form = "application/x-www-form-urlencoded"
    assert system.post("/webhooks/twilio/sms", unsigned, form).status == 403
    assert system.post("/webhooks/twilio/status?d=1&a=1", unsigned, form).status == 403
    assert system.get("/webhooks/twilio/sms").status == 403
    emulator.settings(auth_token="another token", webhook=f"{system.url}/webhooks/twilio")
    mark = f"Faux {uuid4().hex[:8]}"
    assert emulator.inbound(ANA, NUMBER, mark)[1] == [403]
    emulator.settings(auth_token=emulator.auth_token)


def test_a_number_that_opted_out_at_twilio_is_left_alone(
    system: System, emulator: Emulator
) -> None:
    emulator.faults({"kind": "refuse", "code": 21610, "to": IRIS})
    others = EVERYBODY - Counter([IRIS])
    mark = tell(emulator, "Bruit de verre")
    wait_heard(emulator, mark, others)
    iris = outcome(system, emulator, mark)[IRIS]
    assert (iris["state"], iris["attempts"]) == ("suppressed", 1)
    emulator.no_faults()
    again = tell(emulator, "Encore du bruit")
    wait_heard(emulator, again, others)
    assert heard(emulator, again) == others
    emulator.inbound(IRIS, NUMBER, "START")
    eventually(lambda: any(m["to"] == IRIS for m in emulator.ledger("accepted")), "Iris is back")


def test_a_key_that_is_refused_stops_the_gateway_and_loses_nothing(
    system: System, emulator: Emulator
) -> None:
    emulator.settings(api_secret="changed at Twilio")
    mark = tell(emulator, "Portail forcé")
    (status,) = eventually(lambda: _paused(system), "the gateway is stopped", 30)
    assert "secret is wrong" in status["reason"]
    assert heard(emulator, mark) == {}
    emulator.settings(api_secret=emulator.api_secret)
    system.tocsin("queue", "resume", "twilio")
    wait_heard(emulator, mark)
    assert heard(emulator, mark) == EVERYBODY


def _paused(system: System) -> list[dict[str, str]]:
    return [row for row in system.json("queue", "status") if row["paused"]]
