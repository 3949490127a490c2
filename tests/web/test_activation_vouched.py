"""Activation on the web where others vouch than the team, and where nobody can yet."""

from __future__ import annotations

import re

from community_store.models import MemberState, Mode, ProofDocument, Town
from dispatch import team
from tests.dispatch import papers
from tests.web.activating import EMAIL, inside, pending, sends, stands, state
from tests.web.house import House, Visitor, words


def test_the_referents_have_15_days_and_nobody_s_name_is_shown(house: House) -> None:
    member = pending(house, mode=Mode.REFERENT)
    house.world.member(member.community_id, referent=True, first_name="Zoé", last_name="Zola")
    page = words(inside(house, member).get("/activation"))
    assert "référents de la communauté Les Lilas" in page
    assert "15 jours" in page
    assert "Zoé" not in page
    assert "Vérifier ma position" not in page


def test_after_15_days_the_team_has_it_and_the_position_counts(house: House) -> None:
    member = pending(house, mode=Mode.REFERENT)
    house.world.member(member.community_id, referent=True)
    visitor = inside(house, member)
    refused = stands(visitor, member)
    assert refused.status_code == 422  # type: ignore[attr-defined]
    house.world.clock.forward(days=15, seconds=1)
    with house.world.act() as act:
        assert team.assign(act) == 1
    assert "Vérifier ma position" in words(visitor.get("/activation"))
    assert visitor.lands(stands(visitor, member)) == "/activation"  # type: ignore[arg-type]


def test_after_15_days_the_home_page_says_who_has_it_too(house: House) -> None:
    member = pending(house, mode=Mode.REFERENT)
    house.world.member(member.community_id, referent=True)
    assert "Un référent de la communauté Les Lilas vérifie" in words(
        inside(house, member).get("/home")
    )
    house.world.clock.forward(days=15, seconds=1)
    with house.world.act() as act:
        team.assign(act)
    page = words(inside(house, member).get("/home"))
    assert "L'équipe vérifie" in page
    assert "référent" not in page
    assert "rien à faire" not in page


def test_no_step_is_said_to_be_done_that_is_not(house: House) -> None:
    alone = inside(house, house.world.member(None, state=MemberState.PENDING))
    member = inside(house, pending(house))
    for path in ("/home", "/activation"):
        assert steps(alone, path) == (["Inscription"], "Ma communauté")
        assert steps(member, path) == (["Inscription", "Ma communauté"], "Activation")


def steps(visitor: Visitor, path: str) -> tuple[list[str], str]:
    """Those that are done, and the one that is now."""
    page = words(visitor.get(path))
    done = re.findall(r"<span>([^<]+)<span class=\"unseen\"> \(fait\)", page)
    [now] = re.findall(r'aria-current="step">.*?</span>\s*<span>([^<]+)</span>', page, re.DOTALL)
    return done, now


def test_a_document_counts_only_where_the_team_vouches(house: House) -> None:
    member = pending(house, mode=Mode.REFERENT)
    house.world.member(member.community_id, referent=True)
    answer = sends(inside(house, member), papers.letter())
    assert answer.status_code == 422
    assert house.world.rows(ProofDocument) == []


def test_a_town_vouches_for_its_own(house: House) -> None:
    member = pending(house, mode=Mode.TOWN)
    [town] = house.world.rows(Town)
    house.world.change(town, subscribed=True)
    house.world.agent(town.insee)
    page = words(inside(house, member).get("/activation"))
    assert "à la mairie" in page


def test_who_has_no_community_is_led_to_one(house: House) -> None:
    member = house.world.member(None, state=MemberState.PENDING, email=EMAIL)
    page = words(inside(house, member).get("/activation"))
    assert 'href="/community"' in page
    assert "Vérifier ma position" not in page
    assert "justificatif" not in page


def test_nothing_proves_a_home_before_a_community_is_chosen(house: House) -> None:
    member = house.world.member(None, state=MemberState.PENDING, lat=48.85, lon=2.35)
    visitor = inside(house, member)
    for answer in (stands(visitor, member), sends(visitor, papers.letter())):
        assert answer.status_code == 422  # type: ignore[attr-defined]
        assert "Choisissez d'abord votre communauté" in words(answer)  # type: ignore[arg-type]
    assert state(house, member) == MemberState.PENDING
    assert house.world.rows(ProofDocument) == []


def test_who_is_active_in_no_community_is_told_so(house: House) -> None:
    visitor = inside(house, house.world.member(None))
    assert visitor.lands(visitor.get("/activation")) == "/home"
