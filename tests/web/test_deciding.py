"""Homes are vouched for on a page, by référents and agents."""

from __future__ import annotations

import re
import threading

import pytest

from community_store.models import JoinRequest, Member, MemberState, Mode, Town
from dispatch import rerouting, team
from tests.web.house import House, Visitor, words
from tests.web.letters import counted
from tests.web.vouching import asked, inside, link, ref, referent, state


@pytest.mark.parametrize(
    ("answer", "becomes"), [("yes", MemberState.ACTIVE), ("no", MemberState.CLOSED)]
)
def test_a_referent_answers_on_the_page(
    house: House, lilas: int, answer: str, becomes: MemberState
) -> None:
    zoe = referent(house, lilas, first_name="Zoé", last_name="Zola")
    jeanne = asked(house, lilas, mobile="+33639980066")
    visitor = inside(house, zoe)
    assert "1 demande attend votre réponse" in words(visitor.get("/home"))
    path = f"/requests/{ref(house, jeanne)}"
    assert f'href="{path}"' in visitor.get("/requests").text
    page = words(visitor.get(path))
    assert "Jeanne Petit" in page
    assert "3 rue des Lilas" in page
    assert "66" not in re.sub("<[^>]+>", "", page)
    done = visitor.post(path, answer=answer, reason="vue au marché", sure="1")
    assert visitor.lands(done) == "/requests"
    assert state(house, jeanne) == becomes
    [request] = house.world.rows(JoinRequest, id=ref(house, jeanne)) if answer == "yes" else [None]
    if request is not None:
        assert (request.decided_by, request.reason) == ("Zoé Zola", "vue au marché")
    assert "Aucune demande" in words(visitor.get("/requests"))


def refusals(house: House) -> dict[str, tuple[Visitor, str, Member]]:
    """A request each, which a référent, a mail's link and the team can refuse."""
    lilas = house.world.community("Les Lilas", mode=Mode.REFERENT)
    zoe = referent(house, lilas, email="zoe@voisins.example")
    jeanne, by_mail = asked(house, lilas), house.visitor()
    roses = asked(house, house.world.community("Les Roses"))
    with house.world.act() as act:
        team.assign(act)
    return {
        "page": (inside(house, zoe), f"/requests/{ref(house, jeanne)}", jeanne),
        "mail": (by_mail, link(house, zoe), jeanne),
        "team": (house.inside(house.team()), f"/team/requests/{ref(house, roses)}", roses),
    }


@pytest.mark.parametrize("way", ["page", "mail", "team"])
def test_a_refusal_erases_so_it_is_asked_twice_and_keeps_the_remark(house: House, way: str) -> None:
    visitor, path, jeanne = refusals(house)[way]
    answer = visitor.post(path, answer="no", reason="Inconnue ici")
    assert answer.status_code == 200
    page = words(answer)
    assert "Refuser cette demande ?" in page
    assert "Inconnue ici" in page
    back = words(visitor.post(path, answer="no", reason="Inconnue ici", again="1"))
    assert "Oui, accepter" in back
    assert "Inconnue ici" in back
    assert state(house, jeanne) == MemberState.PENDING
    visitor.post(path, answer="no", reason="Inconnue ici", sure="1")
    assert state(house, jeanne) == MemberState.CLOSED


@pytest.mark.parametrize("answer", ["", "maybe"])
def test_neither_answer_decides_nothing(house: House, lilas: int, answer: str) -> None:
    visitor = inside(house, referent(house, lilas))
    jeanne = asked(house, lilas)
    assert visitor.post(f"/requests/{ref(house, jeanne)}", answer=answer).status_code == 400
    assert state(house, jeanne) == MemberState.PENDING


def test_another_community_s_request_does_not_exist(house: House, lilas: int) -> None:
    roses = house.world.community("Les Roses", mode=Mode.REFERENT)
    referent(house, roses)
    visitor = inside(house, referent(house, lilas))
    path = f"/requests/{ref(house, asked(house, roses))}"
    assert visitor.get(path).status_code == 404
    assert visitor.post(path, answer="yes").status_code == 404
    assert visitor.get("/requests/99999999999").status_code == 404
    assert "Jeanne" not in visitor.get("/requests").text


def moves(house: House, member: Member, home: int) -> None:
    """The member asks another community instead."""
    with house.world.act() as act:
        kept = act.session.get_one(Member, member.id)
        kept.community_id = home
        rerouting.follow(act, kept)


def test_a_referent_reads_that_who_asked_has_turned_to_another_community(
    house: House, lilas: int
) -> None:
    zoe = referent(house, lilas, email="zoe@voisins.example")
    visitor, jeanne = inside(house, zoe), asked(house, lilas)
    path, by_mail = f"/requests/{ref(house, jeanne)}", link(house, zoe)
    moves(house, jeanne, house.world.community("Les Roses", mode=Mode.REFERENT))
    for one in (path, by_mail):
        for answer in (visitor.get(one), visitor.post(one, answer="yes")):
            assert answer.status_code == 410
            page = words(answer)
            assert "s'est adressée ailleurs" in page
            assert 'href="/requests"' in page
            assert not re.search("Jeanne|Petit|rue des Lilas|Roses", page)
    assert state(house, jeanne) == MemberState.PENDING


def test_an_agent_reads_so_where_the_request_has_left_the_town(house: House, lilas: int) -> None:
    [town] = house.world.rows(Town)
    house.world.change(town, subscribed=True)
    home = house.world.community("La Mairie", mode=Mode.TOWN)
    visitor = inside(house, house.world.agent(town.insee, email="agent@ville.example"))
    jeanne = asked(house, home)
    moves(house, jeanne, house.world.community("Ailleurs", insee="2A004"))
    answer = visitor.get(f"/requests/{ref(house, jeanne)}")
    assert answer.status_code == 410
    assert not re.search("Jeanne|Ailleurs", words(answer))


def test_an_agent_sees_the_contacts_of_whom_the_town_vouches_for(house: House) -> None:
    home = house.world.community("Les Lilas", mode=Mode.TOWN)
    [town] = house.world.rows(Town)
    house.world.change(town, subscribed=True)
    agent = house.world.agent(town.insee, email="agent@ville.example")
    jeanne = asked(house, home, mobile="+33639980066", email="jeanne@voisins.example")
    visitor = inside(house, agent)
    path = f"/requests/{ref(house, jeanne)}"
    waiting = words(visitor.get("/requests"))
    assert "Les Lilas" in waiting
    assert "disent habiter votre commune" in waiting
    page = words(visitor.get(path))
    assert 'href="tel:+33639980066">06 39 98 00 66<' in page
    assert "jeanne@voisins.example" in page
    visitor.post(path, answer="yes")
    assert state(house, jeanne) == MemberState.ACTIVE


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_what_is_answered_shows_nothing_of_the_person_any_more(
    house: House, lilas: int, answer: str
) -> None:
    visitors = [inside(house, referent(house, lilas)) for _ in range(2)]
    jeanne = asked(house, lilas)
    path = f"/requests/{ref(house, jeanne)}"
    visitors[0].post(path, answer=answer, sure="1")
    if answer == "yes":
        house.world.change(jeanne, address="9 chemin Neuf", community_id=house.world.community())
    visitors[1].get("/requests")
    for visitor in visitors:
        page = words(shown := visitor.get(path))
        assert shown.status_code == 410
        assert "n'attend plus de réponse" in page
        assert 'href="/requests"' in page
        assert not re.search("Jeanne|Petit|rue des Lilas|chemin Neuf|Oui, accepter", page)


def test_an_agent_sees_no_contacts_once_it_is_answered(house: House) -> None:
    home = house.world.community("Les Lilas", mode=Mode.TOWN)
    [town] = house.world.rows(Town)
    house.world.change(town, subscribed=True)
    visitor = inside(house, house.world.agent(town.insee, email="agent@ville.example"))
    jeanne = asked(house, home, email="jeanne@voisins.example", hide_mobile=True)
    path = f"/requests/{ref(house, jeanne)}"
    visitor.post(path, answer="yes")
    house.world.change(jeanne, community_id=house.world.community("Ailleurs", insee="2A004"))
    page = words(visitor.get(path))
    assert not re.search("Jeanne|jeanne@|rue des Lilas", page)


def test_who_is_suspended_while_they_wait_is_shown_to_nobody(house: House, lilas: int) -> None:
    visitor = inside(house, referent(house, lilas))
    jeanne = asked(house, lilas)
    house.world.change(jeanne, state=MemberState.SUSPENDED)
    answer = visitor.get(f"/requests/{ref(house, jeanne)}")
    assert answer.status_code == 410
    assert "Jeanne" not in words(answer)


def test_a_referent_who_acts_for_another_town_sees_no_contacts(house: House, lilas: int) -> None:
    zoe = referent(house, lilas, email="zoe@voisins.example")
    account = house.account_of(zoe)
    house.world.change(account, agent_id=house.world.agent(email="zoe@voisins.example").id)
    jeanne = asked(house, lilas, mobile="+33639980066", email="jeanne@voisins.example")
    page = words(house.inside(account).get(f"/requests/{ref(house, jeanne)}"))
    assert "Jeanne" in page
    assert "+33639980066" not in page
    assert "jeanne@voisins.example" not in page


def test_of_two_who_answer_at_once_one_decides_and_the_other_is_told(
    house: House, lilas: int
) -> None:
    visitors = [inside(house, referent(house, lilas)) for _ in range(2)]
    jeanne = asked(house, lilas)
    path, start = f"/requests/{ref(house, jeanne)}", threading.Barrier(2)

    def go(visitor: Visitor, answer: str) -> None:
        start.wait()
        visitor.post(path, answer=answer, sure="1")

    both = [
        threading.Thread(target=go, args=pair)
        for pair in zip(visitors, ("yes", "yes"), strict=True)
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    told = [words(visitor.get("/requests")) for visitor in visitors]
    assert sum("C'est fait" in page for page in told) == 1
    assert state(house, jeanne) == MemberState.ACTIVE


@pytest.mark.parametrize("path", ["/home", "/requests"])
def test_no_more_is_asked_of_the_database_for_more_requests(
    house: House, lilas: int, path: str
) -> None:
    visitor = inside(house, referent(house, lilas))
    counts = []
    for more in (2, 10):
        for _ in range(more):
            asked(house, lilas)
        visitor.get(path)
        with counted(house) as statements:
            visitor.get(path)
        counts.append(len(statements))
    assert counts[0] == counts[1]
