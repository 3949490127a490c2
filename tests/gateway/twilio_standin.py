"""Twilio by the real SDK, whose API is a stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from config import TwilioGateway
from gateway.contract import Outbound, Receipt
from gateway.providers import Wiring
from gateway.providers.twilio import Twilio
from tests.gateway.standin import Answer, Asked, StandIn, standin

ACCOUNT = "AC00000000000000000000000000000000"
SECTION = TwilioGateway(type="twilio", account_sid=ACCOUNT, auth_token="secret")
NOW = datetime.now(UTC).replace(microsecond=0)
MESSAGE = Outbound(
    delivery=7,
    attempt=2,
    to="+33639980001",
    sender="+33639980000",
    text="Tocsin : été & € 100 % +1",
    callback="https://tocsin.example/webhooks/twilio/status?d=7&a=2",
    started_at=NOW,
)


def provider(section: TwilioGateway = SECTION, timeout: float = 2.0) -> Twilio:
    return Twilio("twilio", section, Wiring(Path("var"), timeout, "https://tocsin.example"))


@asynccontextmanager
async def twilio(
    *answers: Answer, by: Callable[[Asked], Answer] | None = None, **changed: Any
) -> AsyncIterator[tuple[Twilio, StandIn]]:
    """An open provider whose API is a stand-in."""
    timeout = changed.pop("timeout", 2.0)
    async with standin(by or list(answers)) as stand:
        opened = provider(SECTION.model_copy(update={"api_base": stand.url, **changed}), timeout)
        await opened.open()
        try:
            yield opened, stand
        finally:
            await opened.close()


def listed(**changed: Any) -> dict[str, Any]:
    """A message as the API shows it."""
    return {
        "sid": "SM1",
        "status": "delivered",
        "direction": "outbound-api",
        "to": MESSAGE.to,
        "from": MESSAGE.sender,
        "body": MESSAGE.text,
        "date_created": format_datetime(NOW),
        "date_sent": format_datetime(NOW),
        "error_code": None,
        **changed,
    }


async def looked(answer: Answer, message: Outbound, sid: str) -> tuple[Receipt | None, Asked]:
    async with twilio(answer) as (opened, stand):
        return await opened.look(message, sid), stand.asked[-1]


def look(answer: Answer, message: Outbound = MESSAGE, sid: str = "") -> Receipt | None:
    return asyncio.run(looked(answer, message, sid))[0]
