"""/messages: writing to neighbours and twins, who reads it, who is told, who may not."""

from __future__ import annotations

import pytest

from community_store import blocks, conversations, membership
from community_store.models import (
    Community,
    Conversation,
    DeliveryState,
    Member,
    Message,
    Topic,
)
from community_store.twinning import untwin
from dispatch import messaging
from gateway.contract import Channel
from tests.web.house import House, words
from tests.web.letters import Street, canaries, counted, make_street


@pytest.fixture
def street(house: House) -> Street:
    return make_street(house)


def unread(street: Street, who: Member) -> int:
    with street.world.store.read() as session:
        return conversations.unread(session, who)


# whom to write to


def test_neighbours_are_listed_by_name_and_twins_by_pseudonym(street: Street) -> None:
    page = street.reads(street.odette, "/messages/new")
    assert "Jean Petit" in page
    assert "Anne Blanc" in page
    assert "Odette Martin" not in page
    assert "Geai" not in page
    assert "Pinson" not in page, "the pseudonym of a neighbour"
    twins = street.reads(street.odette, f"/messages/new?of={street.paul.community_id}")
    assert "Geai" in twins
    assert not [one for one in canaries(street.paul) if one in twins]


@pytest.mark.parametrize(("wanted", "found"), [("petit", True), ("JEAN pet", True), ("zz", False)])
def test_a_neighbour_is_looked_for_by_name(street: Street, wanted: str, found: bool) -> None:
    assert ("Jean Petit" in street.reads(street.odette, f"/messages/new?q={wanted}")) is found


@pytest.mark.parametrize(("wanted", "found"), [("gea", True), ("Noir", False), ("paul", False)])
def test_a_twin_is_looked_for_by_pseudonym_alone(street: Street, wanted: str, found: bool) -> None:
    path = f"/messages/new?of={street.paul.community_id}&q={wanted}"
    assert ("Geai" in street.reads(street.odette, path)) is found


def test_what_is_ticked_stays_ticked_from_page_to_page(street: Street) -> None:
    path = street.path(street.odette, "/messages/new", street.jean, street.paul) + "&q=anne"
    page = street.reads(street.odette, path)
    for one, ticked in ((street.jean, True), (street.paul, True), (street.anne, False)):
        box = page.split(f'name="to" value="{street.ref(street.odette, one)}"')[1].split(">")[0]
        assert ("checked" in box) is ticked, one.first_name


def test_the_list_of_a_large_community_has_pages_and_few_questions(street: Street) -> None:
    path, counts = "/messages/new", []
    assert "Page 1" not in street.reads(street.odette, path)
    for _ in range(2):
        with counted(street.house) as statements:
            street.reads(street.odette, path)
        counts.append(len(statements))
        home = street.odette.community_id or 0
        street.world.add(*[street.world.person(home, last_name=f"Za{n:03}") for n in range(60)])
    assert counts[0] == counts[1]
    assert "Za059" in street.reads(street.odette, f"{path}?page=99")


@pytest.mark.parametrize("path", ["/messages/write", "/messages/new"])
def test_one_cannot_write_to_a_stranger(street: Street, path: str) -> None:
    suspended = street.world.member(street.odette.community_id, state="suspended")
    for who in (street.lise, street.odette, suspended):
        assert street.code(street.odette, street.path(street.odette, path, who)) == 404, (
            who.first_name
        )
    assert street.code(street.odette, f"{path}?to=99999") == 404


# writing


def test_a_message_is_read_by_both_and_by_nobody_else(street: Street) -> None:
    path = street.writes(street.odette, street.jean, text="As-tu mon échelle ?")
    assert "As-tu mon échelle ?" in street.reads(street.odette, path)
    page = street.reads(street.jean, path)
    assert "As-tu mon échelle ?" in page
    assert "Odette Martin" in page
    for other in (street.anne, street.paul, street.lise):
        for part in ("", "/live", "/leave", f"/block/{street.jean.id}"):
            assert street.code(other, path + part) == 404, (other.first_name, part)
        assert street.browser(other).post(path, text="Moi").status_code == 404
    assert street.code(street.odette, "/messages/99999999999999999999") == 404


def test_two_people_have_one_conversation(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    assert street.writes(street.jean, street.odette, text="Salut") == path
    visitor = street.browser(street.odette)
    assert (
        visitor.lands(visitor.get(street.path(street.odette, "/messages/write", street.jean)))
        == f"{path}#end"
    )
    assert [one.text for one in street.world.rows(Message)] == ["Bonjour", "Salut"]


def test_a_second_press_sends_nothing_more(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    for _ in range(2):
        street.says(street.odette, path, "Encore")
    assert [one.text for one in street.world.rows(Message)] == ["Bonjour", "Encore"]
    once = "0123456789abcdef"
    paths = {street.writes(street.odette, street.jean, street.anne, once=once) for _ in range(2)}
    assert len(paths) == 1


@pytest.mark.parametrize(("text", "code"), [("  ", 422), ("x" * 2001, 422)])
def test_an_empty_or_endless_message_is_not_sent(street: Street, text: str, code: int) -> None:
    path = street.writes(street.odette, street.jean)
    assert street.browser(street.odette).post(path, text=text).status_code == code
    assert len(street.world.rows(Message)) == 1


def test_a_group_is_read_by_all_of_it(street: Street) -> None:
    path = street.writes(street.odette, street.jean, street.paul, text="Fête ?", title="La fête")
    for who in (street.odette, street.jean, street.paul):
        page = street.reads(who, path)
        assert "Fête ?" in page
        assert "La fête" in page
    assert street.code(street.anne, path) == 404


def test_a_group_without_a_name_is_called_after_its_people(street: Street) -> None:
    path = street.writes(street.odette, street.jean, street.paul)
    assert "Jean Petit, Geai (Les Roses)" in street.reads(street.odette, path)


def test_a_group_has_ten_people_at_most(street: Street) -> None:
    many = street.world.members(street.odette.community_id or 0, 10)
    answer = street.browser(street.odette).get(street.path(street.odette, "/messages/write", *many))
    assert answer.status_code == 409
    assert "10 personnes au plus" in words(answer)
    assert (
        street.code(street.odette, street.path(street.odette, "/messages/write", *many[:9])) == 200
    )


def test_twins_of_ours_that_are_not_twins_of_each_other_are_in_no_group(street: Street) -> None:
    third = street.world.community("Les Iris")
    street.world.twin(street.odette.community_id or 0, third)
    other = street.world.member(third, pseudonym="Héron")
    answer = street.browser(street.odette).get(
        street.path(street.odette, "/messages/write", street.paul, other)
    )
    assert answer.status_code == 409
    assert "pas jumelées entre elles" in words(answer)
    sent = street.browser(street.odette).post(
        street.path(street.odette, "/messages/write", street.paul, other), text="Bonjour"
    )
    assert sent.status_code == 409
    assert street.world.rows(Conversation) == []


def test_nobody_writes_without_end(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    for n in range(messaging.MOST_MESSAGES - 1):
        street.says(street.odette, path, f"Message {n}")
    answer = street.browser(street.odette).post(path, text="De trop")
    assert answer.status_code == 409
    assert "n'a PAS été envoyé" in words(answer)
    assert "De trop" in answer.text, "what was typed is not lost"


def test_nobody_begins_conversations_without_end(street: Street) -> None:
    for other in street.world.members(street.odette.community_id or 0, messaging.MOST_BEGUN):
        street.writes(street.odette, other)
    answer = street.browser(street.odette).post(
        street.path(street.odette, "/messages/write", street.jean), text="Un"
    )
    assert answer.status_code == 409


# what a twin knows


def everything_of(street: Street, who: Member, path: str) -> str:
    """All that somebody reaches about their messages, and their mail."""
    paths = ["/messages/", "/messages/new", path, f"{path}/live", "/messages/blocked", "/absence/"]
    paths += [f"/messages/new?of={one}" for one in (1, 2, 3)]
    others = [one for one in (street.odette, street.jean, street.paul) if one is not who]
    paths += [f"{path}/block/{street.ref(who, one)}" for one in others]
    paths += [
        street.path(who, "/messages/write", *others),
        street.path(who, "/messages/new", *others),
    ]
    pages = [words(street.browser(who).get(one)) for one in paths]
    pages += [street.browser(who).get(one).headers.get("Location", "") for one in paths]
    return "\n".join([*pages, *street.mails(who)])


def test_a_twin_never_has_a_name_a_number_or_an_address(street: Street) -> None:
    path = street.writes(street.odette, street.jean, street.paul, text="Bonjour à tous")
    street.says(street.jean, path, "Présent")
    street.writes(street.odette, street.paul, text="Rien qu'à vous")
    read = everything_of(street, street.paul, path)
    assert "Mésange" in read
    assert "Pinson" in read
    assert [one for one in canaries(street.odette, street.jean, street.anne) if one in read] == []
    back = everything_of(street, street.odette, path)
    assert "Geai" in back
    assert [one for one in canaries(street.paul) if one in back] == []


def test_one_is_told_how_one_appears_to_twins(street: Street) -> None:
    told = "que votre pseudonyme : Mésange"
    assert told in street.reads(
        street.odette, street.path(street.odette, "/messages/write", street.paul)
    )
    assert told in street.reads(street.odette, street.writes(street.odette, street.paul))
    assert "Mésange" not in street.reads(
        street.odette, street.path(street.odette, "/messages/write", street.jean)
    )


def test_a_twin_cannot_be_named_by_number(street: Street) -> None:
    """Whoever could try numbers would see which pseudonym is whose."""
    path = street.writes(street.odette, street.paul, street.jean)
    visitor = street.browser(street.odette)
    for number in (street.paul.id, f"{street.paul.community_id}-{'0' * 16}", f"0{street.jean.id}"):
        for page in ("/messages/write", "/messages/new", "/absence/new", "/absence/choose"):
            assert visitor.get(f"{page}?to={number}").status_code == 404, (page, number)
        assert visitor.post(f"/messages/write?to={number}", text="Toi").status_code == 404
        assert visitor.get(f"{path}/block/{number}").status_code == 404
    ends_twinning(street)
    for who in (street.paul.id, street.ref(street.odette, street.paul)):
        assert visitor.get(f"{path}/block/{who}").status_code == 404


def test_moving_closer_never_gives_a_pseudonym_its_name(street: Street) -> None:
    path = street.writes(street.odette, street.paul)
    street.says(street.paul, path, "Bonjour")
    street.world.change(street.paul, community_id=street.odette.community_id)
    page = street.reads(street.odette, path)
    assert "a quitté sa communauté" in page
    assert [one for one in ("Paul", "Noir", "Geai") if one in page] == []
    assert "Vous avez changé de communauté" in street.reads(street.paul, path)
    assert "Odette" not in street.reads(street.paul, path)
    street.paul.community_id = street.odette.community_id
    assert street.writes(street.odette, street.paul) != path, "as neighbours they begin anew"


# read or not


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


# who is told by mail


def test_a_mail_says_who_wrote_and_nothing_else(street: Street) -> None:
    path = street.writes(street.odette, street.jean, text="Mon code est 4711")
    (mail,) = street.mails(street.jean)
    assert mail.startswith("Tocsin : Odette Martin vous a écrit\n")
    assert f"https://tocsin.example{path}" in mail
    assert "4711" not in mail
    assert not street.mails(street.odette)


def test_one_mail_a_conversation_until_it_is_read(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    street.says(street.odette, path, "Deux")
    assert len(street.mails(street.jean)) == 1
    street.writes(street.anne, street.jean)
    assert len(street.mails(street.jean)) == 2
    street.reads(street.jean, path)
    street.says(street.odette, path, "Trois")
    assert len(street.mails(street.jean)) == 3


def test_whoever_turned_it_off_gets_no_mail(street: Street) -> None:
    street.world.mute(street.jean, Topic.MESSAGE, Channel.EMAIL)
    path = street.writes(street.odette, street.jean)
    assert street.mails(street.jean) == []
    assert "Bonjour" in street.reads(street.jean, path)


def test_turning_it_off_counts_for_a_mail_that_has_not_left(street: Street) -> None:
    street.writes(street.odette, street.jean)
    street.world.mute(street.jean, Topic.MESSAGE, Channel.EMAIL)
    street.world.pump()
    found = street.world.delivery(address=street.jean.email)
    assert (found.state, found.reason) == (DeliveryState.SUPPRESSED, "turned off")


def test_a_mail_does_leave(street: Street) -> None:
    street.world.mute(street.jean, Topic.ALERT, Channel.EMAIL)
    street.writes(street.odette, street.jean)
    street.world.pump()
    assert street.world.delivery(address=street.jean.email).state == DeliveryState.DELIVERED


def test_a_stop_holds_for_messages_too(street: Street) -> None:
    assert street.jean.email
    street.world.stop(street.jean.email, Channel.EMAIL)
    street.writes(street.odette, street.jean)
    assert street.mails(street.jean) == []


def test_nobody_gets_more_than_ten_mails_an_hour(street: Street) -> None:
    for other in street.world.members(street.jean.community_id or 0, 12):
        street.writes(other, street.jean)
    assert len(street.mails(street.jean)) == 10
    street.world.clock.forward(hours=1, minutes=1)
    street.writes(street.odette, street.jean)
    assert len(street.mails(street.jean)) == 11


def test_whoever_has_no_mail_reads_it_all_the_same(street: Street) -> None:
    street.world.change(street.jean, email=None)
    path = street.writes(street.odette, street.jean)
    assert unread(street, street.jean) == 1
    assert "Bonjour" in street.reads(street.jean, path)


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
    assert "a quitté le groupe" in street.reads(street.odette, path)
    assert unread(street, street.jean) == 0
    anne = street.browser(street.anne)
    anne.lands(anne.post(f"{path}/leave"))
    assert "plus personne d'autre" in street.reads(street.odette, path)
    assert street.browser(street.odette).post(path, text="Seule").status_code == 409


def test_one_does_not_leave_a_person(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    assert street.code(street.odette, f"{path}/leave") == 404
    assert street.browser(street.odette).post(f"{path}/leave").status_code == 404


def ends_twinning(street: Street) -> None:
    with street.world.store.begin() as session:
        places = (street.odette.community_id, street.paul.community_id)
        untwin(session, *(session.get_one(Community, id_) for id_ in places))


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
