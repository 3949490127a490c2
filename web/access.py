"""Who may use a route: each says so, and one that does not is closed to all.

    @pages.get("/directory")
    @access(Policy.MEMBER)
    def directory() -> ResponseReturnValue: ...

A view asks `mine(...)` of whatever an id in the address names: what is another's does not
exist (404).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

import structlog
from flask import Flask, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden, Unauthorized

from community_store.models import Member, MemberState
from community_store.sessions import SignedIn
from web import identity

log = structlog.get_logger(__name__)
View = TypeVar("View", bound=Callable[..., Any])
GRANTS = "tocsin.access"


class Policy(StrEnum):
    """From the most open to the most closed; see ADMITS."""

    ANYONE = "anyone"
    PROVED = "proved"  # whatever calls proves itself: a webhook's signature, a link's token
    TRIAL = "trial"  # callers on this machine, where nothing is real (dispatch.trials)
    HALF = "half"  # gave a password, owes the second factor
    SIGNED_IN = "signed_in"  # whoever has an account, suspended ones too
    OWN = "own"  # a member, suspended ones too: for what is theirs by right
    PENDING = "pending"  # a member on the way in, or in
    MEMBER = "member"  # an active member of a community
    READER = "reader"  # an active member, or an agent: whom alerts are told
    REFERENT = "referent"  # one who looks after it
    AGENT = "agent"
    DECIDER = "decider"  # who may be asked to vouch for homes: a référent, or an agent
    TEAM = "team"


def _joining(member: Member | None) -> bool:
    return member is not None and member.state in (MemberState.PENDING, MemberState.ACTIVE)


def _active(member: Member | None) -> bool:
    return (
        member is not None
        and member.state == MemberState.ACTIVE
        and member.community_id is not None
    )


ADMITS: Mapping[Policy, Callable[[SignedIn], bool]] = {
    Policy.SIGNED_IN: lambda who: not who.half,
    Policy.OWN: lambda who: not who.half and who.person.member is not None,
    Policy.PENDING: lambda who: not who.half and _joining(who.person.member),
    Policy.MEMBER: lambda who: not who.half and _active(who.person.member),
    Policy.READER: lambda who: (
        not who.half and (_active(who.person.member) or who.person.agent is not None)
    ),
    Policy.REFERENT: lambda who: (
        not who.half
        and _active(who.person.member)
        and bool(who.person.member and who.person.member.referent)
    ),
    Policy.AGENT: lambda who: not who.half and who.person.agent is not None,
    Policy.DECIDER: lambda who: ADMITS[Policy.REFERENT](who) or ADMITS[Policy.AGENT](who),
    Policy.TEAM: lambda who: not who.half and who.person.account.team,
    Policy.HALF: lambda who: who.half,
}
OPEN = (Policy.ANYONE, Policy.PROVED, Policy.TRIAL)  # nobody has to be signed in


def access(policy: Policy) -> Callable[[View], View]:
    """Declare who may use a view. Below the route's decorator."""

    def declare(view: View) -> View:
        view.access = policy  # type: ignore[attr-defined]  # a mark on the function
        return view

    return declare


def grant(app: Flask, policies: Mapping[str, Policy]) -> None:
    """Declare who may use endpoints whose views cannot say so."""
    app.extensions.setdefault(GRANTS, {}).update(policies)


def policy_of(app: Flask, endpoint: str) -> Policy | None:
    """The policy that a route declares; None: nobody may use it."""
    granted: Policy | None = app.extensions.get(GRANTS, {}).get(endpoint)
    return granted or getattr(app.view_functions.get(endpoint), "access", None)


def guard() -> ResponseReturnValue | None:
    """Before each request: let in whoever the route's policy admits."""
    if request.endpoint is None:
        return None  # no such page
    policy = policy_of(current_app, request.endpoint)
    if policy is None:
        log.error("route_without_policy", endpoint=request.endpoint)
        abort(403)
    if policy in OPEN:
        return None
    who = identity.who()
    if who is not None and ADMITS[policy](who):
        return None
    return _turned_away(who)


def _turned_away(who: SignedIn | None) -> ResponseReturnValue:
    """Say what would help: sign in, finish signing in, or nothing."""
    reads = request.method in ("GET", "HEAD")
    if "HX-Request" in request.headers:  # a part of a page: the whole page says what would help
        return "", 401, {"HX-Refresh": "true"}
    if who is not None and who.half and reads:
        return redirect(url_for("second_factor.ask"), 303)
    if who is None and reads:
        wanted = request.full_path.rstrip("?")
        return redirect(url_for("sign_in.ask", next=wanted), 303)
    raise Unauthorized if who is None or who.half else Forbidden


def mine(of: bool | int | None, *, theirs: int | None = None) -> None:
    """404 unless what was named is the reader's: `mine(row.community_id, theirs=my_id)`."""
    owned = of if isinstance(of, bool) else of is not None and of == theirs
    if not owned:
        abort(404)
