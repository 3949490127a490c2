"""Joining with a code from a sheet of paper."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from community_store import home_codes
from community_store.models import (
    Community,
    HomeCode,
    HomeEntry,
    InboundText,
    JoinRequest,
    Member,
    MemberState,
    Mode,
    RequestState,
)
from dispatch import inbound, paper, requests
from tests.dispatch.script import Stage
from tests.dispatch.world import World, mobile

PHONES = {
    "Ana": mobile(1),
    "Jeanne": mobile(9000),
    "Karim": mobile(9001),
    "Abroad": "+4915123456789",
}
WRONG = "000000"


@pytest.fixture
def lilas(world: World) -> Stage:
    """Les Lilas with Ana, its référent, on both databases."""
    world.number()
    home = world.community(mode=Mode.REFERENT)
    world.member(home, mobile=PHONES["Ana"], last_name="Roche", referent=True)
    return Stage(world, PHONES)


def code(stage: Stage, address: str = "", *, community: str = "Les Lilas") -> str:
    """A fresh code (never the one that stands for a wrong one here)."""
    (home,) = stage.world.rows(Community, name=community)
    with stage.world.store.begin() as session:
        secret, now = stage.world.settings.secret_key(), stage.world.clock()
        issued = home_codes.issue(session, home, [address, ""], secret=secret, now=now)
    return next(one.code for one in issued if one.code != WRONG)


def test_a_code_joins_its_home_at_once(lilas: Stage) -> None:
    given = code(lilas, "12 rue des Lilas, 38990 Valmoutier")
    lilas.play(f"""
        Jeanne > Inscription {given[:3]} {given[3:]} jeanne petit
        Jeanne < Bienvenue ! Les Lilas, 1 voisin. Pour le prévenir, écrivez ce que vous voyez (des faits, pas des noms) au 38000.*
        Jeanne > Une camionnette tourne
        Jeanne < Alerte * envoyée à 1 voisin*
        Ana < Tocsin alerte *Jeanne Petit (Les Lilas) : Une camionnette tourne
    """)
    (jeanne,) = lilas.world.rows(Member, mobile=PHONES["Jeanne"])
    assert (jeanne.state, jeanne.address) == (
        MemberState.ACTIVE,
        "12 rue des Lilas, 38990 Valmoutier",
    )
    assert jeanne.activated_at is not None
    (entry,) = lilas.world.rows(HomeEntry)
    assert entry.member_id == jeanne.id, "which code, and who: the record"
    assert lilas.world.rows(JoinRequest) == []


def test_a_person_who_waits_joins_with_a_code(lilas: Stage) -> None:
    (home,) = lilas.world.rows(Community)
    waiting = lilas.world.member(home.id, mobile=PHONES["Jeanne"], state=MemberState.PENDING)
    with lilas.world.act() as act:
        requests.ask(act, act.session.get_one(Member, waiting.id))
    lilas.play(f"""
        Jeanne > INSCRIPTION {code(lilas)}
        Jeanne < Bienvenue !*
    """)
    (request,) = lilas.world.rows(JoinRequest)
    assert request.state == RequestState.ACCEPTED
    assert request.decided_by.startswith("home code ")
    lilas.play(f"""
        Ana > NON {request.id}
        Ana < La demande {request.id} a déjà reçu une réponse.
    """)
    assert lilas.world.rows(Member, mobile=PHONES["Jeanne"])[0].state == MemberState.ACTIVE


def test_a_code_of_elsewhere_does_not_move_who_waits(lilas: Stage) -> None:
    lilas.world.community("Les Roses")
    (home,) = lilas.world.rows(Community, name="Les Lilas")
    lilas.world.member(home.id, mobile=PHONES["Jeanne"], state=MemberState.PENDING)
    lilas.play(f"""
        Jeanne > INSCRIPTION {code(lilas, community="Les Roses")}
        Jeanne < Vous êtes déjà inscrit. Votre compte attend la validation de votre référent*
    """)


def test_who_is_in_no_community_joins_with_a_code(lilas: Stage) -> None:
    lilas.world.member(None, mobile=PHONES["Jeanne"])
    lilas.play(f"""
        Jeanne > INSCRIPTION {code(lilas)}
        Jeanne < Bienvenue ! Les Lilas*
    """)


def test_a_member_keeps_the_code_for_others(lilas: Stage) -> None:
    given = code(lilas)
    lilas.play(f"""
        Ana > INSCRIPTION {given} Ana Roche
        Ana < Vous êtes déjà inscrit : Les Lilas.*
    """)
    assert lilas.world.rows(HomeEntry) == []


def test_a_code_without_a_name_asks_for_it(lilas: Stage) -> None:
    given = code(lilas)
    lilas.play(f"""
        Jeanne > inscription {given}
        Jeanne < Il manque votre nom : vous n'êtes PAS inscrit. Écrivez INSCRIPTION {given} prénom nom.
        Jeanne > inscription {given} jeanne petit
        Jeanne < Bienvenue !*
    """)


def test_four_people_a_home(lilas: Stage) -> None:
    given = code(lilas)
    for n in range(home_codes.PEOPLE_MAX):
        assert lilas.world.text(mobile(5000 + n), f"INSCRIPTION {given} Voisin Untel") == "joined"
    lilas.world.pump()
    lilas.play(f"""
        Jeanne > INSCRIPTION {given} Jeanne Petit
        Jeanne < Ce code a déjà servi à 4 personnes : vous n'êtes PAS inscrit.*
    """)


def test_four_people_a_home_also_when_ten_come_at_once(lilas: Stage) -> None:
    given = code(lilas)
    rows = [
        lilas.world.arrives(mobile(5000 + n), f"INSCRIPTION {given} Voisin Untel")
        for n in range(10)
    ]
    readers = [
        threading.Thread(target=inbound.read, args=(lilas.world.runtime, row)) for row in rows
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    outcomes = sorted(lilas.world.inbound(row).outcome for row in rows)
    assert outcomes == ["code_full"] * 6 + ["joined"] * 4
    assert len(lilas.world.rows(HomeEntry)) == 4


@pytest.mark.parametrize("why", ["wrong", "expired", "revoked", "short"])
def test_a_code_that_is_no_good_says_so(lilas: Stage, why: str) -> None:
    given = code(lilas)
    if why == "wrong":
        given = WRONG
    elif why == "short":
        given = given[:5]
    elif why == "expired":
        lilas.world.clock.now += home_codes.LIFE
    else:
        for row in lilas.world.rows(HomeCode):
            lilas.world.change(row, revoked_at=lilas.world.clock())
    lilas.play(f"""
        Jeanne > INSCRIPTION {given} Jeanne Petit
        Jeanne < Ce code est faux ou n'est plus valable : vous n'êtes PAS inscrit.*
    """)
    assert lilas.world.rows(Member, mobile=PHONES["Jeanne"]) == []


def test_guessing_is_stopped_after_five_wrong_codes(lilas: Stage) -> None:
    given = code(lilas)
    for n in range(paper.WRONG_MAX):
        assert lilas.says("Jeanne", f"INSCRIPTION {n:06} Jeanne Petit") in ("code_wrong", "joined")
        lilas.world.clock.forward(minutes=3)
    lilas.heard()
    lilas.play(f"""
        Jeanne > INSCRIPTION {given} Jeanne Petit
        Jeanne < Trop de codes faux : vous n'êtes PAS inscrit. Réessayez dans une heure*
        Jeanne > INSCRIPTION {given} Jeanne Petitt
        Karim > INSCRIPTION {given} Karim Amar
        Karim < Bienvenue !*
        (1 hour later)
        Jeanne > INSCRIPTION {given} Jeanne Petit
        Jeanne < Bienvenue !*
    """)


def test_guessing_from_many_numbers_is_stopped_too(lilas: Stage) -> None:
    given = code(lilas)
    now = lilas.world.clock()
    lilas.world.add(*(
        InboundText(gateway="sim", gateway_id=f"guess{n}", sender=mobile(6000 + n), recipient="38000",
                    text="", state="read", outcome=paper.WRONG, received_at=now - timedelta(minutes=n))
        for n in range(paper.WRONG_MAX_ALL)
    ))  # fmt: skip
    lilas.play(f"""
        Jeanne > INSCRIPTION {given} Jeanne Petit
        Jeanne < Les codes ne passent pas en ce moment : vous n'êtes PAS inscrit.*
        (61 minutes later)
        Jeanne > INSCRIPTION {given} Jeanne Petit
        Jeanne < Bienvenue !*
    """)


def test_a_foreign_phone_joins_with_no_code(lilas: Stage) -> None:
    lilas.play(f"""
        Abroad > INSCRIPTION {code(lilas)} Jeanne Petit
        Abroad < Tocsin n'inscrit par SMS que des mobiles français*
    """)


def test_only_a_digest_is_kept(lilas: Stage) -> None:
    given = code(lilas)
    assert all(given not in row.model_dump_json() for row in lilas.world.rows(HomeCode))
    assert home_codes.digest(given, "one key") != home_codes.digest(given, "another")


def test_codes_are_unique_among_the_live_ones(world: World) -> None:
    home = world.community()
    with world.store.begin() as session:
        row = session.get_one(Community, home)
        issued = [
            one.code
            for _ in range(2)
            for one in home_codes.issue(session, row, [""] * 1000, secret="k", now=world.clock())
        ]
    assert len(set(issued)) == 2000
    assert all(len(one) == 6 and one.isdigit() for one in issued)
