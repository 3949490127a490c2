"""Joining by text: what was not understood, and who cannot."""

from __future__ import annotations

import pytest

from community_store.models import (
    Alert,
    Community,
    Enrolment,
    Member,
    MemberState,
)
from dispatch import requests, rerouting, team
from tests.dispatch.joiners import FULL
from tests.dispatch.script import Stage


@pytest.mark.parametrize(
    "text",
    [
        "INSCRIPTION", "inscription !", "INSCRIPTION Jeanne Petit 12 rue des Lilas",
        "INSCRIPTION Jeanne, 12 rue des Lilas", "INSCRIPTION , 12 rue des Lilas Valmoutier",
        "INSCRIPTION Jeanne Petit,", "INSCRIPTION Jeanne Petit, 12", "JE",
        "INSCRIPTION 12 rue des Lilas, Valmoutier",
    ],
)  # fmt: skip
def test_what_is_missing_is_explained(handmade: Stage, text: str) -> None:
    explained = "Ce numéro*" if text == "JE" else "Vous n'êtes PAS inscrit. Écrivez prénom, nom*"
    handmade.play(f"""
        Jeanne > {text}
        Jeanne < {explained}
    """)
    assert handmade.world.rows(Enrolment) == []


def test_a_member_is_told_their_state(handmade: Stage) -> None:
    handmade.play(f"""
        Jeanne > {FULL}
        Jeanne < Inscription reçue. L'équipe Tocsin va situer votre adresse*
        Jeanne > INSCRIPTION Jeanne Petit, 14 rue des Lilas
        Jeanne < Vous êtes déjà inscrit. Votre compte attend la validation de l'équipe Tocsin*
        Bob > inscription bob martin, 12 rue des Lilas
        Bob < Vous êtes déjà inscrit : Les Roses. Votre message n'a PAS été envoyé.*
        Bob > INSCRIPTION
        Bob < Vous êtes déjà inscrit : Les Roses.*
    """)


def test_another_of_the_household_is_told_that_they_have_no_account_by_it(
    handmade: Stage,
) -> None:
    handmade.play("""
        Bob > INSCRIPTION Zoé Martin, 12 rue des Lilas 38990 Valmoutier
        Bob < Ce numéro a déjà un compte, sous un autre nom : Zoé Martin n'est PAS inscrit.*
    """)
    assert handmade.world.rows(Enrolment) == []


def test_a_referent_who_answers_what_has_moved_on_is_told_so(handmade: Stage) -> None:
    world = handmade.world
    ids = {one.name: one.id for one in world.rows(Community)}
    jeanne = world.member(ids["Les Lilas"], state=MemberState.PENDING)
    with world.act() as act:
        member = act.session.get_one(Member, jeanne.id)
        ref = requests.ask(act, member).id
        member.community_id = ids["Les Roses"]
        rerouting.follow(act, member)
    assert handmade.says("Ana", f"OUI {ref}") == "request_moved"
    assert handmade.says("Bob", f"OUI {ref}") == "unknown_ref"
    assert world.rows(Member, id=jeanne.id)[0].state == MemberState.PENDING


def test_after_15_days_the_one_who_has_it_is_named(stage: Stage) -> None:
    stage.play("""
        Jeanne > inscription jeanne PETIT, 12 rue des lilas 38990 valmoutier
        Jeanne < Inscription reçue (Les Lilas). Elle attend la validation de votre référent*
        Ana < *
    """)
    stage.world.clock.forward(days=15, seconds=1)
    with stage.world.act() as act:
        assert team.assign(act) == 1
    stage.play("""
        Jeanne > INSCRIPTION
        Jeanne < Vous êtes déjà inscrit. Votre compte attend la validation de l'équipe Tocsin*
    """)


@pytest.mark.parametrize(
    "text",
    [
        "Inscription raciste sur le mur, 12 rue des Lilas",
        "Inscription bizarre sur ma porte", "inscription au feutre, devant le 3",
        "Join us at the fire, 12 rue des Lilas",
    ],
)  # fmt: skip
def test_a_member_s_warning_that_begins_so_is_an_alert(handmade: Stage, text: str) -> None:
    assert handmade.says("Bob", text) == "alert"
    (alert,) = handmade.world.rows(Alert)
    assert alert.text == text


@pytest.mark.parametrize("name", ["Abroad", "Fixe"])
def test_a_number_that_gets_no_alerts_cannot_join(handmade: Stage, name: str) -> None:
    handmade.play(f"""
        {name} > {FULL}
        {name} < Tocsin n'inscrit par SMS que des mobiles français : vous n'êtes PAS inscrit.*
    """)
    assert handmade.world.rows(Enrolment) == []


def test_a_short_code_gets_no_answer(handmade: Stage) -> None:
    stage = Stage(handmade.world, {"Robot": "36180"})
    assert stage.says("Robot", FULL) == "join_refused"
    assert stage.heard() == []


def test_three_tries_a_day(stage: Stage) -> None:
    for n in range(3):
        stage.says("Jeanne", f"INSCRIPTION Jeanne Petit, {n} rue nulle part 75001 Paris")
    stage.heard()
    stage.play(f"""
        Jeanne > {FULL}
        Jeanne < Trois essais aujourd'hui : vous n'êtes PAS inscrit. Réessayez demain*
        (24 hours later)
        Jeanne > {FULL}
        Jeanne < Inscription reçue (Les Lilas).*
        Ana < *demande à rejoindre*
    """)


def test_who_said_stop_and_joins_is_answered(stage: Stage) -> None:
    stage.play(f"""
        Jeanne > STOP
        Jeanne < Vous ne recevrez plus de SMS*
        Jeanne > {FULL}
        Jeanne < Inscription reçue (Les Lilas).*
        Ana < *demande à rejoindre*
    """)
