"""Two proofs at the same moment, on PostgreSQL, where transactions run side by side."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import select

from community_store import registrations
from community_store.models import Account, JoinRequest, Member, Notice, Registration, Wording
from dispatch import confirming, registering
from dispatch.act import Act
from dispatch.registering import Proved
from tests.dispatch.world import World, mobile

EMAIL = "jeanne@voisins.example"
Proof = Callable[[Act], Proved | None]


@pytest.fixture
def lilas(postgres_world: World) -> World:
    postgres_world.number()
    postgres_world.community()
    return postgres_world


def typed(world: World, **more: Any) -> int:
    """Somebody has filled the form; the code and the link are on their way."""
    filled = {"first_name": "Jeanne", "last_name": "Petit", "mobile": mobile(71), "email": EMAIL}
    with world.act() as act:
        row, _ = registrations.begin(act.session, act.now, language="fr")
        for name, value in (filled | more).items():
            setattr(row, name, value)
        confirming.send_code(act, row, origin="")
        confirming.send_link(act, row, origin="")
        return row.id or 0


def by_code(world: World, row: int) -> Proof:
    code = found(world, "proof_code", r"\b\d{6}\b")

    def prove(act: Act) -> Proved | None:
        return registering.prove_number(act, act.session.get_one(Registration, row), code)

    return prove


def by_link(world: World) -> Proof:
    token = found(world, "join_link", rf"{confirming.PATH}(\S+)")
    return lambda act: registering.prove_email(act, token)


def found(world: World, kind: str, what: str) -> str:
    """In the newest message of a kind."""
    with world.store.read() as session:
        query = select(Wording).join(Notice).where(Notice.kind == kind)
        wording = session.exec(query.order_by(Notice.id.desc())).first()  # type: ignore[union-attr]  # SQL
    assert wording is not None
    match = re.search(what, wording.mail if kind == "join_link" else wording.sms)
    assert match is not None
    return match[match.lastindex or 0]


def at_once(world: World, first: Proof, second: Proof) -> list[Proved | None]:
    """The second begins before the first has committed."""
    said: list[Proved | None] = []

    def go() -> None:
        with world.act() as act:
            read = act.session.exec(select(Registration)).all()
            begun.set()
            said.append(second(act))
            assert read

    begun, other = threading.Event(), threading.Thread(target=go)
    with world.act() as act:
        said.append(first(act))
        other.start()
        begun.wait(10)
        other.join(0.5)
    other.join(30)
    assert len(said) == 2
    return said


def test_the_code_and_the_link_at_once_make_one_member(lilas: World) -> None:
    said = at_once(lilas, by_code(lilas, typed(lilas)), by_link(lilas))
    [member] = lilas.rows(Member)
    assert (member.mobile, member.email) == (mobile(71), EMAIL)
    assert [one and one.known for one in said] == [False, False]
    assert len(lilas.rows(JoinRequest)) == 1
    assert [account.email for account in lilas.rows(Account)] == [EMAIL]


def test_a_code_adds_no_number_to_the_account_that_a_link_makes_meanwhile(lilas: World) -> None:
    said = at_once(lilas, *[by_code(lilas, typed(lilas)), by_link(lilas)][::-1])
    [member] = lilas.rows(Member)
    assert (member.mobile, member.email) == (None, EMAIL)
    assert said[1] is None


def test_one_email_proved_twice_at_once_makes_one_member(lilas: World) -> None:
    links = []
    for n in (71, 72):
        typed(lilas, mobile=mobile(n))
        links.append(by_link(lilas))
    said = at_once(lilas, *links)
    assert [member.email for member in lilas.rows(Member)] == [EMAIL]
    assert [one and one.known for one in said] == [False, True]


def test_a_code_whose_registration_is_forgotten_meanwhile_proves_nothing(lilas: World) -> None:
    row = typed(lilas)

    def forget(act: Act) -> None:
        registrations.drop(act.session, act.session.get_one(Registration, row))

    assert at_once(lilas, forget, by_code(lilas, row)) == [None, None]
    assert lilas.rows(Member) == []
