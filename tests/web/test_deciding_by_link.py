"""Homes are vouched for by the link in a mail."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest

from community_store.models import Agent, Delivery, MemberState, Mode
from dispatch import vouching
from tests.web.house import House, words
from tests.web.vouching import asked, link, referent, state


def test_the_mail_has_a_link_that_asks_before_it_changes_anything(house: House, lilas: int) -> None:
    zoe = referent(house, lilas, email="zoe@voisins.example")
    jeanne = asked(house, lilas)
    assert {row.channel for row in house.world.rows(Delivery)} == {"sms", "email"}
    visitor, path = house.visitor(), link(house, zoe)
    assert "Jeanne Petit" in words(visitor.get(path))
    assert state(house, jeanne) == MemberState.PENDING
    assert "Merci" in words(visitor.post(path, answer="yes"))
    assert state(house, jeanne) == MemberState.ACTIVE
    for over in (visitor.get(path), visitor.post(path, answer="no")):
        assert over.status_code == 410
        assert "Quelqu'un a déjà répondu" in words(over)
        assert "Jeanne" not in words(over)
    assert state(house, jeanne) == MemberState.ACTIVE
    assert not visitor.signed_in()


@pytest.mark.parametrize("what", ["left", "suspended", "no longer référent"])
def test_a_link_is_worth_what_its_holder_still_is(house: House, lilas: int, what: str) -> None:
    zoe = referent(house, lilas, email="zoe@voisins.example")
    referent(house, lilas)
    jeanne = asked(house, lilas)
    changed: dict[str, dict[str, object]] = {
        "left": {"community_id": house.world.community("Les Roses")},
        "suspended": {"state": MemberState.SUSPENDED},
        "no longer référent": {"referent": False},
    }
    house.world.change(zoe, **changed[what])
    visitor, path = house.visitor(), link(house, zoe)
    for over in (visitor.get(path), visitor.post(path, answer="yes")):
        assert over.status_code == 410
        assert "n'est plus pour vous" in words(over)
        assert "Jeanne" not in words(over)
    assert state(house, jeanne) == MemberState.PENDING


def test_of_two_links_used_at_once_one_decides_and_the_other_is_told(
    house: House, lilas: int
) -> None:
    both = [referent(house, lilas, email=f"{name}@voisins.example") for name in ("zoe", "luc")]
    jeanne = asked(house, lilas)
    paths, said, start = [link(house, one) for one in both], [], threading.Barrier(2)

    def go(path: str) -> None:
        visitor = house.visitor()
        visitor.get(path)
        start.wait()
        said.append(words(visitor.post(path, answer="yes")))

    threads = [threading.Thread(target=go, args=(path,)) for path in paths]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum("Votre réponse est enregistrée" in page for page in said) == 1
    assert sum("Quelqu'un a déjà répondu" in page for page in said) == 1
    assert state(house, jeanne) == MemberState.ACTIVE


def test_a_forged_link_opens_nothing(house: House, lilas: int) -> None:
    zoe = referent(house, lilas, email="zoe@voisins.example")
    asked(house, lilas)
    path = link(house, zoe)
    for forged in (f"{path}x", path[:-1], f"{vouching.PATH}x", f"{vouching.PATH}WzEsIm0iLDFd.x"):
        assert house.visitor().get(forged).status_code == 410


def test_whoever_gets_the_number_of_an_agent_who_is_gone_does_not_get_their_links(
    house: House,
) -> None:
    """SQLite gives it to the next agent of all; the old one still has the mail."""
    world = house.world
    world.town(subscribed=True)
    home = world.community("Les Lilas", mode=Mode.TOWN)
    gone = world.agent(email="ancien@ville.example")
    jeanne = asked(house, home)
    path = agents_link(house, gone)
    world.delete(gone)
    heir = world.agent(email="nouveau@ville.example", created_at=world.clock() + timedelta(days=1))
    assert heir.id == gone.id
    for over in (house.visitor().get(path), house.visitor().post(path, answer="yes")):
        assert over.status_code == 410
        assert "Jeanne" not in words(over)
    assert state(house, jeanne) == MemberState.PENDING


def agents_link(house: House, who: Agent) -> str:
    (mail,) = [
        house.world.said(row).mail
        for row in house.world.deliveries(agent_id=who.id, channel="email")
    ]
    found = re.search(rf"{vouching.PATH}\S+", mail)
    assert found
    return found[0]
