"""create_app(): the only wiring of the web side."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys

from flask import Flask

import config
from config import Settings
from dispatch.runtime import Runtime, open_runtime
from web import headers
from web.alert_page import alert_page
from web.health import health
from web.simulator import simulator
from web.unsubscribe import unsubscribe
from webhooks.views import webhooks

PR_SET_PDEATHSIG = 1
LARGEST_BODY = 1024 * 1024  # bytes; a text is under 2 kB


def create_app(settings: Settings, runtime: Runtime | None = None) -> Flask:
    """The WSGI application. `runtime` is made from the settings unless given."""
    app = Flask("tocsin", root_path=__file__.rpartition("/")[0], static_folder="web/static")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["SECRET_KEY"] = settings.secret_key()
    app.extensions["tocsin"] = runtime or open_runtime(settings)
    for blueprint in (webhooks, health, simulator, unsubscribe, alert_page):
        app.register_blueprint(blueprint)
    app.after_request(headers.strict)
    return app


def serve() -> Flask:
    """For a WSGI server's factory: the application of the configuration in force."""
    _die_with_the_server()
    return create_app(config.load())


def _die_with_the_server() -> None:
    """Have Linux end this process when the server that started it is killed outright.

    It would live on and keep the port, so that no new server could start. The server may
    have been killed while this process was still importing: nobody is told of that any more.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        server = multiprocessing.parent_process()
        if server is not None and server.pid != os.getppid():
            os.kill(os.getpid(), signal.SIGKILL)
