"""A member's own account, on both databases: choices, a number, an e-mail, the end."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlmodel import select

from community_store import accounts
from community_store.errors import RuleError
from community_store.models import Account, Member, MemberState, Mute, Notice, Topic, Wording
from dispatch import email_change, farewell, number_change, preferences
from dispatch.act import Act
from dispatch.preferences import Choice
from gateway.contract import Channel
from gateway.numbers import Kind
from tests.dispatch.world import World

OLD, NEW, OTHER = "ana@voisins.example", "ana.petit@voisins.example", "+33639980777"
ORIGIN = "192.0.2.1"


@pytest.fixture
def ana(world: World) -> Member:
    world.number()
    return world.member(world.community(), email=OLD, landline="+33199000042")


def mine(act: Act, member: Member) -> Member:
    return act.session.get_one(Member, member.id)


def said(world: World, kind: str, pattern: str) -> str:
    """What a notice of a kind says that looks like this."""
    with world.store.read() as session:
        query = select(Wording).join(Notice).where(Notice.kind == kind)
        wording = session.exec(query).one()
    found = re.search(pattern, f"{wording.sms} {wording.mail}")
    assert found
    return found[1]


def test_choices_are_kept_and_taken_back(world: World, ana: Member) -> None:
    with world.act() as act:
        everything = preferences.choices(mine(act, ana))
        quiet = {one for one in everything if one[0] is not Topic.TWIN}
        for _ in range(2):
            preferences.choose(act.session, mine(act, ana), quiet)
        off = preferences.turned_off(act.session, mine(act, ana))
        assert off == set(everything) - quiet
        preferences.choose(act.session, mine(act, ana), everything)
    assert world.rows(Mute) == []


@pytest.mark.parametrize(
    ("off", "closed", "unwarned"),
    [
        (set(), set(), False),
        ({(Topic.ALERT, Channel.SMS)}, set(), False),
        ({(Topic.ALERT, Channel.SMS), (Topic.ALERT, Channel.EMAIL)}, set(), True),
        ({(Topic.ALERT, Channel.SMS)}, {Channel.EMAIL}, True),
        ({(Topic.TOWN, Channel.SMS), (Topic.TOWN, Channel.EMAIL)}, set(), False),
    ],
)
def test_who_turned_off_every_way_is_told_of_no_alert(
    off: set[Choice], closed: set[Channel], unwarned: bool
) -> None:
    member = Member(first_name="Ana", last_name="Petit", pseudonym="Pie", mobile=OTHER, email=OLD)
    assert preferences.unwarned(member, off, closed) is unwarned


def test_a_landline_counts_where_there_is_no_mobile() -> None:
    values: dict[str, Any] = {"first_name": "Ana", "last_name": "Petit", "pseudonym": "Pie"}
    assert preferences.unwarned(Member(**values), set())
    assert not preferences.unwarned(Member(**values, landline="+33199000042"), set())


def test_a_stop_closes_its_channel_alone(world: World, ana: Member) -> None:
    world.stop(OLD, Channel.EMAIL)
    world.stop("+33199000042", Channel.SMS)
    with world.act() as act:
        assert preferences.stopped(act.session, mine(act, ana)) == {Channel.EMAIL}


def test_a_number_takes_its_place_once_it_is_proved(world: World, ana: Member) -> None:
    with world.act() as act:
        number_change.ask(act, mine(act, ana), OTHER, origin=ORIGIN)
    code = said(world, "proof_code", r"\b([0-9]{6})\b")
    with world.act() as act:
        assert number_change.prove(act, mine(act, ana), OTHER, "12345x") is None
        assert number_change.prove(act, mine(act, ana), OTHER, code) is Kind.MOBILE
    [kept] = world.rows(Member)
    assert kept.mobile == OTHER


def test_an_e_mail_is_changed_once_and_signs_in(world: World, ana: Member) -> None:
    with world.act() as act:
        accounts.of_member(act.session, mine(act, ana))
        email_change.ask(act, mine(act, ana), NEW, origin=ORIGIN)
    token = said(world, "email_link", rf"{email_change.PATH}(\S+)")
    with world.act() as act:
        assert email_change.use(act, mine(act, ana), token) == NEW
        assert email_change.use(act, mine(act, ana), token) is None
    [account] = world.rows(Account)
    assert account.email == NEW


def test_closing_is_refused_while_an_alert_of_theirs_goes_out(world: World, ana: Member) -> None:
    world.member(ana.community_id)
    alert = world.raised(ana)
    with world.act() as act, pytest.raises(RuleError) as refused:
        farewell.close(act, mine(act, ana))
    assert refused.value.facts == {"ref": alert.id}
    world.pump()
    with world.act() as act:
        farewell.close(act, mine(act, ana))
    assert world.rows(Member, id=ana.id)[0].state == MemberState.CLOSED
