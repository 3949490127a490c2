"""The test's side: faults, settings, texts from phones, the ledger, a fresh start.

GET    /emulator/ledger?since=N   what happened, but the first N entries
POST   /emulator/faults           one rule or several, added to those in force
DELETE /emulator/faults?seed=N    none any more; chance starts again from N
POST   /emulator/settings         those named, changed
POST   /emulator/detours          {public address: where it is really served}
POST   /emulator/inbound          {"from", "to", "text", "gateway"}: {"id", "answers"}
POST   /emulator/reset            no message, no fault, an empty ledger
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields, replace
from typing import Any

from tests.emulator.house import House, Settings
from tests.emulator.phones import Gateway, text
from tests.emulator.wire import Connection, Request, Response

_KEYS = {setting.name for setting in fields(Settings)}


class Control:
    """Answers the requests under /emulator."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._texting: set[asyncio.Task[None]] = set()

    def handle(self, request: Request, connection: Connection) -> None:
        action = f"{request.method} {request.path.removeprefix('/emulator/')}"
        try:
            body = json.loads(request.body or b"{}")
            if action == "POST inbound":
                task = asyncio.create_task(self._inbound(body, connection))
                self._texting.add(task)
                task.add_done_callback(self._texting.discard)
            else:
                connection.reply(Response(200, self._act(action, body, request)))
        except (LookupError, TypeError, ValueError) as error:
            connection.reply(Response(400, json.dumps({"error": repr(error)})))

    def _act(self, action: str, body: Any, request: Request) -> str:
        house = self.house
        match action:
            case "GET ledger":
                house.ledger.flush()
                return house.ledger.since(int(request.query.get("since", 0)))
            case "POST faults":
                house.faults.add(body if isinstance(body, list) else [body])
            case "DELETE faults":
                house.faults.clear(int(request.query.get("seed", 0)))
            case "POST settings":
                self._set(body)
            case "POST detours":
                house.postman.detours = dict(body)
            case "POST reset":
                self._reset()
            case _:
                raise LookupError(f"no such action: {action}")
        return "{}"

    def _set(self, body: dict[str, Any]) -> None:
        unknown = body.keys() - _KEYS
        if unknown:
            raise LookupError(f"no such setting: {', '.join(sorted(unknown))}")
        self._take(replace(self.house.settings, **body))

    def _take(self, settings: Settings) -> None:
        self.house.settings = settings
        self.house.postman.token = settings.auth_token

    def _reset(self) -> None:
        self.house.postman.forget()
        self.house.postman.detours = {}
        self.house.faults.clear()
        self.house.limits.sent.clear()
        self.house.messages.clear()
        self.house.calls.clear()
        self.house.ledger.clear()
        self._take(Settings())

    async def _inbound(self, body: dict[str, str], connection: Connection) -> None:
        gateway: Gateway = "kannel" if body.get("gateway") == "kannel" else "twilio"
        message, answers = await text(
            self.house, body["from"], body["to"], body["text"], gateway=gateway
        )
        connection.reply(Response(200, json.dumps({"id": message, "answers": answers})))
