"""Writing to neighbours and twins, on both databases, also by two at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from community_store import blocks, circles, conversations, correspondents
from community_store.circles import Why
from community_store.conversations import Opened
from community_store.correspondents import Asked
from community_store.errors import NotFound, RuleError
from community_store.models import Conversation, Delivery, Member, Message
from dispatch import messaging
from dispatch.messaging import Opening
from gateway.contract import Channel
from tests.dispatch.world import World


def people(world: World) -> list[Member]:
    """Two neighbours, and a twin of theirs."""
    home, other = world.community("Les Lilas"), world.community("Les Roses")
    world.twin(home, other)
    names = ((home, "Odette"), (home, "Jean"), (other, "Paul"))
    return [
        world.member(place, first_name=name, email=f"{name.lower()}@voisins.example")
        for place, name in names
    ]


def begins(world: World, author: Member, *to: Member, text: str = "Bonjour") -> Conversation:
    with world.act() as act:
        ids = [one.id or 0 for one in to]
        mine = act.session.get_one(Member, author.id)
        return messaging.begin(act, mine, ids, Opening(text))


def says(world: World, author: Member, conversation: Conversation, text: str) -> None:
    with world.act() as act:
        found = act.session.get_one(Conversation, conversation.id)
        messaging.write(act, act.session.get_one(Member, author.id), found, text)


def read(world: World, who: Member, conversation: Conversation) -> list[str]:
    with world.store.read() as session:
        found = conversations.opened(session, who, conversation.id or 0)
        return [one.text for one in conversations.messages(session, found)] if found else []


def test_a_conversation_from_its_first_message_to_the_last(world: World) -> None:
    odette, jean, paul = people(world)
    talk = begins(world, odette, jean, paul)
    says(world, paul, talk, "Moi aussi")
    assert read(world, jean, talk) == ["Bonjour", "Moi aussi"]
    with world.store.begin() as session:
        assert conversations.unread(session, jean) == 2
        (line,) = conversations.listed(session, jean, 1).lines
        assert (line.unread, line.last.text if line.last else "") == (2, "Moi aussi")
        found = conversations.opened(session, jean, talk.id or 0)
        assert isinstance(found, Opened)
        conversations.mark_read(session, found)
        assert conversations.unread(session, jean) == 0
    assert world.rows(Delivery, channel=Channel.EMAIL, address=paul.email)


def test_two_who_write_to_each_other_at_once_have_one_conversation(world: World) -> None:
    odette, jean, _ = people(world)
    with ThreadPoolExecutor(8) as pool:
        pairs = [(odette, jean, "A"), (jean, odette, "B")] * 4
        for _ in pool.map(lambda pair: begins(world, pair[0], pair[1], text=pair[2]), pairs):
            pass
    assert len(world.rows(Conversation)) == 1
    assert sorted(one.text for one in world.rows(Message)) == ["A", "B"]


def test_what_many_say_at_once_is_all_there_and_told_once(world: World) -> None:
    odette, jean, paul = people(world)
    talk = begins(world, odette, jean, paul)
    with ThreadPoolExecutor(8) as pool:
        words = [(one, f"{one.first_name} {n}") for n in range(4) for one in (odette, jean)]
        for _ in pool.map(lambda said: says(world, said[0], talk, said[1]), words):
            pass
    assert len(read(world, paul, talk)) == 9
    with world.store.read() as session:
        assert conversations.unread(session, paul) == 9
    assert len(world.rows(Delivery, address=paul.email)) == 1


def test_whoever_is_blocked_is_not_heard(world: World) -> None:
    odette, jean, paul = people(world)
    talk = begins(world, odette, jean, paul)
    with world.store.begin() as session:
        blocks.block(session, jean, odette, world.clock())
        blocks.block(session, jean, odette, world.clock())
    says(world, odette, talk, "Sourd ?")
    assert read(world, jean, talk) == ["Bonjour"]
    says(world, paul, talk, "Oui")
    assert read(world, jean, talk) == ["Bonjour", "Oui"]
    assert read(world, odette, talk) == ["Bonjour", "Sourd ?", "Oui"]
    with world.store.begin() as session:
        assert [one.name for one in blocks.listed(session, jean)] == [f"Odette {odette.last_name}"]
        assert blocks.unblock(session, jean, odette.id or 0)
        assert not blocks.unblock(session, jean, odette.id or 0)


def test_a_list_of_people_is_one_of_ones_own_communities(world: World) -> None:
    odette, jean, paul = people(world)
    far = world.member(world.community("Le Bourg"))
    with world.store.read() as session:
        listed = correspondents.listed(session, odette, Asked(odette.community_id or 0))
        assert [one.id for one in listed.people] == [jean.id]
        listed = correspondents.listed(session, odette, Asked(paul.community_id or 0))
        assert [one.name for one in listed.people] == [paul.pseudonym]
        with pytest.raises(NotFound):
            correspondents.listed(session, odette, Asked(far.community_id or 0))
        with pytest.raises(NotFound):
            correspondents.chosen(session, odette, [jean.id or 0, far.id or 0])


def test_whoever_left_a_group_is_not_of_it(world: World) -> None:
    odette, jean, paul = people(world)
    talk = begins(world, odette, jean, paul)
    with world.act() as act:
        messaging.leave(act, jean, act.session.get_one(Conversation, talk.id))
    says(world, odette, talk, "Sans lui")
    assert read(world, jean, talk) == []
    with world.store.read() as session:
        circle = circles.circle(session, odette, talk)
    assert [one.here for one in circle.fellows] == [False, True]
    assert circle.why is None
    with world.act() as act:
        messaging.leave(act, paul, act.session.get_one(Conversation, talk.id))
    with pytest.raises(RuleError) as refused:
        says(world, odette, talk, "Personne ?")
    assert refused.value.code == Why.ALONE


def test_two_people_do_not_leave_each_other(world: World) -> None:
    odette, jean, _ = people(world)
    talk = begins(world, odette, jean)
    with world.act() as act, pytest.raises(RuleError, match="leaves a group"):
        messaging.leave(act, odette, act.session.get_one(Conversation, talk.id))
