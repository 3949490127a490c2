"""A quarter that has a gazette: who writes in it, who reads it, and who may not."""

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

    def writes(self, who: Member | None = None, **more: str) -> str:
        """The path of a new entry."""
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
    world = house.world
    world.clock.now = at(11)
    home, other, far = (world.community(name) for name in ("Les Lilas", "Les Roses", "Le Bourg"))
    world.twin(home, other)
    return Quarter(
        house,
        world.member(home, first_name="Odette", last_name="Martin", pseudonym="Mésange",
                     email="odette@voisins.example", address="4 rue des Canaris"),
        world.member(home, first_name="Jean", last_name="Petit", email="jean@voisins.example"),
        world.member(home, first_name="Rose", last_name="Blanc", referent=True),
        world.member(other, first_name="Paul", last_name="Noir"),
        world.member(far, first_name="Lise", last_name="Roux", referent=True),
    )  # fmt: skip


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
