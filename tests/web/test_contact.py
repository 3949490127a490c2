"""The contact form: what is written reaches the team, whoever writes, and nobody else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from community_store import personal_data, retention
from community_store.errors import RuleError
from community_store.models import Member, MemberState
from community_store.store import Store
from dispatch.contacting import About
from gateway.contract import Channel, NotNow
from tests.dispatch.standin import StandIn, in_turn
from tests.web.house import SITE, House, Visitor, words
from tests.web.seen import plain_house
from web.contact import FORM

BOX = "mairie@ville.example"
WRITTEN = {
    "name": "Jeanne Petit",
    "answer_to": "jeanne@voisins.example",
    "about": "question",
    "text": "Bonjour,\n\nQui fait les panneaux ?",
}


@pytest.fixture
def house(sqlite_store: Store, redis_url: str, tmp_path: Path) -> House:
    """With a mailbox to write to."""
    return plain_house(sqlite_store, redis_url, tmp_path, site=SITE)


def sent(visitor: Visitor, **other: str) -> str:
    """Where the form leads."""
    return visitor.lands(visitor.post("/contact", **WRITTEN | other))


def letter(house: House) -> dict[str, str]:
    """The only mail there is, once the pump has run."""
    house.world.pump()
    (found,) = house.world.mails()
    return found


def test_what_is_written_reaches_the_team_with_whom_to_answer(house: House) -> None:
    visitor = house.visitor()
    assert sent(visitor) == "/contact/sent"
    assert "Votre message est parti" in words(visitor.get("/contact/sent"))
    mail = letter(house)
    assert mail["to"] == BOX
    assert mail["subject"] == "Tocsin : une question"
    assert "Nom donné : Jeanne Petit" in mail["text"]
    assert "Compte : aucun" in mail["text"]
    assert "\njeanne@voisins.example\n" in mail["text"]
    assert "> Bonjour,\n>\n> Qui fait les panneaux ?" in mail["text"]


def test_nobody_is_answered_by_the_form_itself(house: House) -> None:
    """The address is only a claim: a copy to it would let anybody mail anybody."""
    sent(house.visitor())
    assert {row.address for row in house.world.deliveries()} == {BOX}


def test_the_mail_can_be_answered_by_one_touch_and_says_that_a_robot_sent_it(house: House) -> None:
    sent(house.visitor())
    house.world.pump()
    (path,) = (house.world.settings.data_dir / "mail").glob("*.eml")
    raw = path.read_text()
    assert "Auto-Submitted: auto-generated" in raw
    assert 'href="mailto:jeanne@voisins.example"' in raw.replace("=\n", "").replace("=3D", "=")


@pytest.mark.parametrize("about", FORM)
def test_whatever_it_is_about_has_its_words(house: House, about: About) -> None:
    page = words(house.visitor().get(f"/contact?about={about}"))
    assert f'<option value="{about}" selected>' in page
    sent(house.visitor(), about=about)
    assert letter(house)["subject"].startswith("Tocsin : ")


# who writes


def test_who_is_signed_in_need_not_say_who_they_are(house: House) -> None:
    member = house.world.member(1, first_name="Ana", last_name="Silva", email="ana@voisins.example")
    visitor = house.inside(house.account_of(member, password=False))
    page = words(visitor.get("/contact"))
    assert 'value="Ana Silva"' in page
    assert 'value="ana@voisins.example"' in page
    sent(visitor)
    assert f"Compte : membre {member.id}\n" in letter(house)["text"]


def test_who_has_no_e_mail_is_answered_by_telephone(house: House) -> None:
    member = house.world.member(1, mobile="+33639980071", email=None)
    visitor = house.inside(house.account_of(member, password=False))
    assert 'value="06 39 98 00 71"' in words(visitor.get("/contact"))
    sent(visitor, answer_to="+33 6 39 98 00 71")
    assert "Réponse à : 06 39 98 00 71" in letter(house)["text"]


@pytest.mark.parametrize("state", [MemberState.SUSPENDED, MemberState.PENDING])
def test_who_may_do_nothing_else_may_write(house: House, state: MemberState) -> None:
    member = house.world.member(1, state=state)
    visitor = house.inside(house.account_of(member, password=False))
    if state == MemberState.SUSPENDED:
        assert 'href="/contact?about=suspension"' in visitor.get("/home").text
    sent(visitor, about="suspension")
    told = {MemberState.SUSPENDED: "compte suspendu", MemberState.PENDING: "pas encore validé"}
    assert f"membre {member.id}, {told[state]}" in letter(house)["text"]


def test_the_team_and_agents_are_named_as_such(house: House) -> None:
    for account, said in (
        (house.team(), "de l'équipe"),
        (house.account_of(house.world.agent(email="pm@ville.example")), "agent d'une commune"),
    ):
        sent(house.inside(account))
        house.world.pump()
        assert any(f"Compte : {said}" in mail["text"] for mail in house.world.mails())


def test_nobody_can_pass_for_a_member_by_what_they_write(house: House) -> None:
    sent(house.visitor(), name="Ana\r\nCompte : de l'équipe", text="Compte : de l'équipe")
    lines = letter(house)["text"].splitlines()
    assert [line for line in lines if line.startswith("Compte")] == [
        "Compte : aucun, personne n'était connecté"
    ]


# what is refused


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", " ", "Écrivez votre nom"),
        ("text", "", "Écrivez votre message"),
        ("text", "x" * 4001, "4000 caractères au plus"),
        ("name", "x" * 81, "80 caractères au plus"),
        ("about", "", "Choisissez de quoi"),
        ("about", "advertising", "Choisissez de quoi"),
        ("answer_to", "", "Écrivez une adresse e-mail ou un numéro"),
        ("answer_to", "jeanne@", "n'est pas complète"),
        ("answer_to", "a@b.example, c@d.example", "n'est pas complète"),
        ("answer_to", "a@b.example Bcc: c@d.example", "n'est pas complète"),
        ("answer_to", "a@b.example\r\nBcc: c@d.example", "n'est pas complète"),
        ("answer_to", "0899 70 00 00", "n'est pas un numéro français"),
        ("answer_to", "alerte@tocsin.example", "que personne ne lit"),
        ("answer_to", "Alerte@Tocsin.example", "que personne ne lit"),
    ],
)
def test_what_cannot_be_sent_is_told_and_nothing_typed_is_lost(
    house: House, field: str, value: str, told: str
) -> None:
    answer = house.visitor().post("/contact", **WRITTEN | {field: value})
    assert answer.status_code == 422
    page = words(answer)
    assert told in page
    assert f'href="#{field}"' in page
    if field != "text":
        assert WRITTEN["text"] in page
    assert house.world.deliveries() == []


def test_a_name_never_becomes_a_header(house: House) -> None:
    sent(house.visitor(), name="Ana\r\nBcc: c@d.example", about="other")
    house.world.pump()
    (path,) = (house.world.settings.data_dir / "mail").glob("*.eml")
    head = path.read_text().partition("\n\n")[0]
    assert "Bcc" not in head


def test_a_form_on_another_site_sends_nothing(house: House) -> None:
    assert house.visitor().bare_post("/contact", **WRITTEN).status_code == 400
    assert house.world.deliveries() == []


def test_nobody_floods_the_mailbox(house: House) -> None:
    told = [house.visitor().post("/contact", **WRITTEN).status_code for _ in range(12)]
    assert told == [303] * 10 + [429] * 2
    assert len(house.world.deliveries()) == 10


# nothing lost


def test_a_click_on_no_more_mail_in_the_mailbox_loses_no_message(house: House) -> None:
    house.world.stop(BOX, Channel.EMAIL)
    sent(house.visitor())
    assert letter(house)["to"] == BOX


def test_it_waits_for_a_mail_server_that_is_away_for_days(house: House) -> None:
    sent(house.visitor())
    away = StandIn("mail", Channel.EMAIL, answers=in_turn(NotNow("no connection")))
    house.world.with_providers(mail=away).pump()
    house.world.clock.forward(days=5)
    assert [row.state for row in house.world.deliveries()] == ["queued"]
    assert letter(house)["to"] == BOX


def test_a_copy_of_ones_data_has_it_and_closing_the_account_erases_it(house: House) -> None:
    member = house.world.member(1)
    sent(house.inside(house.account_of(member, password=False)), text="Rappelez-moi")
    with house.world.store.begin() as db, pytest.raises(RuleError, match="has not left yet"):
        personal_data.erase(db, db.get_one(Member, member.id))
    letter(house)
    with house.world.store.begin() as db:
        mine = db.get_one(Member, member.id)
        held = personal_data.export(db, mine)
        assert "Rappelez-moi" in held["messages_to_the_team"][0]["text"]
        assert held["messages_received"] == []
        personal_data.erase(db, mine)
    assert house.world.said(house.world.delivery()).mail == ""


def test_what_is_written_is_forgotten_with_the_texts_of_alerts(house: House) -> None:
    sent(house.visitor())
    letter(house)
    limits = retention.Limits.of(
        house.world.clock() + timedelta(days=91),
        text_days=90, delivery_months=13, pending_days=30, gazette_days=30, message_days=365, movement_months=12,
    )  # fmt: skip
    with house.world.store.begin() as db:
        retention.forget(db, retention.due(db, limits))
    assert "Jeanne" not in house.world.said(house.world.delivery()).mail


# without a mailbox


@pytest.mark.parametrize(
    ("contact", "told"),
    [("", "Demandez à votre référent"), ("Accueil de la mairie, 04 65 71 00 00", "04 65 71 00 00")],
)
def test_without_a_mailbox_the_page_says_what_to_do_instead(
    sqlite_store: Store, redis_url: str, tmp_path: Path, contact: str, told: str
) -> None:
    house = plain_house(sqlite_store, redis_url, tmp_path, site=SITE, service={"contact": contact})
    page = words(house.visitor().get("/contact"))
    assert told in page
    assert 'name="text"' not in page
    answer = house.visitor().post("/contact", **WRITTEN)
    assert answer.status_code == 422
    assert house.world.deliveries() == []


@pytest.mark.parametrize("publisher", ["", "Association des Lilas"])
def test_without_any_address_nobody_is_sent_to_whom_they_cannot_ask(
    sqlite_store: Store, redis_url: str, tmp_path: Path, publisher: str
) -> None:
    """A référent has no référent; who is suspended finds no form to appeal with."""
    house = plain_house(
        sqlite_store, redis_url, tmp_path, site=SITE,
        service={"contact": ""}, legal={"publisher": publisher},
    )  # fmt: skip
    referent = house.world.member(house.world.community(), referent=True)
    gone = house.world.member(1, state=MemberState.SUSPENDED)
    for who, pages in ((referent, ("/referent/help", "/contact")), (gone, ("/home", "/contact"))):
        visitor = house.inside(house.account_of(who, password=False))
        for path in pages:
            page = words(visitor.get(path)).split("</header>")[1]
            assert "votre mairie, ou à ceux qui font marcher ce site" in page
            assert "votre référent" not in page
            assert 'href="/contact?about=suspension"' not in page
            assert ("Qui publie ce site : Association des Lilas" in page) is bool(publisher)


def test_a_message_waits_longer_than_an_alert_would(house: House) -> None:
    sent(house.visitor())
    row = house.world.delivery()
    assert row.expires_at - row.created_at >= timedelta(days=14)
