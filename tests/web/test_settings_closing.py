"""/settings/data and /settings/close: what is held is given out; what ends leaves nothing."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from community_store.models import (
    Account,
    Alert,
    Delivery,
    EmailChange,
    JoinRequest,
    Member,
    MemberState,
    Mute,
    ProofCode,
    Reply,
    Topic,
    WebSession,
    Wording,
)
from dispatch import answering, requests
from gateway import numbers
from gateway.contract import Channel
from tests.web.house import PASSWORD, House, Visitor, words
from tests.web.settled import MOBILE, OLD, OTHER, now, resident


@pytest.fixture
def odette(house: House) -> Member:
    return resident(house)


@pytest.fixture
def visitor(house: House, odette: Member) -> Visitor:
    return house.inside(house.account_of(odette))


def test_all_that_is_held_is_given_out_as_a_file_and_as_a_page(
    house: House, visitor: Visitor, odette: Member
) -> None:
    house.world.change(odette, tenure="owner", about="J'ai une échelle.")
    house.world.mute(odette, Topic.TWIN, Channel.EMAIL)
    alert = house.world.raised(house.world.member(odette.community_id))
    with house.world.act() as act:
        me = act.session.get_one(Member, odette.id)
        answering.route(act, act.session.merge(alert), answering.Speaker(me), "Je l'ai vue")
    answer = visitor.post("/settings/data")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Cache-Control"] == "no-store"
    held = json.loads(answer.text)
    assert held["member"]["tenure"] == "owner"
    assert [one["text"] for one in held["replies"]] == ["Je l'ai vue"]
    assert "password" not in held["account"]
    page = words(visitor.post("/settings/data/read"))
    for told in ("Odette", "propriétaire", "J'ai une échelle.", "Je l'ai vue",
                 numbers.national(MOBILE), "alertes des communautés jumelées",
                 "Les messages que j'ai reçus"):  # fmt: skip
        assert told in page
    for part in held:
        bare = part.replace("_", " ")
        assert f">{bare}<" not in page, f"{part} has no words"


def test_data_is_given_out_ten_times_an_hour(visitor: Visitor) -> None:
    for path in ("/settings/data", "/settings/data/read", "/settings/data/all"):
        said = []
        for _ in range(11):
            with closing(visitor.post(path)) as answer:
                said.append(answer.status_code)
        assert said == [200] * 10 + [429]


# the end


def closes(visitor: Visitor, password: str = PASSWORD) -> Visitor:
    """As far as the page that asks for the last time."""
    assert visitor.lands(visitor.get("/settings/close")).startswith("/settings/sure")
    visitor.lands(visitor.post("/settings/sure", password=password, next="/settings/close"))
    return visitor


def test_closing_asks_for_the_password_though_one_has_just_signed_in(
    house: House, visitor: Visitor, odette: Member
) -> None:
    visitor.lands(visitor.post("/settings/close"))
    assert now(house, odette).state == MemberState.ACTIVE
    page = words(closes(visitor).get("/settings/close"))
    assert "Ce qui est effacé" in page
    assert "Ce qui reste" in page
    assert "ce que vous avez publié dans la gazette" in page
    assert "seul référent" not in page
    answer = visitor.post("/settings/close")
    assert visitor.lands(answer) == "/settings/closed"
    assert "Votre compte est fermé" in words(visitor.get("/settings/closed"))
    assert not visitor.signed_in()
    assert now(house, odette).state == MemberState.CLOSED
    assert (house.world.rows(Account), house.world.rows(WebSession)) == ([], [])
    assert house.visitor().sign_in(OLD).status_code == 422


def test_closing_by_a_code_leaves_no_trace_of_the_number(house: House, odette: Member) -> None:
    visitor = house.inside(house.account_of(odette, password=False))
    visitor.post("/settings/numbers/new", number=OTHER)
    visitor.post("/settings/numbers/code", code=house.code())
    house.world.pump()
    visitor.post("/settings/sure/code", way="mobile", next="/settings/close")
    visitor.lands(visitor.post("/settings/sure/code/enter", code=house.code()))
    visitor.lands(visitor.post("/settings/close"))
    held = str([
        row.model_dump()
        for table in (Member, Delivery, Wording, ProofCode, EmailChange, Mute)
        for row in house.world.rows(table)
    ])  # fmt: skip
    for canary in (MOBILE, OTHER, OLD, "Odette", "Martin"):
        assert canary not in held
    assert {one.state for one in house.world.deliveries(channel="sms")} <= {"sent", "accepted",
                                                                          "delivered", "cancelled"}  # fmt: skip


def test_the_last_referent_is_told_what_it_means(
    house: House, visitor: Visitor, odette: Member
) -> None:
    house.world.change(odette, referent=True)
    assert "le seul référent de la communauté Les Lilas" in words(
        closes(visitor).get("/settings/close")
    )
    house.world.member(odette.community_id, referent=True)
    assert "le seul référent" not in words(visitor.get("/settings/close"))


def test_closing_waits_for_an_alert_that_is_going_out(
    house: House, visitor: Visitor, odette: Member
) -> None:
    house.world.member(odette.community_id)
    alert = house.world.raised(odette)
    answer = closes(visitor).post("/settings/close")
    assert answer.status_code == 409
    page = words(answer)
    assert f"Votre alerte {alert.id} est encore en train de partir" in page
    assert f'href="/alerts/{alert.id}"' in page
    assert now(house, odette).state == MemberState.ACTIVE
    visitor.lands(visitor.post(f"/alerts/{alert.id}/withdraw"))
    house.world.pump()
    visitor.lands(visitor.post("/settings/close"))
    [kept] = house.world.rows(Alert)
    assert (kept.author_id, kept.text) == (None, "Camionnette suspecte")


def test_what_was_answered_goes_and_that_somebody_did_stays(
    house: House, visitor: Visitor, odette: Member
) -> None:
    author = house.world.member(odette.community_id)
    alert = house.world.raised(author)
    with house.world.act() as act:
        me = act.session.get_one(Member, odette.id)
        answering.route(act, act.session.merge(alert), answering.Speaker(me), "Je l'ai vue")
    house.world.pump()
    closes(visitor).post("/settings/close")
    assert [one.text for one in house.world.rows(Reply)] == [""]
    assert not any("Odette" in one.sms + one.mail for one in house.world.rows(Wording))


def test_nobody_is_asked_to_vouch_for_who_left(house: House) -> None:
    home = house.world.community("Le Bourg", mode="referent")
    house.world.member(home, referent=True)
    joining = house.world.member(home, state=MemberState.PENDING)
    with house.world.act() as act:
        requests.ask(act, act.session.get_one(Member, joining.id))
    visitor = house.inside(house.account_of(joining))
    closes(visitor).post("/settings/close")
    assert [one.state for one in house.world.rows(JoinRequest)] == ["refused"]
    assert {one.state for one in house.world.deliveries()} == {"cancelled"}


def test_staff_who_close_their_account_as_neighbours_stay_staff(
    house: House, odette: Member
) -> None:
    house.account_of(odette)
    visitor = house.inside(house.team(OLD))
    visitor.lands(visitor.post("/settings/sure", password=PASSWORD, next="/settings/close"))
    visitor.lands(visitor.post("/settings/close"))
    [account] = house.world.rows(Account)
    assert (account.team, account.member_id) == (True, None)
    assert not visitor.signed_in()


def test_the_suspended_may_have_their_data_and_go(
    house: House, visitor: Visitor, odette: Member
) -> None:
    house.world.change(odette, state=MemberState.SUSPENDED)
    assert visitor.post("/settings/data").status_code == 200
    closes(visitor).post("/settings/close")
    assert now(house, odette).state == MemberState.CLOSED
