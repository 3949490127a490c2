"""Joining by text: addresses asked back, and what happens without a geocoder."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from community_store.models import (
    Enrolment,
    EnrolmentState,
    JoinRequest,
    Member,
    MemberState,
    RequestState,
)
from dispatch import inbound, locating
from dispatch.jobs import AllowedJob
from dispatch.wake import INBOUND, queue
from dispatch.worker import work
from tests.dispatch.joiners import FULL, PHONES, geocoder, member
from tests.dispatch.script import Stage
from tests.gateway.standin import Answer, standin


def enrolment(stage: Stage) -> Enrolment:
    found = stage.world.rows(Enrolment)[-1]
    assert isinstance(found, Enrolment)
    return found


# addresses asked back


def test_an_address_in_two_towns_is_asked_back_in_one_sms(stage: Stage) -> None:
    stage.play("""
        Jeanne > INSCRIPTION Jeanne Petit, 12 rue des lilas
        Jeanne < Quelle est votre adresse ? / 1 : 12 Rue des Lilas 38990 Valmoutier / 2 : 12 Rue des Lilas 38991 Rochebrune-le-Vieux / Répondez 1 ou 2, ou NON si ce n'est aucune.
        Jeanne > 7
        Jeanne < Quelle est votre adresse ?*
        Jeanne > Oui
        Jeanne < Quelle est votre adresse ?*
        Jeanne > le 1.
        Jeanne < Inscription reçue (Les Lilas).*
        Ana < *12 Rue des Lilas 38990 Valmoutier*
        Jeanne > 1
        Jeanne < Votre compte attend la validation*
    """)
    done = enrolment(stage)
    assert (done.state, done.address, done.choices) == (EnrolmentState.DONE, "", [])
    assert done.member_id == member(stage).id


def test_a_house_that_the_geocoder_does_not_know_is_confirmed(stage: Stage) -> None:
    stage.play("""
        Jeanne > INSCRIPTION Jeanne Petit, 99 rue des lilas 38990 valmoutier
        Jeanne < Est-ce bien votre adresse : Rue des Lilas 38990 Valmoutier ? Répondez OUI ou NON.
        Jeanne > Oui !
        Jeanne < Inscription reçue (Les Lilas).*
        Ana < *99 rue des lilas 38990 valmoutier*
    """)


@pytest.mark.parametrize("no", ["NON", "non.", "aucune", "0"])
def test_none_of_the_choices_says_what_to_write(stage: Stage, no: str) -> None:
    stage.play(f"""
        Jeanne > INSCRIPTION Jeanne Petit, 12 rue des lilas
        Jeanne < Quelle est votre adresse ?*
        Jeanne > {no}
        Jeanne < Adresse inconnue : vous n'êtes PAS inscrit. Renvoyez INSCRIPTION*
        Jeanne > {FULL}
        Jeanne < Inscription reçue (Les Lilas).*
        Ana < *demande à rejoindre*
    """)


def test_a_choice_made_too_late_is_none(stage: Stage) -> None:
    stage.play("""
        Jeanne > INSCRIPTION Jeanne Petit, 12 rue des lilas
        Jeanne < Quelle est votre adresse ?*
        (61 minutes later)
        Jeanne > 1
        Jeanne < Ce numéro n'est pas inscrit à Tocsin.*
    """)
    assert (enrolment(stage).state, enrolment(stage).last_name) == (EnrolmentState.FAILED, "")


@pytest.mark.parametrize("where", ["boulevard inconnu 75001 Paris", "Valmoutier", "chez ma mère"])
def test_an_unknown_address_says_what_to_write(stage: Stage, where: str) -> None:
    stage.play(f"""
        Jeanne > INSCRIPTION Jeanne Petit, {where}
        Jeanne < Adresse inconnue : vous n'êtes PAS inscrit. Renvoyez INSCRIPTION prénom nom, numéro et rue, code postal et ville.*
    """)
    assert stage.world.rows(Member, mobile=PHONES["Jeanne"]) == []


def test_a_home_in_no_community_is_kept_and_told_so(stage: Stage) -> None:
    stage.play("""
        Jeanne > INSCRIPTION Jeanne Petit, 3 chemin du vieux moulin 38990 valmoutier
        Jeanne < Inscription reçue, mais il n'y a pas encore de communauté chez vous. Pour en créer une : https://tocsin.example*
    """)
    jeanne = member(stage)
    assert (jeanne.state, jeanne.community_id) == (MemberState.PENDING, None)
    stage.world.change(jeanne, community_id=member(stage, "Ana").community_id)  # drawn later
    stage.play("""
        (10 seconds later)
        Ana < *Jeanne Petit, 3 Chemin du Vieux Moulin*demande à rejoindre Les Lilas*
        (10 seconds later)
    """)


# without a geocoder, and when something is away


def test_without_a_geocoder_the_team_places_the_home(handmade: Stage) -> None:
    handmade.play(f"""
        Jeanne > {FULL}
        Jeanne < Inscription reçue. L'équipe Tocsin va situer votre adresse et vous répondra par SMS.*
    """)
    jeanne = member(handmade)
    assert (jeanne.address, jeanne.lat) == ("12 rue des Lilas, 38990 Valmoutier", None)
    (request,) = handmade.world.rows(JoinRequest)
    assert (request.member_id, request.state) == (jeanne.id, RequestState.OPEN)


def test_while_the_geocoder_is_away_the_request_waits(stage: Stage) -> None:
    with geocoder(stage.world, "http://127.0.0.1:9"):
        stage.play(f"""
            Jeanne > {FULL}
            Jeanne < Inscription reçue. La recherche de votre adresse prend du temps*
            (40 seconds later)
            (2 minutes later)
        """)
        assert enrolment(stage).tries == 3
    stage.play("""
        (5 minutes later)
        Jeanne < Inscription reçue (Les Lilas).*
        Ana < *demande à rejoindre*
    """)


def test_after_an_hour_the_team_places_the_home(stage: Stage) -> None:
    with geocoder(stage.world, "http://127.0.0.1:9"):
        stage.play(f"""
            Jeanne > {FULL}
            Jeanne < Inscription reçue. La recherche*
            (61 minutes later)
            Jeanne < Inscription reçue. L'équipe Tocsin va situer votre adresse*
        """)
    assert member(stage).community_id is None


def test_a_worker_that_died_is_replaced(stage: Stage) -> None:
    world = stage.world
    inbound.read(world.runtime, world.arrives(PHONES["Jeanne"], FULL))
    world.change(enrolment(stage), state=EnrolmentState.GEOCODING, tries=1,
                 again_at=world.clock() + timedelta(seconds=30))  # fmt: skip
    assert locating.waiting(world.runtime) == []
    stage.play("""
        (31 seconds later)
        Jeanne < Inscription reçue (Les Lilas).*
        Ana < *demande à rejoindre*
    """)


def test_what_was_settled_by_another_is_left_alone(stage: Stage) -> None:
    """The geocoder answers after the lease is over, and somebody else has gone on."""
    world = stage.world
    inbound.read(world.runtime, world.arrives(PHONES["Jeanne"], FULL))
    id_ = enrolment(stage).id or 0

    async def slowly() -> None:
        def answer(_asked: Any) -> Answer:
            world.change(enrolment(stage), tries=9)
            return Answer(body={"features": []})

        async with standin(answer) as server:
            with geocoder(world, server.url):
                await asyncio.to_thread(locating.locate, world.runtime, id_)

    asyncio.run(slowly())
    assert world.answers(PHONES["Jeanne"]) == []
    assert enrolment(stage).state == EnrolmentState.GEOCODING


def test_the_same_enrolment_is_located_once(stage: Stage) -> None:
    world = stage.world
    inbound.read(world.runtime, world.arrives(PHONES["Jeanne"], FULL))
    id_ = enrolment(stage).id or 0
    assert locating.locate(world.runtime, id_)
    assert not locating.locate(world.runtime, id_)
    assert world.answers(PHONES["Jeanne"]) == ["join_received"]


def test_the_jobs_carry_it_through(stage: Stage) -> None:
    """As in production: a worker reads, wakes the one that locates, and that one the pump."""
    world = stage.world
    row = world.arrives(PHONES["Jeanne"], FULL)
    inbound_queue = queue(INBOUND, world.runtime.redis)
    inbound_queue.enqueue("dispatch.jobs.read_inbound", row)
    work(world.runtime, INBOUND, burst=True)
    assert world.answers(PHONES["Jeanne"]) == ["join_received"]
    assert AllowedJob.create("dispatch.jobs.locate", connection=world.runtime.redis).func
