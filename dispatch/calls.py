"""Keys pressed during a call: 1 = heard, 9 = no more calls (product.md, landlines)."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from community_store import optouts
from community_store.models import Alert, Delivery, Member, Notice, Wording
from dispatch import answering, codes, outbox, receipts, speech
from dispatch.act import Act
from dispatch.rights import CODE
from dispatch.runtime import Runtime
from gateway.contract import Channel, Key, Receipt, Stage

log = structlog.get_logger(__name__)

HEARD, NO_MORE = "1", "9"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a key; `listen` when another key may follow."""

    text: str = ""
    language: str = "fr"
    listen: bool = False


def press(runtime: Runtime, gateway: str, key: Key) -> Answer:
    """Do what a key asks for, and say so. Nothing is said for a call that is not ours."""
    with runtime.store.begin() as session:
        delivery = session.get(Delivery, key.delivery)
        if delivery is None or not _ours(delivery, gateway, key):
            log.warning("key_of_unknown_call", gateway=gateway)
            return Answer()
        wording = session.get(Wording, delivery.wording_id)
        assert wording is not None
        act = Act(session, runtime.settings, runtime.clock())
        taken = Receipt(Stage.DELIVERED, key.provider_id, key.delivery, key.attempt)
        receipts.record(session, gateway, taken, act.now)
        message = _obey(act, delivery, key.pressed)
        listen = message == "not_understood"
        messages = (message, "keys") if listen else (message,)
        lines = [speech.line(runtime.settings, wording, each) for each in messages]
        return Answer("\n".join(lines), wording.language, listen)


def _ours(delivery: Delivery, gateway: str, key: Key) -> bool:
    called = delivery.gateway == gateway and delivery.channel == Channel.VOICE
    return called and 0 < key.attempt <= delivery.attempts


def _obey(act: Act, delivery: Delivery, pressed: str) -> str:
    """The id of what is said."""
    if pressed == HEARD:
        _acknowledge(act, delivery)
        return "heard"
    if pressed == NO_MORE:
        _stop(act, delivery)
        return "stopped"
    return "not_understood"


def _stop(act: Act, delivery: Delivery) -> None:
    """No more calls to this number, at once, also what is already queued; no more codes either,
    where it was one that rang.
    """
    address = delivery.address
    notice = act.session.get(Notice, delivery.notice_id) if delivery.notice_id else None
    if notice is not None and notice.kind == CODE:
        codes.refuse(act, address)
    optouts.stop(act.session, address, Channel.VOICE)
    outbox.suppress_waiting(act.session, address, Channel.VOICE, act.now)


def _acknowledge(act: Act, delivery: Delivery) -> None:
    """Count the person once, as a courtesy by SMS is (A6)."""
    alert = act.session.get(Alert, delivery.alert_id) if delivery.alert_id else None
    if alert is None or alert.id is None or delivery.member_id is None:
        return
    member = act.session.get(Member, delivery.member_id)
    if member is not None:
        answering.acknowledge(act, alert, answering.Speaker(member), HEARD)
