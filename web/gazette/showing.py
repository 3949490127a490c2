"""/gazette/pictures: to members of the community alone, and as nothing but a picture."""

from __future__ import annotations

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from community_store import gazette_reading
from community_store.errors import NotFound
from community_store.models import GazettePicture
from dispatch import pictures
from dispatch.pictures import Size
from web import identity
from web.access import Policy, access
from web.gazette.room import LARGEST_ID, room


@room.get("/pictures/<int:picture>/<size>")
@access(Policy.MEMBER)
def picture(picture: int, size: str) -> ResponseReturnValue:
    """One size of it. A browser may keep it, but asks each time whether it still may show it."""
    if size not in set(Size) or picture >= LARGEST_ID:
        abort(404)
    runtime = identity.runtime()
    with runtime.store.read() as db:
        found = gazette_reading.picture(db, identity.member(db), picture, runtime.clock())
    if found is None:
        abort(404)
    return send(found, Size(size))


def send(found: GazettePicture, size: Size) -> Response:
    """A picture to who may see it: whoever calls has asked."""
    answer = Response(mimetype="image/jpeg")
    answer.set_etag(f"{found.file[:16]}-{size}")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Content-Disposition"] = f'inline; filename="photo-{found.id}.jpg"'
    answer.vary.add("Cookie")
    if not request.if_none_match.contains(answer.get_etag()[0] or ""):
        try:
            answer.set_data(pictures.look(identity.runtime().settings, found, size))
        except NotFound:
            abort(404)
    answer.make_conditional(request)
    return answer
