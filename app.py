"""create_app(): the only wiring of the web side."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from config import Settings
from dispatch import heap, logs
from dispatch.runtime import Runtime, open_runtime
from web import (
    access,
    bounds,
    errors,
    headers,
    i18n,
    identity,
    maps,
    page,
    rooms,
    throttle,
    uploads,
)
from web.access import Policy
from webhooks.views import webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PR_SET_PDEATHSIG = 1
LARGEST_BODY = 1024 * 1024  # bytes; a text is under 2 kB

POLICIES = {"static": Policy.ANYONE}
PROVED = dict.fromkeys(("webhooks.sms", "webhooks.status", "webhooks.voice"), Policy.PROVED)


def create_app(settings: Settings, runtime: Runtime | None = None) -> Flask:
    """The WSGI application. `runtime` is made from the settings unless given."""
    app = Flask("tocsin", root_path=__file__.rpartition("/")[0], static_folder="web/static",
                template_folder="web/templates")  # fmt: skip
    app.config.update(_flask(settings))
    app.extensions["tocsin"] = runtime or open_runtime(settings)
    app.extensions["tocsin.words"] = i18n.load(
        settings.service.languages, settings.service.time_zone
    )
    uploads.install(app)
    app.before_request(access.guard)
    bounds.install(app)
    csrf = CSRFProtect(app)
    for blueprint in (*rooms.PAGES, *rooms.BY_PROGRAMS):
        app.register_blueprint(blueprint)
    for blueprint in rooms.BY_PROGRAMS:
        csrf.exempt(blueprint)
    access.grant(app, POLICIES)
    throttle.install(app, settings)
    for installed in (*rooms.INSTALLED, page, maps, errors):
        installed.install(app)
    for texts in rooms.TEXTS:
        texts.install(app, settings)
    headers.install(app, settings)
    _answer_providers(app, settings)
    _believe_proxies(app, settings)
    return app


def _answer_providers(app: Flask, settings: Settings) -> None:
    """Answer the webhooks by an application of their own, without forms, sessions and counts.

    What the pages need took a third of the time in which a text is taken in.
    """
    hooks = Flask("tocsin.webhooks", static_folder=None)
    hooks.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    hooks.extensions["tocsin"] = app.extensions["tocsin"]
    hooks.before_request(access.guard)
    hooks.register_blueprint(webhooks)
    access.grant(hooks, PROVED)
    errors.install(hooks)
    headers.install_for_programs(hooks, settings)
    app.extensions["tocsin.webhooks"] = hooks
    pages, prefix = app.wsgi_app, f"{webhooks.url_prefix}/"

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        called = environ["PATH_INFO"].startswith(prefix)
        return (hooks.wsgi_app if called else pages)(environ, start)

    app.wsgi_app = answer  # type: ignore[assignment, method-assign]  # as Flask says to


def _flask(settings: Settings) -> dict[str, object]:
    https = identity.https(settings)
    return {
        "MAX_CONTENT_LENGTH": LARGEST_BODY,
        "SECRET_KEY": settings.secret_key(),
        "SESSION_COOKIE_NAME": "__Host-form" if https else "form",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": None,  # a form may be filled in slowly
        "WTF_CSRF_SSL_STRICT": False,  # we send no Referer to check; the token is the proof
    }


def _believe_proxies(app: Flask, settings: Settings) -> None:
    """Take the caller's address and scheme from as many proxies as stand in front, no more."""
    count = settings.security.trusted_proxies
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]  # as Flask says to


def serve() -> Flask:
    """For a WSGI server's factory: the application of the configuration in force."""
    _die_with_the_server()
    logs.configure("web")
    app = create_app(config.load())
    heap.freeze()
    return app


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
