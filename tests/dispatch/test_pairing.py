"""Twinnings proposed, answered, ended; two who do so at once; what becomes of old ones."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from community_store import audit, boundaries, twinning
from community_store.errors import RuleError
from community_store.models import (
    Community,
    Delivery,
    Member,
    Movement,
    ProposalState,
    TwinningProposal,
    Wording,
)
from dispatch import pairing, pairing_links, sweep
from dispatch.act import Act
from gateway.contract import Channel
from tests.community_store.ground import square
from tests.dispatch.world import World


@dataclass
class Pair:
    """Two communities side by side, each with a référent."""

    world: World
    lilas: int
    roses: int
    rose: Member  # looks after Les Lilas
    paul: Member  # looks after Les Roses

    def do(self, who: Member, what: Callable[[Act, Member], Any]) -> Any:
        with self.world.act() as act:
            return what(act, act.session.get_one(Member, who.id))

    def proposes(self, who: Member | None = None, other: int = 0) -> TwinningProposal:
        def propose(act: Act, member: Member) -> TwinningProposal:
            asked = act.session.get_one(Community, other or self.roses)
            return pairing.propose(act, member, asked)

        found = self.do(who or self.rose, propose)
        assert isinstance(found, TwinningProposal)
        return found

    def answers(self, proposal: TwinningProposal, *, accept: bool) -> bool:
        def answer(act: Act, member: Member) -> bool:
            found = act.session.get_one(TwinningProposal, proposal.id)
            assert pairing.may_answer(act, found, member)
            return pairing.answer(act, found, member, accept=accept)

        return bool(self.do(self.paul, answer))

    def twinned(self) -> bool:
        with self.world.store.read() as session:
            return twinning.are_twins(session, self.lilas, self.roses)

    def state(self) -> list[str]:
        return [one.state for one in self.world.rows(TwinningProposal)]

    def mails(self, who: Member) -> list[str]:
        rows = self.world.rows(Delivery, member_id=who.id)
        assert {one.channel for one in rows} <= {Channel.EMAIL}
        return [self.world.rows(Wording, id=one.wording_id)[0].mail for one in rows]

    def link(self, who: Member) -> str:
        """The token in the newest mail."""
        found = re.search(rf"{pairing_links.PATH}(\S+)", self.mails(who)[-1])
        assert found
        return found[1]


@pytest.fixture
def pair(world: World) -> Pair:
    lilas, roses = world.community("Les Lilas"), world.community("Les Roses")
    rose = world.member(lilas, referent=True, email="rose@voisins.example")
    paul = world.member(roses, referent=True, email="paul@voisins.example")
    return Pair(world, lilas, roses, rose, paul)


def refused(pair: Pair, other: int = 0) -> str:
    with pytest.raises(RuleError) as error:
        pair.proposes(other=other)
    return error.value.code


def test_the_referents_of_the_other_are_asked_by_mail(pair: Pair) -> None:
    pair.world.member(pair.roses, email="x@voisins.example")
    pair.world.member(pair.roses, referent=True)  # without an address
    proposal = pair.proposes()
    assert proposal.expires_at - proposal.created_at == pairing.LIVES
    assert len(pair.world.rows(Delivery)) == 1
    (mail,) = pair.mails(pair.paul)
    assert "Les Lilas" in mail
    assert "Les Roses" in mail
    for name in (pair.rose.first_name, pair.rose.last_name, pair.rose.pseudonym, "rose@"):
        assert name not in mail.replace("Les Roses", ""), "it is the community that asks"
    assert not pair.twinned()


def test_accepted_both_read_of_it_and_who_asked_is_told(pair: Pair) -> None:
    assert pair.answers(pair.proposes(), accept=True)
    assert pair.twinned()
    told = [(one.community_id, one.kind) for one in pair.world.rows(Movement)]
    assert sorted(told) == [(pair.lilas, "twinned"), (pair.roses, "twinned")]
    (mail,) = pair.mails(pair.rose)
    assert "a accepté" in mail
    with pair.world.store.read() as session:
        done = audit.of(session, f"twinning {pair.lilas} {pair.roses}")
        assert [one.action for one in done] == ["proposed", "accepted"]


def test_refused_only_the_referents_who_asked_are_told(pair: Pair) -> None:
    assert pair.answers(pair.proposes(), accept=False)
    assert not pair.twinned()
    assert pair.world.rows(Movement) == []
    (mail,) = pair.mails(pair.rose)
    assert "ne souhaite pas" in mail
    assert refused(pair) == "lately"
    pair.world.clock.forward(days=30, seconds=1)
    pair.proposes()


def test_either_ends_it_and_both_read_of_it(pair: Pair) -> None:
    pair.answers(pair.proposes(), accept=True)

    def end(act: Act, member: Member) -> bool:
        return pairing.end(act, member, act.session.get_one(Community, pair.lilas))

    assert pair.do(pair.paul, end)
    assert not pair.do(pair.paul, end)
    assert not pair.twinned()
    assert [one.kind for one in pair.world.rows(Movement)].count("untwinned") == 2
    assert "a mis fin au jumelage" in pair.mails(pair.rose)[-1]
    pair.proposes()


def test_one_proposal_waits_at_a_time(pair: Pair) -> None:
    pair.proposes()
    assert refused(pair) == "waiting"


def test_who_is_asked_and_asks_back_has_accepted(pair: Pair) -> None:
    pair.proposes()
    pair.proposes(pair.paul, pair.lilas)
    assert pair.twinned()
    assert pair.state() == [ProposalState.ACCEPTED]


def test_what_cannot_be_is_refused(pair: Pair) -> None:
    world = pair.world
    assert refused(pair, pair.lilas) == "same"
    assert refused(pair, world.community("Sans référent")) == "nobody"
    far = world.community("Loin")
    world.member(far, referent=True)
    with world.store.begin() as session:
        found = session.get_one(Community, far)
        boundaries.place(session, found, square(0, 11), geo=world.settings.geo)
    assert refused(pair, far) == "too_far"
    world.twin(pair.lilas, pair.roses)
    assert refused(pair) == "twinned"


def test_a_community_waits_for_so_many_answers_at_most(pair: Pair) -> None:
    world = pair.world
    for n in range(pairing.MOST + 1):
        other = world.community(f"Quartier {n}")
        world.member(other, referent=True)
        if n < pairing.MOST:
            pair.proposes(other=other)
        else:
            assert refused(pair, other) == "many"


def test_a_boundary_that_moved_away_meanwhile_is_said_at_the_answer(pair: Pair) -> None:
    proposal = pair.proposes()
    with pair.world.store.begin() as session:
        roses = session.get_one(Community, pair.roses)
        boundaries.place(session, roses, square(0, 11), geo=pair.world.settings.geo)
    with pytest.raises(RuleError) as error:
        pair.answers(proposal, accept=True)
    assert error.value.code == "too_far"
    assert pair.state() == [ProposalState.OPEN]


def test_a_proposal_taken_back_or_too_old_is_answered_no_more(pair: Pair) -> None:
    first = pair.proposes()

    def withdraw(act: Act, member: Member) -> bool:
        found = act.session.get_one(TwinningProposal, first.id)
        return pairing.withdraw(act, found, member)

    assert pair.do(pair.rose, withdraw)
    assert not pair.do(pair.rose, withdraw)
    second = pair.proposes()
    pair.world.clock.forward(days=30)
    for proposal in (first, second):

        def answer(act: Act, member: Member, id_: int | None = proposal.id) -> bool:
            found = act.session.get_one(TwinningProposal, id_)
            assert not pairing.may_answer(act, found, member)
            return pairing.answer(act, found, member, accept=True)

        assert not pair.do(pair.paul, answer)
    assert not pair.twinned()
    sweep.sweep(pair.world.runtime)
    sweep.sweep(pair.world.runtime)
    assert pair.state() == [ProposalState.WITHDRAWN, ProposalState.EXPIRED]
    pair.proposes()


def at_once(*doing: Callable[[], Any]) -> list[Any]:
    start = threading.Barrier(len(doing))

    def run(one: Callable[[], Any]) -> Any:
        start.wait()
        return one()

    with ThreadPoolExecutor(len(doing)) as pool:
        return list(pool.map(run, doing))


def test_two_that_propose_to_each_other_at_once_are_twinned(pair: Pair) -> None:
    at_once(pair.proposes, lambda: pair.proposes(pair.paul, pair.lilas))
    assert pair.twinned()
    assert pair.state() == [ProposalState.ACCEPTED]


def test_of_two_who_answer_at_once_one_has_answered(pair: Pair) -> None:
    proposal = pair.proposes()
    told = at_once(*[
        lambda accept=accept: _answered(pair, proposal, accept=accept) for accept in (True, False)
    ])  # fmt: skip
    assert sorted(told) == [False, True]
    assert pair.twinned() is told[0]
    assert len(pair.mails(pair.rose)) == 1


def _answered(pair: Pair, proposal: TwinningProposal, *, accept: bool) -> bool:
    def answer(act: Act, member: Member) -> bool:
        found = act.session.get_one(TwinningProposal, proposal.id)
        return pairing.answer(act, found, member, accept=accept)

    return bool(pair.do(pair.paul, answer))


def test_an_answer_and_a_proposal_back_at_once_twin_once(pair: Pair) -> None:
    proposal = pair.proposes()

    def back() -> str:
        try:
            return pair.proposes(pair.paul, pair.lilas).state
        except RuleError as error:
            return error.code

    told = at_once(lambda: _answered(pair, proposal, accept=True), back)
    assert pair.twinned()
    assert told[1] in ("accepted", "twinned")
    assert [one.kind for one in pair.world.rows(Movement)] == ["twinned"] * 2


def test_a_proposal_withdrawn_while_it_is_answered_is_one_or_the_other(pair: Pair) -> None:
    proposal = pair.proposes()

    def withdraw(act: Act, member: Member) -> bool:
        return pairing.withdraw(act, act.session.get_one(TwinningProposal, proposal.id), member)

    told = at_once(
        lambda: _answered(pair, proposal, accept=True), lambda: pair.do(pair.rose, withdraw)
    )
    assert sorted(told) == [False, True]
    assert pair.twinned() is told[0]


# what a référent has before them


def waits(pair: Pair, who: Member) -> tuple[Sequence[str], Sequence[str]]:
    def look(act: Act, member: Member) -> tuple[list[str], list[str]]:
        asked, sent = pairing.waiting_for(act, member), pairing.sent_by(act, member)
        return [other.name for _, other in asked], [other.name for _, other in sent]

    found = pair.do(who, look)
    assert isinstance(found, tuple)
    return found


def test_each_side_sees_what_waits(pair: Pair) -> None:
    proposal = pair.proposes()
    assert waits(pair, pair.rose) == ([], ["Les Roses"])
    assert waits(pair, pair.paul) == (["Les Lilas"], [])
    neighbour = pair.world.member(pair.roses)
    assert waits(pair, neighbour) == ([], [])
    pair.answers(proposal, accept=False)
    assert waits(pair, pair.paul) == ([], [])


# the link


def opened(pair: Pair, token: str) -> bool:
    with pair.world.act() as act:
        asked = pairing_links.opened(act, token)
        return asked is not None and pairing.may_answer(act, asked.proposal, asked.referent)


def test_a_link_serves_until_somebody_answered(pair: Pair) -> None:
    proposal = pair.proposes()
    token = pair.link(pair.paul)
    assert opened(pair, token)
    pair.answers(proposal, accept=False)
    assert not opened(pair, token)


@pytest.mark.parametrize(
    "change", [{"referent": False}, {"state": "suspended"}, {"community_id": None}]
)
def test_a_link_is_worth_what_its_holder_still_is(pair: Pair, change: dict[str, Any]) -> None:
    pair.proposes()
    token = pair.link(pair.paul)
    pair.world.change(pair.paul, **change)
    assert not opened(pair, token)


def test_a_forged_link_opens_nothing(pair: Pair) -> None:
    pair.proposes()
    token = pair.link(pair.paul)
    for forged in ("", "x", f"{token}x", token[:-1], token.replace(".", "", 1), "WzEsMl0.x"):
        assert not opened(pair, forged)
