"""Homes are vouched for: by référents and agents on a page or by a link, by the team on its own."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from community_store import audit
from community_store.models import (
    Agent,
    Community,
    Delivery,
    JoinRequest,
    Member,
    MemberState,
    Mode,
    PositionTry,
    ProofDocument,
    Town,
    Wording,
)
from dispatch import proofs, requests, rerouting, team, vouching
from dispatch.proof_reading import Picture
from tests.web.house import House, Visitor, words


def asked(house: House, home: int | None, **more: object) -> Member:
    """Somebody waits; whoever vouches there has been asked."""
    values = {"first_name": "Jeanne", "last_name": "Petit", "address": "3 rue des Lilas"} | more
    member = house.world.member(home, state=MemberState.PENDING, **values)
    with house.world.act() as act:
        requests.ask(act, act.session.get_one(Member, member.id))
        team.assign(act)
    return member


def referent(house: House, home: int, **more: object) -> Member:
    return house.world.member(home, referent=True, **more)


def inside(house: House, who: Member | Agent) -> Visitor:
    return house.inside(house.account_of(who))


def ref(house: House, member: Member) -> int:
    [request] = house.world.rows(JoinRequest, member_id=member.id)
    return int(request.id)


def state(house: House, member: Member) -> str:
    return str(house.world.rows(Member, id=member.id)[0].state)


@pytest.fixture
def lilas(house: House) -> int:
    return house.world.community("Les Lilas", mode=Mode.REFERENT)


# on the page


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
    assert visitor.lands(visitor.post(path, answer=answer, reason="vue au marché")) == "/requests"
    assert state(house, jeanne) == becomes
    [request] = house.world.rows(JoinRequest, id=ref(house, jeanne)) if answer == "yes" else [None]
    if request is not None:
        assert (request.decided_by, request.reason) == ("Zoé Zola", "vue au marché")
    assert "Aucune demande" in words(visitor.get("/requests"))


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
    page = words(visitor.get(path))
    assert "+33639980066" in page
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
    visitors[0].post(path, answer=answer)
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
        visitor.post(path, answer=answer)

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


@contextmanager
def counted(house: House) -> Iterator[list[str]]:
    """The statements that the database is given meanwhile."""
    statements: list[str] = []

    def note(*said: object) -> None:
        statements.append(str(said[2]))

    engine = house.world.store.engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


# by the link


def link(house: House, who: Member) -> str:
    """The path in the mail that was sent to somebody."""
    with house.world.store.read() as session:
        mails = session.exec(
            select(Wording.mail)
            .join(Delivery, col(Delivery.wording_id) == col(Wording.id))
            .where(Delivery.member_id == who.id, Delivery.channel == "email")
        ).all()
    found = re.search(rf"{vouching.PATH}\S+", mails[-1])
    assert found
    return found[0]


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


# the team


def with_document(house: House) -> tuple[Member, ProofDocument]:
    home = house.world.community("Les Lilas", mode=Mode.TEAM)
    jeanne = asked(house, home)
    with house.world.act() as act:
        member = act.session.get_one(Member, jeanne.id)
        proofs.keep(act, member, Picture(b"%PDF-a picture", "application/pdf"))
    [document] = house.world.rows(ProofDocument)
    return jeanne, document


def test_the_team_looks_at_the_document_and_decides(house: House) -> None:
    jeanne, document = with_document(house)
    visitor = house.inside(house.team())
    queue = words(visitor.get("/team"))
    assert "Jeanne Petit" in queue
    assert "Justificatif reçu" in queue
    path = f"/team/requests/{ref(house, jeanne)}"
    assert f"/team/proofs/{document.id}" in visitor.get(path).text
    shown = visitor.get(f"/team/proofs/{document.id}")
    assert shown.data == b"%PDF-a picture"
    assert "attachment" in shown.headers["Content-Disposition"]
    assert shown.headers["Cache-Control"] == "no-store"
    with house.world.store.read() as session:
        assert [one.action for one in audit.of(session, f"proof {document.id}")] == ["looked"]
    assert visitor.lands(visitor.post(path, answer="yes")) == "/team"
    assert state(house, jeanne) == MemberState.ACTIVE
    assert visitor.get(f"/team/proofs/{document.id}").status_code == 404
    assert visitor.get(path).status_code == 410


def test_the_team_reads_how_far_from_home_a_position_was(house: House) -> None:
    jeanne, _ = with_document(house)
    with house.world.store.begin() as session:
        session.add(
            PositionTry(
                member_id=jeanne.id or 0, distance_m=1100, accuracy_m=20, accepted=False,
                created_at=house.world.clock(),
            )
        )  # fmt: skip
    page = words(house.inside(house.team()).get(f"/team/requests/{ref(house, jeanne)}"))
    assert "Position essayée le" in page
    assert ": à 1,1 km du logement." in page


def test_of_two_of_the_team_the_second_is_told_that_it_is_answered(house: House) -> None:
    jeanne = asked(house, house.world.community("Les Lilas", mode=Mode.TEAM))
    path = f"/team/requests/{ref(house, jeanne)}"
    first, second = house.inside(house.team()), house.inside(house.team("other@equipe.example"))
    first.post(path, answer="no")
    for answer in (second.get(path), second.post(path, answer="yes")):
        page = words(answer)
        assert answer.status_code == 410
        assert "n'attend plus de réponse" in page
        assert 'class="button" href="/team"' in page
        assert not re.search("Jeanne|Petit|rue des Lilas", page)
    for nothing in ("/team/requests/999999", f"/team/requests/{10**30}"):
        assert second.get(nothing).status_code == 404


def test_the_team_is_given_what_to_check_by_other_means_with(house: House) -> None:
    home = house.world.community("Les Lilas", mode=Mode.TEAM)
    jeanne = asked(house, home, mobile="+33639980066", landline="+33199000066", lat=45.1826,
                   lon=5.7226, email="jeanne@voisins.example", hide_mobile=True)  # fmt: skip
    visitor, path = house.inside(house.team()), f"/team/requests/{ref(house, jeanne)}"
    page = words(visitor.get(path))
    for link in ("tel:+33639980066", "tel:+33199000066", "mailto:jeanne@voisins.example"):
        assert f'href="{link}"' in page
    assert "06 39 98 00 66" in page
    assert "[45.1826, 5.7226]" in page
    assert '"name": "Les Lilas"' in page
    assert "Carte du logement déclaré" in page
    with house.world.store.read() as session:
        [kept] = audit.of(session, f"request {ref(house, jeanne)}")
    assert kept.action == "looked"
    assert kept.actor.startswith("team ")


def test_the_team_is_told_of_a_home_that_is_on_no_map(house: House) -> None:
    jeanne = asked(house, None, mobile=None, landline="+33199000066")
    page = words(house.inside(house.team()).get(f"/team/requests/{ref(house, jeanne)}"))
    assert "pas encore placé sur la carte" in page
    assert "mailto:" not in re.sub("<footer.*", "", page, flags=re.DOTALL)


def test_the_document_is_the_team_s_alone(house: House, lilas: int) -> None:
    _, document = with_document(house)
    zoe, agent = referent(house, lilas), house.world.agent(email="agent@ville.example")
    for visitor in (house.visitor(), inside(house, zoe), inside(house, agent)):
        assert visitor.get(f"/team/proofs/{document.id}").status_code in (303, 403)
    half = house.inside(house.team("half@equipe.example"), half=True)
    assert half.get("/team").status_code == 303


def test_what_is_the_referents_is_not_in_the_team_s_queue_until_15_days(
    house: House, lilas: int
) -> None:
    referent(house, lilas)
    jeanne = asked(house, lilas)
    visitor = house.inside(house.team())
    path = f"/team/requests/{ref(house, jeanne)}"
    assert visitor.get(path).status_code == 404
    house.world.clock.forward(days=15, seconds=1)
    visitor = house.inside(house.team("other@equipe.example"))
    with house.world.act() as act:
        team.assign(act)
    assert visitor.get(path).status_code == 200
    house.world.clock.forward(hours=73)
    late = house.inside(house.team("third@equipe.example"))
    assert "En retard" in words(late.get("/team"))
    assert len(house.world.rows(Community)) == 1
