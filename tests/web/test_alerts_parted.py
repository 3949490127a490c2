"""What an alert's page tells of people who moved away, or closed their account, since."""

from __future__ import annotations

import pytest

from community_store import membership
from community_store.models import Member, Reply, Town, Wording
from tests.dispatch.world import INSEE
from tests.web.house import words
from tests.web.quarter import Quarter


def told_by_neighbours(quarter: Quarter) -> str:
    """The path of an alert to which a neighbour added something for all, and the twin an answer."""
    path = quarter.sends()
    quarter.world.pump()
    neighbour, twin = quarter.browser(quarter.neighbour), quarter.browser(quarter.twin)
    neighbour.lands(neighbour.post(f"{path}/reply", reply="Ils sont deux", all="1", sure="1"))
    twin.lands(twin.post(f"{path}/reply", reply="Vus ici aussi", some="1"))
    return path


@pytest.mark.parametrize("reader", ["referent", "neighbour"])
def test_who_moved_to_a_twin_is_no_pseudonym_beside_the_name_they_had(
    quarter: Quarter, reader: str
) -> None:
    path = told_by_neighbours(quarter)
    quarter.world.change(quarter.author, community_id=quarter.twin.community_id)
    if reader == "referent":
        quarter.world.change(quarter.neighbour, community_id=quarter.twin.community_id)
    page = words(quarter.browser(getattr(quarter, reader)).get(path)).split("</header>")[1]
    gone = [quarter.author, *([quarter.neighbour] if reader == "referent" else [])]
    for who in gone:
        assert who.pseudonym not in page
        assert who.last_name not in page
    if reader == "referent":
        assert quarter.twin.pseudonym in page  # who answered as a twin still is one


def test_who_moved_to_a_twin_reads_no_pseudonym_of_whom_they_knew_by_name(quarter: Quarter) -> None:
    path = told_by_neighbours(quarter)
    quarter.world.change(quarter.referent, community_id=quarter.twin.community_id, referent=False)
    reader = quarter.browser(quarter.referent)
    page = words(reader.get(path)).split("</header>")[1]
    assert "Ils sont deux" in page
    assert "Un ancien voisin" in page
    reader.lands(reader.post(f"{path}/reply", reply="Je les vois", some="1"))
    told = [one.sms for one in quarter.world.rows(Wording) if isinstance(one, Wording)]
    answer = next(one for one in told if "Je les vois" in one)
    assert "quelqu'un qui a déménagé" in answer
    said = page + " ".join(one for one in told if "Transmis" in one) + answer
    for who in (quarter.author, quarter.neighbour, quarter.referent):
        assert who.pseudonym not in said
        assert who.last_name not in said
    assert quarter.author.pseudonym in words(quarter.browser(quarter.twin).get(path))


def test_a_private_answer_names_by_no_pseudonym_a_neighbour_who_moved(quarter: Quarter) -> None:
    path = quarter.sends()
    neighbour = quarter.browser(quarter.neighbour)
    neighbour.lands(neighbour.post(f"{path}/reply", reply="Je descends", some="1"))
    referent = quarter.browser(quarter.referent)
    assert "Jean Petit" in words(referent.get(path))
    quarter.world.change(quarter.neighbour, community_id=quarter.twin.community_id)
    page = words(referent.get(path)).split("</header>")[1]
    assert "Je descends" in page
    assert "Petit" not in page
    assert quarter.neighbour.pseudonym not in page


def test_a_report_names_nobody_who_moved_away(quarter: Quarter) -> None:
    path = quarter.sends()
    neighbour = quarter.browser(quarter.neighbour)
    neighbour.lands(neighbour.post(f"/report{path.replace('alerts', 'alert')}", why="Non"))
    referent = quarter.browser(quarter.referent)
    assert "Odette Martin" in words(referent.get("/reports/1"))
    for where in (quarter.twin.community_id, quarter.stranger.community_id):
        quarter.world.change(quarter.author, community_id=where)
        page = words(referent.get("/reports/1"))
        assert "Odette" not in page
        assert quarter.author.pseudonym not in page


def test_what_somebody_answered_is_erased_with_their_account(quarter: Quarter) -> None:
    path = told_by_neighbours(quarter)
    quarter.world.pump()
    with quarter.world.act() as act:
        membership.close(act.session, act.session.get_one(Member, quarter.neighbour.id))
    texts = [one.text for one in quarter.world.rows(Reply) if isinstance(one, Reply)]
    assert texts == ["", "Vus ici aussi"]
    page = words(quarter.browser(quarter.author).get(path))
    assert "Ils sont deux" not in page
    assert "effacé avec le compte de son auteur" in page


@pytest.mark.parametrize("reader", ["referent", "agent"])
def test_who_answered_as_a_twin_never_was_a_neighbour(quarter: Quarter, reader: str) -> None:
    path, world = told_by_neighbours(quarter), quarter.world
    if reader == "agent":  # of the alert's town: the twin, who moves on, is of another
        with world.act() as act:
            act.session.get_one(Town, INSEE).subscribed = True
    world.change(quarter.twin, community_id=world.community("Ailleurs", insee="2A004"))
    who = world.agent(email="a@ville.example") if reader == "agent" else quarter.referent
    page = words(quarter.house.inside(quarter.house.account_of(who)).get(path))
    assert "Quelqu'un d'une autre communauté" in page
    assert "Un ancien voisin" not in page
    assert not any(one in page for one in (quarter.twin.pseudonym, quarter.twin.last_name))
