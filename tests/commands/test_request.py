"""Requests decided from the command line; whoever waits is told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from community_store import audit
from community_store.columns import utcnow
from community_store.models import Delivery, Member, Notice, Reference
from community_store.store import Store, open_store
from config import load
from dispatch import proving, team
from dispatch.act import Act
from dispatch.proof_reading import Picture
from tests.commands.console import Console


@pytest.fixture
def waiting(any_village: Console) -> Console:
    """The village, where Bob (2) waits for the team, with a number to text."""
    any_village.ok("number", "add", "38000", "--gateway", "simulator", "--rate", "10")
    return any_village


def store_of(console: Console) -> Store:
    return open_store(load(Path(console.environment["TOCSIN_CONFIG"])).database_url)


def notices(console: Console) -> list[tuple[str, str]]:
    """Whom something was queued for, and what, oldest first."""
    store = store_of(console)
    with store.read() as session:
        query = select(Delivery.address, Notice.kind).join(Notice)
        found = session.exec(query.order_by(col(Delivery.id))).all()
    store.close()
    return list(found)


def requests(console: Console) -> list[tuple[int, int]]:
    return [(row["id"], row["ref"]) for row in console.json("request", "list")]


def add(console: Console, first: str, *more: object) -> None:
    console.ok("member", "add", "--first-name", first, "--last-name", "Roux", "--address", "1 rue Basse",
               "--lat", 45.1825, "--lon", 5.7225, *more)  # fmt: skip


def test_the_list_names_the_reference(waiting: Console) -> None:
    ((member, ref),) = requests(waiting)
    assert member == 2
    assert ref >= 1


def test_accepting_tells_the_person(waiting: Console) -> None:
    assert waiting.ok("request", "accept", 2) == "member 2 (Bob Martin) accepted\n"
    assert waiting.json("member", "show", 2)["state"] == "active"
    assert notices(waiting) == [("+33639980002", "welcome_one")]
    assert requests(waiting) == []


def test_refusing_tells_the_person_and_forgets_them(waiting: Console) -> None:
    add(waiting, "Léa", "--email", "lea@mail.example")
    waiting.ok("request", "refuse", 2, "--reason", "lives elsewhere")
    waiting.ok("request", "refuse", 4)
    told = notices(waiting)
    assert ("+33639980002", "request_refused") in told
    assert ("lea@mail.example", "request_refused") in told
    assert waiting.json("member", "list", "--state", "closed")[0]["first_name"] == ""


def test_a_reference_names_a_request(waiting: Console) -> None:
    ((_, ref),) = requests(waiting)
    waiting.ok("request", "accept", f"ref:{ref}")
    assert waiting.json("member", "show", 2)["state"] == "active"


def test_a_bare_number_is_a_member_where_there_is_one(waiting: Console) -> None:
    for n in (9, 10, 11):
        add(waiting, "Léa", "--mobile", f"06 39 98 00 {n:02}")
    assert dict(requests(waiting)) == {2: 1, 4: 2, 5: 3, 6: 4}
    waiting.ok("request", "accept", 4)
    waiting.refused("request", "accept", 4)
    assert dict(requests(waiting)) == {2: 1, 5: 3, 6: 4}, "not the request that is called 4"


def test_a_bare_number_that_no_member_has_is_a_reference(waiting: Console) -> None:
    """Alerts take references too, so that theirs soon are above the members' ids."""
    store = store_of(waiting)
    with store.begin() as session:
        session.add_all(Reference(kind="alert") for _ in range(20))
    store.close()
    add(waiting, "Léa", "--mobile", "06 39 98 00 09")
    ref = dict(requests(waiting))[4]
    assert ref > 20
    assert "Léa" in waiting.ok("request", "accept", ref)


@pytest.mark.parametrize("named", ["99", "ref:99", "1", "Nobody Atall", "ref:x"])
def test_who_does_not_wait_is_refused(waiting: Console, named: str) -> None:
    add(waiting, "Léa", "--mobile", "06 39 98 00 09")  # reference 2: not 1, which is Bob's
    waiting.ok("request", "accept", "ref:1")
    waiting.refused("request", "accept", named)


def test_somebody_placed_by_hand(waiting: Console) -> None:
    waiting.ok("member", "add", "--first-name", "Léa", "--last-name", "Roux", "--mobile", "06 39 98 00 09",
               "--address", "1 rue Basse", "--lat", 46, "--lon", 6)  # fmt: skip
    waiting.ok("request", "accept", 4, "--community", "Les Roses")
    assert waiting.json("member", "show", 4)["community"] == "Les Roses"
    assert ("+33639980009", "welcome_one") in notices(waiting)


def test_activating_a_member_who_waits_tells_them_too(waiting: Console) -> None:
    waiting.ok("member", "activate", 2)
    assert notices(waiting) == [("+33639980002", "welcome_one")]
    waiting.ok("member", "suspend", 2)
    waiting.ok("member", "activate", 2)
    assert len(notices(waiting)) == 1


def test_a_registration_asks_the_referent(waiting: Console) -> None:
    square = waiting.square(2)
    waiting.ok("community", "add", "Les Iris", "--town", "38185", "--boundary", square,
               "--mode", "referent")  # fmt: skip
    there = ("--community", "Les Iris")
    add(waiting, "Ida", "--mobile", "06 39 98 00 08", "--active", "--referent", *there)
    add(waiting, "Léa", "--mobile", "06 39 98 00 09", *there)
    assert notices(waiting) == [("+33639980008", "request_ask")]


def test_an_import_opens_a_request_for_everybody_who_is_pending(waiting: Console) -> None:
    file = waiting.file(
        "people.csv",
        "first_name,last_name,mobile,lat,lon,active\n"
        "Léa,Roux,06 39 98 00 11,45.1825,5.7225,no\n"
        "Tom,Roux,06 39 98 00 12,45.1825,5.7225,yes\n",
    )
    waiting.ok("member", "import", file)
    assert [member for member, ref in requests(waiting) if ref] == [2, 4]


def test_the_list_says_by_when_the_team_decides(waiting: Console) -> None:
    store, settings = store_of(waiting), load(Path(waiting.environment["TOCSIN_CONFIG"]))
    now = utcnow()
    with store.begin() as session:
        team.assign(Act(session, settings, now))
    store.close()
    (row,) = waiting.json("request", "list")
    assert row["due_at"] == (now + timedelta(hours=72)).isoformat()
    assert row["proof"] is None


def test_a_proof_of_address_is_looked_at_once_it_is_there(waiting: Console, tmp_path: Path) -> None:
    assert "sent no proof" in waiting.refused("request", "proof", 2, tmp_path / "proof.jpg")
    store, settings = store_of(waiting), load(Path(waiting.environment["TOCSIN_CONFIG"]))
    with store.begin() as session:
        act = Act(session, settings, utcnow())
        proving.offer(act, session.get_one(Member, 2), Picture(b"a picture", "image/jpeg"))
    (row,) = waiting.json("request", "list")
    waiting.ok("request", "proof", 2, tmp_path / "proof.jpg")
    assert (tmp_path / "proof.jpg").read_bytes() == b"a picture"
    with store.read() as session:
        (entry,) = audit.of(session, f"proof {row['proof']}")
    assert (entry.actor.split()[0], entry.action) == ("operator", "looked")
    waiting.ok("request", "accept", 2)
    store.close()
    assert list((settings.data_dir / "proofs").iterdir()) == []
