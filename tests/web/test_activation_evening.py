"""Activation on the web by the link of the evening: to whom it is promised, and what it opens."""

from __future__ import annotations

import re

import pytest

from community_store import registrations
from community_store.models import Community, EveningLink, Member, Mode, PositionTry
from dispatch import evening
from tests.dispatch.world import at
from tests.web.activating import EMAIL, inside, pending, stands
from tests.web.house import House, words


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
