"""Twinnings between communities: proposed by a référent of one, answered by one of the other,
ended by either (S50 to S52).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from babel.numbers import format_decimal
from sqlalchemy import ColumnElement, CursorResult, update
from sqlmodel import Session, col, func, select

from community_store import audit, membership, twinning
from community_store.errors import RuleError
from community_store.models import (
    Community,
    Member,
    MemberState,
    ProposalState,
    Town,
    TwinningProposal,
)
from dispatch import notices, pairing_links, tending
from dispatch.act import Act

LIVES = timedelta(days=30)
REST = timedelta(days=30)  # after a refusal, before the same may be proposed again
MOST = 10  # proposals of one community that wait at once
NEWS = timedelta(days=3)  # how long a mail about what was decided is of use


def propose(act: Act, member: Member, other: Community) -> TwinningProposal:
    """Ask the référents of another community, by mail and on their page.

    What they had proposed themselves is accepted by it. Raises RuleError "same", "too_far",
    "twinned", "waiting", "lately", "nobody", "many", "not_referent".
    """
    mine = tending.community_of(act, member)
    if mine.id == other.id:
        raise RuleError("same", "a community cannot be twinned with itself")
    twinning.hold(act.session, mine, other)
    theirs = _open_between(act, other, mine)
    if theirs is not None:
        answer(act, theirs, member, accept=True)
        return theirs
    apart = twinning.require_near(mine, other, geo=act.settings.geo)
    _require_possible(act, mine, other)
    proposal = _add(act, mine, other)
    _note(act, member, "proposed", proposal)
    _ask(act, proposal, mine, apart)
    return proposal


def answer(act: Act, proposal: TwinningProposal, member: Member, *, accept: bool) -> bool:
    """Accept or refuse, and tell those who proposed; False when it waits no more.

    The caller has asked `may_answer`. Raises RuleError "too_far", when a boundary has moved
    away since.
    """
    mine, theirs = _pair(act, proposal)
    twinning.hold(act.session, mine, theirs)
    state = ProposalState.ACCEPTED if accept else ProposalState.REFUSED
    if not _decide(act, proposal, state):
        return False
    if accept:
        twinning.twin(act.session, mine, theirs, geo=act.settings.geo)
    _note(act, member, state, proposal)
    _tell(act, mine, theirs, f"twin_{state}")
    return True


def withdraw(act: Act, proposal: TwinningProposal, member: Member) -> bool:
    """Take a proposal back; False when it waits no more."""
    done = _decide(act, proposal, ProposalState.WITHDRAWN)
    if done:
        _note(act, member, ProposalState.WITHDRAWN, proposal)
    return done


def end(act: Act, member: Member, other: Community) -> bool:
    """End a twinning and tell the référents of the other; False when there is none (any more).

    Raises RuleError "not_referent".
    """
    mine = tending.community_of(act, member)
    if not twinning.untwin(act.session, mine, other):
        return False
    subject = f"twinning {mine.id} {other.id}"
    audit.note(act.session, f"member {member.id}", "untwinned", subject, at=act.now)
    _tell(act, other, mine, "twin_ended")
    return True


def may_answer(act: Act, proposal: TwinningProposal, member: Member) -> bool:
    """Whether a proposal waits for this référent."""
    return proposal.to_id == member.community_id and _looks_after(member) and _waits(act, proposal)


def may_withdraw(act: Act, proposal: TwinningProposal, member: Member) -> bool:
    mine = proposal.from_id == member.community_id
    return mine and _looks_after(member) and _waits(act, proposal)


def waiting_for(act: Act, member: Member) -> list[tuple[TwinningProposal, Community]]:
    """What is proposed to a référent's community, with whose proposal it is, eldest first."""
    if not _looks_after(member):
        return []
    return _waiting(act, member, col(TwinningProposal.to_id), col(TwinningProposal.from_id))


def sent_by(act: Act, member: Member) -> list[tuple[TwinningProposal, Community]]:
    """What a référent's community has proposed and waits for, with to whom, eldest first."""
    if not _looks_after(member):
        return []
    return _waiting(act, member, col(TwinningProposal.from_id), col(TwinningProposal.to_id))


def expire(act: Act) -> int:
    """What nobody answered in 30 days waits no more; how many. May be repeated by anybody."""
    done = act.session.execute(
        update(TwinningProposal)
        .where(
            col(TwinningProposal.state) == ProposalState.OPEN.value,
            col(TwinningProposal.expires_at) <= act.now,
        )
        .values(state=ProposalState.EXPIRED.value, decided_at=act.now)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount


def with_referents(session: Session, ids: list[int]) -> set[int]:
    """Those of some communities in which somebody can answer."""
    found = session.exec(
        select(Member.community_id)
        .where(
            col(Member.community_id).in_(ids),
            col(Member.referent),
            Member.state == MemberState.ACTIVE,
        )
        .distinct()
    )
    return {id_ for id_ in found if id_ is not None}


def _looks_after(member: Member) -> bool:
    return member.referent and member.state == MemberState.ACTIVE


def _waits(act: Act, proposal: TwinningProposal) -> bool:
    return proposal.state == ProposalState.OPEN and proposal.expires_at > act.now


def _waiting(
    act: Act, member: Member, mine: Any, theirs: Any
) -> list[tuple[TwinningProposal, Community]]:
    query = (
        select(TwinningProposal, Community)
        .join(Community, col(Community.id) == theirs)
        .where(mine == member.community_id, *_open(act))
        .order_by(col(TwinningProposal.id))
    )
    return list(act.session.exec(query).all())


def _open(act: Act) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    state, until = col(TwinningProposal.state), col(TwinningProposal.expires_at)
    return state == ProposalState.OPEN.value, until > act.now


def _open_between(act: Act, one: Community, other: Community) -> TwinningProposal | None:
    query = select(TwinningProposal).where(
        TwinningProposal.from_id == one.id, TwinningProposal.to_id == other.id, *_open(act)
    )
    return act.session.exec(query).first()


def _require_possible(act: Act, mine: Community, other: Community) -> None:
    assert mine.id is not None
    assert other.id is not None
    if twinning.are_twins(act.session, mine.id, other.id):
        raise RuleError("twinned", f"communities {mine.id} and {other.id} are twinned already")
    if _open_between(act, mine, other) is not None:
        raise RuleError("waiting", f"community {other.id} has not answered yet")
    if not with_referents(act.session, [other.id]):
        raise RuleError("nobody", f"community {other.id} has no référent to answer")
    if _refused_lately(act, mine, other):
        raise RuleError("lately", f"community {other.id} refused less than {REST.days} days ago")
    if _count_open(act, mine) >= MOST:
        raise RuleError(
            "many", f"community {mine.id} waits for {MOST} answers", facts={"most": MOST}
        )


def _refused_lately(act: Act, mine: Community, other: Community) -> bool:
    query = select(TwinningProposal.id).where(
        TwinningProposal.from_id == mine.id,
        TwinningProposal.to_id == other.id,
        TwinningProposal.state == ProposalState.REFUSED,
        col(TwinningProposal.decided_at) > act.now - REST,
    )
    return act.session.exec(query.limit(1)).first() is not None


def _count_open(act: Act, mine: Community) -> int:
    query = select(func.count()).select_from(TwinningProposal)
    return act.session.exec(query.where(TwinningProposal.from_id == mine.id, *_open(act))).one()


def _add(act: Act, mine: Community, other: Community) -> TwinningProposal:
    assert mine.id is not None
    assert other.id is not None
    proposal = TwinningProposal(
        from_id=mine.id, to_id=other.id, created_at=act.now, expires_at=act.now + LIVES
    )
    act.session.add(proposal)
    act.session.flush()
    return proposal


def _pair(act: Act, proposal: TwinningProposal) -> tuple[Community, Community]:
    """Whose proposal it is, and whom it asks."""
    get = act.session.get_one
    return get(Community, proposal.from_id), get(Community, proposal.to_id)


def _decide(act: Act, proposal: TwinningProposal, state: ProposalState) -> bool:
    """Of several at once, one has decided."""
    done = act.session.execute(
        update(TwinningProposal)
        .where(col(TwinningProposal.id) == proposal.id, *_open(act))
        .values(state=state.value, decided_at=act.now)
        .execution_options(synchronize_session=False)
    )
    act.session.refresh(proposal)
    return cast("CursorResult[Any]", done).rowcount == 1


def _note(act: Act, member: Member, action: str, proposal: TwinningProposal) -> None:
    subject = f"twinning {proposal.from_id} {proposal.to_id}"
    audit.note(act.session, f"member {member.id}", action, subject, at=act.now)


def _ask(act: Act, proposal: TwinningProposal, mine: Community, apart: float) -> None:
    town = act.session.get_one(Town, mine.town_insee).name
    other = act.session.get_one(Community, proposal.to_id)
    for person in membership.referents(act.session, proposal.to_id):
        link = pairing_links.address(act.settings, proposal, person)
        about = {
            "community": mine.name, "town": town, "other": other.name, "link": link,
            "days": LIVES.days, "distance": _kilometres(person.language, apart),
        }  # fmt: skip
        _mail(act, person, notices.Subject("twin_ask", about, live=LIVES))


def _tell(act: Act, whom: Community, other: Community, kind: str) -> None:
    about = {"community": other.name, "other": whom.name}
    for person in membership.referents(act.session, whom.id or 0):
        _mail(act, person, notices.Subject(kind, about, live=NEWS))


def _mail(act: Act, person: Member, about: notices.Subject) -> None:
    """By mail alone: it is no alarm. Who has no address finds it on their page."""
    to = notices.by_mail(act.session, person)
    if to is not None:
        notices.tell(act, to, about)


def _kilometres(language: str, metres: float) -> str:
    return format_decimal(round(metres / 1000, 1), locale=language)
