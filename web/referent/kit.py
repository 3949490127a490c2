"""/referent/kit: papers to print and words to send, in both languages (S73)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from web import i18n, identity
from web.access import Policy, access
from web.attached import attached
from web.community.room import looked_after
from web.front import number_to_text
from web.i18n import Words
from web.invite.page import PAPERS, link
from web.referent.room import room
from web.throttle import throttled

TEXTS = ("newsletter", "letter")


@dataclass(frozen=True, slots=True)
class Text:
    """Words ready to be sent or printed, in one language."""

    name: str
    subject: str
    words: str

    @property
    def mail(self) -> str:
        """As an address of one's own mail program."""
        return f"mailto:?subject={quote(self.subject)}&body={quote(self.words)}"


@room.get("/kit")
@access(Policy.REFERENT)
def kit() -> ResponseReturnValue:
    """Everything that there is to print, to copy and to send."""
    with identity.runtime().store.begin() as db:
        about = _about(db)
    texts = {
        language: [_text(words, name, about) for name in TEXTS]
        for language, words in i18n.known().items()
    }
    return render_template(
        "referent/kit.html",
        papers=PAPERS,
        texts=texts,
        community=about["community"],
        link=about["link"],
    )


@room.get("/kit/<name>.txt")
@access(Policy.REFERENT)
@throttled("60 per hour")
def text(name: str) -> ResponseReturnValue:
    """One of the texts as a file; `?lang=` chooses the language."""
    if name not in TEXTS:
        abort(404)
    t = i18n.asked()
    with identity.runtime().store.begin() as db:
        found = _text(t, name, _about(db))
    words = f"{found.subject}\n\n{found.words}\n"
    return attached(words, "text/plain; charset=utf-8", f"{t(f'referent.kit.{name}.file')}.txt")


def _about(db: Session) -> dict[str, str]:
    """What the texts name."""
    mine = looked_after(db)
    service = identity.runtime().settings.service.name
    return {
        "community": mine.community.name,
        "service": service,
        "link": link(db, mine.member),
        "number": number_to_text(),
    }


def _text(words: Words, name: str, about: dict[str, str]) -> Text:
    """Without the sentence about the number while there is none."""
    write = words("referent.kit.number", **about) if about["number"] else ""
    said = words(f"referent.kit.{name}", write=write, **about)
    return Text(name, words(f"referent.kit.{name}.subject", **about), said)
