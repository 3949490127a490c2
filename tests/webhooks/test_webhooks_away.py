"""What a webhook keeps while the database is away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from community_store.models import InboundText
from community_store.store import open_store
from dispatch import inbound
from dispatch.housekeeping import Housekeeping
from dispatch.spool import Spool
from gateway.contract import Inbound
from tests.dispatch.world import NUMBER, World, make_world
from tests.rigs.processes import free_port
from tests.webhooks.callers import FORM, FROM, GATEWAYS, receipt, texts, twilio

pytestmark = pytest.mark.both


def away(world: World) -> World:
    """The same site with a database that nobody can reach."""
    gone = open_store(f"postgresql://postgres@127.0.0.1:{free_port()}/tocsin")
    return replace(world, runtime=replace(world.runtime, store=gone))


def test_with_the_database_away_a_text_is_kept_on_disk_and_replayed_once(site: World) -> None:
    author, neighbour = site.members(site.community(), 2)
    gone = away(site)
    form = FORM | {"From": author.mobile or "", "Body": "Fumée ✨\x00 au 12"}
    assert twilio(gone, form).status_code == 200
    assert twilio(gone, form).status_code == 200
    spool = Spool(site.settings.data_dir)
    assert len(spool.waiting()) == 2
    keeper = Housekeeping(site.runtime)
    keeper.tick()
    assert spool.waiting() == []
    (row,) = site.rows(InboundText)
    assert (row.gateway, row.text) == ("tw", "Fumée ✨ au 12")
    assert inbound.read(site.runtime, row.id) == "alert"
    assert site.pump().sent == 2  # the receipt and the alert
    assert len(site.phone(neighbour.mobile or "")) == 1
    keeper.tick()
    assert len(site.rows(InboundText)) == 1
    gone.store.close()


def test_with_the_database_away_forged_calls_are_still_403_and_leave_nothing(lone: World) -> None:
    gone = away(lone)
    assert twilio(gone, token="another").status_code == 403
    assert Spool(lone.settings.data_dir).waiting() == []


def test_a_database_without_tables_spools_too(lone: World, tmp_path: Any) -> None:
    empty = open_store(f"sqlite:///{tmp_path / 'empty.db'}")
    world = replace(lone, runtime=replace(lone.runtime, store=empty))
    assert twilio(world).status_code == 200
    assert len(Spool(lone.settings.data_dir).waiting()) == 1
    empty.close()


def test_a_database_that_may_only_be_read_spools_too(
    postgres_url: str, redis_url: str, tmp_path: Any
) -> None:
    read_only = open_store(f"{postgres_url}?options=-cdefault_transaction_read_only%3Don")
    whole = open_store(postgres_url)
    with make_world(whole, redis_url, tmp_path, gateway=GATEWAYS) as world:
        world.number(NUMBER)
        stuck = replace(world, runtime=replace(world.runtime, store=read_only))
        assert twilio(stuck).status_code == 200
        assert len(Spool(world.settings.data_dir).waiting()) == 1
        Housekeeping(world.runtime).tick()
        assert [row[3] for row in texts(world)] == ["Au feu"]
    read_only.close()
    whole.close()


def test_a_receipt_while_the_database_is_away_is_asked_for_again(lone: World) -> None:
    assert receipt(away(lone), "delivered", "d=1&a=1") >= 500


def test_when_the_disk_fails_too_the_provider_must_call_again(lone: World) -> None:
    (lone.settings.data_dir / "spool").write_text("a file where the folder should be")
    assert twilio(away(lone)).status_code >= 500


def test_a_broken_file_in_the_spool_is_set_aside_and_the_others_go_on(site: World) -> None:
    spool = Spool(site.settings.data_dir)
    spool.keep("tw", Inbound("SM1", FROM, NUMBER, "Au feu"))
    for n, content in enumerate(["", "[]", "{}", "null", '{"sent_at": 3}', "\ud800"]):
        path = spool.folder / f"0000-{n}.json"
        path.write_bytes(content.encode("utf-8", "surrogatepass"))
    spool.keep("tw", Inbound("SM\ud800\x00", "\x00", "\ud800", "Au feu \ud800"))
    rows = list(spool.replay(site.store))
    assert len(rows) == 2
    assert spool.waiting() == []
    assert len(list(spool.folder.glob("*.broken"))) == 6
    assert list(spool.replay(site.store)) == []
