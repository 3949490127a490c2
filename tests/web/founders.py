"""Residents who look for a community, or draw one."""

from __future__ import annotations

import json
from typing import Any

import shapely
from werkzeug.test import TestResponse

from community_store.geometry import to_geojson
from community_store.models import Member, MemberState
from tests.community_store.ground import SIDE, middle
from tests.dispatch.world import INSEE, World
from tests.web.house import SITE, TOKEN, House, Visitor


def resident(house: House, column: float = 0, **more: Any) -> tuple[Member, Visitor]:
    """Somebody on the way in, at home in the middle of a square, in no community."""
    lat, lon = middle()
    values = {"state": MemberState.PENDING, "lat": lat, "lon": lon + column * SIDE} | more
    member = house.world.member(None, **values)
    return member, house.inside(house.account_of(member, password=False))


def now(world: World, member: Member) -> Member:
    (row,) = world.rows(Member, id=member.id)
    assert isinstance(row, Member)
    return row


def drawn(ring: shapely.Polygon) -> str:
    return json.dumps(to_geojson(ring))


def founds(visitor: Visitor, ring: shapely.Polygon | None = None, **more: str) -> TestResponse:
    said = {"name": "Les Tilleuls", "referent": "no", "town": INSEE} | more
    if ring is not None:
        said["boundary"] = drawn(ring)
    return visitor.post("/community/new", **said)


def check(visitor: Visitor, body: Any) -> TestResponse:
    token = TOKEN.search(visitor.get("/help").text)
    assert token
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return visitor.client.post(
        "/community/check", base_url=SITE, data=data, content_type="application/json",
        headers={"X-CSRFToken": token[1], **visitor.headers},
    )  # fmt: skip
