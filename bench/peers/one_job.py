"""One job per person: read the row, call Twilio's own SDK, write the row.

What most would write first, with RQ or with Celery. BENCH_DATABASE and BENCH_PROVIDER
say where to; each process connects once.
"""

from __future__ import annotations

import os
from functools import cache

from celery import Celery
from sqlalchemy import Engine, create_engine, text
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from tests.emulator.house import ACCOUNT, TOKEN

SENDER = "+33639980000"
_READ = text(
    "SELECT address, sms FROM delivery JOIN wording ON wording.id = wording_id"
    " WHERE delivery.id = :id AND state = 'queued'"
)
_WRITE = text(
    "UPDATE delivery SET state = 'accepted', provider_id = :sid, handed_over_at = now()"
    " WHERE id = :id"
)


class _Elsewhere(TwilioHttpClient):  # type: ignore[misc]  # requests has no annotations
    """Sends what is meant for api.twilio.com to the emulator."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=10)
        self._base = base

    def request(self, method: str, url: str, *args: object, **options: object) -> Response:
        there = url.replace("https://api.twilio.com", self._base)
        return super().request(method, there, *args, **options)


@cache
def _engine() -> Engine:
    return create_engine(os.environ["BENCH_DATABASE"].replace("://", "+psycopg://"))


@cache
def _client() -> Client:
    return Client(ACCOUNT, TOKEN, http_client=_Elsewhere(os.environ["BENCH_PROVIDER"]))


def send(delivery: int) -> None:
    """Send one delivery."""
    with _engine().connect() as connection:
        row = connection.execute(_READ, {"id": delivery}).one()
    sent = _client().messages.create(to=row.address, from_=SENDER, body=row.sms)
    with _engine().begin() as connection:
        connection.execute(_WRITE, {"id": delivery, "sid": sent.sid})


app = Celery("peer", broker=os.environ.get("BENCH_BROKER", ""))
app.conf.task_ignore_result = True
task = app.task(send, name="send")
