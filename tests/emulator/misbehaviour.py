"""How a fault shows on the wire, and how Twilio words its errors."""

from __future__ import annotations

import json

from tests.emulator.faults import Fault
from tests.emulator.ledger import Ledger
from tests.emulator.wire import Connection, Response


def error(status: int, code: int, message: str) -> Response:
    """An error as Twilio's REST API words it."""
    body = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return Response(status, json.dumps(body))


UNAVAILABLE = error(503, 20503, "Service unavailable")


def note(ledger: Ledger, fault: Fault, arrived: float, /, **facts: object) -> None:
    """What befell a message, which is the checker's only excuse for it."""
    told = {"kind": fault.kind, "when": fault.when, "seconds": fault.seconds}
    ledger.add("fault", arrived, **told, **facts)


def misbehave(connection: Connection, answer: Response, fault: Fault) -> None:
    """Give, spoil, delay or withhold the answer, as the fault says."""
    match fault.kind:
        case "latency":
            connection.loop.call_later(fault.seconds, connection.reply, answer)
        case "drip":
            connection.drip(answer, fault.seconds)
        case "reset":
            connection.reset()
        case "hang":
            pass  # the client's patience ends it
        case "late" if not fault.status:
            pass
        case _:
            connection.reply(_spoilt(fault))


def _spoilt(fault: Fault) -> Response:
    match fault.kind:
        case "throttle":
            wait = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
            answer = error(429, 20429, "Too Many Requests")
            return Response(answer.status, answer.body, wait)
        case "refuse":
            return error(fault.status or 400, fault.code, f"Refused with {fault.code}")
        case "bad_json":
            return Response(fault.status or 201, "<html>not JSON")
        case "error" | "late" if fault.status:
            return error(fault.status, fault.code or 20500, "Emulated failure")
        case _:
            return UNAVAILABLE
