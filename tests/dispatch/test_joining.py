"""Joining by text, as conversations; the addresses are found by a real address server."""

from __future__ import annotations

import pytest

from community_store import membership
from community_store.models import (
    Enrolment,
    InboundText,
    JoinRequest,
    Member,
    MemberState,
    Reference,
)
from dispatch import requests
from dispatch.catalogue import catalogue, say
from gateway import sms_text
from tests.dispatch.joiners import FULL, PHONES, member
from tests.dispatch.script import Stage


@pytest.mark.parametrize("name", ["Police Municipale", "Mairie de Valmoutier", "M. Le Maire"])
def test_an_office_does_not_join(handmade: Stage, name: str) -> None:
    for text in (f"{name}, 12 rue des Lilas, 38990 Valmoutier", f"482193 {name}"):
        assert handmade.says("Jeanne", f"INSCRIPTION {text}") == "join_office"
    assert (
        "votre prénom et votre nom, pas ceux d'un service"
        in handmade.world.phone(PHONES["Jeanne"])[-1]
    )
    assert handmade.world.rows(Enrolment) == []


# from the text to the answer of whoever decides


def test_a_resident_joins_and_is_accepted_by_the_referent(stage: Stage) -> None:
    stage.play("""
        Jeanne > inscription jeanne PETIT, 12 rue des lilas 38990 valmoutier
        Jeanne < Inscription reçue (Les Lilas). Elle attend la validation de votre référent : vous aurez un SMS.*
        Ana < Tocsin : Jeanne Petit, 12 Rue des Lilas 38990 Valmoutier, demande à rejoindre Les Lilas. Répondez OUI * ou NON *.
    """)
    jeanne = member(stage)
    assert (jeanne.first_name, jeanne.last_name) == ("Jeanne", "Petit")
    assert jeanne.address == "12 Rue des Lilas 38990 Valmoutier"
    assert (jeanne.state, jeanne.lat, jeanne.lon) == (MemberState.PENDING, 45.18264, 5.72256)
    (request,) = stage.world.rows(JoinRequest)
    stage.play(f"""
        Jeanne > Quelqu'un force une porte
        Jeanne < Votre compte attend la validation*n'a PAS été envoyé*
        Ana > oui {request.id}
        Ana < Demande {request.id} acceptée. Merci.
        Jeanne < Bienvenue ! Les Lilas, 1 voisin. Pour le prévenir,*au 38000.*
        Jeanne > Quelqu'un force une porte
        Ana < Tocsin alerte *Quelqu'un force une porte
        Mairie < Tocsin alerte *Jeanne Petit 06 39 98 90 00, 12 Rue des Lilas*
        Jeanne < Alerte * envoyée à 1 voisin*
    """)


def test_a_request_refused_is_told_and_forgotten(stage: Stage) -> None:
    stage.play(f"""
        Jeanne > {FULL}
        Jeanne < Inscription reçue*
        Ana < *demande à rejoindre*
    """)
    (request,) = stage.world.rows(JoinRequest)
    stage.play(f"""
        Ana > NON {request.id}
        Ana < Demande {request.id} refusée.
        Jeanne < Votre demande d'inscription à Tocsin n'a pas été acceptée.*
        Ana > OUI {request.id}
        Ana < La demande {request.id} a déjà reçu une réponse.
    """)
    kept = [row.model_dump_json() for kind in (Member, Enrolment, InboundText)
            for row in stage.world.rows(kind)]  # fmt: skip
    assert not any("Petit" in row or "Jeanne" in row for row in kept)


def test_only_those_who_were_asked_can_decide(stage: Stage) -> None:
    stage.play(f"""
        Jeanne > {FULL}
        Jeanne < Inscription reçue*
        Ana < *demande à rejoindre*
    """)
    (request,) = stage.world.rows(JoinRequest)
    stage.play(f"""
        Bob > OUI {request.id}
        Bob < Aucune demande {request.id} n'attend votre réponse*
        Mairie > OUI {request.id}
        Mairie < Aucune demande {request.id} n'attend votre réponse*
        Jeanne > OUI {request.id}
        Jeanne < *
    """)
    assert member(stage).state == MemberState.PENDING


def test_the_town_hall_decides_where_it_is_its_turn(stage: Stage) -> None:
    stage.play("""
        Karim > Inscription M. Karim Ben Amar, 10 av du général aubépine 38990 Valmoutier
        Karim < Inscription reçue (Les Roses). Elle attend la validation de la mairie :*
        Mairie < *Karim Ben Amar*demande à rejoindre Les Roses*
    """)
    (request,) = stage.world.rows(JoinRequest)
    stage.play(f"""
        Mairie > OUI {request.id}
        Mairie < Demande * acceptée. Merci.
        Karim < Bienvenue ! Les Roses, 1 voisin.*
    """)


def test_join_in_english(stage: Stage) -> None:
    stage.play("""
        Karim > JOIN Karim Amar, 3 bis rue des Lilas, Valmoutier
        Karim < Request received (Les Lilas). It awaits approval by your coordinator*
        Ana < *Karim Amar, 3 bis Rue des Lilas*demande à rejoindre Les Lilas*
    """)
    assert member(stage, "Karim").language == "en"


# the request itself


def test_whoever_was_registered_in_bulk_is_asked_for_once(handmade: Stage) -> None:
    world, lilas = handmade.world, member(handmade, "Ana").community_id
    world.member(lilas, mobile=PHONES["Jeanne"], state=MemberState.PENDING)
    with world.act() as act:
        assert requests.ask_for_all(act) == 1
    with world.act() as act:
        assert requests.ask_for_all(act) == 0
    world.pump()
    assert len(world.phone(PHONES["Ana"])) == 1


def test_when_one_has_decided_the_others_are_no_longer_asked(handmade: Stage) -> None:
    world, lilas = handmade.world, member(handmade, "Ana").community_id
    other = world.member(lilas, referent=True)
    waiting = world.member(lilas, mobile=PHONES["Jeanne"], state=MemberState.PENDING)
    with world.act() as act:
        jeanne = act.session.get_one(Member, waiting.id)
        requests.ask(act, jeanne)
        assert requests.decide_for(act, jeanne, accept=True, by="operator")
    world.pump()
    assert world.phone(other.mobile or "") == []
    assert [text[:9] for text in world.phone(PHONES["Jeanne"])] == ["Bienvenue"]


def test_references_of_alerts_and_requests_never_meet(handmade: Stage) -> None:
    handmade.says("Jeanne", FULL)
    handmade.says("Bob", "Une camionnette suspecte")
    assert len({row.id for row in handmade.world.rows(Reference)}) == 2
    assert {row.kind for row in handmade.world.rows(Reference)} == {"request", "alert"}


def test_a_home_s_account_is_found_by_its_own_text(handmade: Stage) -> None:
    handmade.says("Jeanne", FULL)
    with handmade.world.store.read() as session:
        found = membership.find(session, "Jeanne Petit")
    assert found.mobile == PHONES["Jeanne"], "the number that texted is the proven one"


# what it costs


ORDINARY = {
    "service": "Tocsin", "site": "https://tocsin.example", "community": "Les Lilas du Bas",
    "who": "l'équipe Tocsin", "code": "482193", "count": 42, "number": "38000", "ref": 381,
    "name": "Jeanne Petit", "address": "12 Rue des Lilas 38990 Valmoutier",
    "a": "12 Rue des Lilas 38990 Valmoutier", "b": "12 Rue des Lilas 38991 Rochebrune-le-Vieux",
    "c": "12 Avenue du Général Aubépine 38990 Valmoutier",
}  # fmt: skip


IDS = [
    "join_received", "join_received_team", "join_nowhere", "join_how", "join_office",
    "join_address_unknown", "join_later", "join_choose_1", "join_choose_2", "join_choose_3",
    "join_already", "join_other", "request_moved",
    "join_pending", "join_foreign", "join_too_many", "join_code_how", "join_code_wrong",
    "join_code_full", "join_code_blocked", "join_code_later", "request_ask", "request_refused",
    "welcome", "welcome_one", "welcome_first", "welcome_nowhere",
]  # fmt: skip


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", IDS)
def test_each_message_is_one_sms_in_both_languages(kind: str, language: str) -> None:
    assert catalogue(language, "sms").gettext(kind) != kind, "not French in disguise"
    size = sms_text.count(sms_text.plain(say(language, "sms", kind, **ORDINARY)))
    assert size.encoding == "gsm7"
    assert size.segments <= (2 if kind == "join_choose_3" else 1)
