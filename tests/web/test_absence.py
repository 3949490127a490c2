"""/absence: told to chosen neighbours, to nobody else, and over by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import select

from community_store.models import Absence, AbsenceWatcher, Member, Topic
from dispatch import confiding
from gateway.contract import Channel
from tests.web.house import House, words
from tests.web.letters import Street, counted, make_street

NOW = datetime(2026, 12, 20, 10, 0, tzinfo=UTC)
NOTE = "Relever le courrier, la clé est chez Lucette"
DATES = {"starts": "2026-12-24", "ends": "2027-01-02"}
SAID = "Du jeudi 24 décembre au samedi 2 janvier 2027"


@pytest.fixture
def street(house: House) -> Street:
    made = make_street(house)
    made.world.clock.now = NOW
    return made


def confides(street: Street, *to: Member, **more: str) -> None:
    visitor = street.browser(street.odette)
    asked = {**DATES, "note": NOTE, **more}
    visitor.lands(visitor.post(street.path(street.odette, "/absence/new", *to), **asked))


def at(street: Street, day: date, hour: int = 12) -> None:
    street.world.clock.now = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def test_those_who_were_chosen_read_it_and_nobody_else_does(street: Street) -> None:
    confides(street, street.jean)
    for page in ("/absence/", "/messages/"):
        told = street.reads(street.jean, page)
        assert SAID in told
        assert NOTE in told
        assert "Odette Martin" in told
        for other in (street.anne, street.paul, street.lise):
            assert NOTE not in street.reads(other, page)
            assert "2027" not in street.reads(other, page)
    mine = street.reads(street.odette, "/absence/")
    assert SAID in mine
    assert "Le savent : Jean Petit." in mine


def test_the_mail_says_nothing_of_it(street: Street) -> None:
    confides(street, street.jean, street.anne)
    for who in (street.jean, street.anne):
        (mail,) = street.mails(who)
        assert mail.startswith("Tocsin : Odette Martin vous a écrit\n")
        for secret in ("bsence", "bsent", "décembre", "janvier", "2026", "2027", "24", NOTE):
            assert secret not in mail, secret
    assert street.mails(street.paul) == []


def test_it_is_never_for_twins(street: Street) -> None:
    page = street.reads(street.odette, f"/absence/choose?of={street.paul.community_id}")
    assert "Geai" not in page
    assert "Les Roses" not in page
    visitor = street.browser(street.odette)
    for other in (street.paul, street.lise, street.odette):
        for to in ((other,), (street.jean, other)):
            path = street.path(street.odette, "/absence/new", *to)
            assert visitor.get(path).status_code == 404
            assert visitor.post(path, **DATES).status_code == 404
    assert street.world.rows(Absence) == []


def test_it_ends_by_itself_at_the_end_of_its_last_day_where_people_live(street: Street) -> None:
    confides(street, street.jean)
    at(street, date(2027, 1, 2), 22)  # 23:00 in Paris
    assert NOTE in street.reads(street.jean, "/absence/")
    at(street, date(2027, 1, 2), 23)  # midnight
    for who in (street.jean, street.odette):
        assert NOTE not in street.reads(who, "/absence/")
    (row,) = street.world.rows(Absence)
    assert street.code(street.odette, f"/absence/{row.id}/end") == 404


def test_it_can_be_ended_earlier_by_its_own_alone(street: Street) -> None:
    confides(street, street.jean)
    (row,) = street.world.rows(Absence)
    path = f"/absence/{row.id}/end"
    for other in (street.jean, street.anne, street.paul):
        assert street.code(other, path) == 404
        assert street.browser(other).post(path).status_code == 404
    assert SAID in street.reads(street.odette, path)
    assert street.world.rows(Absence)
    visitor = street.browser(street.odette)
    visitor.lands(visitor.post(path))
    assert street.world.rows(Absence) == []
    with street.world.store.read() as session:
        assert session.exec(select(AbsenceWatcher)).all() == []
    assert NOTE not in street.reads(street.jean, "/messages/")
    assert street.code(street.odette, "/absence/99999999999999999999/end") == 404


@pytest.mark.parametrize(
    ("starts", "ends", "said"),
    [
        ("", "2027-01-02", "Donnez une date"),
        ("2026-12-24", "demain", "Donnez une date"),
        ("2026-12-24", "2026-02-31", "Donnez une date"),
        ("2026-12-24", "2026-12-23", "avant le premier"),
        ("2026-12-01", "2026-12-19", "passées"),
        ("2026-12-24", "2028-12-24", "plus d'un an"),
    ],
)
def test_dates_that_cannot_be_are_not_taken(
    street: Street, starts: str, ends: str, said: str
) -> None:
    path = street.path(street.odette, "/absence/new", street.jean)
    answer = street.browser(street.odette).post(path, starts=starts, ends=ends, note=NOTE)
    assert answer.status_code == 422
    assert said in words(answer)
    assert NOTE in words(answer), "nothing typed is lost"
    assert street.world.rows(Absence) == []


def test_dates_are_taken_as_french_people_type_them(street: Street) -> None:
    confides(street, street.jean, starts="24/12/2026", ends="24.12.2026")
    assert "Le jeudi 24 décembre" in street.reads(street.jean, "/absence/")


def test_somebody_must_be_chosen_and_not_too_many(street: Street) -> None:
    visitor = street.browser(street.odette)
    assert "Cochez au moins un voisin" in words(visitor.get("/absence/new"))
    many = street.world.members(street.odette.community_id or 0, confiding.MOST_WATCHERS + 1)
    for answer in (
        visitor.get(street.path(street.odette, "/absence/new", *many)),
        visitor.post(street.path(street.odette, "/absence/new", *many), **DATES),
    ):
        assert answer.status_code == 409
        assert "trop de monde" in words(answer)


def test_a_second_press_tells_nobody_again(street: Street) -> None:
    confides(street, street.jean)
    confides(street, street.jean)
    assert len(street.world.rows(Absence)) == 1
    assert len(street.mails(street.jean)) == 1


def test_there_are_five_at_most(street: Street) -> None:
    for n in range(confiding.MOST_ABSENCES):
        confides(street, street.jean, note=f"Mot {n}")
    answer = street.browser(street.odette).post(
        street.path(street.odette, "/absence/new", street.jean), **DATES
    )
    assert answer.status_code == 422
    assert "terminez-en une" in words(answer)


@pytest.mark.parametrize("who", ["odette", "jean"])
def test_whoever_moves_away_is_no_neighbour_any_more(street: Street, who: str) -> None:
    confides(street, street.jean)
    street.world.change(getattr(street, who), community_id=street.paul.community_id)
    assert NOTE not in street.reads(street.jean, "/messages/")
    assert NOTE not in street.reads(street.jean, "/absence/")
    assert "Jean Petit" not in street.reads(street.odette, "/absence/")


def test_whoever_is_blocked_knows_of_it_no_more(street: Street) -> None:
    path = street.writes(street.jean, street.odette)
    confides(street, street.jean)
    visitor = street.browser(street.odette)
    visitor.lands(visitor.post(f"{path}/block/{street.jean.id}"))
    assert NOTE not in street.reads(street.jean, "/absence/")


def test_whoever_is_blocked_cannot_write_by_telling_an_absence(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    visitor = street.browser(street.jean)
    visitor.lands(visitor.post(f"{path}/block/{street.odette.id}"))
    before = street.mails(street.jean)
    confides(street, street.jean)
    assert street.mails(street.jean) == before
    for page in ("/absence/", "/messages/"):
        assert NOTE not in street.reads(street.jean, page)
    assert "Le savent : Jean Petit." in street.reads(street.odette, "/absence/")  # or it would tell


def test_the_same_absence_told_to_somebody_else_is_told(street: Street) -> None:
    for _ in range(2):
        confides(street, street.jean)
    confides(street, street.anne)
    assert NOTE in street.reads(street.anne, "/absence/")
    assert len(street.world.rows(Absence)) == 2


def test_whoever_turned_messages_off_gets_no_mail_and_reads_it(street: Street) -> None:
    street.world.mute(street.jean, Topic.MESSAGE, Channel.EMAIL)
    confides(street, street.jean)
    assert street.mails(street.jean) == []
    assert NOTE in street.reads(street.jean, "/messages/")


def test_the_pages_ask_as_much_for_many_as_for_one(street: Street) -> None:
    counts = []
    confides(street, street.jean)
    street.reads(street.jean, "/absence/")
    for _ in range(2):
        with counted(street.house) as statements:
            street.reads(street.jean, "/absence/")
        counts.append(len(statements))
        for n, other in enumerate(street.world.members(street.jean.community_id or 0, 4)):
            with street.world.act() as act:
                away = confiding.Away(NOW.date(), NOW.date() + timedelta(days=n))
                member = act.session.get_one(Member, other.id)
                confiding.confide(act, member, [street.jean.id or 0, street.anne.id or 0], away)
    assert counts[0] == counts[1]
    for n in range(3):
        confides(street, street.jean, street.anne, note=f"Mot {n}")
    with counted(street.house) as statements:
        street.reads(street.odette, "/absence/")
    assert len(statements) <= counts[0]
