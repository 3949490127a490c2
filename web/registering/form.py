"""Who are you? (S08 to S10): the name, the numbers, the e-mail and a password."""

from __future__ import annotations

from flask import redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from community_store import names, offices, passwords
from community_store.errors import RuleError
from community_store.membership import read_email
from community_store.models import Registration
from dispatch import registering as rules
from gateway import numbers
from gateway.numbers import Kind, NumberError
from web import forms, i18n, identity
from web.access import Policy, access
from web.accounts.room import hasher
from web.forms import Field, Form
from web.registering import sending
from web.registering.room import WITHOUT, going_on, registering, typed
from web.throttle import throttled

NEW = Field("new", "password.new", hint="register.password.hint", kind="password",
            autocomplete="new-password", longest=512, required=False)  # fmt: skip
AGAIN = Field("again", "password.again", kind="password", autocomplete="new-password",
              longest=512, required=False)  # fmt: skip
FIELDS = (
    Field("first_name", "register.first_name", capitals="words", autocomplete="given-name",
          longest=60, missing="register.first_name.missing"),
    Field("last_name", "register.last_name", capitals="words", autocomplete="family-name",
          longest=60, missing="register.last_name.missing"),
    Field("mobile", "register.mobile", hint="register.mobile.hint", kind="tel",
          autocomplete="tel", inputmode="tel", longest=30, required=False),
    Field("landline", "register.landline", hint="register.landline.hint", kind="tel",
          autocomplete="home tel", inputmode="tel", longest=30, required=False),
    Field("hide_number", "register.hide", hint="register.hide.hint", kind="checkbox",
          required=False),
    Field("email", "register.email", hint="register.email.hint", kind="email",
          autocomplete="email", inputmode="email", required=False),
    NEW,
    AGAIN,
)  # fmt: skip


@registering.get("/form")
@access(Policy.ANYONE)
@going_on
def form(row: Registration) -> ResponseReturnValue:
    """The form, with what was typed before."""
    kept = {
        "first_name": row.first_name,
        "last_name": row.last_name,
        "email": row.email,
        "mobile": numbers.national(row.mobile) if row.mobile else "",
        "landline": numbers.national(row.landline) if row.landline else "",
        "hide_number": "yes" if row.hide_number else "",
    }
    return _page(forms.blank(FIELDS, **kept), row)


@registering.post("/form")
@access(Policy.ANYONE)
@throttled("10 per minute; 60 per hour")
@going_on
def fill(row: Registration) -> ResponseReturnValue:
    """Keep it, and send the code and the link. 422 says what is wrong, field by field."""
    filled = forms.read(FIELDS)
    _check_names(filled)
    mobile, landline = _numbers(filled)
    email = _email(filled)
    _check_password(filled, row, email)
    if not filled.ok:
        return _page(filled, row), 422
    hashed = hasher().hash(filled["new"]) if filled["new"] else row.password
    with identity.runtime().store.begin() as db:
        kept = typed(db)
        if kept is None or kept.member_id is not None:
            return redirect(url_for("registering.proofs"), 303)
        if kept.email != email:
            kept.mail_digest = None
        before = rules.number_of(kept)
        kept.first_name, kept.last_name = filled["first_name"], filled["last_name"]
        kept.mobile, kept.landline, kept.email = mobile, landline, email
        kept.hide_number, kept.password = bool(filled["hide_number"]), hashed if email else ""
        kept.language = i18n.asked().language
        db.add(kept)
        moved = rules.number_of(kept) != before
    sending.missing(moved=moved)
    return redirect(url_for("registering.proofs"), 303)


def _page(filled: Form, row: Registration) -> str:
    return render_template("registering/form.html", form=filled, row=row, calls=_calls())


def _calls() -> bool:
    with identity.runtime().store.read() as db:
        return sending.calls(db)


def _check_names(filled: Form) -> None:
    """They are mailed to an address that nobody has proved, and texted to who decides."""
    for name in ("first_name", "last_name"):
        if not names.is_name(filled[name]):
            filled.wrong(name, "register.name.wrong")
    service = identity.runtime().settings.service.name
    if offices.is_office(f"{filled['first_name']} {filled['last_name']}", service=service):
        filled.wrong("first_name", "register.name.office")


def _numbers(filled: Form) -> tuple[str, str]:
    """The mobile and the landline as E.164; each in its own place, whichever field it was in."""
    found = {Kind.MOBILE: "", Kind.LANDLINE: ""}
    for name in ("mobile", "landline"):
        if not filled[name]:
            continue
        try:
            phone = numbers.parse(filled[name])
        except NumberError:
            filled.wrong(name, "register.number.wrong")
            continue
        if found[phone.kind]:
            filled.wrong(name, f"register.two.{phone.kind.value}")
        found[phone.kind] = phone.e164
    _require_number(filled, found[Kind.MOBILE])
    return found[Kind.MOBILE], found[Kind.LANDLINE]


def _require_number(filled: Form, mobile: str) -> None:
    """One of the two; or an e-mail, of whom it turned out that their mobile is another's."""
    without = session.get(WITHOUT, "")
    if without and mobile == without:
        filled.wrong("mobile", "register.number.shared")
    if not (filled["mobile"] or filled["landline"] or (without and filled["email"])):
        filled.wrong("mobile", f"register.number.{'or_email' if without else 'missing'}")
    elif not mobile and filled.ok and not filled["email"] and not _calls():
        filled.wrong("mobile", "register.number.no_voice")


def _email(filled: Form) -> str:
    try:
        return read_email(filled["email"]) if filled["email"] else ""
    except RuleError:
        filled.wrong("email", "register.email.wrong")
        return ""


def _check_password(filled: Form, row: Registration, email: str) -> None:
    """Wanted with an e-mail, of which no other would be the way in; kept if it was given."""
    if not email or (row.password and not filled["new"]):
        return None
    if not filled["new"]:
        return filled.wrong("new", "register.password.missing")
    return check_new(filled, (email, filled["first_name"], filled["last_name"]))


def check_new(form: Form, whose: tuple[str, str, str]) -> None:
    """Whether a password may be chosen by somebody of an e-mail, a first and a last name."""
    email, first, last = whose
    if form["new"] != form["again"]:
        return form.wrong("again", "password.differ")
    service = identity.runtime().settings.service.name
    try:
        names = [first, last, first + last, f"{first} {last}"]
        passwords.check(form["new"], about=[service, email, email.partition("@")[0], *names])
    except RuleError as refused:
        form.wrong("new", f"password.{refused.code}")
    return None
