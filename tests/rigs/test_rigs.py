"""The rigs themselves: what they give is real, empty at the start, and theirs alone."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Page
from sqlalchemy import text

from community_store.models import Town
from community_store.store import Store
from tests.rigs.redis import RedisServer
from tests.rigs.smtp import Mailbox
from tests.rigs.webhooks import Webhooks

pytestmark = pytest.mark.both


def test_a_store_starts_empty_and_keeps_what_is_committed(store: Store) -> None:
    with store.begin() as session:
        session.add(Town(insee="38185", name="Grenoble"))
    with store.read() as session:
        assert session.connection().execute(text("SELECT name FROM town")).scalars().all() == [
            "Grenoble"
        ]


def test_a_store_does_not_see_the_town_of_the_test_before(store: Store) -> None:
    test_a_store_starts_empty_and_keeps_what_is_committed(store)


def test_valkey_starts_empty(valkey: redis.Redis) -> None:
    assert valkey.dbsize() == 0
    valkey.set("left", "over")


def test_valkey_starts_empty_again(valkey: redis.Redis) -> None:
    test_valkey_starts_empty(valkey)


def test_a_killed_redis_forgets(debian_redis: RedisServer) -> None:
    with debian_redis.client() as client:
        client.set("job", "1")
    debian_redis.process.kill()
    debian_redis.restart()
    with debian_redis.client() as client:
        assert client.get("job") is None


def test_mail_arrives_with_its_accents(smtp: Mailbox) -> None:
    message = EmailMessage()
    message["Subject"] = "Alerte à l'été"
    message.set_content("Café à l'été")
    with smtplib.SMTP(smtp.url.removeprefix("smtp://")) as client:
        client.send_message(message, "tocsin@mail.example", ["lea@mail.example"])
    (mail,) = smtp.to("lea@mail.example")
    assert mail.message["Subject"] == "Alerte à l'été"
    assert mail.text == "Café à l'été\n"


def test_a_refused_address_gets_the_answer_that_was_set(smtp: Mailbox) -> None:
    smtp.refusals["lea@mail.example"] = "550 5.1.1 no such user"
    with smtplib.SMTP(smtp.url.removeprefix("smtp://")) as client:
        client.helo()
        client.mail("tocsin@mail.example")
        assert client.rcpt("lea@mail.example")[0] == 550


def test_a_page_is_seen_as_a_browser_shows_it(
    page: Page, screenshot: Callable[[str], Path], webhooks: Webhooks
) -> None:
    page.set_content("<title>Tocsin</title><h1>Café à l'été</h1>")
    assert page.get_by_role("heading").inner_text() == "Café à l'été"
    assert screenshot("rig").read_bytes().startswith(b"\x89PNG")
    webhooks.status = 200
    page.goto(f"{webhooks.url}/seen")
    assert webhooks.wait(1)[0].path == "/seen"
