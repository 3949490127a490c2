"""A partner proves where somebody lives (S26): by a real OpenID provider and a real geocoder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import shapely

from community_store import personal_data
from community_store.models import (
    Community,
    JoinRequest,
    Member,
    MemberState,
    Mode,
    PartnerProof,
    RequestState,
)
from community_store.store import Store
from tests.dispatch.world import make_world
from tests.rigs.openid import OpenIDProvider, openid_provider
from tests.rigs.processes import free_port
from tests.web.house import SITE, make_house, words
from tests.web.partner_town import BACK, PEOPLE, Town, lilas


@pytest.fixture(scope="module")
def mitrust() -> Iterator[OpenIDProvider]:
    with openid_provider(PEOPLE, [SITE + BACK]) as provider:
        yield provider


@pytest.fixture
def town(
    sqlite_store: Store, redis_url: str, tmp_path: Path, addok: str, mitrust: OpenIDProvider
) -> Iterator[Town]:
    sections = {"geo": {"geocoder_url": addok}, "partner": {"mitrust": mitrust.section}}
    with make_world(sqlite_store, redis_url, tmp_path, **sections) as world:
        world.number()
        yield Town(make_house(world), mitrust)


@pytest.mark.parametrize("login", ["jeanne", "pierre"])
def test_whose_address_the_partner_knows_is_active_at_once(town: Town, login: str) -> None:
    member, visitor = town.pending()
    page = words(visitor.get("/activation"))
    assert "Continuer avec MiTrust" in page
    assert visitor.lands(visitor.get(town.visits(visitor, login))) == "/activation"
    assert town.state(member) == MemberState.ACTIVE
    (request,) = town.house.world.rows(JoinRequest)
    assert request.decided_by == "partner:mitrust"
    (proof,) = town.house.world.rows(PartnerProof)
    assert (proof.distance_m, proof.accepted, proof.partner) == (0, True, "mitrust")
    assert login not in proof.subject


def test_outside_the_boundary_it_proves_the_home_and_people_decide(town: Town) -> None:
    home = town.house.world.community("Loin")
    town.house.world.community("Près")
    ground = shapely.box(5.8, 45.2, 5.81, 45.21)
    town.house.world.change(town.house.world.rows(Community, id=home)[0], boundary=ground)
    member, visitor = town.pending(community=home)
    assert visitor.lands(visitor.get(town.visits(visitor, "jeanne"))) == "/activation"
    assert town.state(member) == MemberState.PENDING
    assert "Votre logement est vérifié" in words(visitor.get("/activation"))
    (request,) = town.house.world.rows(JoinRequest)
    assert request.state == RequestState.OPEN


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("99 boulevard Faux, 38000 Grenoble", "12 Rue des Lilas 38990 Valmoutier"),
        ("14 rue des Lilas 38990 Valmoutier", "12 Rue des Lilas 38990 Valmoutier"),
        ("12 rue des Lilas, escalier C, 38990 Valmoutier",
         "12 rue des Lilas, escalier C, 38990 Valmoutier"),
    ],
)  # fmt: skip
def test_the_address_is_then_the_one_that_was_proved(town: Town, typed: str, kept: str) -> None:
    member, visitor = town.pending(address=typed)
    visitor.get(town.visits(visitor, "jeanne"))
    [row] = town.house.world.rows(Member, id=member.id)
    assert (row.state, row.address) == (MemberState.ACTIVE, kept)


@pytest.mark.parametrize(
    ("login", "told"),
    [
        ("elsewhere", "n'est pas celle de votre logement"),
        ("nobody", "MiTrust ne connaît pas votre adresse"),
        ("street", "n'a pas pu être trouvée"),
        ("moon", "n'a pas pu être trouvée"),
    ],
)
def test_another_address_and_none_each_say_what_else_there_is(
    town: Town, login: str, told: str
) -> None:
    member, visitor = town.pending()
    answer = visitor.get(town.visits(visitor, login))
    assert answer.status_code == 422
    assert told in words(answer)
    assert "un autre moyen" in words(answer)
    assert town.state(member) == MemberState.PENDING


def test_what_the_partner_said_is_not_kept(town: Town) -> None:
    member, visitor = town.pending(address="3 rue de la Paix")
    visitor.get(town.visits(visitor, "elsewhere"))
    with town.house.world.store.begin() as session:
        export = personal_data.export(session, session.get_one(Member, member.id))
        (compared,) = export["proved_by_partners"]
        assert (compared["accepted"], compared["distance_m"] > 100) == (False, True)
        assert "subject" not in compared
        assert "Rochebrune" not in json.dumps(export, default=str)
        personal_data.erase(session, session.get_one(Member, member.id))
    assert town.house.world.rows(PartnerProof) == []


def test_one_person_does_not_prove_two_homes(town: Town) -> None:
    _, first = town.pending()
    first.get(town.visits(first, "jeanne"))
    lon, lat = lilas("12")
    spouse, second = town.pending(lat=lat + 0.0003)  # 33 m: the same household
    assert second.lands(second.get(town.visits(second, "jeanne"))) == "/activation"
    assert town.state(spouse) == MemberState.ACTIVE
    other, third = town.pending(lat=lat + 0.02, lon=lon)
    assert "vient de prouver un autre logement" in words(third.get(town.visits(third, "jeanne")))
    town.house.world.clock.now += timedelta(days=31)
    third = town.house.inside(town.house.account_of(other, password=False))
    assert "n'est pas celle de votre" in words(third.get(town.visits(third, "jeanne")))


def test_the_way_back_counts_once_for_one_browser_and_ten_minutes(town: Town) -> None:
    member, visitor = town.pending()
    way = town.visits(visitor, "elsewhere")
    visitor.get(way)
    assert "Recommencez" in words(visitor.get(way))
    _, other = town.pending()
    assert "Recommencez" in words(other.get(town.visits(visitor, "jeanne")))
    late = town.visits(visitor, "jeanne")
    town.house.world.clock.now += timedelta(minutes=11)
    assert "Recommencez" in words(visitor.get(late))
    assert town.state(member) == MemberState.PENDING


def changed(way: str, **more: str) -> str:
    told = {name: value[0] for name, value in parse_qs(urlsplit(way).query).items()} | more
    return f"{BACK}?{urlencode({name: value for name, value in told.items() if value})}"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"state": "another"}, "n'a pas pu être vérifiée"),
        ({"iss": "https://evil.example"}, "n'a pas pu être vérifiée"),
        ({"code": "made-up"}, "n'a pas pu être vérifiée"),
        ({"code": "", "error": "access_denied"}, "n'a pas donné votre adresse"),
        ({"code": "", "error": "server_error"}, "ne répond pas"),
    ],
)
def test_what_is_brought_back_is_checked(town: Town, more: dict[str, str], told: str) -> None:
    member, visitor = town.pending()
    assert told in words(visitor.get(changed(town.visits(visitor, "jeanne"), **more)))
    assert town.state(member) == MemberState.PENDING


def test_a_code_of_somebody_else_proves_nothing(town: Town) -> None:
    """Their code in our errand: the verifier and the nonce are ours."""
    _, thief = town.pending()
    _, victim = town.pending()
    theirs = parse_qs(urlsplit(town.visits(victim, "jeanne")).query)["code"][0]
    told = words(thief.get(changed(town.visits(thief, "elsewhere"), code=theirs)))
    assert "n'a pas pu être vérifiée" in told


def test_where_others_vouch_the_partner_is_not_asked(town: Town) -> None:
    home = town.house.world.community(mode=Mode.REFERENT)
    town.house.world.member(home, referent=True)
    _, visitor = town.pending(community=home)
    assert "MiTrust" not in words(visitor.get("/activation"))
    answer = visitor.get("/activation/partner/mitrust")
    assert answer.status_code == 422
    assert "c'est le référent" in words(answer)


@pytest.mark.parametrize("path", ["/activation/partner/mitrust", f"{BACK}?state=x&code=y"])
def test_who_asks_too_often_is_told_to_wait(town: Town, path: str) -> None:
    _, visitor = town.pending()
    answers = [visitor.get(path).status_code for _ in range(11)]
    assert answers[:10].count(429) == 0
    assert answers[10] == 429


def test_without_scripts_no_way_is_left_out(town: Town) -> None:
    _, visitor = town.pending()
    page = words(visitor.get("/activation"))
    told = page[page.index("<noscript>") : page.index("</noscript>")]
    assert "un autre moyen plus bas" in told
    assert "justificatif" not in told
    assert "Continuer avec MiTrust" in page[page.index("</noscript>") :]


def test_an_unknown_partner_is_no_page(town: Town) -> None:
    _, visitor = town.pending()
    assert visitor.get("/activation/partner/other").status_code == 404
    assert visitor.get("/activation/partner/other/back").status_code == 404


def test_a_partner_that_is_away_says_so(
    sqlite_store: Store, redis_url: str, tmp_path: Path, mitrust: OpenIDProvider
) -> None:
    section = {**mitrust.section, "issuer": f"http://127.0.0.1:{free_port()}"}
    with make_world(sqlite_store, redis_url, tmp_path, partner={"mitrust": section}) as world:
        _, visitor = Town(make_house(world), mitrust).pending()
        answer = visitor.get("/activation/partner/mitrust")
    assert answer.status_code == 503
    assert "MiTrust ou le service des adresses ne répond pas" in words(answer)
