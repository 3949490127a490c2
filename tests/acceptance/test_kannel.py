"""Through a real Kannel: its fakesmsc is the operator and the phones, or an SMPP operator."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from tests.acceptance.system import NUMBER, Make, System, eventually
from tests.acceptance.village import ANA, BOB, CHLOE, FARID, GAIA, IRIS, MAYOR, NORA
from tests.rigs.kannel import Kannel, Text, kannel
from tests.rigs.smpp import Operator, smpp_operator

pytestmark = pytest.mark.timeout(180)

LIMITS = {"per_member_hour": 1000, "per_community_hour": 1000, "answers_max": 1000}
EVERYBODY = Counter([BOB, CHLOE, FARID, IRIS, MAYOR, NORA])
INVALID = 0x0B  # ESME_RINVDSTADR


@dataclass(frozen=True)
class Stand:
    """A village with two Kannels: one before fakesmsc, one before an SMPP operator."""

    system: System
    kannel: Kannel
    operator: Operator


@pytest.fixture(scope="module")
def stand(make_system: Make) -> Iterator[Stand]:
    with contextlib.ExitStack() as stack:
        system = make_system(alerts=LIMITS)
        operator = stack.enter_context(smpp_operator())
        fake = stack.enter_context(kannel(f"{system.url}/webhooks/kannel"))
        smpp = kannel(f"{system.url}/webhooks/smpp", smpp_port=operator.port)
        real = stack.enter_context(smpp)
        system.configure(**{"gateway.kannel": _table(fake), "gateway.smpp": _table(real)})
        stack.callback(system.close)
        system.tocsin("number", "set", NUMBER, "--gateway", "kannel")
        yield Stand(system.up(), fake, operator)


def _table(box: Kannel) -> dict[str, str]:
    keys = {"username": box.username, "password": box.password, "token": box.token}
    return {"type": "kannel", "sendsms_url": box.sendsms_url, **keys}


def tell(stand: Stand, text: str) -> str:
    words = f"{text} {uuid4().hex[:8]}"
    stand.kannel.inject(ANA, NUMBER, words)
    return words


def heard(stand: Stand, mark: str) -> list[Text]:
    """What phones received with the mark of an alert in it."""
    return [text for text in stand.kannel.received() if mark in text.text]


def wait_heard(stand: Stand, mark: str) -> list[Text]:
    eventually(lambda: Counter(t.to for t in heard(stand, mark)) >= EVERYBODY, f"all have {mark}")
    return heard(stand, mark)


def _at_rest(stand: Stand) -> bool:
    return not stand.system.states().keys() & {"queued", "sending", "accepted", "sent"}


def test_a_text_comes_out_at_every_phone_and_is_reported_delivered(stand: Stand) -> None:
    words = tell(stand, "Camionnette blanche")
    texts = wait_heard(stand, words)
    eventually(lambda: _at_rest(stand), "reports are back", 120)
    assert Counter(text.to for text in texts) == EVERYBODY
    (ref,) = {int(found) for text in texts for found in re.findall(r" alerte? (\d+)", text.text)}
    sms = [d for d in stand.system.deliveries(ref) if d["channel"] == "sms"]
    assert {d["to"]: d["state"] for d in sms} == dict.fromkeys(EVERYBODY, "delivered")
    assert {text.sender for text in texts} == {NUMBER}
    assert not [t for t in stand.kannel.received() if t.to == GAIA]


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("été à côté, ça coûte 5 €", "été à coté, ca coute 5 €"),
        ("cœur de forêt", "coeur de foret"),
        ("Ñandú et Ångström", "Ñandu et Ångström"),
    ],
)
def test_accents_arrive_as_gsm_has_them(stand: Stand, said: str, read: str) -> None:
    mark = tell(stand, said)[-8:]
    for text in wait_heard(stand, mark):
        assert f"{read} {mark}" in text.text
        assert text.segments == 1


def test_another_script_travels_in_ucs2_whole(stand: Stand) -> None:
    mark = uuid4().hex[:8]
    stand.system.tocsin("alert", "raise", "--member", ANA, f"Осторожно ê {mark}")
    for text in wait_heard(stand, mark):
        assert f"Осторожно ê {mark}" in text.text


def test_a_long_text_comes_in_whole_and_goes_out_in_two_segments(stand: Stand) -> None:
    mark = uuid4().hex[:8]
    long = f"{mark} Deux hommes en veste grise font le tour des maisons " + "et sonnent " * 17
    words = long[:225].strip() + " !"
    stand.kannel.inject(ANA, NUMBER, words[:153], words[153:])
    texts = wait_heard(stand, mark)
    assert {text.segments for text in texts if text.to == BOB} == {2}
    for text in texts:
        assert words in text.text
        assert text.segments in (2, 3)  # the town's carries an address as well


def test_a_wrong_token_gets_403(stand: Stand) -> None:
    query = f"from={ANA[1:]}&to={NUMBER}&text=Faux&charset=UTF-8&coding=0&id=1"
    for address in ("sms", "dlr"):
        for token in ("", "token=wrong&"):
            assert stand.system.get(f"/webhooks/kannel/{address}?{token}{query}").status == 403


def test_what_the_operator_refuses_or_cannot_deliver_is_known(stand: Stand) -> None:
    stand.operator.refusals = {BOB[1:]: INVALID}
    stand.operator.ends = {CHLOE[1:]: "UNDELIV", IRIS[1:]: "EXPIRED"}
    stand.operator.wait_bound()
    stand.system.tocsin("number", "set", NUMBER, "--gateway", "smpp")
    try:
        stand.system.tocsin("alert", "raise", "--member", ANA, "Grille sciée")
        eventually(lambda: _at_rest(stand), "the operator's word is known", 120)
        ref = stand.system.json("alert", "list")[0]["ref"]
        found = {d["to"]: d for d in stand.system.deliveries(ref) if d["channel"] == "sms"}
    finally:
        stand.system.tocsin("number", "set", NUMBER, "--gateway", "kannel")
    others = dict.fromkeys(EVERYBODY - Counter([BOB, CHLOE, IRIS]), "delivered")
    states = {to: d["state"] for to, d in found.items()}
    assert states == others | {BOB: "failed", CHLOE: "undelivered", IRIS: "undelivered"}
    assert found[BOB]["reason"]
    assert found[CHLOE]["reason"]
    submitted = Counter(f"+{s.to}" for s in stand.operator.submitted if "sci" in s.text)
    assert submitted == EVERYBODY
