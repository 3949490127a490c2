"""Mail through a real SMTP server: what a mail says of itself, and how to stop it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from tests.acceptance.system import Make, System, eventually
from tests.acceptance.village import ANA, HEAR_BY_MAIL
from tests.rigs.smtp import Mail, Mailbox, smtp_server

pytestmark = pytest.mark.timeout(180)

JEAN = "jean@mail.example"
OTHERS = Counter(HEAR_BY_MAIL) - Counter([JEAN])
"""Jean unsubscribes in one of these tests, whose order is random."""
LIMITS = {"per_member_hour": 1000, "per_community_hour": 1000, "answers_max": 1000}


@pytest.fixture(scope="module")
def server() -> Iterator[Mailbox]:
    with smtp_server() as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def system(make_system: Make, server: Mailbox) -> System:
    mail = {"url": server.url, "sender": "Tocsin <alerte@tocsin.example>"}
    return make_system(mail=mail, alerts=LIMITS).up()


def tell(system: System, text: str) -> str:
    words = f"{text} {uuid4().hex[:8]}"
    assert system.text(ANA, words) == 200
    return words


def mailed(server: Mailbox, words: str) -> list[Mail]:
    return [mail for mail in server.mails if words in mail.text]


def recipients(server: Mailbox, words: str) -> Counter[str]:
    return Counter(to for mail in mailed(server, words) for to in mail.recipients)


def unsubscribe(mail: Mail) -> str:
    """The address to post to; its header may begin on a line of its own."""
    return str(mail.message["List-Unsubscribe"]).strip().strip("<>")


def others(server: Mailbox, words: str) -> Counter[str]:
    heard = recipients(server, words)
    del heard[JEAN]
    return heard


def wait_mailed(server: Mailbox, words: str, whom: Counter[str]) -> None:
    eventually(lambda: recipients(server, words) >= whom, f"all have mail with {words!r}")


def test_each_has_one_mail_with_its_accents(system: System, server: Mailbox) -> None:
    words = tell(system, "Fumée près de l'école, ça brûle")
    wait_mailed(server, words, OTHERS)
    eventually(lambda: not system.states("email").keys() & {"queued", "sending"}, "all left")
    assert others(server, words) == OTHERS
    assert {len(mail.recipients) for mail in mailed(server, words)} == {1}


def test_a_mail_says_what_it_is(system: System, server: Mailbox) -> None:
    words = tell(system, "Porte forcée")
    wait_mailed(server, words, OTHERS)
    for mail in mailed(server, words):
        head = mail.message
        assert head["Auto-Submitted"] == "auto-generated"
        assert head["From"] == "Tocsin <alerte@tocsin.example>"
        assert head["To"] == mail.recipients[0]
        assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert unsubscribe(mail).startswith(f"{system.url}/unsubscribe/")
        delivery = re.fullmatch(r"<d(\d+)@tocsin\.example>", head["Message-ID"])
        assert delivery is not None
        assert mail.sender == f"alerte+d{delivery[1]}.1@tocsin.example"
        assert mail.recipients[0] not in head["List-Unsubscribe"]


def test_one_click_stops_mail_and_looking_at_the_link_does_not(
    system: System, server: Mailbox
) -> None:
    words = tell(system, "Vitre cassée")
    wait_mailed(server, words, Counter(HEAR_BY_MAIL))
    (mail,) = [m for m in mailed(server, words) if m.recipients == (JEAN,)]
    link = urlsplit(unsubscribe(mail)).path
    assert system.get(link).status == 200
    again = tell(system, "Vitre encore cassée")
    wait_mailed(server, again, Counter(HEAR_BY_MAIL))
    form = "application/x-www-form-urlencoded"
    for _ in range(2):
        assert system.post(link, b"List-Unsubscribe=One-Click", form).status == 200
    assert system.post(f"{link}x", b"List-Unsubscribe=One-Click", form).status == 404
    last = tell(system, "Vitre réparée")
    wait_mailed(server, last, OTHERS)
    eventually(lambda: not system.states("email").get("queued"), "nothing is due")
    assert recipients(server, last) == OTHERS


def test_a_refused_address_fails_and_the_others_have_theirs(
    system: System, server: Mailbox
) -> None:
    server.refusals["bob@mail.example"] = "550 5.1.1 no such user"
    try:
        words = tell(system, "Chien qui aboie")
        eventually(lambda: system.states("email").get("failed"), "the refusal is known")
    finally:
        server.refusals.clear()
    waiting = {"queued", "sending"}
    eventually(lambda: not waiting & set(system.states("email")), "nothing is due")
    assert "bob@mail.example" not in recipients(server, words)
    assert recipients(server, words)["mairie@ville.example"] == 1
