"""create_app(): the only wiring of the web side."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from config import Settings
from dispatch import logs
from dispatch.runtime import Runtime, open_runtime
from web import (
    access,
    bounds,
    contact,
    errors,
    front,
    headers,
    home,
    i18n,
    identity,
    language,
    legal,
    maps,
    page,
    throttle,
    uploads,
)
from web.access import Policy
from web.accounts import room
from web.accounts.account import account
from web.accounts.password import password
from web.accounts.second_factor import second_factor
from web.accounts.sharing import sharing
from web.accounts.sign_in import sign_in
from web.activation.document import document
from web.activation.page import activation
from web.activation.partner import partner
from web.alert_page import alert_page
from web.alerts import archive, doing, new_one  # noqa: F401  # their routes
from web.alerts import one as one_alert
from web.alerts.room import room as alerts_room
from web.community import boundary, naming, ours, twins  # noqa: F401  # their routes
from web.community.drawing import drawing
from web.community.new import new
from web.community.page import community
from web.community.room import room as neighbourhood
from web.community.twin_link import twin_link
from web.deciding.page import deciding
from web.deciding.team import team_pages
from web.directory.page import directory
from web.first_steps.page import first_steps
from web.gazette import commenting, digest, listing, showing, writing  # noqa: F401  # their routes
from web.gazette.room import room as gazette_room
from web.health import health
from web.help_centre import questions
from web.help_centre.page import help_centre
from web.invite.page import invite
from web.messages import choosing, inbox, parting  # noqa: F401  # their routes
from web.messages import one as one_conversation  # noqa: F401  # its routes
from web.messages import writing as writing_messages  # noqa: F401  # its routes
from web.messages.absence import absence
from web.messages.room import room as messages_room
from web.notifications.application import application
from web.notifications.page import moving
from web.notifications.page import notifications as notified
from web.profile import (  # noqa: F401  # their routes
    about,
    closing,
    data,
    email,
    name,
    notifications,
    numbers,
    seen,
    sure,
)
from web.profile.room import profile, settings_room
from web.registering import address, form, link, place, proofs, town  # noqa: F401  # their routes
from web.registering.room import registering
from web.reports.deciding import reports_pages
from web.reports.filing import filing
from web.simulator import simulator
from web.unsubscribe import unsubscribe
from webhooks.views import webhooks

PR_SET_PDEATHSIG = 1
LARGEST_BODY = 1024 * 1024  # bytes; a text is under 2 kB

PAGES = (
    front.front, home.home, language.language, sign_in, sharing, password, second_factor, account,
    alert_page, health, registering, community, drawing, new, activation, document, partner,
    first_steps, deciding, team_pages,
    alerts_room, gazette_room, messages_room, absence, filing, reports_pages,
    neighbourhood, twin_link, directory, profile, settings_room, application, notified,
    help_centre, invite, contact.contact, legal.legal,
)  # fmt: skip
# called by programs, which have no form of ours: each call proves itself, or is of a trial
BY_PROGRAMS = (webhooks, simulator, unsubscribe, moving)
POLICIES = {
    "static": Policy.ANYONE,
    "webhooks.sms": Policy.PROVED,
    "webhooks.status": Policy.PROVED,
    "webhooks.voice": Policy.PROVED,
}


def create_app(settings: Settings, runtime: Runtime | None = None) -> Flask:
    """The WSGI application. `runtime` is made from the settings unless given."""
    app = Flask("tocsin", root_path=__file__.rpartition("/")[0], static_folder="web/static",
                template_folder="web/templates")  # fmt: skip
    app.config.update(_flask(settings))
    app.extensions["tocsin"] = runtime or open_runtime(settings)
    app.extensions["tocsin.words"] = i18n.load(
        settings.service.languages, settings.service.time_zone
    )
    _believe_proxies(app, settings)
    uploads.install(app)
    app.before_request(access.guard)
    bounds.install(app)
    csrf = CSRFProtect(app)
    for blueprint in (*PAGES, *BY_PROGRAMS):
        app.register_blueprint(blueprint)
    for blueprint in BY_PROGRAMS:
        csrf.exempt(blueprint)
    access.grant(app, POLICIES)
    throttle.install(app, settings)
    for room_ in (room, front, page, maps, one_alert, errors):
        room_.install(app)
    for texts in (questions, legal):
        texts.install(app, settings)
    headers.install(app, settings)
    return app


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
