"""The telephones of a trial: what they may send, to which number, and what they hold."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from community_store.models import Delivery, Number, NumberKind
from config import Settings
from dispatch import calls
from dispatch.intake import receive
from dispatch.runtime import Runtime
from gateway import numbers
from gateway.contract import Inbound, Key
from gateway.providers.simulator import Phones, Simulator

TELEPHONE = re.compile(r"\+[1-9][0-9]{5,14}")
TEXT_MAX = 1600  # characters: ten segments, longer than any telephone sends


SHOWN = ("direction", "peer", "text", "segments", "at")
OF_CALLS = ("kind", "language", "answered", "key", "answer")
KEYS = frozenset("0123456789*#")


@dataclass(frozen=True, slots=True)
class Message:
    """One SMS or call as its handset sees it: "in" it received, "out" it sent.

    Of a call: whether it was taken, the key pressed during it, and what was said to that.
    """

    id: int
    handset: str
    direction: str
    peer: str
    text: str
    segments: int
    at: datetime
    kind: str = "text"
    language: str = ""
    answered: bool = True
    key: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """Euros that a number asks for a segment and for a call."""

    text: float
    call: float


class Unusable(Exception):
    """A handset cannot send this; the message says why, in English, for programs."""


def gateways(settings: Settings) -> list[str]:
    """The names of the simulator gateways of the configuration."""
    return [name for name, section in settings.gateway.items() if section.type == "simulator"]


def phones(runtime: Runtime) -> Phones:
    """What the telephones hold; there is a simulator, or the page does not exist."""
    provider = runtime.providers[gateways(runtime.settings)[0]]
    assert isinstance(provider, Simulator)
    return provider.phones


def telephone(typed: str) -> str:
    """A telephone's number in E.164. Raises Unusable."""
    number = numbers.sender(typed)
    if TELEPHONE.fullmatch(number) is None:
        raise Unusable("the handset must be a number such as +33639980001")
    return number


def messages(runtime: Runtime, handset: str) -> list[Message]:
    """What a telephone sent and received, oldest first."""
    return _read(phones(runtime).messages(handset))


def since(runtime: Runtime, after: int) -> list[Message]:
    """What all telephones sent and received after a message's id."""
    return _read(phones(runtime).since(after))


def send(runtime: Runtime, handset: str, told: Any) -> str:
    """`handset` sends `told["text"]` to `told["to"]`, by default the service's number.

    The message's id. Raises Unusable.
    """
    text = _text(told)
    with runtime.store.read() as session:
        number, gateway = _recipient(
            session, runtime.settings, numbers.sender(str(told.get("to") or ""))
        )
    message_id = f"SIM{uuid.uuid4().hex}"
    phones(runtime).sent(handset, number, text, message_id)
    receive(runtime, gateway, Inbound(message_id, handset, number, text))
    return message_id


def press(runtime: Runtime, handset: str, pressed: str) -> calls.Answer:
    """A key of the telephone is pressed during its last call. Raises Unusable."""
    if pressed not in KEYS:
        raise Unusable("`key` must be one of 0 to 9, * and #")
    held = phones(runtime)
    call = held.last_call(handset)
    if call is None:
        raise Unusable("no call was taken on this telephone")
    with runtime.store.read() as session:
        delivery = session.get(Delivery, call["delivery"])
        gateway = delivery.gateway if delivery else ""
    key = Key(pressed, str(call["id"]), call["delivery"], call["attempt"])
    answer = calls.press(runtime, gateway, key)
    held.pressed(call["id"], pressed, " ".join(answer.text.split("\n")))
    return answer


def prices(runtime: Runtime) -> dict[str, Price]:
    """What messages cost, by the number that they leave from."""
    with runtime.store.read() as session:
        return {n.value: Price(n.price, n.call_price) for n in session.exec(select(Number))}


def default_number(session: Session, settings: Settings) -> str | None:
    """The number that a handset texts when it names none."""
    query = (
        select(Number.value)
        .where(col(Number.gateway).in_(gateways(settings)), Number.kind != NumberKind.SENDER)
        .where(col(Number.sms))
        .order_by(col(Number.is_default).desc(), col(Number.id))
    )
    return session.exec(query.limit(1)).first()


def as_json(runtime: Runtime, handset: str) -> list[dict[str, Any]]:
    """A telephone's messages, their parts named as in interfaces.md."""
    return [_shown(row) for row in phones(runtime).messages(handset)]


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = {part: row[part] for part in SHOWN}
    if row["kind"] == "call":
        shown |= {part: row[part] for part in OF_CALLS} | {"answered": bool(row["answered"])}
    return shown


def _read(rows: Sequence[Mapping[str, Any]]) -> list[Message]:
    return [Message(**{**row, "at": datetime.fromisoformat(row["at"])}) for row in rows]


def _text(told: Any) -> str:
    text = told.get("text") if isinstance(told, Mapping) else None
    if not isinstance(text, str) or not text.strip():
        raise Unusable("the text is missing or empty")
    if len(text) > TEXT_MAX:
        raise Unusable(f"the text is longer than {TEXT_MAX} characters")
    return text.replace("\r\n", "\n")


def _recipient(session: Session, settings: Settings, to: str) -> tuple[str, str]:
    """The number of ours that is texted, and its gateway."""
    wanted = to or default_number(session, settings)
    if wanted is None:
        raise Unusable("no number yet: add one with `tocsin number add`")
    number = session.exec(select(Number).where(Number.value == wanted)).first()
    if number is None or number.gateway not in gateways(settings):
        raise Unusable("`to` is no number of a simulator gateway")
    return number.value, number.gateway
