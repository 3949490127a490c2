"""/activation/partner/<name>: a partner that knows where somebody lives says so (S26).

A link leads there, not a form: nothing is changed by it, and the pages' policy lets a form
be sent to us alone.
"""

from __future__ import annotations

from dataclasses import asdict

import structlog
from flask import Blueprint, abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from community_store.errors import RuleError
from config import PartnerSection
from dispatch import partner_proof, refusals, wake
from gateway import openid
from gateway.geocoder import GeocoderAway
from gateway.openid import Claim, Errand, Partner, PartnerAway, PartnerDenied, PartnerInvalid
from web import i18n, identity
from web.access import Policy, access
from web.activation.page import page
from web.throttle import throttled

log = structlog.get_logger(__name__)

partner = Blueprint("partner", __name__, url_prefix="/activation/partner")

ERRAND = "partner"  # in the browser's signed cookie
HOLDS = 600  # seconds in which one must be back


@partner.get("/<name>")
@access(Policy.PENDING)
@throttled("10 per minute; 60 per hour")
def leave(name: str) -> ResponseReturnValue:
    """To the partner, with an errand that only this browser can bring back."""
    section = _section(name)
    try:
        with identity.runtime().store.read() as db:
            partner_proof.require_may_prove(identity.act(db), identity.member(db))
        errand = openid.begin(_partner(section), _back(name))
    except RuleError as error:
        return _refused(error, section)
    except (PartnerAway, PartnerInvalid) as error:
        return _failed(name, error, section)
    session[ERRAND] = {**asdict(errand), "url": "", "name": name, "whose": _whose(), "at": _now()}
    return redirect(errand.url, 303)


@partner.get("/<name>/back")
@access(Policy.PENDING)
@throttled("10 per minute; 60 per hour")
def come_back(name: str) -> ResponseReturnValue:
    """What the partner says is compared with the declared home, and forgotten."""
    section, errand = _section(name), _errand(name)
    if errand is None:
        return _refused(RuleError("partner_expired", "no errand of this browser"), section)
    try:
        claim = openid.finish(_partner(section), _back(name), errand, request.args)
        return _judged(name, section, claim)
    except RuleError as error:
        return _refused(error, section)
    except PartnerDenied:
        return _refused(RuleError("partner_denied", "they or the partner said no"), section)
    except (PartnerInvalid, PartnerAway, GeocoderAway) as error:
        return _failed(name, error, section)


def _judged(name: str, section: PartnerSection, claim: Claim) -> ResponseReturnValue:
    runtime = identity.runtime()
    told = partner_proof.look_up(runtime.settings, name, claim)
    with runtime.store.begin() as db:
        apart = partner_proof.compare(identity.act(db), identity.member(db), told)
    if apart is not None:
        return _refused(RuleError("partner_elsewhere", f"{apart} m apart"), section)
    wake.pump(runtime)
    return redirect(url_for("activation.show"), 303)


def _section(name: str) -> PartnerSection:
    section = identity.runtime().settings.partner.get(name)
    return section or abort(404)


def _partner(section: PartnerSection) -> Partner:
    secret = section.client_secret.get_secret_value()
    return Partner(section.issuer, section.client_id, secret, section.scope)


def _back(name: str) -> str:
    return identity.runtime().settings.service.site + url_for("partner.come_back", name=name)


def _errand(name: str) -> Errand | None:
    """What this member left with, less than ten minutes ago; it counts once."""
    kept = session.pop(ERRAND, None)
    if not isinstance(kept, dict) or (kept["name"], kept["whose"]) != (name, _whose()):
        return None
    if not 0 <= _now() - kept["at"] < HOLDS:
        return None
    return Errand(kept["url"], kept["state"], kept["nonce"], kept["verifier"])


def _whose() -> int:
    who = identity.who()
    assert who is not None
    return who.row.account_id


def _now() -> int:
    return int(identity.runtime().clock().timestamp())


def _failed(name: str, error: Exception, section: PartnerSection) -> ResponseReturnValue:
    """A fault of ours, the partner's, or of whoever tampers: the operator reads of it too."""
    invalid = isinstance(error, PartnerInvalid)
    log.warning("partner_failed", partner=name, invalid=invalid, error=str(error))
    code, status = ("partner_invalid", 422) if invalid else ("partner_away", 503)
    return _refused(RuleError(code, str(error)), section, status)


def _refused(error: RuleError, section: PartnerSection, status: int = 422) -> ResponseReturnValue:
    told = RuleError(error.code, str(error), facts={"partner": section.label})
    return page(refused=refusals.in_words(i18n.asked().language, told), status=status)
