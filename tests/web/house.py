"""The pages over a real world, and visitors who use them as a browser does."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select
from werkzeug.test import TestResponse

from app import create_app
from community_store import accounts, second_factor, sessions
from community_store.models import Account, Agent, Member, Notice, Wording
from community_store.passwords import Hasher
from tests.dispatch.world import World
from tests.rigs.templates import compiled_once

SITE = "https://tocsin.example"
PASSWORD = "quatre mots sans rapport"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
HASHER = Hasher()
HASHED = HASHER.hash(PASSWORD)


def words(answer: TestResponse) -> str:
    """A page as it is read: with plain apostrophes and spaces."""
    return html.unescape(answer.text).replace("\u00a0", " ")


@dataclass
class Visitor:
    """One browser: it keeps cookies, and sends the token of the page's forms."""

    client: FlaskClient
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, base_url=SITE, headers=self.headers, **more)

    def post(self, path: str, **data: str) -> TestResponse:
        token = TOKEN.search(self.get("/legal/accessibility").text)  # each page has one
        assert token
        return self.bare_post(path, csrf_token=token[1], **data)

    def bare_post(self, path: str, **data: str) -> TestResponse:
        """As a form on another site would: without the token."""
        return self.client.post(path, base_url=SITE, data=data, headers=self.headers)

    def lands(self, answer: TestResponse) -> str:
        """Where an answer leads; it must lead somewhere."""
        assert answer.status_code == 303, (answer.status_code, answer.text[-600:])
        return str(answer.headers["Location"])

    def sign_in(self, email: str, password: str = PASSWORD, **more: str) -> TestResponse:
        return self.post("/sign-in", email=email, password=password, **more)

    def signed_in(self) -> bool:
        return self.get("/home").status_code == 200


@dataclass
class House:
    """An application, the world behind it, and visitors at its door."""

    world: World
    app: Flask

    def visitor(self, **headers: str) -> Visitor:
        return Visitor(self.app.test_client(), headers)

    # who has an account

    def account_of(self, who: Member | Agent, *, password: bool = True) -> Account:
        """An account, with PASSWORD unless told otherwise."""
        with self.world.store.begin() as session:
            account = (
                accounts.of_member(session, session.get_one(Member, who.id))
                if isinstance(who, Member)
                else self._agents(session, who)
            )
            account.password = HASHED if password else ""
            session.add(account)
        return account

    def _agents(self, session: Any, agent: Agent) -> Account:
        assert agent.email
        account = accounts.holder_of_email(session, agent.email)
        assert account is not None
        accounts.proved_email(session, account)
        return account

    def team(self, email: str = "ada@equipe.example") -> Account:
        with self.world.store.begin() as session:
            account = accounts.add_team(session, "Ada Martin", email)
            account.password = HASHED
            session.add(account)
        return account

    def inside(self, account: Account, *, half: bool = False) -> Visitor:
        """A visitor who is signed in, second factor included unless half in."""
        visitor, now = self.visitor(), self.world.clock()
        with self.world.store.begin() as session:
            token = sessions.begin(session, account, now)
            found = sessions.find(session, token, now)
            assert found is not None
            if found.half and not half:
                kept = session.get_one(Account, account.id)
                token = sessions.complete(session, found.row, kept, now)
        visitor.client.set_cookie("__Host-tocsin", token, secure=True, domain="tocsin.example")
        return visitor

    # what came

    def code(self) -> str:
        """The six digits of the newest message."""
        found = re.search(r"\b[0-9]{6}\b", self._newest("proof_code").sms)
        assert found
        return found[0]

    def link(self) -> str:
        """The path of the newest link by mail."""
        site = self.world.settings.service.site
        found = re.search(
            rf"{re.escape(site)}(/password/new/\S+)", self._newest("password_link").mail
        )
        assert found
        return found[1]

    def _newest(self, kind: str) -> Wording:
        with self.world.store.read() as session:
            query = select(Wording).join(Notice).where(Notice.kind == kind)
            wording = session.exec(query.order_by(Notice.id.desc())).first()  # type: ignore[union-attr]  # SQL
        assert wording is not None
        return wording

    def telephone(self, account: Account, *, later: int = 0) -> str:
        """The code that the person's telephone shows now."""
        with self.world.store.read() as session:
            kept = session.get_one(Account, account.id)
        secret = second_factor.secret(self.world.settings.secret_key(), kept)
        return pyotp.TOTP(secret).at(self.world.clock(), counter_offset=later)


def make_house(world: World) -> House:
    return House(world, compiled_once(create_app(world.settings, world.runtime)))
