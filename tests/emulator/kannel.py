"""Kannel's sendsms and its delivery reports, for loads that the real one is not made for."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping
from urllib.parse import quote_plus

from tests.emulator.faults import Fault
from tests.emulator.house import House, delivery_of
from tests.emulator.messages import segments
from tests.emulator.misbehaviour import misbehave, note
from tests.emulator.postman import Letter
from tests.emulator.wire import Connection, Request, Response

DELIVERED, UNDELIVERED, ACCEPTED_BY_SMSC = 1, 2, 8
WORDS = {DELIVERED: "delivered", UNDELIVERED: "undelivered", ACCEPTED_BY_SMSC: "sent"}  # Twilio's


class Kannel:
    """Answers GET /cgi-bin/sendsms in the words of Kannel 1.4.5."""

    def __init__(self, house: House) -> None:
        self.house = house

    def handle(self, request: Request, connection: Connection) -> None:
        query, settings = request.query, self.house.settings
        user = (query.get("username"), query.get("password"))
        if user != (settings.kannel_username, settings.kannel_password):
            connection.reply(_plain(403, "Authorization failed for sendsms"))
            return
        fault = self._befalls(query, request.arrived)
        accepted = fault is None or fault.accepts
        if accepted:
            self._accept(query, request.arrived)
        elif fault and fault.kind == "late":
            connection.loop.call_later(fault.seconds, self._accept, query, None)
        answer = _plain(202, "0: Accepted for delivery")
        if fault is None:
            connection.reply(answer)
        else:
            misbehave(connection, answer, fault)

    def _befalls(self, query: Mapping[str, str], arrived: float) -> Fault | None:
        to, sender, body = (query.get(name, "") for name in ("to", "from", "text"))
        own = delivery_of(query.get("dlr-url", ""))
        about = f"{to}:{body}:{own['a']}" if "a" in own else ""
        fault = self.house.faults.strike("create", to, sender, about=about)
        if fault is not None:
            facts = {"to": to, "sender": sender, "segments": segments(body)}
            note(self.house.ledger, fault, arrived, **facts, **own)
        return fault

    def _accept(self, query: Mapping[str, str], arrived: float | None) -> None:
        message = secrets.token_hex(16)
        callback, body = query.get("dlr-url", ""), query.get("text", "")
        to, sender = query.get("to", ""), query.get("from", "")
        facts = {"sid": message, "to": to, "sender": sender, "body": body, "callback": callback}
        facts |= delivery_of(callback)
        self.house.ledger.add(
            "accepted", arrived, gateway="kannel", segments=segments(body), **facts
        )
        if callback:
            self._report(message, query)

    def _report(self, message: str, query: Mapping[str, str]) -> None:
        """Reports that the mask asks for, at the delays of the settings."""
        mask, settings = int(query.get("dlr-mask", 0)), self.house.settings
        steps = ((ACCEPTED_BY_SMSC, settings.sent_after), (DELIVERED, settings.delivered_after))
        for status, after in steps:
            if mask & status and after is not None:
                asyncio.get_running_loop().call_later(after, self._step, message, query, status)

    def _step(self, message: str, query: Mapping[str, str], status: int) -> None:
        said = WORDS[status]
        fault = self.house.faults.strike("receipt", query["to"], query["from"], word=said)
        kind = fault.kind if fault else None
        status = UNDELIVERED if kind == "fail" else status
        own = delivery_of(query["dlr-url"])
        self.house.ledger.add("became", sid=message, status=WORDS[status], **own)
        if kind == "drop":
            return
        values = {"d": str(status), "I": message, "p": query["to"], "P": query["from"]}
        url = _fill(query["dlr-url"], values)
        facts = {"sid": message, "status": WORDS[status], **delivery_of(url)}
        delay = fault.seconds if fault and kind == "delay" else 0.0
        for _ in range(2 if kind == "double" else 1):
            self.house.postman.post(Letter(url, None, "receipt", facts), delay)


def _fill(url: str, values: Mapping[str, str]) -> str:
    """Replace Kannel's %d, %I...; one that it does not know becomes nothing."""
    return re.sub(r"%([a-zA-Z])", lambda found: quote_plus(values.get(found[1], "")), url)


def _plain(status: int, body: str) -> Response:
    return Response(status, body, content_type="text/html")
