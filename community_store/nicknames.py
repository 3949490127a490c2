"""Pseudonyms within a community: twins see nothing else of its members, so no two are the same."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, col, select

from community_store import pseudonyms
from community_store.models import Member, MemberState

TRIES = 50  # then two are called alike: a community of thousands has used up the words


def taken(
    session: Session, community_ids: Iterable[int], *, but: Iterable[int] = ()
) -> dict[int, set[str]]:
    """What the members of each community are called, in lower case, but for some."""
    found: dict[int, set[str]] = {one: set() for one in community_ids}
    rows = session.exec(
        select(col(Member.community_id), col(Member.pseudonym)).where(
            col(Member.community_id).in_(found),
            Member.state != MemberState.CLOSED,
            col(Member.id).not_in(list(but)),
        )
    )
    for community_id, pseudonym in rows:
        found[community_id or 0].add(pseudonym.casefold())
    return found


def tell_apart(session: Session, newcomers: Iterable[Member]) -> None:
    """Call newcomers of a community otherwise where somebody there is called so already.

    What somebody chose they keep; by what was picked for them nobody knows them there yet.
    """
    placed = [(one, one.community_id) for one in newcomers if one.community_id is not None]
    homes = {community_id for _, community_id in placed}
    found = taken(session, homes, but=[one.id or 0 for one, _ in placed]) if homes else {}
    for one, community_id in placed:
        others = found[community_id]
        one.pseudonym = another(one.pseudonym, others, one.first_name, one.last_name)
        others.add(one.pseudonym.casefold())
        session.add(one)


def another(pseudonym: str, others: set[str], *names: str) -> str:
    """The pseudonym, or one that none of the `others` (in lower case) has if it was picked."""
    for _ in range(TRIES):
        if pseudonym.casefold() not in others or not pseudonyms.was_picked(pseudonym):
            break
        pseudonym = pseudonyms.pick(*names)
    return pseudonym
