"""`tocsin alert show`: what became of an alert, calls included, and whom it missed."""

from __future__ import annotations

from sqlmodel import select

from community_store.columns import utcnow
from community_store.models import Member, Number
from community_store.store import Store
from config import Settings
from dispatch import alerts
from dispatch.act import Act
from dispatch.alerts import Told
from tests.commands.console import Console


def test_it_names_those_not_reached_and_counts_calls(village: Console, sqlite_store: Store) -> None:
    for first, landline in (("Jeanne", "01 99 00 00 01"), ("Colette", "01 99 00 00 02")):
        village.ok(
            "member", "add", "--first-name", first, "--last-name", "Perrin", "--landline", landline,
            "--address", "1 rue des Lilas", "--lat", 45.1825, "--lon", 5.7225, "--active",
        )  # fmt: skip
    mute, loud = (raised(sqlite_store, voice=voice) for voice in (False, True))
    shown = village.json("alert", "show", mute)
    assert "voice" not in shown["deliveries"]
    assert [(one["name"], one["reason"]) for one in shown["not_reached"]] == [
        ("Colette Perrin", "no_calls"), ("Jeanne Perrin", "no_calls"),
    ]  # fmt: skip
    assert "Jeanne Perrin: no calls" in village.ok("alert", "show", mute)
    shown = village.json("alert", "show", loud)
    assert shown["deliveries"]["voice"]["told"] == 2
    assert shown["not_reached"] == []


def raised(store: Store, *, voice: bool) -> int:
    """An alert of Ana's, with or without a number that calls."""
    with store.begin() as session:
        if voice:
            session.add(
                Number(
                    value="+33937000001",
                    gateway="simulator",
                    kind="long",
                    rate=1,
                    sms=False,
                    voice=True,
                )
            )
            session.flush()
        ana = session.exec(select(Member).where(Member.first_name == "Ana")).one()
        text = "Fumée" if voice else "Bruit"
        alert = alerts.raise_resident(Act(session, Settings(), utcnow()), ana, Told(text)).alert
        assert alert.id is not None
        return alert.id
