"""Twinnings on the web and by the link in a mail: who sees, asks, answers and ends what."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from community_store import boundaries, twinning
from community_store.models import Community, Delivery, Member, TwinningProposal, Wording
from dispatch import pairing_links
from tests.community_store.ground import square
from tests.dispatch.world import World
from tests.web.house import House, Visitor, words

PAGE = "/community/twinning"


@dataclass
class Pair:
    """Two communities, each with a référent, and a third one's."""

    house: House
    lilas: int
    roses: int
    rose: Member
    paul: Member
    lise: Member

    @property
    def world(self) -> World:
        return self.house.world

    def browser(self, who: Member) -> Visitor:
        return self.house.inside(self.house.account_of(who, password=False))

    def proposes(self, other: int | None = None) -> int:
        visitor = self.browser(self.rose)
        assert (
            visitor.lands(visitor.post(f"{PAGE}/propose", community=str(other or self.roses)))
            == PAGE
        )
        found = self.world.rows(TwinningProposal)[-1]
        assert isinstance(found.id, int)
        return found.id

    def twinned(self) -> bool:
        with self.world.store.read() as session:
            return twinning.are_twins(session, self.lilas, self.roses)

    def link(self) -> str:
        """The path in the mail to Paul."""
        (row,) = self.world.rows(Delivery, member_id=self.paul.id)
        (said,) = self.world.rows(Wording, id=row.wording_id)
        found = re.search(rf"{pairing_links.PATH}\S+", said.mail)
        assert found
        return found[0]


@pytest.fixture
def pair(house: House) -> Pair:
    world = house.world
    lilas, roses, far = (world.community(name) for name in ("Les Lilas", "Les Roses", "Le Bourg"))
    return Pair(
        house, lilas, roses,
        world.member(lilas, first_name="Rose", last_name="Blanc", referent=True,
                     email="rose@voisins.example", pseudonym="Merle"),
        world.member(roses, first_name="Paul", last_name="Noir", referent=True,
                     email="paul@voisins.example", pseudonym="Geai"),
        world.member(far, first_name="Lise", last_name="Roux", referent=True),
    )  # fmt: skip


def test_those_within_reach_are_listed_nearest_first_and_on_the_map(pair: Pair) -> None:
    world = pair.world
    away = world.community("Loin")
    with world.store.begin() as session:
        found = session.get_one(Community, away)
        boundaries.place(session, found, square(0, 12), geo=world.settings.geo)
    page = words(pair.browser(pair.rose).get(PAGE))
    assert page.index("<h3>Les Roses</h3>") < page.index("<h3>Le Bourg</h3>")
    assert "Loin" not in page
    assert "juste à côté de la vôtre" in page
    assert "à 390 m de la vôtre" in page
    assert page.count('"kind": "near"') == 2
    for person in (pair.paul, pair.lise):
        assert person.last_name not in page
        assert person.pseudonym not in page


@pytest.mark.parametrize(("wanted", "shown"), [("roses", 1), ("ROSÈS", 1), ("bourg", 1), ("x%", 0)])
def test_the_list_is_searched_whatever_the_accents(pair: Pair, wanted: str, shown: int) -> None:
    page = words(pair.browser(pair.rose).get(PAGE, query_string={"q": wanted}))
    assert page.count("<h3>") == shown
    assert ("Aucune communauté proche ne correspond" in page) is (shown == 0)


def test_a_long_list_has_pages(pair: Pair) -> None:
    world = pair.world
    for n in range(20):
        other = world.community(f"Quartier {n}", address="Rue du Pré")
        with world.store.begin() as session:
            found, ground = session.get_one(Community, other), square(n % 5, 1 + n // 5)
            boundaries.place(session, found, ground, geo=world.settings.geo)
    visitor = pair.browser(pair.rose)
    first, second = (words(visitor.get(f"{PAGE}?page={n}")) for n in (1, 2))
    assert "Page 1 sur 2" in first
    assert first.count("<h3>") + second.count("<h3>") >= 21
    assert visitor.get(f"{PAGE}?page=x").status_code == 200


def test_proposed_accepted_and_ended_on_the_web(pair: Pair) -> None:
    proposal = pair.proposes()
    assert "Retirer la proposition" in words(pair.browser(pair.rose).get(PAGE))
    paul = pair.browser(pair.paul)
    assert "1 proposition attend" in words(paul.get("/community"))
    page = words(paul.get(PAGE))
    assert "On vous propose" in page
    assert paul.lands(paul.post(f"{PAGE}/{proposal}/answer", answer="yes")) == PAGE
    assert pair.twinned()
    neighbour = pair.world.member(pair.lilas)
    assert "Jumelage avec Les Roses." in words(pair.browser(neighbour).get("/community"))
    rose, address = pair.browser(pair.rose), f"{PAGE}/with/{pair.roses}/end"
    assert "Mettre fin au jumelage avec Les Roses ?" in words(rose.get(address))
    assert pair.twinned(), "looking ends nothing"
    rose.lands(rose.post(address))
    assert not pair.twinned()
    assert "Fin du jumelage avec Les Roses." in words(pair.browser(neighbour).get("/community"))


def test_who_ends_a_twinning_that_somebody_ended_before_is_told_so(pair: Pair) -> None:
    proposal = pair.proposes()
    paul, rose = pair.browser(pair.paul), pair.browser(pair.rose)
    paul.post(f"{PAGE}/{proposal}/answer", answer="yes")
    ways = ((rose, f"{PAGE}/with/{pair.roses}/end"), (paul, f"{PAGE}/with/{pair.lilas}/end"))
    rose.lands(rose.post(ways[0][1]))
    for visitor, address in ways:
        for go in (visitor.get, visitor.post):
            answer = go(address)
            assert "Ce jumelage était déjà terminé." in words(visitor.get(visitor.lands(answer)))
    assert not pair.twinned()


def test_what_a_rule_refuses_is_said_on_the_page(pair: Pair) -> None:
    pair.proposes()
    rose = pair.browser(pair.rose)
    answer = rose.post(f"{PAGE}/propose", community=str(pair.roses))
    assert answer.status_code == 409
    assert "attend déjà une réponse" in words(answer)
    for id_ in ("", "x", "99999", "-1", "9" * 30, "²"):
        assert rose.post(f"{PAGE}/propose", community=id_).status_code == 404


def test_taken_back_it_is_answered_no_more(pair: Pair) -> None:
    proposal = pair.proposes()
    rose, paul = pair.browser(pair.rose), pair.browser(pair.paul)
    rose.lands(rose.post(f"{PAGE}/{proposal}/withdraw"))
    answer = paul.get(paul.lands(paul.post(f"{PAGE}/{proposal}/answer", answer="yes")))
    assert "déjà décidé, ou retiré" in words(answer)
    assert not pair.twinned()


def test_a_proposal_of_others_does_not_exist(pair: Pair) -> None:
    proposal = pair.proposes()
    lise, rose, paul = (pair.browser(one) for one in (pair.lise, pair.rose, pair.paul))
    for visitor in (lise, rose):
        assert visitor.post(f"{PAGE}/{proposal}/answer", answer="yes").status_code == 404
    for visitor in (lise, paul):
        assert visitor.post(f"{PAGE}/{proposal}/withdraw").status_code == 404
    assert lise.get(f"{PAGE}/with/{pair.lilas}/end").status_code == 404
    assert lise.post(f"{PAGE}/with/{pair.lilas}/end").status_code == 404
    assert paul.post(f"{PAGE}/{proposal}/answer", answer="perhaps").status_code == 400
    assert not pair.twinned()


def test_a_neighbour_who_is_no_referent_proposes_and_answers_nothing(pair: Pair) -> None:
    proposal = pair.proposes()
    visitor = pair.browser(pair.world.member(pair.roses))
    for path in ("propose", f"{proposal}/answer", f"{proposal}/withdraw"):
        assert visitor.post(f"{PAGE}/{path}", answer="yes").status_code == 403


# by the link


def test_the_link_asks_before_it_changes_anything_and_serves_once(pair: Pair) -> None:
    pair.proposes()
    visitor, path = pair.house.visitor(), pair.link()
    page = words(visitor.get(path))
    assert "Les Lilas vous propose un jumelage" in page
    for name in ("Rose Blanc", "Merle", "rose@"):
        assert name not in page
    assert not pair.twinned()
    assert visitor.post(path).status_code == 400
    assert "sont jumelées" in words(visitor.post(path, answer="yes"))
    assert pair.twinned()
    assert visitor.get(path).status_code == 410
    assert visitor.post(path, answer="no").status_code == 410
    assert pair.twinned()
    assert not visitor.signed_in()


def test_a_link_refuses_too_and_tells_who_asked(pair: Pair) -> None:
    pair.proposes()
    visitor, path = pair.house.visitor(), pair.link()
    assert "Refuser le jumelage avec Les Lilas ?" in words(visitor.post(path, answer="no"))
    assert pair.world.rows(Delivery, member_id=pair.rose.id) == []
    assert "est refusée" in words(visitor.post(path, answer="no", sure="1"))
    assert not pair.twinned()
    assert len(pair.world.rows(Delivery, member_id=pair.rose.id)) == 1


def test_a_refusal_on_the_page_is_confirmed_first(pair: Pair) -> None:
    path = f"{PAGE}/{pair.proposes()}/answer"
    paul = pair.browser(pair.paul)
    assert "Oui, refuser" in words(paul.post(path, answer="no"))
    assert pair.browser(pair.lise).post(path, answer="no").status_code == 404
    paul.lands(paul.post(path, answer="yes"))
    assert pair.twinned()


def test_after_thirty_days_a_link_opens_nothing(pair: Pair) -> None:
    pair.proposes()
    pair.world.clock.forward(days=30)
    assert pair.house.visitor().get(pair.link()).status_code == 410


def test_a_boundary_that_moved_away_is_said_to_who_answers_by_link(pair: Pair) -> None:
    pair.proposes()
    with pair.world.store.begin() as session:
        roses = session.get_one(Community, pair.roses)
        boundaries.place(session, roses, square(0, 12), geo=pair.world.settings.geo)
    answer = pair.house.visitor().post(pair.link(), answer="yes")
    assert answer.status_code == 409
    assert "5 km au plus" in words(answer)


def test_the_link_and_the_page_used_at_once_decide_once(pair: Pair) -> None:
    proposal, path = pair.proposes(), pair.link()
    by_page, by_link = pair.browser(pair.paul), pair.house.visitor()
    start = threading.Barrier(2)

    def page() -> bool:
        start.wait()
        answer = by_page.post(f"{PAGE}/{proposal}/answer", answer="no", sure="1")
        return "est refusée" in words(by_page.get(by_page.lands(answer)))

    def link() -> bool:
        start.wait()
        return by_link.post(path, answer="yes").status_code == 200

    with ThreadPoolExecutor(2) as pool:
        told = [one.result() for one in (pool.submit(page), pool.submit(link))]
    assert sorted(told) == [False, True]
    assert pair.twinned() is told[1]
