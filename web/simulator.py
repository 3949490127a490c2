"""The page of handsets: text from any telephone of a trial, and see what each receives.

It exists only while a simulator gateway is configured, and, since anybody texts here as
anybody, only for this machine, or where `security.simulator_public` opens it (dispatch.trials).
A text from a handset goes through the same code as one from a real gateway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from dispatch import trials
from dispatch.runtime import Runtime
from web import cast, handsets, i18n, mailbox, outcome
from web.access import Policy, access
from web.cast import Group, Person
from web.i18n import Words

simulator = Blueprint("simulator", __name__)

CURSOR = re.compile(r"([0-9]{1,18})\.([0-9]{1,19})")  # a message's id, a letter's time


@simulator.before_request
def _for_trials_only() -> None:
    settings = _runtime().settings
    headers = {name.lower(): value for name, value in request.headers.items()}
    if not trials.may_look(settings, request.remote_addr or "", headers):
        abort(404)
    if not handsets.gateways(settings):
        abort(404)


@simulator.after_request
def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@simulator.get("/simulator")
@access(Policy.TRIAL)
def page() -> ResponseReturnValue:
    """Everybody with a handset, and the handset of the person that `who` names."""
    cursor = _cursor(0, 0)  # before reading, so that the first poll misses nothing
    groups, result, number = _scene()
    people = _people(groups)
    chosen = cast.find(groups, request.args.get("who", ""))
    person = chosen or next((p for p in people if p.mobile), people[0])
    return render_template(
        "simulator/page.html",
        groups=groups,
        result=result,
        number=number,
        cursor=cursor,
        chosen=chosen is not None,
        latest=_latest(people),
        view=_view(),
        t=_words(),
        members=sum(len(g.people) for g in groups if g.id.startswith("c")),
        communities=sum(g.id.startswith("c") for g in groups),
        **_held(person),
    )


@simulator.get("/simulator/people/<person_id>")
@access(Policy.TRIAL)
def fragment(person_id: str) -> ResponseReturnValue:
    """One person's handset and mailbox, as a part of the page."""
    groups, _, number = _scene()
    person = cast.find(groups, person_id) or abort(404)
    return render_template(
        "simulator/person.html", number=number, view=_view(), t=_words(), **_held(person)
    )


@simulator.get("/simulator/feed")
@access(Policy.TRIAL)
def feed() -> ResponseReturnValue:
    """What happened since the cursor `after`, for a page that asks again and again."""
    heard, written = _after(request.args.get("after", ""))
    messages = handsets.since(_runtime(), heard)
    letters = mailbox.read(_mail_folder(), after_ns=written - mailbox.OVERLAP_NS)
    _, result, _ = _scene()
    events = [
        {
            "id": f"s{m.id}",
            "channel": "voice" if m.kind == "call" else "sms",
            "address": m.handset,
            "direction": m.direction,
            "text": m.text,
        }
        for m in messages
    ]
    events += [
        {
            "id": letter.id,
            "channel": "email",
            "address": letter.to,
            "direction": "in",
            "text": letter.subject,
        }
        for letter in letters
    ]
    heard = max([heard, *(m.id for m in messages)])
    written = max([written, *(letter.written_ns for letter in letters)])
    return jsonify(
        cursor=f"{heard}.{written}", events=events, alert=result.as_json() if result else None
    )


@simulator.get("/simulator/handsets/<e164>")
@access(Policy.TRIAL)
def handset(e164: str) -> ResponseReturnValue:
    """Everything that a telephone sent and received, oldest first."""
    try:
        number = handsets.telephone(e164)
    except handsets.Unusable as error:
        return jsonify(error=str(error)), 400
    return jsonify(messages=handsets.as_json(_runtime(), number))


@simulator.post("/simulator/handsets/<e164>")
@access(Policy.TRIAL)
def text_from(e164: str) -> ResponseReturnValue:
    """A telephone sends a text, or a key is pressed on it, or it is left to ring.

    JSON from programs and the script, a form from the page.
    """
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        abort(403)  # a form on somebody else's page
    told: Any = request.form or request.get_json(force=True, silent=True)
    try:
        done, status = _told(handsets.telephone(e164), told)
    except handsets.Unusable as error:
        return jsonify(error=str(error)), 400
    if not request.form:
        return jsonify(done), status
    back = {key: request.form[key] for key in ("who", "lang", "view") if request.form.get(key)}
    return redirect(f"{url_for('simulator.page')}?{urlencode(back)}#phone", 303)


def _told(telephone: str, told: Any) -> tuple[dict[str, Any], int]:
    """Do what a telephone was told to; what to answer. Raises handsets.Unusable."""
    if isinstance(told, Mapping) and "key" in told:
        answer = handsets.press(_runtime(), telephone, str(told["key"]))
        return {"said": answer.text, "language": answer.language}, 200
    if isinstance(told, Mapping) and "answers" in told:
        answers = told["answers"] in (True, "yes", "true")
        handsets.phones(_runtime()).let_answer(telephone, answers=answers)
        return {"answers": answers}, 200
    return {"id": handsets.send(_runtime(), telephone, told)}, 201


@simulator.get("/simulator/mail")
@access(Policy.TRIAL)
def mail() -> ResponseReturnValue:
    """Every mail, the newest last."""
    return jsonify([letter.as_json() for letter in mailbox.read(_mail_folder())])


def _runtime() -> Runtime:
    runtime: Runtime = current_app.extensions["tocsin"]
    return runtime


def _words() -> Words:
    """French first; `?lang=en` asks for English."""
    catalogues: dict[str, Words] = current_app.extensions["tocsin.words"]
    wanted = request.values.get("lang", "")
    return catalogues.get(wanted) or catalogues.get(i18n.FIRST) or next(iter(catalogues.values()))


def _view() -> str:
    return "wall" if request.values.get("view") == "wall" else "people"


def _scene() -> tuple[list[Group], outcome.Outcome | None, str]:
    """The groups, what became of the latest alert, and the number to text."""
    words = _words()
    notes = cast.read_notes(_runtime().settings.data_dir / "cast.json")
    with _runtime().store.read() as session:
        groups = cast.groups(session, notes, words)
        result = outcome.latest(session, _people(groups), words)
        return groups, result, handsets.default_number(session, _runtime().settings) or ""


def _people(groups: Iterable[Group]) -> list[Person]:
    return [person for group in groups for person in group.people]


def _held(person: Person) -> dict[str, Any]:
    """A person with the messages and the letters that they hold, for a template."""
    letters = mailbox.read(_mail_folder()) if person.email else []
    number = person.mobile or person.landline
    return {
        "person": person,
        "messages": handsets.messages(_runtime(), number) if number else [],
        "prices": handsets.prices(_runtime()),
        "answers": handsets.phones(_runtime()).answers(number),
        "letters": [letter for letter in letters if letter.to == person.email],
    }


def _latest(people: Iterable[Person]) -> dict[str, str]:
    """The last SMS that each person received, for the small screens of the wall."""
    heard = handsets.since(_runtime(), 0)
    latest = {message.handset: message.text for message in heard if message.direction == "in"}
    return {person.id: latest[person.mobile] for person in people if person.mobile in latest}


def _mail_folder() -> Path | None:
    return mailbox.folder(_runtime().settings.mail_url)


def _cursor(heard: int, written: int) -> str:
    """Where the feed stands now: the last message, and the time of the last letter."""
    messages = handsets.since(_runtime(), heard)
    letters = mailbox.read(_mail_folder(), after_ns=written)
    last = max((m.id for m in messages), default=heard)
    return f"{last}.{max((letter.written_ns for letter in letters), default=written)}"


def _after(cursor: str) -> tuple[int, int]:
    """Anything unreadable means: from the beginning."""
    told = CURSOR.fullmatch(cursor)
    return (int(told[1]), int(told[2])) if told else (0, 0)
