"""/messages: what is new and what was read, in pages."""

from __future__ import annotations

import pytest

from community_store.models import (
    Conversation,
    Message,
)
from tests.web.house import House
from tests.web.letters import Street, counted, make_street, unread


@pytest.fixture
def street(house: House) -> Street:
    return make_street(house)


def test_what_is_new_is_counted_until_it_is_read(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    street.says(street.odette, path, "Et demain ?")
    street.writes(street.anne, street.jean)
    assert (unread(street, street.jean), unread(street, street.odette)) == (3, 0)
    inbox = street.reads(street.jean, "/messages/")
    assert "2 nouveaux" in inbox
    assert "1 nouveau" in inbox
    page = street.reads(street.jean, path)
    assert page.count("bubble-new") == 1
    assert unread(street, street.jean) == 1
    assert "bubble-new" not in street.reads(street.jean, path)


def test_unread_is_one_question(street: Street) -> None:
    street.writes(street.odette, street.jean)
    with counted(street.house) as statements:
        assert unread(street, street.jean) == 1
    assert len([one for one in statements if "SELECT" in one]) == 1


def test_an_open_page_gets_what_comes(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    (first,) = street.world.rows(Message)
    assert street.code(street.jean, f"{path}/live?after={first.id}") == 204
    street.says(street.odette, path, "Encore là ?")
    part = street.reads(street.jean, f"{path}/live?after={first.id}")
    assert "Encore là ?" in part
    assert "Bonjour" not in part
    assert unread(street, street.jean) == 0


def test_a_long_conversation_has_pages(street: Street) -> None:
    path = street.writes(street.odette, street.jean, text="Le tout premier")
    street.world.clock.forward(hours=2)
    (conversation,) = street.world.rows(Conversation)
    street.world.add(*[
        Message(conversation_id=conversation.id, author_id=street.jean.id, text=f"Numéro {n}")
        for n in range(60)
    ])  # fmt: skip
    street.says(street.odette, path, "Le dernier")
    page = street.reads(street.odette, path)
    assert "Le dernier" in page
    assert "Le tout premier" not in page
    before = page.split("?before=")[1].split('"')[0]
    assert "Le tout premier" in street.reads(street.odette, f"{path}?before={before}")


def test_the_list_asks_as_much_for_twenty_as_for_two(street: Street) -> None:
    counts = []
    street.writes(street.odette, street.jean)
    street.writes(street.odette, street.anne, street.paul)
    street.reads(street.odette, "/messages/")
    for _ in range(2):
        with counted(street.house) as statements:
            street.reads(street.odette, "/messages/")
        counts.append(len(statements))
        for other in street.world.members(street.odette.community_id or 0, 18):
            street.writes(other, street.odette)
    assert counts[0] == counts[1]


def test_a_conversation_asks_as_much_for_fifty_messages_as_for_one(street: Street) -> None:
    path, counts = street.writes(street.odette, street.jean, street.anne, street.paul), []
    street.reads(street.odette, path)
    for _ in range(2):
        with counted(street.house) as statements:
            street.reads(street.odette, path)
        counts.append(len(statements))
        for n in range(20):
            street.says(street.odette, path, f"Numéro {n}")
    assert counts[0] == counts[1]
