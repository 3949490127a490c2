"""/gazette: what the community tells itself, the newest first; an entry's own page."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from community_store import gazette, gazette_reading
from community_store.gazette_reading import Asked, Standing
from community_store.models import Community, EntryKind
from dispatch import digest_choice
from web import forms, i18n, identity
from web.access import Policy, access
from web.forms import Field
from web.gazette.room import KINDS, Opened, last_day, name_of, opened, room, shown

COMMENT = Field("comment", "gazette.comment", hint="gazette.comment.hint", kind="textarea",
                longest=1000, missing="gazette.comment.missing")  # fmt: skip


@room.get("/")
@access(Policy.MEMBER)
def listing() -> ResponseReturnValue:
    """A page of entries: of one kind, or one's own."""
    kind, mine = request.args.get("kind", ""), "mine" in request.args
    known = EntryKind(kind) if kind in dict(KINDS) else None
    with identity.runtime().store.read() as db:
        me, act = identity.member(db), identity.act(db)
        asked = Asked(known, mine, request.args.get("page", 1, type=int))
        listed = gazette_reading.listed(db, me, asked, act.now)
        return render_template(
            "gazette/list.html",
            lines=shown(db, me, listed.entries, act.now),
            listed=listed,
            chosen={"kind": known.value if known else "", **({"mine": "yes"} if mine else {})},
            kinds=KINDS,
            community=db.get_one(Community, me.community_id).name,
            digest=digest_choice.chosen(act, me),
        )


@room.get("/<int:entry>")
@access(Policy.MEMBER)
def one(entry: int) -> ResponseReturnValue:
    """An entry with its comments; or a word to say that it is no more."""
    with identity.runtime().store.read() as db:
        found = opened(db, entry)
        if found.standing is Standing.GONE:
            return render_template("gazette/gone.html", removed=found.entry.removed_at), 410
        return page(found)


def page(found: Opened, form: forms.Form | None = None) -> str:
    """The page, with a comment that was not right."""
    db, me = found.act.session, found.me
    comments = [
        {
            "comment": comment,
            "author": name_of(db, me, author),
            "time": i18n.asked().moment(comment.created_at),
            "may_edit": gazette.may_edit(me, comment),
            "may_remove": gazette.may_remove(me, comment),
        }
        for comment, author in gazette_reading.comments(db, found.entry)
    ]
    return render_template(
        "gazette/one.html",
        entry=found.entry,
        standing=found.standing,
        author=name_of(db, me, found.author),
        time=i18n.asked().moment(found.entry.created_at),
        edited=i18n.asked().moment(found.entry.edited_at) if found.entry.edited_at else "",
        until=last_day(found.entry),
        pictures=gazette_reading.pictures(db, [found.id]).get(found.id, []),
        comments=comments,
        full=len(comments) >= gazette.COMMENTS_MAX,
        form=form or forms.blank((COMMENT,)),
        may_edit=gazette.may_edit(me, found.entry),
        may_remove=gazette.may_remove(me, found.entry),
    )
