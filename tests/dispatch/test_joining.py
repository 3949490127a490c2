"""Joining by text, as conversations; the addresses are found by a real address server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from community_store import membership
from community_store.models import (
    Alert,
    Community,
    Enrolment,
    EnrolmentState,
    InboundText,
    JoinRequest,
    Member,
    MemberState,
    Mode,
    Reference,
    RequestState,
)
from community_store.store import Store
from dispatch import inbound, locating, requests, rerouting, team
from dispatch.catalogue import catalogue, say
from dispatch.jobs import AllowedJob
from dispatch.wake import INBOUND, queue
from dispatch.worker import work
from gateway import sms_text
from tests.dispatch.script import Stage
from tests.dispatch.world import World, make_world, mobile, settings
from tests.gateway.standin import Answer, standin

PHONES = {
    "Ana": mobile(1), "Bob": mobile(2), "Mairie": mobile(3),
    "Jeanne": mobile(9000), "Karim": mobile(9001), "Abroad": "+4915123456789", "Fixe": "+33199000001",
}  # fmt: skip
FULL = "INSCRIPTION Jeanne Petit, 12 rue des Lilas, 38990 Valmoutier"


def settle(world: World) -> Stage:
    """Les Lilas with Ana, its référent; Les Roses, where the town hall decides."""
    world.number()
    world.town(subscribed=True)
    lilas = world.community(mode=Mode.REFERENT)
    roses = world.community("Les Roses", mode=Mode.TOWN)
    world.member(lilas, mobile=PHONES["Ana"], last_name="Roche", referent=True)
    world.member(roses, mobile=PHONES["Bob"], first_name="Bob", last_name="Martin")
    world.agent(mobile=PHONES["Mairie"])
    return Stage(world, PHONES)


@pytest.fixture
def stage(store: Store, redis_url: str, tmp_path: Path, addok: str) -> Iterator[Stage]:
    """On both databases, with the real address server."""
    sections = {"geo": {"geocoder_url": addok}, "redis": {"url": redis_url}}
    with make_world(store, redis_url, tmp_path, **sections) as world:
        yield settle(world)


@pytest.fixture
def handmade(sqlite_world: World) -> Stage:
    """On SQLite, with no geocoder at all."""
    return settle(sqlite_world)


@contextmanager
def geocoder(world: World, url: str) -> Iterator[None]:
    """Another geocoder for a while."""
    before = world.runtime.settings
    changed = settings(before.data_dir, geo={"geocoder_url": url})
    object.__setattr__(world.runtime, "settings", changed)
    yield
    object.__setattr__(world.runtime, "settings", before)


def member(stage: Stage, name: str = "Jeanne") -> Member:
    (found,) = stage.world.rows(Member, mobile=PHONES[name])
    assert isinstance(found, Member)
    return found


def enrolment(stage: Stage) -> Enrolment:
    found = stage.world.rows(Enrolment)[-1]
    assert isinstance(found, Enrolment)
    return found


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


# what was not understood, and who cannot


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
