"""Jeanne, who registers on the web, and the steps that she takes."""

from __future__ import annotations

import re

from sqlmodel import select

from community_store.models import (
    Community,
    Member,
    Notice,
    Wording,
)
from dispatch import confirming
from tests.web.house import PASSWORD, House, Visitor

LILAS = "12 rue des lilas 38990 valmoutier"


LABEL = "12 Rue des Lilas 38990 Valmoutier"


MOBILE, LANDLINE, EMAIL = "06 39 98 00 71", "01 99 00 00 71", "jeanne@voisins.example"


E164 = "+33639980071"


FILLED = {"first_name": "Jeanne", "last_name": "Petit", "mobile": MOBILE, "landline": "",
          "email": EMAIL, "new": PASSWORD, "again": PASSWORD}  # fmt: skip


def placed(visitor: Visitor, address: str = LILAS) -> Visitor:
    """As far as the form."""
    assert visitor.lands(visitor.post("/join", address=address)) == "/join/place"
    assert visitor.lands(visitor.post("/join/place", lat="", lon="")) == "/join/confirm"
    assert visitor.lands(visitor.post("/join/confirm")) == "/join/form"
    return visitor


def filled(visitor: Visitor, **other: str) -> Visitor:
    """As far as the code and the link."""
    assert visitor.lands(placed(visitor).post("/join/form", **FILLED | other)) == "/join/proofs"
    return visitor


def mail_link(house: House) -> str:
    """The path of the newest link that confirms an e-mail."""
    with house.world.store.read() as session:
        query = select(Wording).join(Notice)
        found = session.exec(
            query.where(Notice.kind == "join_link").order_by(Notice.id.desc())  # type: ignore[union-attr]  # SQL
        ).first()
    assert found is not None
    path = re.search(rf"({re.escape(confirming.PATH)}\S+)", found.mail)
    assert path
    return path[1]


def jeanne(house: House) -> Member:
    [member] = house.world.rows(Member, first_name="Jeanne")
    assert isinstance(member, Member)
    return member


def joined_by_text(house: House, **more: object) -> Member:
    """Whose account has no e-mail and no password."""
    values = {"first_name": "Jeanne", "last_name": "Petit", "mobile": E164} | more
    return house.world.member(house.world.rows(Community)[0].id, **values)
