"""Twilio's REST API for messages (calls: calls.py): create, fetch, list; its checks and its errors."""

from __future__ import annotations

import json
import re
from urllib.parse import urlencode

from tests.emulator.calls import Calls
from tests.emulator.faults import Fault
from tests.emulator.house import House, delivery_of
from tests.emulator.limits import LET_PASS
from tests.emulator.messages import VERSION, Message, segments
from tests.emulator.misbehaviour import UNAVAILABLE, error, misbehave, note
from tests.emulator.receipts import report
from tests.emulator.wire import Connection, Request, Response

_PATH = re.compile(rf"/{VERSION}/Accounts/(AC[0-9a-f]{{32}})/(Messages|Calls)(?:/(\w+))?\.json")
_E164 = re.compile(r"\+[1-9]\d{6,14}")


class Twilio:
    """Answers the requests under /2010-04-01."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.calls = Calls(house)

    def handle(self, request: Request, connection: Connection) -> None:
        found = _PATH.fullmatch(request.path)
        settings = self.house.settings
        if request.headers.get("authorization") not in settings.credentials:
            connection.reply(error(401, 20003, "Authenticate"))
        elif found is None or found[1] != settings.account_sid:
            connection.reply(
                error(404, 20404, f"The requested resource {request.path} was not found")
            )
        elif found[2] == "Calls":
            self.calls.handle(found[3], request, connection)
        elif found[3]:
            self._fetch(found[3], connection)
        elif request.method == "POST":
            self._create(request, connection)
        else:
            self._list(request, connection)

    def _fetch(self, sid: str, connection: Connection) -> None:
        message = self.house.messages.by_sid.get(sid)
        answer = (
            error(404, 20404, f"The requested resource /Messages/{sid}.json was not found")
            if message is None
            else Response(200, json.dumps(message.resource()))
        )
        fault = self.house.faults.strike("fetch", message.to if message else "")
        self._answer(connection, answer, fault)

    def _list(self, request: Request, connection: Connection) -> None:
        fault = self.house.faults.strike("list", request.query.get("To", ""))
        lag = fault.seconds if fault and fault.kind == "lag" else 0.0
        try:
            answer = self._page(request, lag)
        except ValueError:
            answer = error(400, 20001, "A parameter cannot be read")
        self._answer(connection, answer, None if lag else fault)

    def _page(self, request: Request, lag: float) -> Response:
        query = request.query
        size = max(1, min(int(query.get("PageSize", 50)), 1000))
        page = int(query.get("Page", 0))
        found = self.house.messages.find(query, lag)
        first = page * size
        shown = found[first : first + size]

        def uri(number: int) -> str:
            parts = {**query, "PageSize": str(size), "Page": str(number)}
            return f"{request.path}?{urlencode(parts)}"

        body = {
            "end": first + len(shown) - 1,
            "first_page_uri": uri(0),
            "messages": [message.resource() for message in shown],
            "next_page_uri": uri(page + 1) if first + size < len(found) else None,
            "page": page,
            "page_size": size,
            "previous_page_uri": uri(page - 1) if page else None,
            "start": first,
            "uri": uri(page),
        }
        return Response(200, json.dumps(body))

    def _create(self, request: Request, connection: Connection) -> None:
        form = request.form
        refusal = self._refusal(form)
        to, sender = form.get("To", ""), form.get("From", "")
        own = _callback(form)
        about = f"{to}:{form.get('Body', '')}:{own['a']}" if "a" in own else ""
        fault = self.house.faults.strike("create", to, sender, about=about)
        if fault is not None:
            self._note(fault, form, request.arrived)
        if refusal is None and self._too_fast(form, request.arrived):
            misbehave(connection, UNAVAILABLE, Fault("throttle", retry_after=1))
        elif refusal is not None:
            self.house.ledger.add("refused", request.arrived, to=to, answer=refusal.status)
            connection.reply(refusal)
        elif fault is None or fault.accepts:
            message = self._accept(form, request.arrived)
            self._answer(connection, Response(201, json.dumps(message.resource())), fault)
        else:
            if fault.kind == "late":
                connection.loop.call_later(fault.seconds, self._accept, form)
            misbehave(connection, UNAVAILABLE, fault)

    def _note(self, fault: Fault, form: dict[str, str], arrived: float) -> None:
        to, sender = form.get("To", ""), form.get("From", "")
        facts = {"to": to, "sender": sender, "segments": segments(form.get("Body", ""))}
        note(self.house.ledger, fault, arrived, **facts, **_callback(form))

    def _too_fast(self, form: dict[str, str], arrived: float) -> bool:
        """Whether its number goes too fast; noted, with by how much."""
        sender = form["From"]
        rate = self.house.settings.rates.get(sender)
        if rate is None:
            return False
        size = segments(form["Body"])
        sent = self.house.limits.take(sender, arrived, size, rate=rate)
        if sent <= rate + LET_PASS:
            return False
        facts = {"sender": sender, "rate": rate, "within": sent, "segments": size}
        self.house.ledger.add("too_fast", arrived, **facts, **_callback(form))
        return True

    def _refusal(self, form: dict[str, str]) -> Response | None:
        """Twilio's own checks, in its order."""
        to, sender, body = (form.get(name, "") for name in ("To", "From", "Body"))
        own = self.house.settings.numbers
        checks = (
            (not to, 21604, "A 'To' phone number is required."),
            (not _E164.fullmatch(to), 21211, "Invalid 'To' Phone Number"),
            (not sender and not form.get("MessagingServiceSid"), 21603, "A 'From' is required."),
            (own and sender not in own, 21606, "The 'From' number is not SMS-capable"),
            (not body, 21602, "Message body is required."),
            (len(body) > 1600, 21617, "The message body exceeds the 1600 character limit"),
        )
        failed = next(((code, words) for fails, code, words in checks if fails), None)
        return error(400, *failed) if failed else None

    def _accept(self, form: dict[str, str], arrived: float | None = None) -> Message:
        message = Message(
            account=self.house.settings.account_sid,
            direction="outbound-api",
            to=form["To"],
            sender=form.get("From", ""),
            body=form["Body"],
            status="queued",
            callback=form.get("StatusCallback", ""),
            service=form.get("MessagingServiceSid", ""),
        )
        self.house.messages.add(message)
        self.house.ledger.add(
            "accepted",
            arrived,
            gateway="twilio",
            sid=message.sid,
            to=message.to,
            sender=message.sender,
            body=message.body,
            segments=message.segments,
            **_callback(form),
        )
        report(self.house, message)
        return message

    def _answer(self, connection: Connection, answer: Response, fault: Fault | None) -> None:
        if fault is None:
            connection.reply(answer)
        else:
            misbehave(connection, answer, fault)


def _callback(form: dict[str, str]) -> dict[str, str]:
    callback = form.get("StatusCallback", "")
    return {"callback": callback, **delivery_of(callback)}
