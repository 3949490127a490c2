"""Proofs of address: kept encrypted, looked at by whoever decides, destroyed (S27, S28)."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from community_store import audit, membership, personal_data
from community_store.errors import NotFound, RuleError
from community_store.models import AuditEntry, JoinRequest, Member, MemberState, Mode, ProofDocument
from community_store.vault import Sealed, Vault
from dispatch import proofs, proving, requests, sweep, team
from dispatch.housekeeping import Housekeeping
from dispatch.proof_reading import Picture
from tests.dispatch.world import World

WORDS = b"12 rue des Lilas, Jeanne Petit"
PICTURE = Picture(WORDS * 100, "image/jpeg")


@pytest.fixture
def jeanne(world: World) -> Member:
    return waiting(world, world.community(mode=Mode.TEAM))


def waiting(world: World, community: int | None) -> Member:
    return world.member(community, state=MemberState.PENDING, created_at=world.clock.now)


def offers(world: World, member: Member, picture: Picture = PICTURE) -> ProofDocument:
    with world.act() as act:
        return proving.offer(act, act.session.get_one(Member, member.id), picture)


def looks(world: World, document: ProofDocument, who: str = "agent 3") -> proofs.Shown:
    with world.act() as act:
        return proofs.look(act, document.id or 0, who=who)


def decides(world: World, *, accept: bool) -> None:
    with world.act() as act:
        (waits,) = (one for one in team.queue(act.session, act.now))
        assert requests.decide(act, waits.request, accept=accept, by="team")


def files(world: World) -> list[Path]:
    return sorted((world.settings.data_dir / "proofs").glob("*"))


def document(world: World, document: ProofDocument) -> ProofDocument:
    (found,) = world.rows(ProofDocument, id=document.id)
    assert isinstance(found, ProofDocument)
    return found


def test_it_is_kept_where_only_the_service_can_read_it(world: World, jeanne: Member) -> None:
    kept = offers(world, jeanne)
    (file,) = files(world)
    assert b"rue des Lilas" not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert looks(world, kept).data == PICTURE.data
    assert looks(world, kept).filename == f"justificatif-{kept.id}.jpg"


def test_each_has_a_key_of_its_own_bound_to_its_file(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "proofs", "secret")
    one, other = vault.put(WORDS), vault.put(WORDS)
    assert vault.open(one) == vault.open(other) == WORDS
    for wrong in (Sealed(one.file, other.key), Sealed(other.file, one.key), Sealed(one.file, b"")):
        with pytest.raises(NotFound):
            vault.open(wrong)
    with pytest.raises(NotFound):
        Vault(tmp_path / "proofs", "another secret").open(one)


def test_a_file_that_was_changed_is_not_shown(world: World, jeanne: Member) -> None:
    kept = offers(world, jeanne)
    (file,) = files(world)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(NotFound):
        looks(world, kept)


def test_who_looked_is_kept_for_ever(world: World, jeanne: Member) -> None:
    kept = offers(world, jeanne)
    looks(world, kept), looks(world, kept, "operator root")
    with world.store.read() as session:
        entries = audit.of(session, f"proof {kept.id}")
    assert [(entry.actor, entry.action) for entry in entries] == [
        ("agent 3", "looked"), ("operator root", "looked"),
    ]  # fmt: skip
    for change in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
        with pytest.raises(DatabaseError), world.store.begin() as session:
            session.connection().execute(text(change))
    assert len(world.rows(AuditEntry)) == 2


@pytest.mark.parametrize("accept", [True, False])
def test_the_decision_destroys_it(world: World, jeanne: Member, *, accept: bool) -> None:
    kept = offers(world, jeanne)
    (file,) = files(world)
    handle = os.open(file, os.O_RDONLY)
    sweep.sweep(world.runtime)
    decides(world, accept=accept)
    assert files(world) == []
    assert os.fstat(handle).st_nlink == 0  # the bytes have no name any more
    os.close(handle)
    if accept:
        gone = document(world, kept)
        assert (gone.sealed_key, gone.destroyed_why) == (b"", "decided")
    else:
        assert world.rows(ProofDocument) == []
    with pytest.raises(NotFound):
        looks(world, kept)


def test_a_decision_that_is_not_committed_destroys_nothing(world: World, jeanne: Member) -> None:
    kept = offers(world, jeanne)
    sweep.sweep(world.runtime)
    with world.act() as act:
        (waits,) = team.queue(act.session, act.now)
        requests.decide(act, waits.request, accept=True, by="team")
        act.session.rollback()
    assert looks(world, kept).data == PICTURE.data


def test_activated_in_another_way_it_is_destroyed_too(world: World, jeanne: Member) -> None:
    offers(world, jeanne)
    with world.act() as act:
        found = act.session.get_one(Member, jeanne.id)
        membership.activate(act.session, found)
        requests.close(act, found, by="operator")
    assert files(world) == []


def test_after_15_days_it_is_destroyed_in_any_case(world: World, jeanne: Member) -> None:
    kept = offers(world, jeanne)
    world.clock.forward(days=14, hours=23)
    sweep.sweep(world.runtime)
    assert looks(world, kept).data == PICTURE.data
    world.clock.forward(hours=1)
    with pytest.raises(NotFound):
        looks(world, kept)  # even before housekeeping came by
    sweep.sweep(world.runtime)
    assert files(world) == []
    assert document(world, kept).destroyed_why == "too old"


def test_another_takes_its_place(world: World, jeanne: Member) -> None:
    first = offers(world, jeanne)
    second = offers(world, jeanne, Picture(b"newer", "application/pdf"))
    assert len(files(world)) == 1
    assert document(world, first).destroyed_why == "replaced"
    assert looks(world, second).filename.endswith(".pdf")
    with world.store.read() as session:
        current = proofs.current(session, jeanne.id or 0)
        assert current is not None
        assert current.id == second.id


def test_an_erased_account_leaves_no_file(world: World, jeanne: Member) -> None:
    offers(world, jeanne)
    with world.act() as act:
        membership.close(act.session, act.session.get_one(Member, jeanne.id))
    assert world.rows(ProofDocument) == []
    world.clock.forward(hours=2)
    Housekeeping(world.runtime).tick()
    assert files(world) == []


def test_what_a_crash_left_is_tidied_and_what_is_needed_stays(world: World, jeanne: Member) -> None:
    offers(world, jeanne)
    needed = files(world)
    proofs.vault(world.settings).put(b"never committed")
    with world.store.read() as session:
        now = world.clock.now
        assert proofs.tidy(session, world.settings, now) == 0
        assert proofs.tidy(session, world.settings, now + timedelta(hours=2)) == 1
    assert files(world) == needed


def test_only_who_waits_for_the_team_may_send_one_and_few(world: World, jeanne: Member) -> None:
    roses = world.community("Les Roses", mode=Mode.REFERENT)
    active = world.member(roses, referent=True)
    refused = []
    for member in (active, waiting(world, roses)):
        with pytest.raises(RuleError) as error:
            offers(world, member)
        refused.append(error.value.code)
    assert refused == ["proof_not_pending", "proof_not_team"]
    for _ in range(5):
        offers(world, jeanne)
    with pytest.raises(RuleError) as error:
        offers(world, jeanne)
    assert error.value.code == "proof_too_many"
    assert len(world.rows(JoinRequest, member_id=jeanne.id)) == 1


def test_what_is_held_on_a_person_says_that_there_was_one(world: World, jeanne: Member) -> None:
    offers(world, jeanne)
    with world.store.read() as session:
        told = personal_data.export(session, session.get_one(Member, jeanne.id))
    (proof,) = told["proofs_of_address"]
    assert set(proof) == {"media_type", "size", "created_at", "destroy_at", "destroyed_at"}
