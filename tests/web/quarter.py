"""A quarter that has alerts and a gazette: who writes them, who reads them, and who may not."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.test import EnvironBuilder, TestResponse

from community_store.models import (
    GazetteComment,
    GazetteEntry,
    Member,
)
from tests.dispatch.world import World, at
from tests.web.house import SITE, TOKEN, House, Visitor

ALERT = "Camionnette blanche AB-123-CD devant le 4, deux hommes"
TITLE, TEXT = "Vélo d'enfant à donner", "Rouge, 20 pouces. À prendre chez moi."
SAID = {"kind": "petite_annonce", "title": TITLE, "text": TEXT, "until": "2026-12-20"}


@dataclass
class Quarter:
    """Les Lilas with an author, a neighbour and a référent; its twin; another community."""

    house: House
    author: Member
    neighbour: Member
    referent: Member
    twin: Member
    stranger: Member

    @property
    def world(self) -> World:
        return self.house.world

    def browser(self, who: Member) -> Visitor:
        return self.house.inside(self.house.account_of(who, password=False))

    def sends(self, text: str = ALERT, **more: str) -> str:
        """The path of the page of an alert."""
        visitor = self.browser(self.author)
        return visitor.lands(visitor.post("/alerts/new", text=text, sure="1", **more))

    def writes(self, who: Member | None = None, **more: str) -> str:
        """The path of a new entry in the gazette."""
        visitor = self.browser(who or self.author)
        return visitor.lands(visitor.post("/gazette/new", **(SAID | more)))

    def entry(self) -> GazetteEntry:
        found = self.world.rows(GazetteEntry)[-1]
        assert isinstance(found, GazetteEntry)
        return found

    def comments(self, path: str, who: Member, text: str = "Il m'intéresse") -> GazetteComment:
        visitor = self.browser(who)
        visitor.lands(visitor.post(f"{path}/comments", comment=text))
        found = self.world.rows(GazetteComment)[-1]
        assert isinstance(found, GazetteComment)
        return found

    def shows(self, *files: bytes, path: str = "/gazette/new", **more: str) -> TestResponse:
        return uploaded(self.browser(self.author), path, files, SAID | more)


def settled(house: House) -> Quarter:
    """Nobody has an e-mail, and only Les Lilas has a référent."""
    world = house.world
    home, other, far = (world.community(name) for name in ("Les Lilas", "Les Roses", "Le Bourg"))
    world.twin(home, other)
    return Quarter(
        house,
        world.member(home, first_name="Odette", last_name="Martin", pseudonym="Mésange"),
        world.member(home, first_name="Jean", last_name="Petit", pseudonym="Pinson"),
        world.member(home, first_name="Rose", last_name="Blanc", pseudonym="Merle", referent=True),
        world.member(other, first_name="Paul", last_name="Noir", pseudonym="Geai"),
        world.member(far, first_name="Lise", last_name="Roux", pseudonym="Pie"),
    )


def at_noon(quarter: Quarter) -> None:
    """Odette and Jean have an e-mail, Odette an address that nothing may show, and Le Bourg a
    référent.
    """
    quarter.world.clock.now = at(11)
    home = "4 rue des Canaris"
    quarter.author = told(quarter, quarter.author, email="odette@voisins.example", address=home)
    quarter.neighbour = told(quarter, quarter.neighbour, email="jean@voisins.example")
    quarter.stranger = told(quarter, quarter.stranger, referent=True)


def told(quarter: Quarter, who: Member, **more: object) -> Member:
    """Somebody of whom more is known now."""
    quarter.world.change(who, **more)
    (found,) = quarter.world.rows(Member, id=who.id)
    assert isinstance(found, Member)
    return found


def uploaded(
    visitor: Visitor, path: str, files: Sequence[bytes], said: dict[str, str]
) -> TestResponse:
    token = TOKEN.search(visitor.get("/help").text)
    assert token
    form: dict[str, Any] = {
        "csrf_token": token[1],
        "pictures": [(io.BytesIO(data), f"photo{n}.jpg") for n, data in enumerate(files)],
        **said,
    }
    built = EnvironBuilder(path, SITE, method="POST", data=form)
    environ = built.get_environ()
    answer = visitor.client.open(environ)
    answer.get_data()
    environ["wsgi.input"].close()  # on the disk, when it is long
    built.close()
    return answer
