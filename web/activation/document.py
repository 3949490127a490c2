"""/activation/document: a proof of address is sent to the team (S27, S28)."""

from __future__ import annotations

from contextlib import closing

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from community_store.errors import RuleError
from community_store.models import MemberState
from dispatch import proof_reading, proving, refusals
from web import i18n, identity
from web.access import Policy, access
from web.throttle import throttled
from web.uploads import takes_document

document = Blueprint("document", __name__, url_prefix="/activation/document")


@document.get("")
@access(Policy.PENDING)
def ask() -> ResponseReturnValue:
    """What is wanted, who sees it, and when it is destroyed; an active member is through."""
    return _page()


def _page(refused: str = "", status: int = 200) -> ResponseReturnValue:
    joining, who = identity.runtime().settings.joining, identity.who()
    member = who.person.member if who else None
    through = member is not None and member.state == MemberState.ACTIVE
    return render_template(
        "activation/document.html", joining=joining, refused=refused, through=through,
        somewhere=member is not None and member.community_id is not None,
    ), status  # fmt: skip


@document.post("")
@access(Policy.PENDING)
@throttled("10 per hour")
@takes_document
def send() -> ResponseReturnValue:
    """Read by a process of its own, kept encrypted, and no more of what was sent than that."""
    runtime, sent = identity.runtime(), request.files.get("document")
    try:
        with runtime.store.read() as db:
            proving.require_may_offer(identity.act(db), identity.member(db))
        if sent is None or not sent.filename:
            raise RuleError("proof_missing", "no file was sent")
        with closing(sent.stream):  # on the disk, when it is long
            picture = proof_reading.read(runtime.settings, sent.stream.read())
        with runtime.store.begin() as db:
            proving.offer(identity.act(db), identity.member(db), picture)
    except RuleError as error:
        return _page(refusals.in_words(i18n.asked().language, error), 422)
    flash("activation.document.sent")
    return redirect(url_for("activation.show"), 303)
