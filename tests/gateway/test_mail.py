"""Mail to a real SMTP server and to a folder: the same letter."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from pathlib import Path

import pytest

from gateway.contract import (
    Accepted,
    Callback,
    Channel,
    Forged,
    Misconfigured,
    NotNow,
    Outbound,
    Provider,
    Receipt,
    Refused,
    SendError,
    Stage,
    Unknown,
)
from gateway.letters import compose
from gateway.providers import Wiring, build_mail
from gateway.providers.maildir import read_folder
from tests.rigs.smtp import Mailbox, smtp_server

SENDER = "Tocsin <alerte@tocsin.example>"
MESSAGE = Outbound(
    delivery=7,
    attempt=2,
    to="anne@voisins.example",
    sender="",
    text="Deux hommes devant l'école.\nÉté — 🔥\n.\nfin\n",
    subject="Alerte A12 : été à l'école 🔥",
    headers={
        "List-Unsubscribe": "<https://tocsin.example/u/" + "x" * 90 + ">",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    },
)


def mail(url: str, sender: str = SENDER, timeout: float = 2.0) -> Provider:
    return build_mail(url, sender, Wiring(Path("var"), timeout, "https://tocsin.example"))


async def _sent(provider: Provider, *messages: Outbound) -> list[Accepted]:
    await provider.open()
    try:
        return [await provider.send(message) for message in messages]
    finally:
        await provider.close()


def sent(provider: Provider, *messages: Outbound) -> list[Accepted]:
    return asyncio.run(_sent(provider, *messages))


@pytest.fixture
def server() -> Iterator[Mailbox]:
    with smtp_server() as mailbox:
        yield mailbox


def test_a_mail_arrives_with_all_that_an_alert_needs(server: Mailbox) -> None:
    assert sent(mail(server.url), MESSAGE) == [Accepted("d7@tocsin.example")]
    [arrived] = server.mails
    letter = arrived.message
    assert arrived.sender == "alerte+d7.2@tocsin.example"
    assert arrived.recipients == ("anne@voisins.example",)
    assert letter["From"] == SENDER
    assert letter["To"] == "anne@voisins.example"
    assert letter["Subject"] == MESSAGE.subject
    assert letter["Message-ID"] == "<d7@tocsin.example>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"].datetime.tzinfo is not None
    assert letter["List-Unsubscribe"] == MESSAGE.headers["List-Unsubscribe"]
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert arrived.text == MESSAGE.text


def test_a_page_goes_beside_the_text(server: Mailbox) -> None:
    sent(mail(server.url), replace(MESSAGE, html="<p>Été</p>"))
    letter = server.mails[0].message
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]


def test_connections_are_kept_and_renewed(server: Mailbox) -> None:
    many = [replace(MESSAGE, delivery=number) for number in range(5)]
    sent(mail(server.url), *many)
    assert len(server.mails) == 5


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("550 no such user", Refused),
        ("552 too big", Refused),
        ("450 try later", NotNow),
        ("451 greylisted", NotNow),
        ("530 log in first", Misconfigured),
    ],
)
def test_an_answer_to_the_recipient_says_what_now(
    server: Mailbox, answer: str, expected: type[SendError]
) -> None:
    server.refusals[MESSAGE.to] = answer
    with pytest.raises(SendError) as error:
        sent(mail(server.url), MESSAGE)
    assert type(error.value) is expected
    assert error.value.code == answer[:3]
    assert server.mails == []


def test_a_refusal_does_not_spoil_the_next_mail(server: Mailbox) -> None:
    server.refusals["nobody@voisins.example"] = "550 no"

    async def scenario() -> None:
        provider = mail(server.url)
        await provider.open()
        await provider.send(MESSAGE)
        with pytest.raises(Refused):
            await provider.send(replace(MESSAGE, to="nobody@voisins.example"))
        await provider.send(replace(MESSAGE, delivery=8))
        await provider.close()

    asyncio.run(scenario())
    assert [each.message["Message-ID"] for each in server.mails] == [
        "<d7@tocsin.example>",
        "<d8@tocsin.example>",
    ]


def test_no_server_means_that_nothing_left() -> None:
    with pytest.raises(NotNow):
        sent(mail("smtp://127.0.0.1:1"), MESSAGE)


def _lines(script: dict[str, str], port_ready: list[int], ready: threading.Event) -> None:
    """A server that follows a script: the answer to a verb, "" to hang up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port_ready.append(listening.getsockname()[1])
        ready.set()
        connection, _ = listening.accept()
        with connection, connection.makefile("rwb") as stream:
            stream.write(b"220 ready\r\n")
            stream.flush()
            for line in stream:
                answer = script.get(line.split()[0].decode().upper() if line.split() else "")
                if answer == "":
                    return
                if answer:
                    stream.write(answer.encode() + b"\r\n")
                    stream.flush()


POLITE = {"EHLO": "250 ok", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", ".": "250 ok"}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, None),
        ({"RCPT": ""}, NotNow),
        ({"MAIL": "421 closing"}, NotNow),
        ({"DATA": "554 no"}, Refused),
        ({".": "552 too much"}, Refused),
        ({".": "451 later"}, NotNow),
        ({".": ""}, Unknown),
        ({".": None}, Unknown),  # never answers
    ],
)
def test_where_a_conversation_breaks_decides_what_now(
    changed: dict[str, str], expected: type[SendError] | None
) -> None:
    port: list[int] = []
    ready = threading.Event()
    thread = threading.Thread(target=_lines, args=({**POLITE, **changed}, port, ready))
    thread.start()
    ready.wait(5)
    provider = mail(f"smtp://127.0.0.1:{port[0]}", timeout=0.5)
    if expected is None:
        assert sent(provider, replace(MESSAGE, text="x"))
    else:
        with pytest.raises(SendError) as error:
            sent(provider, replace(MESSAGE, text="x"))
        assert type(error.value) is expected
    thread.join(5)


async def _checked(provider: Provider) -> str:
    await provider.open()
    try:
        return await provider.check()
    finally:
        await provider.close()


def test_the_doctor_hears_of_the_server(server: Mailbox) -> None:
    assert "answers" in asyncio.run(_checked(mail(server.url)))
    with pytest.raises(NotNow):
        asyncio.run(_checked(mail("smtp://127.0.0.1:1")))


def test_a_password_that_the_server_does_not_take_stops_the_mail(server: Mailbox) -> None:
    url = server.url.replace("smtp://", "smtp://tocsin:se%40cret@")
    with pytest.raises(Misconfigured):
        sent(mail(url), MESSAGE)


def test_a_folder_holds_the_same_letter(tmp_path: Path) -> None:
    provider = mail(f"maildir:{tmp_path / 'mail'}")
    assert provider.traits.look_is_final
    assert provider.channels == {Channel.EMAIL}
    assert sent(provider, MESSAGE) == [Accepted("d7.a2", Stage.DELIVERED)]
    [path] = (tmp_path / "mail").iterdir()
    letter = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert letter["Subject"] == MESSAGE.subject
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [shown] = read_folder(tmp_path / "mail")
    assert shown.pop("at").endswith("+00:00")
    assert shown == {
        "to": MESSAGE.to,
        "subject": MESSAGE.subject,
        "text": MESSAGE.text,
    }


def test_a_subject_keeps_its_spaces_wherever_it_is_folded() -> None:
    """A reader drops white space between two encoded words (RFC 2047, 6.2)."""
    for length in range(1, 90):
        subject = f"Alerte {'é' * length} communauté jumelée à Kerfeunteun : fumée épaisse !"
        letter = compose(replace(MESSAGE, subject=subject), "Tocsin <alerte@tocsin.example>")
        lines = letter.as_bytes().partition(b"\nSubject: ")[2].replace(b"\r\n", b"\n").split(b"\n")
        end = next(n for n, line in enumerate(lines) if n and not line.startswith(b" "))
        assert all(len(line) <= 78 for line in lines[:end])
        read = decode_header(b"\n".join(lines[:end]).decode("ascii"))
        assert str(make_header(read)) == subject


def test_a_look_at_the_folder_is_final(tmp_path: Path) -> None:
    provider = mail(f"maildir:{tmp_path}")
    assert asyncio.run(provider.look(MESSAGE, "")) is None
    sent(provider, MESSAGE, MESSAGE)
    assert len(read_folder(tmp_path)) == 1
    assert asyncio.run(provider.look(MESSAGE, "")) == Receipt(Stage.DELIVERED, "d7.a2", 7, 2)
    assert asyncio.run(provider.look(replace(MESSAGE, attempt=3), "")) is None


def test_a_folder_that_cannot_be_is_the_operators_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    provider = mail(f"maildir:{tmp_path / 'file' / 'mail'}")
    with pytest.raises(Misconfigured):
        sent(provider, MESSAGE)
    with pytest.raises(Misconfigured):
        asyncio.run(provider.check())
    assert read_folder(tmp_path / "nothing") == []


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "Alerte\nBcc: tous@voisins.example"},
        {"subject": "Alerte\r\nBcc: tous@voisins.example"},
        {"to": "anne@voisins.example\nBcc: tous@voisins.example"},
        {"to": "anne@voisins.example, paul@voisins.example"},
        {"to": "Anne <anne@voisins.example>, paul@voisins.example"},
        {"to": "anne"},
        {"to": ""},
        {"headers": {"List-Unsubscribe": "<https://x>\r\nBcc: tous@voisins.example"}},
        {"headers": {"X-A: b\r\nBcc": "tous@voisins.example"}},
        {"headers": {"Subject": "second"}},
    ],
)
def test_a_header_cannot_be_smuggled_in(tmp_path: Path, changed: dict[str, object]) -> None:
    message = replace(MESSAGE, **changed)  # type: ignore[arg-type]
    with pytest.raises(Refused):
        sent(mail(f"maildir:{tmp_path}"), message)
    assert read_folder(tmp_path) == []


@pytest.mark.parametrize("url", ["maildir:var/mail", "smtp://127.0.0.1:1"])
def test_mail_has_no_webhook(url: str) -> None:
    provider = mail(url)
    call = Callback("POST", "https://tocsin.example/x", {}, {}, {})
    for read in (provider.verify, provider.read_inbound, provider.read_receipt):
        with pytest.raises(Forged):
            read(call)
    assert provider.callback_url(7, 2) == ""
