"""A message that somebody reports: who reads it, who decides of it, what becomes of it (A11)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, select

from community_store import audit, blocks, personal_data, retention
from community_store.models import (
    AuditEntry,
    Member,
    MemberState,
    Message,
    Notice,
    Report,
    ReportState,
)
from tests.community_store.test_retention import LIMITS
from tests.web.house import House, Visitor, words
from tests.web.letters import Street, canaries, counted, make_street

TEXT = "Vous êtes une vipère"
WHY = "C'est injurieux"
REASON = "On n'insulte personne ici"


@pytest.fixture
def street(house: House) -> Street:
    """Anne is a référent of Les Lilas, Paul of Les Roses."""
    made = make_street(house)
    for one in (made.anne, made.paul):
        made.world.change(one, referent=True)
    return made


def insulted(street: Street, by: Member, *whom: Member) -> str:
    """Where one reports what somebody wrote, to one person or a group."""
    street.writes(by, *whom, text=TEXT)
    (only,) = street.world.rows(Message)
    assert isinstance(only, Message)
    return f"/report/message/{only.id}"


def reported(street: Street, who: Member, path: str) -> Report:
    visitor = street.browser(who)
    visitor.lands(visitor.post(path, why=WHY))
    newest = street.world.rows(Report)[-1]
    assert isinstance(newest, Report)
    return newest


def team(street: Street) -> Visitor:
    return street.house.inside(street.house.team())


def asked(street: Street) -> list[str]:
    """Who was asked to decide, the team aside."""
    kinds = {one.id for one in street.world.rows(Notice) if one.kind == "report_ask"}
    return sorted(one.address for one in street.world.deliveries() if one.notice_id in kinds)


# who may report, and what they are told first


def test_the_link_stands_by_what_others_wrote_alone(street: Street) -> None:
    path = insulted(street, street.odette, street.jean)
    page = street.world.rows(Message)[0].conversation_id
    assert f'href="{path}"' in street.reads(street.jean, f"/messages/{page}")
    assert path not in street.reads(street.odette, f"/messages/{page}")


def test_one_sees_who_will_read_it_before_one_reports(street: Street) -> None:
    path = insulted(street, street.odette, street.jean)
    page = street.reads(street.jean, path)
    assert TEXT in page
    assert "Ce message, et lui seul, sera montré" in page
    assert "Le référent ou la référente de votre communauté : Anne Blanc." in page
    assert "L'équipe du site. Elle voit aussi le nom de son auteur, et le vôtre." in page


def test_a_referent_of_the_conversation_is_not_said_to_read_it(street: Street) -> None:
    path = insulted(street, street.odette, street.jean, street.anne)
    assert "Aucun référent ne le lira." in street.reads(street.jean, path)


def test_nobody_reports_what_they_wrote_or_what_is_not_for_them(street: Street) -> None:
    path = insulted(street, street.odette, street.jean)
    for who in (street.odette, street.anne, street.paul, street.lise):
        assert street.code(who, path) == 404
        assert street.browser(who).post(path, why=WHY).status_code == 404
    for other in ("/report/message/0", "/report/message/999", f"/report/message/{10**12}"):
        assert street.code(street.jean, other) == 404
    assert street.browser(street.jean).post(path, why=" ").status_code == 422
    assert street.world.rows(Report) == []


def test_what_a_block_kept_away_is_not_reported(street: Street) -> None:
    page = street.writes(street.jean, street.odette)
    with street.world.act() as act:
        blocks.block(act.session, street.jean, street.odette, act.now)
    street.says(street.odette, page, TEXT)
    assert street.code(street.jean, f"/report/message/{street.world.rows(Message)[-1].id}") == 404


def test_what_one_has_read_before_a_block_can_be_reported(street: Street) -> None:
    path = insulted(street, street.odette, street.jean)
    with street.world.act() as act:
        blocks.block(act.session, street.jean, street.odette, act.now)
    assert reported(street, street.jean, path).quote == TEXT


# who decides


def test_referents_of_who_reports_are_asked_and_not_told_who(street: Street) -> None:
    report = reported(street, street.jean, insulted(street, street.odette, street.jean))
    assert (report.community_id, report.quote) == (street.jean.community_id, TEXT)
    assert asked(street) == [street.anne.email]
    page = street.reads(street.anne, f"/reports/{report.id}")
    assert TEXT in page
    assert "Odette Martin" in page
    assert "Jean" not in page
    assert "Un message privé" in street.reads(street.anne, "/reports")
    seen = words(team(street).get(f"/team/reports/{report.id}"))
    assert "Odette Martin" in seen
    assert "Jean Petit" in seen


def test_a_referent_sees_no_other_message(street: Street) -> None:
    insulted(street, street.odette, street.jean)
    page = f"/messages/{street.world.rows(Message)[0].conversation_id}"
    street.says(street.jean, page, "Le code de ma porte est 4711")
    street.says(street.odette, page, "Et tant pis pour vous")
    report = reported(street, street.jean, f"/report/message/{street.world.rows(Message)[0].id}")
    for seen in (
        street.reads(street.anne, f"/reports/{report.id}"),
        words(team(street).get(f"/team/reports/{report.id}")),
    ):
        assert TEXT in seen
        assert "4711" not in seen
        assert "tant pis" not in seen
    assert street.code(street.anne, page) == 404


@pytest.mark.parametrize("part", ["author", "fellow", "left", "reporter"])
def test_a_referent_who_has_a_part_in_it_does_not_decide(street: Street, part: str) -> None:
    author, fellow, reporter = street.odette, street.anne, street.jean
    street.world.change(street.anne, referent=False)
    judge = {"author": author, "reporter": reporter}.get(part, fellow)
    street.world.change(judge, referent=True)
    path = insulted(street, author, reporter, fellow)
    if part == "left":
        page = f"/messages/{street.world.rows(Message)[0].conversation_id}"
        visitor = street.browser(fellow)
        visitor.lands(visitor.post(f"{page}/leave"))
    report = reported(street, reporter, path)
    assert asked(street) == []
    assert street.code(judge, f"/reports/{report.id}") == 404
    assert street.browser(judge).post(f"/reports/{report.id}", answer="kept").status_code == 404
    assert "Rien n'est signalé" in street.reads(judge, "/reports")
    assert street.world.rows(Report)[0].state == ReportState.OPEN
    assert TEXT in words(team(street).get(f"/team/reports/{report.id}"))


def test_of_a_twin_a_referent_has_the_pseudonym_and_the_team_the_name(street: Street) -> None:
    path = insulted(street, street.paul, street.odette)
    assert "De son auteur, ils ne voient que le pseudonyme : Geai." in street.reads(
        street.odette, path
    )
    report = reported(street, street.odette, path)
    page = street.reads(street.anne, f"/reports/{report.id}")
    assert "Écrit par Geai" in page
    everywhere = page + street.reads(street.anne, "/reports") + "".join(street.mails(street.anne))
    assert [one for one in canaries(street.paul) if one in everywhere] == []
    assert "Paul Noir" in words(team(street).get(f"/team/reports/{report.id}"))
    assert street.code(street.paul, f"/reports/{report.id}") == 404, "their own référent"


def test_a_twin_who_moves_closer_stays_nameless_in_a_report(street: Street) -> None:
    report = reported(street, street.odette, insulted(street, street.paul, street.odette))
    street.world.change(street.paul, community_id=street.odette.community_id)
    page = street.reads(street.anne, f"/reports/{report.id}")
    assert TEXT in page
    assert [one for one in ("Geai", *canaries(street.paul)) if one in page] == []


def test_whoever_moved_reports_to_the_team_alone(street: Street) -> None:
    """The référents of a new community have no business in what was written in the old one."""
    path = insulted(street, street.odette, street.jean)
    street.world.change(street.jean, community_id=street.lise.community_id)
    street.world.change(street.lise, referent=True)
    assert "Aucun référent ne le lira." in street.reads(street.jean, path)
    report = reported(street, street.jean, path)
    assert asked(street) == []
    for who in (street.lise, street.anne):
        assert street.code(who, f"/reports/{report.id}") == 404
    assert TEXT in words(team(street).get(f"/team/reports/{report.id}"))


def grouped(street: Street) -> tuple[Report, Report, Member]:
    """A message to people of two communities, reported in both; a référent of the second."""
    mine = street.world.member(street.paul.community_id or 0, email="b@voisins.example")
    judge = street.world.member(
        street.paul.community_id or 0, referent=True, email="c@voisins.example"
    )
    path = insulted(street, street.odette, street.jean, mine)
    return reported(street, street.jean, path), reported(street, mine, path), judge


def test_in_two_communities_the_referents_of_each_read_their_own(street: Street) -> None:
    here, there, judge = grouped(street)
    people = [street.anne.email, street.paul.email, judge.email]
    assert asked(street) == sorted(one for one in people if one)
    assert street.code(street.anne, f"/reports/{there.id}") == 404
    assert street.code(judge, f"/reports/{here.id}") == 404
    assert street.reads(judge, f"/reports/{there.id}").count(WHY) == 1
    assert words(team(street).get(f"/team/reports/{here.id}")).count(WHY) == 2


def test_what_one_community_keeps_the_other_still_judges(street: Street) -> None:
    here, there, judge = grouped(street)
    visitor = street.browser(street.anne)
    visitor.lands(visitor.post(f"/reports/{here.id}", answer="kept"))
    other = street.browser(judge)
    other.lands(other.post(f"/reports/{there.id}", answer="removed", told=REASON, sure="1"))
    assert [one.outcome for one in street.world.rows(Report)] == ["kept", "removed"]


def test_what_is_removed_waits_nowhere(street: Street) -> None:
    here, there, judge = grouped(street)
    visitor = street.browser(street.anne)
    visitor.lands(visitor.post(f"/reports/{here.id}", answer="removed", told=REASON, sure="1"))
    assert street.code(judge, f"/reports/{there.id}") == 410
    assert {one.state for one in street.world.rows(Report)} == {ReportState.DONE}


# what becomes of it


def test_a_message_that_is_removed_shows_as_removed_to_both(street: Street) -> None:
    report = reported(street, street.jean, insulted(street, street.odette, street.jean))
    visitor = street.browser(street.anne)
    path = f"/reports/{report.id}"
    assert visitor.post(path, answer="removed").status_code == 422
    assert visitor.post(path, answer="suspended", told=REASON).status_code == 400
    visitor.lands(visitor.post(path, answer="removed", told=REASON, sure="1"))
    (message,) = street.world.rows(Message)
    for who in (street.odette, street.jean):
        for page in (f"/messages/{message.conversation_id}", "/messages/"):
            seen = street.reads(who, page)
            assert TEXT not in seen
            assert "Message retiré après un signalement." in seen
    assert street.code(street.jean, f"/report/message/{message.id}") == 410
    for who in (street.odette, street.anne):
        assert street.code(who, f"/report/message/{message.id}") == 404
    with street.world.store.read() as db:
        assert [one.action for one in audit.of(db, f"report {report.id}")] == ["removed"]
        (kept,) = db.exec(select(AuditEntry).where(col(AuditEntry.action) == "removed"))
        assert TEXT not in kept.model_dump_json()


def test_the_author_is_warned_and_who_reported_hears_that_somebody_looked(street: Street) -> None:
    report = reported(street, street.odette, insulted(street, street.paul, street.odette))
    visitor = street.browser(street.anne)
    visitor.lands(visitor.post(f"/reports/{report.id}", answer="warned", told=REASON, sure="1"))
    assert any(REASON in mail for mail in street.mails(street.paul))
    assert not any("Odette" in mail or "Anne" in mail for mail in street.mails(street.paul))
    assert any("signalement" in mail for mail in street.mails(street.odette))
    assert not any(TEXT in mail for one in (street.anne, street.odette, street.paul)
                   for mail in street.mails(one))  # fmt: skip


def test_the_team_suspends_whoever_wrote_it(street: Street) -> None:
    report = reported(street, street.odette, insulted(street, street.paul, street.odette))
    visitor = street.browser(street.anne)
    visitor.lands(visitor.post(f"/reports/{report.id}", answer="passed_on"))
    assert street.code(street.anne, f"/reports/{report.id}") == 410
    ours = team(street)
    assert "transmis par un référent" in words(ours.get("/team/reports"))
    ours.lands(ours.post(f"/team/reports/{report.id}", answer="suspended", told=REASON, sure="1"))
    (paul,) = street.world.rows(Member, id=street.paul.id)
    assert (paul.state, paul.suspended_why) == (MemberState.SUSPENDED, REASON)
    assert REASON in words(street.browser(street.paul).get("/home"))


def test_who_wrote_it_can_take_it_back_by_closing_the_account(street: Street) -> None:
    report = reported(street, street.jean, insulted(street, street.odette, street.jean))
    with street.world.act() as act:
        personal_data.erase(act.session, act.session.get_one(Member, street.odette.id))
    for seen in (
        street.reads(street.anne, f"/reports/{report.id}") + street.reads(street.anne, "/reports"),
        words(team(street).get(f"/team/reports/{report.id}")),
    ):
        assert TEXT not in seen
        assert "Odette" not in seen
        assert "Ces mots sont effacés" in seen
    visitor = street.browser(street.anne)
    visitor.lands(visitor.post(f"/reports/{report.id}", answer="removed", told=REASON, sure="1"))


def test_a_message_that_is_forgotten_is_quoted_no_more(street: Street) -> None:
    report = reported(street, street.jean, insulted(street, street.odette, street.jean))
    with street.world.act() as act:
        (message,) = act.session.exec(select(Message))
        message.created_at = LIMITS.messages - timedelta(days=1)
        act.session.flush()
        due = retention.due(act.session, LIMITS)
        assert due["messages"] == [message.id]
        retention.forget(act.session, due)
    assert [one.quote for one in street.world.rows(Report)] == [""]
    assert street.code(street.anne, f"/reports/{report.id}") == 404, "who had a part is forgotten"
    assert "Ces mots sont effacés" in words(team(street).get(f"/team/reports/{report.id}"))


def test_who_reported_gets_it_with_their_data_and_the_author_does_not(street: Street) -> None:
    reported(street, street.jean, insulted(street, street.odette, street.jean))
    with street.world.store.read() as db:
        by = personal_data.export(db, street.jean)["reports_made"]
        about = personal_data.export(db, street.odette)
    assert [(one["kind"], one["why"]) for one in by] == [("message", WHY)]
    assert about["reports_made"] == []
    assert WHY not in str(about)


def test_the_list_asks_as_much_for_many_reports_as_for_one(street: Street) -> None:
    statements: list[int] = []
    page = street.writes(street.odette, street.jean, text=TEXT)
    for n in range(5):
        street.says(street.odette, page, f"{TEXT} {n}")
        reported(street, street.jean, f"/report/message/{street.world.rows(Message)[-1].id}")
        with counted(street.house) as asked_of_it:
            street.reads(street.anne, "/reports")
        statements.append(len(asked_of_it))
    assert len(street.world.rows(Report)) == 5
    assert len(set(statements[1:])) == 1, statements
    assert street.reads(street.anne, "/reports").count('href="/reports/') >= 5
