"""Twilio's calls: create, fetch, list; telephones that ring, answer, and press a key."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

from tests.emulator.house import House, delivery_of
from tests.emulator.messages import VERSION, Call, rfc2822
from tests.emulator.misbehaviour import UNAVAILABLE, error, misbehave
from tests.emulator.postman import Letter
from tests.emulator.wire import Connection, Request, Response

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_ENDS = {"no_answer": "no-answer", "busy": "busy", "unreachable": "failed"}


class Calls:
    """Answers the requests under /Accounts/<sid>/Calls."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._ringing: set[asyncio.Task[None]] = set()

    def handle(self, sid: str | None, request: Request, connection: Connection) -> None:
        if sid:
            self._fetch(sid, connection)
        elif request.method == "POST":
            self._create(request, connection)
        else:
            self._list(request, connection)

    def _fetch(self, sid: str, connection: Connection) -> None:
        call = self.house.calls.get(sid)
        if call is None:
            connection.reply(error(404, 20404, f"/Calls/{sid}.json was not found"))
        else:
            connection.reply(Response(200, json.dumps(call.resource())))

    def _list(self, request: Request, connection: Connection) -> None:
        to, sender = request.query.get("To"), request.query.get("From")
        found = [
            call.resource()
            for call in reversed(self.house.calls.values())
            if to in (None, call.to) and sender in (None, call.sender)
        ]
        body = {
            "calls": found, "page": 0, "page_size": 50, "start": 0, "end": len(found) - 1,
            "uri": request.path, "first_page_uri": request.path, "next_page_uri": None,
            "previous_page_uri": None,
        }  # fmt: skip
        connection.reply(Response(200, json.dumps(body)))

    def _create(self, request: Request, connection: Connection) -> None:
        form, events = request.form, _all(request, "StatusCallbackEvent")
        refusal = _refusal(form)
        fault = self.house.faults.strike("call", form.get("To", ""), form.get("From", ""))
        if refusal is not None:
            self.house.ledger.add("call_refused", request.arrived, to=form.get("To", ""))
            connection.reply(refusal)
        elif fault is None or fault.accepts:
            call = self._accept(form, events, request.arrived)
            answer = Response(201, json.dumps(call.resource()))
            if fault is None:
                connection.reply(answer)
            else:
                misbehave(connection, answer, fault)
        else:
            misbehave(connection, UNAVAILABLE, fault)

    def _accept(self, form: Mapping[str, str], events: list[str], arrived: float) -> Call:
        call = Call(
            self.house.settings.account_sid, form["To"], form["From"], form["Twiml"],
            form.get("StatusCallback", ""), frozenset(events),
        )  # fmt: skip
        self.house.calls[call.sid] = call
        facts = {"sid": call.sid, "to": call.to, "sender": call.sender, "twiml": call.twiml}
        self.house.ledger.add("call", arrived, **facts, **delivery_of(call.callback))
        task = asyncio.create_task(self._ring(call))
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)
        return call

    async def _ring(self, call: Call) -> None:
        settings = self.house.settings
        self._becomes(call, "ringing", "ringing")
        await asyncio.sleep(settings.answers_after)
        fault = self.house.faults.strike("ring", call.to, call.sender)
        if fault is not None:
            self._becomes(call, _ENDS[fault.kind], "completed")
            return
        self._becomes(call, "in-progress", "answered")
        key = settings.keys.get(call.to, settings.key)
        said = await self._press(call, call.twiml, key) if key else None
        while said is not None and len(key) > 1:
            key = key[1:]
            said = await self._press(call, said, key)
        await asyncio.sleep(settings.call_lasts)
        self._becomes(call, "completed", "completed")

    async def _press(self, call: Call, twiml: str, key: str) -> str | None:
        """Press the first key while `twiml` is said; what it brings, None when unheard."""
        gather = ET.fromstring(twiml).find("Gather")
        if gather is None:
            return None
        url = urljoin("https://api.twilio.com", gather.attrib["action"])
        form = self._form(call, "in-progress") | {
            "Digits": key[0],
            "FinishedOnKey": "",
            "msg": "Gather Finished",
        }
        letter = Letter(url, form, "key", {"sid": call.sid, "key": key[0]})
        return await self.house.postman.ask(letter)

    def _becomes(self, call: Call, status: str, event: str) -> None:
        call.advance(status)
        if not call.callback or event not in call.events:
            return
        facts = {"sid": call.sid, "status": status, **delivery_of(call.callback)}
        letter = Letter(call.callback, self._form(call, status), "call_status", facts)
        for _ in range(2 if self.house.faults.strike("call_status", call.to, word=status) else 1):
            self.house.postman.post(letter)

    def _form(self, call: Call, status: str) -> dict[str, str]:
        return {
            "AccountSid": call.account, "ApiVersion": VERSION, "CallSid": call.sid,
            "CallStatus": status, "Direction": "outbound-api", "From": call.sender,
            "To": call.to, "Called": call.to, "Caller": call.sender,
            "Timestamp": rfc2822(int(time.time())),
        }  # fmt: skip


def _all(request: Request, name: str) -> list[str]:
    pairs = (pair.partition("=") for pair in request.body.decode().split("&"))
    return [value for key, _, value in pairs if key == name]


def _refusal(form: Mapping[str, str]) -> Response | None:
    """Twilio's own checks, in its order."""
    checks = (
        (not form.get("To"), 21201, "No 'To' number is specified"),
        (not _E164.fullmatch(form.get("To", "")), 21211, "Invalid 'To' Phone Number"),
        (not _E164.fullmatch(form.get("From", "")), 21212, "Invalid 'From' Phone Number"),
        (not form.get("Twiml"), 21205, "Url parameter is required."),
        (len(form.get("Twiml", "")) > 4000, 21205, "Twiml must be at most 4000 characters"),
        (not _is_xml(form.get("Twiml", "")), 12100, "Document parse failure"),
    )
    failed = next(((code, words) for fails, code, words in checks if fails), None)
    return error(400, *failed) if failed else None


def _is_xml(text: str) -> bool:
    try:
        return ET.fromstring(text).tag == "Response"
    except ET.ParseError:
        return False
