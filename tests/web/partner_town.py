"""People whose homes a partner knows, and those who have asked to join."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from community_store.models import Community, Member, MemberState, Mode
from dispatch import requests
from tests.rigs.openid import OpenIDProvider
from tests.web.house import SITE, House, Visitor

STREETS = Path(__file__).parents[1] / "rigs" / "addok_streets.ndjson"
BACK = "/activation/partner/mitrust/back"
LILAS = {
    "street_address": "12 rue des Lilas", "postal_code": "38990", "locality": "Valmoutier",
    "country": "France",
}  # fmt: skip
PEOPLE: dict[str, dict[str, Any]] = {
    "jeanne": {"address": LILAS},
    "pierre": {"address": {"formatted": "12 rue des Lilas\n38990 Valmoutier\nFrance"}},
    "elsewhere": {"address": {**LILAS, "postal_code": "38991", "locality": "Rochebrune-le-Vieux"}},
    "nobody": {},
    "street": {"address": {**LILAS, "street_address": "rue des Lilas"}},
    "moon": {"address": {"formatted": "Mer de la Tranquillité"}},
}


def lilas(number: str) -> tuple[float, float]:
    """Where a house of the street is, longitude and latitude, as the geocoder knows it."""
    streets = map(json.loads, STREETS.read_text().splitlines())
    street = next(one for one in streets if one["id"] == "38185_0001")
    return street["housenumbers"][number]["lon"], street["housenumbers"][number]["lat"]


@dataclass
class Town:
    """A house whose residents can prove their homes by the partner."""

    house: House
    partner: OpenIDProvider

    def pending(self, **more: object) -> tuple[Member, Visitor]:
        lon, lat = lilas("12")
        values: dict[str, Any] = {"first_name": "Jeanne", "lat": lat, "lon": lon} | more
        home = values.pop("community", None) or self.around()
        member = self.house.world.member(home, state=MemberState.PENDING, **values)
        with self.house.world.act() as act:
            requests.ask(act, act.session.get_one(Member, member.id))
        return member, self.house.inside(self.house.account_of(member, password=False))

    def around(self) -> int:
        """The community around the street."""
        known = [row.id for row in self.house.world.rows(Community)]
        return known[0] if known else self.house.world.community(mode=Mode.TEAM)

    def leaves(self, visitor: Visitor) -> str:
        return visitor.lands(visitor.get("/activation/partner/mitrust"))

    def visits(self, visitor: Visitor, login: str) -> str:
        """The way back, after the partner."""
        url = self.partner.visit(self.leaves(visitor), login, back=SITE)
        return url.removeprefix(SITE)

    def state(self, member: Member) -> str:
        return str(self.house.world.rows(Member, id=member.id)[0].state)
