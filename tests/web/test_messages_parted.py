"""/messages: blocking, leaving, and what ends."""

from __future__ import annotations

import pytest

from community_store import blocks, membership
from community_store.models import (
    Member,
    Message,
)
from tests.web.house import House, words
from tests.web.letters import Street, ends_twinning, make_street, unread


@pytest.fixture
def street(house: House) -> Street:
    return make_street(house)


# blocking


def blocks_them(street: Street, who: Member, other: Member, path: str) -> None:
    visitor = street.browser(who)
    assert street.code(who, f"{path}/block/{street.ref(who, other)}") == 200
    visitor.lands(visitor.post(f"{path}/block/{street.ref(who, other)}"))


def test_what_a_blocked_person_writes_never_arrives_and_they_are_not_told(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    before = street.reads(street.odette, path)
    blocks_them(street, street.jean, street.odette, path)
    street.says(street.odette, path, "Réponds-moi")
    page = street.reads(street.jean, path)
    assert "Réponds-moi" not in page
    assert "Vous avez bloqué cette personne" in page
    assert unread(street, street.jean) == 0
    assert len(street.mails(street.jean)) == 1, "of the message before"
    after = street.reads(street.odette, path)
    assert "Réponds-moi" in after
    assert "bloqué" not in after
    assert "Bloquer Jean Petit" in before
    assert "Bloquer Jean Petit" in after
    assert street.browser(street.jean).post(path, text="Non").status_code == 409


def test_unblocking_brings_nothing_back(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    blocks_them(street, street.jean, street.odette, path)
    street.says(street.odette, path, "Pendant")
    visitor = street.browser(street.jean)
    assert "Odette Martin" in street.reads(street.jean, "/messages/blocked")
    visitor.lands(visitor.post(f"/messages/blocked/{street.word(street.jean, street.odette)}/end"))
    street.says(street.odette, path, "Après")
    page = street.reads(street.jean, path)
    assert "Après" in page
    assert "Pendant" not in page
    assert (
        visitor.post(f"/messages/blocked/{street.word(street.jean, street.odette)}/end").status_code
        == 404
    )


def test_a_conversation_that_a_blocked_person_begins_is_not_there(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    blocks_them(street, street.jean, street.odette, path)
    group = street.writes(street.odette, street.jean, street.anne, title="Jean est méchant")
    assert street.code(street.jean, group) == 404
    assert "méchant" not in street.reads(street.jean, "/messages/")
    street.says(street.anne, group, "Bonjour à tous")
    page = street.reads(street.jean, group)
    assert "Bonjour à tous" in page
    assert "méchant" not in page + street.reads(street.jean, "/messages/")
    assert unread(street, street.jean) == 1, "of before"


def test_whoever_is_blocked_is_not_in_the_list_of_whom_to_write_to(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    blocks_them(street, street.odette, street.jean, path)
    assert "Jean Petit" not in street.reads(street.odette, "/messages/new")
    assert (
        street.code(street.odette, street.path(street.odette, "/messages/write", street.jean))
        == 404
    )
    assert "Odette Martin" in street.reads(street.jean, "/messages/new")


def test_the_list_of_the_blocked_never_gives_a_pseudonym_its_name(street: Street) -> None:
    path = street.writes(street.odette, street.paul)
    blocks_them(street, street.odette, street.paul, path)
    assert "Geai" in street.reads(street.odette, "/messages/blocked")
    street.world.change(street.paul, community_id=street.odette.community_id)
    page = street.reads(street.odette, "/messages/blocked")
    assert [one for one in ("Paul", "Noir", "Geai") if one in page] == []


# leaving, and what ends


def test_whoever_leaves_a_group_reads_it_no_more_and_the_others_go_on(street: Street) -> None:
    path = street.writes(street.odette, street.jean, street.anne)
    visitor = street.browser(street.jean)
    assert "ne lirez plus ce groupe" in street.reads(street.jean, f"{path}/leave")
    visitor.lands(visitor.post(f"{path}/leave"))
    assert street.code(street.jean, path) == 404
    street.says(street.anne, path, "Il est parti")
    page = street.reads(street.odette, path)
    assert "a quitté le groupe" in page
    assert "2 personnes dans ce groupe" in page
    assert unread(street, street.jean) == 0
    anne = street.browser(street.anne)
    anne.lands(anne.post(f"{path}/leave"))
    assert "plus personne d'autre" in street.reads(street.odette, path)
    assert street.browser(street.odette).post(path, text="Seule").status_code == 409


def test_one_does_not_leave_a_person(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    assert street.code(street.odette, f"{path}/leave") == 404
    assert street.browser(street.odette).post(f"{path}/leave").status_code == 404


@pytest.mark.parametrize("group", [False, True])
def test_the_end_of_a_twinning_ends_its_conversations(street: Street, group: bool) -> None:
    others = (street.jean, street.paul) if group else (street.paul,)
    path = street.writes(street.odette, *others, text="Avant la fin")
    ends_twinning(street)
    for who, place in ((street.odette, "Les Roses"), (street.paul, "Les Lilas")):
        page = street.reads(who, path)
        assert f"Le jumelage avec {place} a pris fin" in page
        assert "Avant la fin" in page
        assert "<textarea" not in page
    read = street.reads(street.paul, path)
    assert "Mésange" not in read, "they are nobody to one another now"
    answer = street.browser(street.odette).post(path, text="Et pourtant")
    assert answer.status_code == 409
    assert "n'a PAS été envoyé" in words(answer)
    assert "Et pourtant" in answer.text
    assert len(street.world.rows(Message)) == 1
    assert "terminée" in street.reads(street.odette, "/messages/")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": "suspended"}, "pas joignable en ce moment"),
        ({"community_id": None}, "a quitté sa communauté"),
    ],
)
def test_a_conversation_with_somebody_who_is_gone_says_so(
    street: Street, change: dict[str, object], said: str
) -> None:
    path = street.writes(street.odette, street.jean)
    street.world.change(street.jean, **change)
    page = street.reads(street.odette, path)
    assert said in page
    assert "Jean" not in page
    assert "<textarea" not in page


def test_whoever_moved_reads_nothing_that_a_group_says_after(street: Street) -> None:
    path = street.writes(street.odette, street.jean, street.anne)
    street.world.change(street.jean, community_id=street.lise.community_id)
    street.says(street.anne, path, "Entre nous")
    page = street.reads(street.jean, path)
    assert "Bonjour" in page
    assert "Entre nous" not in page
    assert "Vous avez changé de communauté" in page
    assert len(street.mails(street.jean)) == 1


def test_closing_an_account_takes_what_was_written_with_it(street: Street) -> None:
    path = street.writes(street.odette, street.jean, text="Mon secret")
    street.says(street.jean, path, "Le mien reste")
    with street.world.store.begin() as session:
        membership.close(session, session.get_one(Member, street.odette.id))
    page = street.reads(street.jean, path)
    assert "Mon secret" not in page
    assert "Odette" not in page
    assert "Le mien reste" in page
    assert "a fermé son compte" in page
    assert street.mails(street.jean) == ["\n"], "what named her is blank"
    street.world.pump()
    states = {one.reason for one in street.world.deliveries(address=street.jean.email)}
    assert states == {"erased"}


@pytest.mark.parametrize("state", ["pending", "suspended"])
def test_who_is_not_active_reads_nothing(street: Street, state: str) -> None:
    path = street.writes(street.odette, street.jean)
    street.world.change(street.jean, state=state)
    for page in ("/messages/", path, "/absence/"):
        assert street.code(street.jean, page) == 403


def test_nobody_blocks_somebody_who_is_not_there(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    for other in (street.anne, street.lise, street.odette):
        answer = street.browser(street.odette).post(
            f"{path}/block/{street.ref(street.odette, other)}"
        )
        assert answer.status_code == 404
    with street.world.store.read() as session:
        assert blocks.listed(session, street.odette) == []
