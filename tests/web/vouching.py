"""Who waits to be vouched for, and who vouches: how tests make them."""

from __future__ import annotations

import re

from sqlmodel import col, select

from community_store.models import Agent, Delivery, JoinRequest, Member, MemberState, Wording
from dispatch import requests, team, vouching
from tests.web.house import House, Visitor


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
