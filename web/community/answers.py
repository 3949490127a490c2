"""The answer to a proposed twinning, from the page or from the link in a mail."""

from __future__ import annotations

from flask import abort, render_template, request
from sqlmodel import Session

from community_store.models import Community, TwinningProposal

ANSWERS = {"yes": True, "no": False}


def sure_to_refuse(db: Session, proposal: TwinningProposal, *, back: str) -> str:
    """To be sure: the référents who asked are told. The form goes to where it came from."""
    theirs = db.get_one(Community, proposal.from_id)
    return render_template("community/twin_refuse.html", theirs=theirs, back=back)


def answered() -> bool:
    """Which of the two buttons was pressed; 400 for neither."""
    pressed = request.form.get("answer", "")
    if pressed not in ANSWERS:
        abort(400)
    return ANSWERS[pressed]
