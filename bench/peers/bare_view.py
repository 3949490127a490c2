"""A Flask view that does what every webhook must, and no more.

`python -m bench.peers.bare_view --port P --workers N`: checks Twilio's signature, inserts
the row of an incoming text, enqueues an RQ job that names it.
"""

from __future__ import annotations

import argparse

from flask import Flask, Response, abort, request
from granian import Granian
from granian.constants import Interfaces
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import create_engine, text
from twilio.request_validator import RequestValidator

import config
from dispatch.runtime import connect_redis
from tests.emulator.house import TOKEN

_INSERT = text(
    "INSERT INTO inbound_text (gateway, gateway_id, sender, recipient, text, received_at, state,"
    " outcome, tries) VALUES ('bare', :MessageSid, :From, :To, :Body, now(), 'new', '', 0)"
    " ON CONFLICT DO NOTHING RETURNING id"
)


def create_app() -> Flask:
    settings = config.load()
    engine = create_engine(settings.database_url.replace("://", "+psycopg://"), pool_size=10)
    queue = Queue("bare", connection=connect_redis(settings.redis_url), serializer=JSONSerializer)
    validator = RequestValidator(TOKEN)
    app = Flask("bare")

    @app.post("/webhooks/twilio/sms")
    def sms() -> Response:
        form = request.form.to_dict()
        address = settings.service.site + request.path
        if not validator.validate(address, form, request.headers.get("X-Twilio-Signature", "")):
            abort(403)
        with engine.begin() as connection:
            row = connection.execute(_INSERT, form).scalar_one_or_none()
        if row is not None:
            queue.enqueue("bare.read", row, result_ttl=0, failure_ttl=3600, job_timeout=3600)
        return Response("<Response/>", mimetype="text/xml")

    return app


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.peers.bare_view")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    Granian(
        "bench.peers.bare_view:create_app", factory=True, address="127.0.0.1", port=given.port,
        workers=given.workers, interface=Interfaces.WSGI, blocking_threads=8, backlog=1024,
        log_access=False, websockets=False,
    ).serve()  # fmt: skip


if __name__ == "__main__":
    main()
