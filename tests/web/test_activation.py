"""Activation on the web: at home, by a document, by the evening's link, or by those who vouch."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from werkzeug.test import EnvironBuilder, TestResponse

from community_store import registrations
from community_store.models import (
    Community,
    EveningLink,
    JoinRequest,
    Member,
    MemberState,
    Mode,
    Notice,
    PositionTry,
    ProofDocument,
    Town,
)
from dispatch import evening, requests, team
from tests.dispatch import papers
from tests.dispatch.world import at
from tests.web.house import SITE, TOKEN, House, Visitor, words

EMAIL = "jeanne@voisins.example"


def pending(house: House, *, mode: Mode = Mode.TEAM, **more: object) -> Member:
    """Somebody whose home is in the middle of Les Lilas, and who has asked."""
    home = house.world.community("Les Lilas", mode=mode)
    ground = house.world.rows(Community, id=home)[0].boundary.centroid
    values = {"first_name": "Jeanne", "email": EMAIL, "lat": ground.y, "lon": ground.x} | more
    member = house.world.member(home, state=MemberState.PENDING, **values)
    with house.world.act() as act:
        requests.ask(act, act.session.get_one(Member, member.id))
    return member


def inside(house: House, member: Member) -> Visitor:
    return house.inside(house.account_of(member, password=False))


def state(house: House, member: Member) -> str:
    return str(house.world.rows(Member, id=member.id)[0].state)


def stands(visitor: Visitor, member: Member, *, north: float = 0.0, accuracy: float = 20) -> object:
    assert member.lat is not None
    return visitor.post(
        "/activation/position",
        lat=str(member.lat + north),
        lon=str(member.lon),
        accuracy=str(accuracy),
    )


def sends(visitor: Visitor, data: bytes, name: str = "facture.pdf") -> TestResponse:
    token = TOKEN.search(visitor.get("/activation/document").text)
    assert token
    form = {"csrf_token": token[1], "document": (io.BytesIO(data), name)}
    built = EnvironBuilder("/activation/document", SITE, method="POST", data=form)
    environ = built.get_environ()
    answer = visitor.client.open(environ)
    answer.get_data()
    environ["wsgi.input"].close()  # on the disk, when it is long
    built.close()
    return answer


# the team vouches


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


@pytest.mark.parametrize(
    ("told", "words_"),
    [
        ({"lat": "45.1", "lon": "5.7", "accuracy": "5000"}, "trop vague"),
        ({"lat": "", "lon": "", "accuracy": ""}, "n'a pas donné de position"),
        ({"failed": "denied"}, "a refusé de donner sa position"),
        ({"failed": "unavailable"}, "ne sait pas où il est"),
        ({"failed": "timeout"}, "met trop longtemps"),
        ({"failed": "unsupported"}, "ne peut pas donner sa position à ce site"),
        ({"failed": "insecure"}, "pas ouverte en https"),
        ({"failed": "<script>"}, "ne sait pas où il est"),
    ],
)
def test_whatever_fails_the_mail_of_the_evening_is_promised(
    house: House, told: dict[str, str], words_: str
) -> None:
    house.world.clock.now = at(14)
    visitor = inside(house, pending(house))
    answer = visitor.post("/activation/position", **told)
    assert answer.status_code == 422
    assert words_ in words(answer)
    assert "24 novembre à 18 h 30" in words(answer)
    [link] = house.world.rows(EveningLink)
    assert link.due_at == at(17, 30)
    assert house.world.rows(PositionTry) == []
    assert "24 novembre à 18 h 30" in words(visitor.get("/activation"))


def test_without_scripts_a_button_asks_for_the_mail(house: House) -> None:
    house.world.clock.now = at(14)
    visitor = inside(house, pending(house))
    page = words(visitor.get("/activation"))
    assert 'name="failed" value="plain"' in page
    assert "Recevoir un lien par e-mail" in page
    assert visitor.lands(visitor.post("/activation/position", failed="plain")) == "/activation"
    page = words(visitor.get("/activation"))
    assert "24 novembre à 18 h 30" in page
    assert "Recevoir un lien par e-mail" not in page
    assert len(house.world.rows(EveningLink)) == 1


@pytest.mark.parametrize(
    ("mode", "more"),
    [(Mode.TEAM, {"email": None}), (Mode.REFERENT, {}), (Mode.TEAM, {"lat": None})],
)
def test_no_mail_is_promised_that_would_not_come_or_not_help(
    house: House, mode: Mode, more: dict[str, object]
) -> None:
    member = pending(house, mode=mode, **more)
    house.world.member(member.community_id, referent=True)
    visitor = inside(house, member)
    assert "Recevoir un lien" not in words(visitor.get("/activation"))
    for reason in ("denied", "plain"):
        answer = visitor.post("/activation/position", failed=reason)
        assert answer.status_code == 422
        assert "18 h 30" not in words(answer)
    assert house.world.rows(EveningLink) == []


@pytest.mark.parametrize("told", [{"failed": "denied"}, {"failed": "plain"}, {}])
def test_who_has_not_proved_the_email_is_told_to_do_so_for_the_link_of_the_evening(
    house: House, told: dict[str, str]
) -> None:
    member = pending(house, email=None)
    typed(house, member)
    visitor = inside(house, member)
    answer = (
        visitor.post("/activation/position", **told)
        if told
        else stands(visitor, member, north=0.01)
    )
    assert answer.status_code == 422  # type: ignore[attr-defined]
    page = words(answer)  # type: ignore[arg-type]
    assert "votre adresse e-mail n'est pas encore vérifiée" in page
    assert 'href="/join/proofs"' in page
    assert house.world.rows(EveningLink) == []


def test_who_gave_no_email_or_is_decided_on_by_neighbours_is_not_told_so(house: House) -> None:
    without = pending(house, email=None)
    answer = inside(house, without).post("/activation/position", failed="denied")
    assert "n'est pas encore vérifiée" not in words(answer)
    typed(house, without)
    house.world.member(without.community_id, referent=True)
    house.world.change(house.world.rows(Community)[0], mode=Mode.REFERENT)
    answer = inside(house, without).post("/activation/position", failed="denied")
    assert "n'est pas encore vérifiée" not in words(answer)


def typed(house: House, member: Member) -> None:
    """They gave an e-mail on the way in."""
    with house.world.store.begin() as db:
        row, _ = registrations.begin(db, house.world.clock(), language="fr")
        row.member_id, row.email = member.id, EMAIL
        db.add(row)


def test_ten_tries_a_day_are_enough(house: House) -> None:
    member = pending(house)
    visitor = inside(house, member)
    for _ in range(10):
        stands(visitor, member, north=0.01)
    answer = stands(visitor, member)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert state(house, member) == MemberState.PENDING


def test_the_evening_s_link_lets_in_once_on_another_telephone(house: House) -> None:
    house.world.clock.now = at(14)
    member = pending(house)
    stands(inside(house, member), member, north=0.01)
    house.world.clock.now = at(18, 31)
    with house.world.act() as act:
        assert evening.send_due(act) == 1
    mail = house._newest("evening_link").mail
    link = re.search(rf"({evening.PATH}\S+)", mail)
    assert link
    telephone = house.visitor()
    assert "Jeanne" in words(telephone.get(link[1]))
    assert not telephone.signed_in()
    assert telephone.lands(telephone.post(link[1])) == "/activation"
    assert telephone.lands(stands(telephone, member)) == "/activation"  # type: ignore[arg-type]
    assert house.visitor().post(link[1]).status_code == 410
    assert house.visitor().get(link[1]).status_code == 410


@pytest.mark.parametrize("token", ["x", "a" * 400])
def test_a_forged_link_opens_nothing(house: House, token: str) -> None:
    assert house.visitor().get(f"{evening.PATH}{token}").status_code == 410
    assert house.visitor().post(f"{evening.PATH}{token}").status_code == 410


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


# others vouch


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
