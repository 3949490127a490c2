"""/contact: whoever has a question, an objection or an appeal writes to the team, by a form.

It is open to everybody, suspended members too. Who gave no e-mail can leave a number.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store.errors import RuleError
from dispatch import contacting, wake
from dispatch.contacting import About, Message, Who
from gateway import numbers
from gateway.numbers import NumberError
from web import forms, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.throttle import throttled

contact = Blueprint("contact", __name__)
log = structlog.get_logger(__name__)

FORM = [one for one in About if one is not About.REFERENT]  # who has a form of their own
NAME = Field("name", "contact.name", capitals="words", autocomplete="name", longest=80,
             missing="contact.name.missing")  # fmt: skip
ANSWER_TO = Field("answer_to", "contact.answer_to", hint="contact.answer_to.hint",
                  autocomplete="email", missing="contact.answer_to.missing")  # fmt: skip
ABOUT = Field("about", "contact.about", kind="select", missing="contact.about.missing",
              choices=(("", "contact.about.choose"), *((one.value, f"contact.about.{one}") for one in FORM)))  # fmt: skip
TEXT = Field("text", "contact.text", hint="contact.text.hint", kind="textarea", longest=4000,
             missing="contact.text.missing")  # fmt: skip
FIELDS = (NAME, ANSWER_TO, ABOUT, TEXT)


@contact.get("/contact")
@access(Policy.ANYONE)
def ask() -> ResponseReturnValue:
    """The form, with what we know of who is signed in; `?about=` chooses what it is about."""
    about = request.args.get("about", "")
    known = about if about in set(FORM) else ""
    return _page(forms.blank(FIELDS, **mine(), about=known))


@contact.post("/contact")
@access(Policy.ANYONE)
@throttled("10 per hour; 30 per day")
def send() -> ResponseReturnValue:
    """Queue the mail; what is wrong is said, with what was typed still there."""
    form = forms.read(FIELDS)
    address = read_address(form)
    if form.ok and _sent(form, address):
        return redirect(url_for("contact.sent"), 303)
    return _page(form), 422


@contact.get("/contact/sent")
@access(Policy.ANYONE)
def sent() -> ResponseReturnValue:
    """It is on its way, and what comes now."""
    return render_template("contact/sent.html")


def _page(form: Form) -> str:
    box = contacting.mailbox(identity.runtime().settings)
    return render_template("contact/form.html", form=form, open=bool(box))


def mine() -> dict[str, str]:
    """The name of whoever is signed in, and where they have answers sent."""
    found = identity.whole()
    if found is None:
        return {}
    person = found.person
    somebody = person.member or person.agent or person.account
    mobile = getattr(somebody, "mobile", None) or getattr(somebody, "landline", None)
    address = somebody.email or (numbers.national(mobile) if mobile else "")
    return {"name": person.name, "answer_to": address or ""}


def read_address(form: Form) -> str:
    """Where the answer goes, as people write it; what is wrong with it is noted."""
    try:
        return contacting.read_address(identity.runtime().settings, form["answer_to"])
    except NumberError:
        form.wrong("answer_to", "contact.answer_to.wrong")
    except RuleError as refused:
        form.wrong("answer_to", f"contact.answer_to.{refused.code}")
    return ""


def _sent(form: Form, address: str) -> bool:
    who, member_id = _who()
    message = Message(form["name"], address, About(form["about"]), form["text"], who, member_id)
    return queued(form, lambda _: message)


def queued(form: Form, write: Callable[[Session], Message]) -> bool:
    """Queue the mail to the team; False, with the words for it in the form, when it is refused."""
    runtime = identity.runtime()
    try:
        with runtime.store.begin() as db:
            message = write(db)
            notice = contacting.send(identity.act(db), message)
            log.info("contact", notice=notice.id, about=message.about)
    except RuleError as refused:
        form.wrong("", f"contact.{refused.code}")
        return False
    wake.pump(runtime)
    return True


def _who() -> tuple[Who, int | None]:
    """What the writer is to us now, which no form can say."""
    found = identity.whole()
    if found is None:
        return Who.UNKNOWN, None
    person = found.person
    if person.account.team:
        return Who.TEAM, None
    if person.agent is not None:
        return Who.AGENT, None
    if person.member is None:
        return Who.UNKNOWN, None
    return Who(person.member.state), person.member.id
