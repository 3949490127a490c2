"""Scripts of tests/conversations through gateways, with every process of `tocsin up`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.acceptance.system import NUMBER, Make, System, eventually
from tests.conversations import script
from tests.conversations.script import Heard
from tests.conversations.stage import PHONES
from tests.emulator.client import Emulator
from tests.rigs.kannel import Kannel

pytestmark = pytest.mark.slow

SILENCE = 1.5  # how long nothing must come where nothing is expected
NAMES = {phone: name for name, phone in PHONES.items()}

Messages = Callable[[], Heard]  # (phone, text), oldest first
Text = Callable[[str, str], None]


@dataclass
class Through:
    """A stage behind a gateway."""

    system: System
    text: Text
    messages: Messages
    _seen: int = 0

    def __post_init__(self) -> None:
        eventually(self._all_heard, "what was asked before the conversation has arrived")
        self._seen = len(self.messages())

    def says(self, name: str, text: str) -> None:
        self.text(PHONES[name], text)

    def goes_on(self, what: str) -> None:
        raise AssertionError(f"only in process: {what}")

    def heard(self, wanted: int) -> Heard:
        if wanted:
            eventually(lambda: self._count() >= wanted, f"{wanted} more messages", 30)
            eventually(self._at_rest, "all is sent")
        else:
            time.sleep(SILENCE)
        new = self.messages()[self._seen :]
        self._seen += len(new)
        return [(NAMES[phone], text) for phone, text in new]

    def _count(self) -> int:
        return len(self.messages()) - self._seen

    def _at_rest(self) -> bool:
        return not self.system.states().keys() & {"queued", "sending"}

    def _all_heard(self) -> bool:
        states = self.system.states()
        told = states.pop("delivered", 0)
        return not states and len(self.messages()) >= told


def play(name: str, stage: Through) -> None:
    """One conversation; then the system ends, which would go on polling its gateway."""
    with contextlib.closing(stage.system):
        script.play(script.named(name), stage)


@pytest.mark.xdist_group("kannel")
@pytest.mark.parametrize("name", ["burglary", "town", "stop"])
def test_a_conversation_through_kannel(
    make_system: Make, start_kannel: Callable[..., Kannel], name: str
) -> None:
    system = make_system()
    box = start_kannel(f"{system.url}/webhooks/kannel")
    keys = {"username": box.username, "password": box.password, "token": box.token}
    system.configure(
        **{"gateway.kannel": {"type": "kannel", "sendsms_url": box.sendsms_url, **keys}}
    )
    system.tocsin("number", "set", NUMBER, "--gateway", "kannel")
    system.up()
    stage = Through(
        system,
        lambda phone, text: box.inject(phone, NUMBER, text),
        lambda: [(sent.to, sent.text) for sent in box.received()],
    )
    play(name, stage)


@pytest.mark.xdist_group("twilio")
@pytest.mark.parametrize("name", ["burglary", "false_alarm", "english"])
def test_a_conversation_through_twilio(make_system: Make, emulator: Emulator, name: str) -> None:
    keys = {"account_sid": emulator.account_sid, "auth_token": emulator.auth_token}
    system = make_system(**{"gateway.twilio": {"type": "twilio", "api_base": emulator.url, **keys}})
    system.tocsin("number", "set", NUMBER, "--gateway", "twilio")
    system.up()
    emulator.settings(webhook=f"{system.url}/webhooks/twilio")

    def text(phone: str, words: str) -> None:
        assert emulator.inbound(phone, NUMBER, words)[1] == [200]

    stage = Through(
        system, text, lambda: [(m["to"], m["body"]) for m in emulator.ledger("accepted")]
    )
    play(name, stage)


@pytest.mark.parametrize("name", ["two_at_once", "who_may_not"])
def test_a_conversation_through_the_page_of_handsets(make_system: Make, name: str) -> None:
    system = make_system().up()

    def text(phone: str, words: str) -> None:
        assert system.text(phone, words) in (200, 204)

    def messages() -> Heard:
        inboxes = [(phone, m) for phone in NAMES for m in system.messages(phone)]
        received = [(m["at"], phone, m["text"]) for phone, m in inboxes if m["direction"] == "in"]
        return [(phone, said) for _, phone, said in sorted(received)]

    play(name, Through(system, text, messages))
