"""Activation on the web where the team vouches: at home, or by a document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from community_store.models import (
    Community,
    JoinRequest,
    MemberState,
    Notice,
    PositionTry,
    ProofDocument,
)
from dispatch import team
from tests.dispatch import papers
from tests.dispatch.world import at
from tests.web.activating import inside, pending, sends, stands, state
from tests.web.house import House, words

# a position


def test_who_is_at_home_is_active_at_once_and_welcomed(house: House) -> None:
    member = pending(house)
    visitor = inside(house, member)
    assert "Je suis chez moi maintenant" in words(visitor.get("/activation"))
    assert visitor.lands(stands(visitor, member)) == "/activation"  # type: ignore[arg-type]
    assert state(house, member) == MemberState.ACTIVE
    assert any(notice.kind.startswith("welcome") for notice in house.world.rows(Notice))
    assert visitor.lands(visitor.get("/activation")) == "/first-steps"


def test_outside_the_boundary_a_position_proves_the_home_and_people_decide(house: House) -> None:
    member = pending(house)
    east = house.world.rows(Community)[0].boundary.bounds[2]
    house.world.change(member, lon=east + 0.005)
    member.lon = east + 0.005
    visitor = inside(house, member)
    assert "en dehors de la communauté Les Lilas" in words(visitor.get("/activation"))
    assert visitor.lands(stands(visitor, member)) == "/activation"  # type: ignore[arg-type]
    assert state(house, member) == MemberState.PENDING
    page = words(visitor.get("/activation"))
    assert "Votre logement est vérifié" in page
    assert "l'équipe décide maintenant" in page
    assert "Vérifier ma position" not in page
    assert visitor.get("/first-steps").status_code == 403


def test_who_is_elsewhere_reads_how_far_and_when_the_mail_comes(house: House) -> None:
    house.world.clock.now = at(14)
    member = pending(house)
    answer = stands(inside(house, member), member, north=0.01)
    page = words(answer)  # type: ignore[arg-type]
    assert "1,1 km" in page
    assert "18 h 30" in page
    assert "justificatif" in page
    assert state(house, member) == MemberState.PENDING


def test_without_an_email_no_mail_is_promised(house: House) -> None:
    member = pending(house, email=None)
    page = words(stands(inside(house, member), member, north=0.01))  # type: ignore[arg-type]
    assert "18 h 30" not in page
    assert "justificatif" in page


@pytest.mark.parametrize(
    ("lat", "lon", "accuracy"),
    [("", "", ""), ("x", "5", "1"), ("nan", "5", "1"), ("45", "5", "-1"), ("40", "-3", "5"),
     ("45.1", "5.7", "5000")],
)  # fmt: skip
def test_what_is_no_position_is_refused_in_words(
    house: House, lat: str, lon: str, accuracy: str
) -> None:
    member = pending(house)
    answer = inside(house, member).post("/activation/position", lat=lat, lon=lon, accuracy=accuracy)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert house.world.rows(PositionTry) == []


def test_ten_tries_a_day_are_enough(house: House) -> None:
    member = pending(house)
    visitor = inside(house, member)
    for _ in range(10):
        stands(visitor, member, north=0.01)
    answer = stands(visitor, member)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert state(house, member) == MemberState.PENDING


def test_the_team_has_72_hours_and_the_page_says_until_when(house: House) -> None:
    member = pending(house)
    with house.world.act() as act:
        team.assign(act)
    [request] = house.world.rows(JoinRequest)
    page = words(inside(house, member).get("/activation"))
    assert request.team_due_at == request.created_at + timedelta(hours=72)
    assert "au plus tard le" in page
    house.world.clock.forward(hours=73)
    late = words(inside(house, member).get("/activation"))
    assert "au plus tard le" not in late
    assert "délai prévu" in late


def test_no_deadline_is_made_up_before_the_team_has_its_time(house: House) -> None:
    page = words(inside(house, pending(house)).get("/activation"))
    assert "dans les 72 heures" in page
    assert "au plus tard le" not in page


# a document


@pytest.mark.parametrize("paper", [papers.letter, papers.picture])
def test_a_document_is_kept_encrypted_for_the_team(
    house: House, paper: Callable[[], bytes]
) -> None:
    member = pending(house)
    visitor = inside(house, member)
    data = paper()
    assert visitor.lands(sends(visitor, data)) == "/activation"
    assert "Votre justificatif est arrivé" in words(visitor.get("/activation"))
    [kept] = house.world.rows(ProofDocument)
    assert kept.member_id == member.id
    files = list((house.world.settings.data_dir / "proofs").iterdir())
    assert [data[:20] in file.read_bytes() for file in files] == [False]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 422),
        (b"MZ this is a program", 422),
        (b"%PDF-1.7 broken", 422),
        (papers.png_bomb(), 422),
        (b"%PDF-1.7" + b"x" * 10_050_000, 422),
        (b"x" * 11_000_000, 413),
    ],
    ids=["empty", "program", "broken", "bomb", "big", "bigger"],
)
def test_what_is_no_document_is_refused_in_words(house: House, data: bytes, status: int) -> None:
    visitor = inside(house, pending(house))
    answer = sends(visitor, data)
    assert answer.status_code == status
    assert house.world.rows(ProofDocument) == []
    if status == 422:
        assert 'role="alert"' in answer.text
        assert 'type="file"' in answer.text


def test_other_forms_are_not_sent_megabytes(house: House) -> None:
    visitor = inside(house, pending(house))
    answer = visitor.post("/activation/position", lat="1" * 2_000_000)
    assert answer.status_code == 413
