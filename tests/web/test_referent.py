"""/referent: the role, the tools, the exercise, the team, the kit (S71 to S73)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from community_store import registrations
from community_store.models import (
    Alert,
    AlertState,
    Delivery,
    Member,
    MemberState,
    Reply,
    Topic,
    Town,
)
from community_store.models import DeliveryState as State
from community_store.store import Store
from dispatch import alerts, links
from dispatch.act import Act
from gateway.contract import Channel
from tests.dispatch.world import INSEE, World, at
from tests.web.house import SITE, House, Visitor, words
from tests.web.seen import plain_house

HIDDEN = "+33639987777"
PAGES = ("", "/members", "/exercise", "/help", "/kit")
BOX = "mairie@ville.example"


class Quarter:
    """Les Lilas: a référent, neighbours, a twin, a town, one who waits, one who hides."""

    def __init__(self, house: House) -> None:
        self.house, self.world = house, house.world
        self.world.clock.now = at(13)
        self.home, self.twin = self.world.community("Les Lilas"), self.world.community("Les Roses")
        self.world.twin(self.home, self.twin)
        with self.world.act() as act:
            act.session.get_one(Town, INSEE).subscribed = True
        self.referent = self.world.member(
            self.home, first_name="Rémi", last_name="Ferrand", referent=True,
            email="remi@voisins.example",
        )  # fmt: skip
        self.neighbour = self.world.member(
            self.home, first_name="Anaïs", last_name="Durand", email="anais@voisins.example",
            mobile=HIDDEN, hide_mobile=True,
        )  # fmt: skip
        self.away = self.world.member(
            self.twin, first_name="Paulette", email="paulette@voisins.example", referent=True
        )
        self.agent = self.world.agent(email="agent@ville.example")
        self.browser = self.inside(self.referent)

    def inside(self, who: Member) -> Visitor:
        return self.house.inside(self.house.account_of(who, password=False))

    def page(self, path: str = "", **query: str) -> str:
        answer = self.browser.get(f"/referent{path}", query_string=query)
        assert answer.status_code == 200, answer.text[-600:]
        return words(answer)

    def exercise(self) -> int:
        """Raise one on the web; its reference."""
        there = self.browser.lands(self.browser.post("/referent/exercise"))
        return int(there.rsplit("/", 1)[1])

    def came_back(self, channel: Channel, state: State = State.UNDELIVERED) -> None:
        """The last message to the neighbour by a channel did not arrive."""
        self.world.raised(self.referent, f"Fumée {channel}")
        for row in self.world.deliveries(member_id=self.neighbour.id):
            self.world.change(row, state=state if row.channel == channel else State.DELIVERED)

    def types(self, member: Member, **values: str) -> None:
        """What a member typed when they registered."""
        with self.world.store.begin() as db:
            row, _ = registrations.begin(db, self.world.clock(), language="fr")
            row.member_id = member.id
            for name, value in values.items():
                setattr(row, name, value)


@pytest.fixture
def quarter(house: House) -> Quarter:
    return Quarter(house)


@pytest.fixture
def boxed(sqlite_store: Store, redis_url: str, tmp_path: Path) -> Quarter:
    """With a team to write to."""
    return Quarter(plain_house(sqlite_store, redis_url, tmp_path, site=SITE))


# who comes in


@pytest.mark.parametrize("path", PAGES)
def test_only_a_referent_comes_in(quarter: Quarter, path: str) -> None:
    assert quarter.page(path)
    assert quarter.inside(quarter.neighbour).get(f"/referent{path}").status_code == 403
    assert quarter.house.visitor().get(f"/referent{path}").status_code == 303
    quarter.world.change(quarter.referent, state=MemberState.SUSPENDED)
    assert quarter.browser.get(f"/referent{path}").status_code == 403


def test_the_way_there_stands_in_the_menu_and_at_home(quarter: Quarter) -> None:
    home = quarter.browser.get("/home").text
    assert home.count('href="/referent"') == 2
    assert 'href="/referent"' not in quarter.inside(quarter.neighbour).get("/home").text


@pytest.mark.parametrize("path", PAGES)
def test_no_page_shows_a_number_or_an_e_mail_of_a_neighbour(quarter: Quarter, path: str) -> None:
    quarter.came_back(Channel.SMS)
    quarter.types(quarter.neighbour, email="nouveau@voisins.example", mobile="+33639986666")
    page = quarter.page(path)
    for secret in (HIDDEN, "06 39 98 77 77", "anais@", "nouveau@", "06 39 98 66 66", "Paulette"):
        assert secret not in page


# the tools


def figures(page: str, heading: str) -> dict[str, str]:
    """What a card's figures say."""
    part = page.split(f"<h2>{heading}</h2>")[1].split("</section>", maxsplit=1)[0]
    return dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", part))


def test_it_says_how_many_an_alert_would_reach(quarter: Quarter) -> None:
    world = quarter.world
    stopped = world.member(quarter.home)
    world.stop(stopped.mobile or "")
    muted = world.member(quarter.home, email="muet@voisins.example")
    world.mute(muted, Topic.ALERT, Channel.SMS)
    world.member(quarter.home, mobile=None)
    world.member(quarter.home, state=MemberState.PENDING)
    page = quarter.page()
    assert figures(page, "Qui serait prévenu") == {"SMS": "2", "E-mail": "3", "Notification": "0"}
    assert "5 membres en tout. 2 n'en sauraient rien" in page


def test_alone_there_is_nobody_to_tell(house: House) -> None:
    me = house.world.member(house.world.community(), referent=True)
    visitor = house.inside(house.account_of(me, password=False))
    assert "Vous êtes le premier" in words(visitor.get("/referent"))
    assert "Il n'y a encore personne à prévenir" in words(visitor.get("/referent/exercise"))


def test_the_last_alert_has_its_figures(quarter: Quarter) -> None:
    assert "Aucune alerte n'a encore été lancée" in quarter.page()
    alert = quarter.world.raised(quarter.neighbour, "Fumée")
    page = quarter.page()
    assert f'href="/alerts/{alert.id}"' in page
    # the référent, the twin and the agent
    assert figures(page, "La dernière alerte") == {
        "À prévenir": "3", "Reçue": "0", "En route": "3", "Manquée": "0",
    }  # fmt: skip


def test_the_requests_that_wait_are_a_link_away(quarter: Quarter) -> None:
    assert "Aucune demande n'attend" in quarter.page()
    assert "Personne n'attend" in quarter.page("/members")
    quarter.world.member(quarter.home, state=MemberState.PENDING, last_name="Inconnu")
    page = quarter.page("/members")
    assert "1 inscrit attend que son domicile soit vérifié" in page
    assert "Inconnu" not in page


@pytest.mark.parametrize(
    ("channel", "state", "said"),
    [
        (Channel.SMS, State.FAILED, "Le SMS n'est pas arrivé"),
        (Channel.EMAIL, State.UNDELIVERED, "L'e-mail est revenu"),
    ],
)
def test_whose_messages_come_back_is_named(
    quarter: Quarter, channel: Channel, state: State, said: str
) -> None:
    assert "Aucun message récent n'est revenu" in quarter.page("/members")
    quarter.came_back(channel, state)
    page = quarter.page("/members")
    assert "Anaïs Durand" in page
    assert said in page
    assert "1 voisin à aider" in quarter.page()


def test_what_arrived_since_or_went_to_an_old_address_is_no_trouble(quarter: Quarter) -> None:
    quarter.came_back(Channel.EMAIL)
    quarter.world.change(quarter.neighbour, email="neuf@voisins.example")
    assert "Anaïs Durand" not in quarter.page("/members")
    quarter.world.change(quarter.neighbour, email="anais@voisins.example")
    assert "Anaïs Durand" in quarter.page("/members")
    again = quarter.world.raised(quarter.referent, "Autre chose")
    for row in quarter.world.deliveries(alert_id=again.id):
        quarter.world.change(row, state=State.DELIVERED)
    assert "Anaïs Durand" not in quarter.page("/members")


def test_what_is_not_proved_yet_is_named_without_saying_what_it_is(quarter: Quarter) -> None:
    quarter.types(quarter.neighbour, email="nouveau@voisins.example", mobile=HIDDEN)
    page = quarter.page("/members")
    assert "Anaïs Durand" in page
    assert "e-mail à confirmer" in page
    assert "numéro à confirmer" not in page
    quarter.world.clock.forward(days=8)
    assert "Anaïs Durand" not in quarter.page("/members")


def test_nobody_of_elsewhere_is_named(quarter: Quarter) -> None:
    quarter.came_back(Channel.SMS)
    quarter.types(quarter.neighbour, email="nouveau@voisins.example")
    away = quarter.inside(quarter.away)
    assert "Anaïs" not in words(away.get("/referent/members"))


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(*said: object) -> None:
        statements.append(str(said[2]))

    event.listen(world.store.engine, "before_cursor_execute", note)
    yield statements
    event.remove(world.store.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("path", ["", "/members"])
def test_no_question_is_asked_for_each_member(quarter: Quarter, path: str) -> None:
    def questions() -> int:
        with counted(quarter.world) as asked:
            quarter.page(path)
        return len(asked)

    quarter.came_back(Channel.SMS)
    quarter.types(quarter.neighbour, email="nouveau@voisins.example")
    quarter.page(path)
    few = questions()
    for n in range(40):
        one = quarter.world.member(quarter.home, email=f"un{n}@voisins.example")
        quarter.types(one, email=f"deux{n}@voisins.example")
    quarter.world.raised(quarter.referent, "Encore")
    for row in quarter.world.rows(Delivery):
        quarter.world.change(row, state=State.UNDELIVERED)
    assert questions() == few


def test_a_long_list_has_pages(quarter: Quarter) -> None:
    for n in range(35):
        quarter.world.member(quarter.home, last_name=f"Voisin{n:02}")
    quarter.world.raised(quarter.referent, "Encore")
    for row in quarter.world.rows(Delivery):
        quarter.world.change(row, state=State.UNDELIVERED)
    first, last = quarter.page("/members"), quarter.page("/members", page="99")
    assert "Page suivante" in first
    assert "Voisin34" not in first
    assert "Voisin34" in last


# the exercise


def test_it_is_read_again_before_it_is_sent(quarter: Quarter) -> None:
    page = quarter.page("/exercise")
    assert '<blockquote class="sample said">EXERCICE Tocsin 1,' in page
    assert "Ni les communautés jumelées ni la mairie" in page
    assert quarter.world.rows(Alert) == []
    ref = quarter.exercise()
    (alert,) = quarter.world.rows(Alert)
    assert (alert.id, alert.exercise, alert.author_id) == (ref, True, quarter.referent.id)
    told = quarter.world.deliveries_of(alert)
    assert {row.member_id for row in told} == {quarter.neighbour.id}


def test_a_second_one_within_the_month_is_refused_and_said(quarter: Quarter) -> None:
    quarter.exercise()
    answer = quarter.browser.post("/referent/exercise")
    assert answer.status_code == 409
    assert "Un exercice par mois suffit. Le dernier date du 24 novembre" in words(answer)
    assert "après le 25 décembre" in words(answer)
    assert 'action="/referent/exercise"' not in answer.text
    assert len(quarter.world.rows(Alert)) == 1


@pytest.mark.parametrize(
    ("hour", "alert", "said"), [(23, False, "ne réveille personne"), (13, True, "vraie alerte")]
)
def test_why_there_is_none_now_is_said(quarter: Quarter, hour: int, alert: bool, said: str) -> None:
    quarter.world.clock.now = at(hour)
    if alert:
        quarter.world.raised(quarter.neighbour, "Fumée")
    assert said in quarter.page("/exercise")
    assert quarter.browser.post("/referent/exercise").status_code == 409


def test_every_page_shows_it_as_an_exercise(quarter: Quarter) -> None:
    ref = quarter.exercise()
    neighbour = quarter.inside(quarter.neighbour)
    for visitor in (quarter.browser, neighbour):
        page = words(visitor.get(f"/alerts/{ref}"))
        assert "Exercice en cours" in page
        assert "Alerte" not in page.split("<blockquote")[0].split("<main")[1]
        assert "Ceci est un exercice" in page
        assert "appelé le 17" not in page
        for path in ("/alerts/", "/home"):
            assert '<span class="badge">exercice</span>' in words(visitor.get(path))
    slug = links.alert_address(quarter.world.settings, ref).removeprefix(SITE)
    anybody = words(quarter.house.visitor().get(slug))
    assert "Exercice en cours" in anybody
    with quarter.world.act() as act:
        alerts.end(act, act.session.get_one(Alert, ref), "")
    assert "L'exercice est terminé" in words(neighbour.get(f"/alerts/{ref}"))
    assert '<span class="badge">exercice</span>' in words(neighbour.get("/alerts/"))


def test_it_does_not_exist_for_a_twin_or_the_town(quarter: Quarter) -> None:
    ref = quarter.exercise()
    agent = quarter.house.inside(quarter.house.account_of(quarter.agent))
    for visitor in (quarter.inside(quarter.away), agent):
        assert visitor.get(f"/alerts/{ref}").status_code == 404
        assert "exercice" not in words(visitor.get("/alerts/"))
        assert visitor.post(f"/alerts/{ref}/end").status_code == 404


def test_an_answer_on_the_web_goes_to_the_referent_and_not_to_all(quarter: Quarter) -> None:
    ref = quarter.exercise()
    neighbour = quarter.inside(quarter.neighbour)
    page = neighbour.get(f"/alerts/{ref}").text
    assert 'name="some"' in page
    assert 'name="all"' not in page
    assert neighbour.post(f"/alerts/{ref}/reply", reply="Reçu", all="1").status_code == 404
    neighbour.lands(neighbour.post(f"/alerts/{ref}/reply", reply="Reçu tard", some="1"))
    neighbour.lands(neighbour.post(f"/alerts/{ref}/seen"))
    assert len(quarter.world.rows(Reply, alert_id=ref)) == 2
    assert "Reçu tard" in words(quarter.browser.get(f"/alerts/{ref}"))


def test_its_referent_ends_it_and_takes_it_back_no_other_way(quarter: Quarter) -> None:
    ref = quarter.exercise()
    assert "Terminer l'exercice" in words(quarter.browser.get(f"/alerts/{ref}"))
    assert quarter.browser.get(f"/alerts/{ref}/withdraw").status_code == 404
    assert quarter.browser.post(f"/alerts/{ref}/withdraw").status_code == 404
    answer = quarter.browser.post(f"/alerts/{ref}/end", sure="1")
    said = words(quarter.browser.get(quarter.browser.lands(answer)))
    assert "L'exercice est terminé. Ceux" in said
    assert "L'alerte est terminée" not in said
    assert quarter.world.rows(Alert, id=ref)[0].state == AlertState.ENDED


# the team


def test_the_team_reads_which_community_it_is_about(boxed: Quarter) -> None:
    page = boxed.page("/help")
    assert 'value="remi@voisins.example"' in page
    answer = boxed.browser.post(
        "/referent/help", answer_to="remi@voisins.example", text="Je voudrais passer la main."
    )
    assert boxed.browser.lands(answer) == "/referent"
    boxed.world.pump()
    (mail,) = boxed.world.mails()
    assert mail["to"] == BOX
    assert "référent (Les Lilas)" in mail["subject"]
    assert f"membre {boxed.referent.id}, référent de la communauté Les Lilas" in mail["text"]
    assert "> Je voudrais passer la main." in mail["text"]
    assert "Rémi Ferrand" in mail["text"]


def test_what_is_missing_is_said_and_nothing_is_lost(boxed: Quarter) -> None:
    answer = boxed.browser.post("/referent/help", answer_to="pas une adresse", text="Bonjour")
    assert answer.status_code == 422
    assert "Bonjour" in answer.text
    assert boxed.world.rows(Delivery) == []


def test_without_a_mailbox_there_is_no_form(quarter: Quarter) -> None:
    assert "<textarea" not in quarter.page("/help")


def test_the_contact_form_of_everybody_is_not_for_it(boxed: Quarter) -> None:
    assert 'value="referent"' not in boxed.browser.get("/contact").text
    answer = boxed.browser.post(
        "/contact", name="X", answer_to="x@voisins.example", about="referent", text="Bonjour"
    )
    assert answer.status_code == 422


# the kit


def test_the_kit_has_papers_and_texts_in_both_languages(quarter: Quarter) -> None:
    page = quarter.page("/kit")
    for language in ("fr", "en"):
        for paper in ("flyer", "presentation"):
            assert f'href="/invite/{paper}.pdf?lang={language}"' in page
        for name in ("newsletter", "letter"):
            assert f'href="/referent/kit/{name}.txt?lang={language}"' in page
    assert "Les Lilas" in page
    assert page.count("mailto:?subject=") == 2
    assert f"{SITE}/i/" in page


@pytest.mark.parametrize(("language", "word"), [("fr", "voisins"), ("en", "neighbours")])
def test_a_text_is_a_file_too(quarter: Quarter, language: str, word: str) -> None:
    answer = quarter.browser.get(f"/referent/kit/newsletter.txt?lang={language}")
    assert answer.mimetype == "text/plain"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert word in answer.text
    assert "38000" in answer.text
    assert quarter.browser.get("/referent/kit/passwords.txt").status_code == 404


def test_without_a_number_the_texts_do_not_name_one(sqlite_world: World) -> None:
    from tests.web.house import make_house

    house = make_house(sqlite_world)
    me = house.world.member(house.world.community(), referent=True)
    visitor = house.inside(house.account_of(me, password=False))
    answer = visitor.get("/referent/kit/letter.txt")
    assert answer.status_code == 200
    assert "Le numéro" not in answer.text


def test_an_exercise_may_follow_another_a_month_later(quarter: Quarter) -> None:
    quarter.exercise()
    quarter.world.clock.forward(days=32)
    with quarter.world.store.begin() as db:
        act = Act(db, quarter.world.settings, quarter.world.clock())
        alerts.end(act, db.get_one(Alert, 1), "")
    quarter.browser = quarter.inside(quarter.referent)  # the session before is over
    assert "Envoyer l'exercice" in quarter.page("/exercise")
    assert quarter.world.clock() - at(13) > timedelta(days=31)
