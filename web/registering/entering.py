"""Into the account that a proof made, or that was there, and on to what comes next."""

from __future__ import annotations

from flask import Response, flash, redirect, url_for

from community_store.models import Account
from dispatch import wake
from dispatch.registering import Proved
from web import identity
from web.accounts.sign_in import HOME, let_in

ON = "/community"


def goes_on(proved: Proved) -> Response:
    """Into the account, and on to what comes next."""
    wake.pump(identity.runtime())
    if proved.taken:
        answer = enter(proved.account, url_for("registering.proofs"))
        flash("register.taken")
    elif proved.known:
        answer = enter(proved.account, HOME)
        flash("register.known")
    else:
        answer = enter(proved.account, ON)
    return answer


def enter(account: Account, wanted: str) -> Response:
    """Sign in who has proved to be the account's, unless they are."""
    who = identity.whole()
    if who is not None and who.person.account.id == account.id:
        answer = redirect(wanted, 303)
        assert isinstance(answer, Response)
        return answer
    return let_in(account, wanted)
