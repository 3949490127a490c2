"""A text reaches the neighbours: exactly those it is for, once each, within two seconds."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tests.acceptance import village
from tests.acceptance.system import Make, System, eventually
from tests.acceptance.village import (
    ANA,
    BOB,
    CHLOE,
    FARID,
    GAIA,
    HEAR,
    HEAR_BY_MAIL,
    HEAR_BY_SMS,
    HUGO,
    IRIS,
    JEAN,
    LEA,
    MAYOR,
    NORA,
    PHONES,
    STRANGER,
)
from tests.rigs.postgres import Postgres
from tests.rigs.redis import debian_redis_binary, redis_server

pytestmark = pytest.mark.timeout(180)

LIMITS = {"per_member_hour": 1000, "per_community_hour": 1000, "answers_max": 1000}


@pytest.fixture(scope="module", params=["embedded", "servers"])
def system(request: pytest.FixtureRequest, make_system: Make) -> Iterator[System]:
    """The default that needs no server; then PostgreSQL and Debian's Redis, by configuration."""
    with contextlib.ExitStack() as stack:
        if request.param == "embedded":
            running = make_system(alerts=LIMITS)
        else:
            server: Postgres = request.getfixturevalue("postgres_server")
            url = stack.enter_context(server.database())
            redis = stack.enter_context(redis_server(debian_redis_binary()))
            running = make_system(
                empty=True, database={"url": url}, redis={"url": redis.url}, alerts=LIMITS
            )
            village.settle(running)
        stack.callback(running.close)
        running.up()
        running.text(FARID, "STOP")
        running.wait_for("REPRISE", [FARID])
        yield running


def tell(system: System, text: str, phone: str = ANA) -> str:
    """Text words that no other text has, by webhook; the words."""
    words = f"{text} {uuid4().hex[:8]}"
    assert system.text(phone, words) == 200
    return words


def alert_of(system: System, words: str) -> int:
    """The reference, as Bob reads it, once all have the alert."""
    system.wait_for(words, HEAR_BY_SMS, HEAR_BY_MAIL)
    (said,) = [text for text in system.inbox(BOB) if words in text]
    found = re.search(r"alerte (\d+)", said)
    assert found is not None, said
    return int(found[1])


def test_everybody_it_is_for_has_it_once_within_two_seconds(system: System) -> None:
    posted = datetime.now(UTC)
    words = tell(system, "Camionnette blanche, près de l'école")
    ref = alert_of(system, words)
    eventually(lambda: f"Alerte {ref} " in "".join(system.inbox(ANA)), "Ana has her receipt")
    assert system.got(words, PHONES) == HEAR
    arrived = [m["at"] for phone in PHONES for m in system.messages(phone) if words in m["text"]]
    arrived += [mail["at"] for mail in system.mail() if words in mail["text"]]
    last = max(datetime.fromisoformat(at) for at in arrived)
    assert (last - posted).total_seconds() < 2


def test_a_handset_of_the_page_reaches_them_as_well(system: System) -> None:
    words = f"Fumée derrière le gymnase {uuid4().hex[:8]}"
    said = f'{{"to": "38000", "text": "{words}"}}'.encode()
    assert system.post(f"/simulator/handsets/{ANA}", said).status == 201
    system.wait_for(words, HEAR_BY_SMS, HEAR_BY_MAIL)
    assert system.got(words, PHONES) == HEAR


def test_the_command_line_tells_what_became_of_it(system: System) -> None:
    words = tell(system, "Deux hommes essaient les portières")
    ref = alert_of(system, words)
    eventually(lambda: system.states().keys() == {"delivered"}, "all is settled")
    alert, listed = system.alert(ref), system.deliveries(ref)
    assert (alert["ref"], alert["text"], alert["state"]) == (ref, words, "open")
    assert (alert["community"], alert["town"]) == ("Les Tilleuls", "Ville-Haute")
    sms, mail = alert["deliveries"]["sms"], alert["deliveries"]["email"]
    assert (sms["told"], sms["delivered"], mail["told"]) == (5, 5, 8)
    assert alert["acknowledged"] == 0
    assert sorted(d["to"] for d in listed) == sorted(HEAR)
    assert {d["attempts"] for d in listed} == {1}
    texts = [d for d in listed if d["channel"] == "sms"]
    assert {(d["number"], d["state"]) for d in texts} == {("38000", "delivered")}
    assert all(d["segments"] >= 1 and d["handed_over_at"] for d in texts)


def test_each_hears_in_the_words_that_are_theirs(system: System) -> None:
    words = tell(system, "Porte forcée au 12")
    ref = alert_of(system, words)
    sms = {phone: next(t for t in system.inbox(phone) if words in t) for phone in HEAR_BY_SMS}
    mails = {mail["to"]: mail["text"] for mail in system.mail() if words in mail["text"]}
    assert f"alert {ref}," in sms[IRIS]
    assert "Ana" in sms[CHLOE]
    assert "06 39 98 10 01" not in sms[BOB] + mails["bob@mail.example"]
    for told in (sms[MAYOR], sms[NORA], mails["police@ville.example"]):
        assert "06 39 98 10 01" in told
        assert "Auteur" in told
    assert "Ana" not in mails["jean@mail.example"]
    assert "Auteur" not in mails["jean@mail.example"]


@pytest.mark.parametrize(
    ("phone", "answer"),
    [
        (STRANGER, "n'est pas inscrit"),
        (GAIA, "attend la validation de votre référent"),
        (HUGO, "est suspendu"),
    ],
)
def test_who_may_not_alert_is_told_so_and_nobody_hears(
    system: System, phone: str, answer: str
) -> None:
    before = len(system.inbox(phone))
    words = tell(system, "Une voiture brûle", phone)
    eventually(lambda: len(system.inbox(phone)) > before, "the sender has an answer")
    assert answer in system.inbox(phone)[-1]
    assert not system.got(words, PHONES)


def test_another_community_hears_only_its_own(system: System) -> None:
    words = tell(system, "Chien perdu", LEA)
    mails = ["mairie@ville.example", "police@ville.example", "nora@mail.example"]
    system.wait_for(words, [MAYOR, NORA], mails)
    assert system.got(words, PHONES) == dict.fromkeys([MAYOR, NORA, *mails], 1)


def test_a_stop_ends_with_reprise(system: System) -> None:
    for command, answer in (("Stop.", "Pour reprendre : REPRISE"), ("reprise", "de nouveau")):
        system.text(JEAN, command)
        system.wait_for(answer, [JEAN])


def test_the_same_text_again_is_the_same_alert(system: System) -> None:
    words, known = f"Alarme qui sonne {uuid4().hex[:8]}", uuid4().hex
    for id_ in (known, known, uuid4().hex):
        assert system.text(ANA, words, id_=id_) == 200
    alert_of(system, words)
    alert_of(system, tell(system, "Autre chose"))
    assert system.got(words, PHONES) == HEAR


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"from": "+33639981001"}', "application/json", 400),
        (b"from=1&to=2", "application/x-www-form-urlencoded", 403),
    ],
)
def test_a_malformed_or_forged_call_leaves_nothing(
    system: System, body: bytes, kind: str, status: int
) -> None:
    before = _inbound(system)
    assert system.post("/webhooks/simulator/sms", body, kind).status == status
    assert _inbound(system) == before


def _inbound(system: System) -> list[str]:
    return sorted(
        re.findall(r"^tocsin_inbound_total.*$", system.get("/metrics").body, re.MULTILINE)
    )


def test_it_says_how_it_is(system: System) -> None:
    alert_of(system, tell(system, "Verre brisé"))
    eventually(lambda: system.states().keys() == {"delivered"}, "all is settled")
    assert system.get("/healthz").status == 200
    assert system.get("/readyz").json()["status"] == "ready"
    assert system.figure('tocsin_inbound_total{gateway="simulator",outcome="alert"}') >= 1
    assert system.states()["delivered"] >= 6
    assert system.figure("tocsin_duplicates_total") == 0
    assert system.figure("tocsin_due") == 0
    assert system.figure("tocsin_unknown") == system.figure("tocsin_spooled") == 0
    body = system.get("/metrics").body
    assert "tocsin_oldest_due_seconds" in body
    assert "tocsin_handover_seconds_bucket" in body
