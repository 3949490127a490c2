"""What reports hold of a member comes out for them, without who reported."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session

from community_store import personal_data
from community_store.models import Member, Report
from community_store.store import Store
from tests.community_store.ground import community, member

WHY = "Il insulte Zéphyrine"


def reported(session: Session, about: Member, by: Member, **more: Any) -> None:
    known: dict[str, Any] = {"kind": "entry", "subject_id": 7, "quote": "Bande de sots"}
    session.add(
        Report(**{**known, **more}, about_id=about.id, reporter_id=by.id, why=WHY,
               decided_by=f"member {by.id}")
    )  # fmt: skip
    session.flush()


def people(session: Session) -> tuple[Member, Member]:
    community(session)
    return member(session, 1), member(session, 2)


def test_what_was_reported_of_a_member_comes_out_without_who_did(store: Store) -> None:
    with store.begin() as session:
        me, other = people(session)
        reported(session, me, other, state="done", outcome="removed", told="Restez polis.")
        mine = personal_data.export(session, me)
        theirs = personal_data.export(session, other)
    (row,) = mine["reports_about_me"]
    assert (row["quote"], row["outcome"], row["told"]) == (
        "Bande de sots",
        "removed",
        "Restez polis.",
    )
    assert not {"reporter_id", "why", "decided_by"} & set(row)
    assert WHY not in str(mine)
    assert mine["reports_made"] == theirs["reports_about_me"] == []


@pytest.mark.parametrize(
    ("state", "outcome", "shown"),
    [("open", "", 0), ("passed_on", "", 0), ("done", "kept", 0), ("done", "warned", 1)],
)
def test_of_a_message_only_what_came_of_it_is_told(
    store: Store, state: str, outcome: str, shown: int
) -> None:
    """Nobody but who had the message can have reported it."""
    with store.begin() as session:
        me, other = people(session)
        reported(session, me, other, kind="message", state=state, outcome=outcome)
        reported(session, me, other, kind="entry", state=state, outcome=outcome)
        kinds = [one["kind"] for one in personal_data.export(session, me)["reports_about_me"]]
    assert kinds == ["message"] * shown + ["entry"]
