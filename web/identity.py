"""Who is asking: the cookie, the session behind it, the network address.

Nothing is read before somebody asks, so a page for everybody costs nothing more.
"""

from __future__ import annotations

import hashlib
import hmac
from ipaddress import IPv6Address, ip_address, ip_network
from typing import cast

from flask import Response, current_app, g, request, session
from sqlmodel import Session

from community_store import sessions
from community_store.accounts import Person
from community_store.models import Account, Agent, Member, MemberState
from community_store.sessions import SignedIn
from config import Settings
from dispatch.act import Act
from dispatch.runtime import Runtime

BROWSERS = (  # in this order: each also claims to be those below
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Mac OS X", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux"),
)  # fmt: skip


def runtime() -> Runtime:
    return cast("Runtime", current_app.extensions["tocsin"])


def act(db: Session) -> Act:
    """What the rules are given to work with, in this transaction, now."""
    return Act(db, runtime().settings, runtime().clock())


def https(settings: Settings) -> bool:
    return settings.service.site.startswith("https://")


def cookie_name(settings: Settings) -> str:
    """A browser takes a __Host- cookie from this host alone, over https, for all its pages."""
    return "__Host-tocsin" if https(settings) else "tocsin"


def who() -> SignedIn | None:
    """Whoever is signed in, perhaps by half; read once a request."""
    if "who" not in g:
        g.who = _read()
    return cast("SignedIn | None", g.who)


def whole() -> SignedIn | None:
    """Whoever is signed in with all that they owe."""
    found = who()
    return None if found is None or found.half else found


def member(db: Session) -> Member:
    """The member who is signed in, as a row of this transaction. Only where a policy asks for one."""
    found = who()
    assert found is not None
    assert found.person.member is not None
    return db.get_one(Member, found.person.member.id)


def deciders(person: Person) -> tuple[Member | None, Agent | None]:
    """As whom somebody may be asked to vouch for homes: a référent, an agent, both."""
    found = person.member
    active = found is not None and found.state == MemberState.ACTIVE and found.referent
    return (found if active else None), person.agent


def _read() -> SignedIn | None:
    token = request.cookies.get(cookie_name(runtime().settings), "")
    if not token:
        return None
    now = runtime().clock()
    with runtime().store.read() as session_:
        found = sessions.find(session_, token, now)
    if found is not None and now - found.row.seen_at > sessions.SEEN_EVERY:
        with runtime().store.begin() as session_:
            sessions.seen(session_, found.row, now)
    return found


def sign_in(response: Response, account: Account) -> Response:
    """Begin a session for who has proved to be the account's, and give the browser its token.

    What the browser was signed in with before is over, and so are the tokens of its forms.
    """
    before = who()
    with runtime().store.begin() as session_:
        if before is not None:
            sessions.end(session_, before.row.id)
        token = sessions.begin(session_, account, runtime().clock(), device=device())
    return give(response, token)


def give(response: Response, token: str) -> Response:
    """Put a session's token in the browser; the server knows when it is over."""
    session.clear()
    settings = runtime().settings
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=int(sessions.MEMBERS.total_seconds()),
        secure=https(settings),
        httponly=True,
        samesite="Lax",
    )
    return response


def sign_out(response: Response) -> Response:
    """Take the token back; the caller has ended the session on the server."""
    session.clear()
    settings = runtime().settings
    response.delete_cookie(
        cookie_name(settings), secure=https(settings), httponly=True, samesite="Lax"
    )
    return response


def origin() -> str:
    """The network address that asks; of IPv6 the /64, which one household has."""
    told = request.remote_addr or ""
    try:
        address = ip_address(told)
    except ValueError:
        return told
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network(f"{address}/64", strict=False).network_address)
    return str(getattr(address, "ipv4_mapped", None) or address)


def device() -> str:
    """What the browser says it is, in two words: enough to know one's own."""
    told = request.user_agent.string
    found = [next((name for mark, name in table if mark in told), "")
             for table in (BROWSERS, SYSTEMS)]  # fmt: skip
    return " · ".join(filter(None, found))


def keyed(what: str) -> str:
    """What may be kept as a key elsewhere (Redis) in the place of an address."""
    key = f"web:{runtime().settings.secret_key()}".encode()
    return hmac.new(key, what.strip().lower().encode(), hashlib.sha256).hexdigest()[:32]
