"""Who waits to become active, and what they do for it."""

from __future__ import annotations

import io

from werkzeug.test import EnvironBuilder, TestResponse

from community_store.models import Community, Member, MemberState, Mode
from dispatch import requests
from tests.web.house import SITE, TOKEN, House, Visitor

EMAIL = "jeanne@voisins.example"


def pending(house: House, *, mode: Mode = Mode.TEAM, **more: object) -> Member:
    """Somebody whose home is in the middle of Les Lilas, and who has asked."""
    home = house.world.community("Les Lilas", mode=mode)
    ground = house.world.rows(Community, id=home)[0].boundary.centroid
    values = {"first_name": "Jeanne", "email": EMAIL, "lat": ground.y, "lon": ground.x} | more
    member = house.world.member(home, state=MemberState.PENDING, **values)
    with house.world.act() as act:
        requests.ask(act, act.session.get_one(Member, member.id))
    return member


def inside(house: House, member: Member) -> Visitor:
    return house.inside(house.account_of(member, password=False))


def state(house: House, member: Member) -> str:
    return str(house.world.rows(Member, id=member.id)[0].state)


def stands(visitor: Visitor, member: Member, *, north: float = 0.0, accuracy: float = 20) -> object:
    assert member.lat is not None
    return visitor.post(
        "/activation/position",
        lat=str(member.lat + north),
        lon=str(member.lon),
        accuracy=str(accuracy),
    )


def sends(visitor: Visitor, data: bytes, name: str = "facture.pdf") -> TestResponse:
    token = TOKEN.search(visitor.get("/activation/document").text)
    assert token
    form = {"csrf_token": token[1], "document": (io.BytesIO(data), name)}
    built = EnvironBuilder("/activation/document", SITE, method="POST", data=form)
    environ = built.get_environ()
    answer = visitor.client.open(environ)
    answer.get_data()
    environ["wsgi.input"].close()  # on the disk, when it is long
    built.close()
    return answer
