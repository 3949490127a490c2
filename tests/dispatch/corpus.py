"""The table of corpus.txt, and the people of each of its situations."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, update
from sqlmodel import col, select

from community_store.models import (
    Alert,
    AlertState,
    Delivery,
    DeliveryState,
    Member,
    MemberState,
    Notice,
    Town,
)
from dispatch import holding
from gateway.contract import Channel
from tests.dispatch.world import World, mobile

_GROUP = re.compile(r"(\w+): (\S+) / (\S+)")


@dataclass(frozen=True)
class Row:
    """One text, and what it must do. "-" is nothing at all."""

    situation: str
    text: str
    outcome: str
    neighbours: str
    answer: str

    def __str__(self) -> str:
        return f"{self.situation}: {self.text}"


def rows() -> Iterator[Row]:
    """The rows of corpus.txt."""
    situation, group = "", ("", "", "")
    for line in Path(__file__).with_name("corpus.txt").read_text().splitlines():
        if line.startswith("["):
            situation = line[1 : line.index("]")]
        elif match := _GROUP.fullmatch(line):
            group = (match[1], match[2], match[3])
        elif line.startswith("  "):
            said = line[2:]
            yield Row(situation, json.loads(said) if said.startswith('"') else said, *group)
        else:
            assert not line or line.startswith("#"), f"not a line of the corpus: {line}"


@dataclass
class Scene:
    """People of one row alone: the sender, a neighbour, and the alerts that a text may name."""

    world: World
    town: str
    sender: str = ""
    refs: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home = self.world.community(insee=self.town)
        self.author, self.neighbour = self.world.members(self.home, 2)

    @property
    def hearer(self) -> str:
        return self.neighbour.mobile or ""

    def text(self, said: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda match: str(self.refs[match[1]]), said)

    def is_told(self, author: Member) -> int:
        """An alert that has reached everybody; its reference."""
        alert = self.world.raised(author)
        with self.world.store.begin() as session:
            session.execute(
                update(Delivery)
                .where(col(Delivery.alert_id) == alert.id)
                .values(state=DeliveryState.DELIVERED, handed_over_at=self.world.clock())
            )
        assert alert.id is not None
        return alert.id

    def hears(self, address: str, after: int = 0) -> list[str]:
        """What is on its way to an address by SMS since a delivery: "alert", or notices' kinds."""
        on_its_way = (DeliveryState.QUEUED, DeliveryState.DELIVERED)
        with self.world.store.read() as session:
            found = session.exec(
                select(Notice.kind)
                .select_from(Delivery)
                .join(Notice, col(Notice.id) == col(Delivery.notice_id), isouter=True)
                .where(Delivery.address == address, Delivery.channel == Channel.SMS)
                .where(col(Delivery.id) > after, col(Delivery.state).in_(on_its_way))
                .order_by(col(Delivery.id))
            )
            return [kind or "alert" for kind in found]

    def latest(self) -> int:
        with self.world.store.read() as session:
            return session.scalar(select(func.max(Delivery.id))) or 0


def _member(scene: Scene, **more: object) -> None:
    scene.sender = scene.world.member(scene.home, **more).mobile or ""


def _told(scene: Scene) -> None:
    _member(scene)
    scene.refs["heard"] = scene.is_told(scene.author)


def _replied(scene: Scene) -> None:
    _told(scene)
    assert scene.world.text(scene.sender, "Je l'ai vu passer") == "reply"
    scene.world.clock.forward(seconds=30)


def _author(scene: Scene) -> None:
    scene.sender = scene.author.mobile or ""
    scene.world.member(scene.home)
    scene.refs["own"] = scene.is_told(scene.author)


def _referent(scene: Scene) -> None:
    _member(scene, referent=True)
    alert = scene.world.raised(scene.author)
    assert alert.id is not None
    with scene.world.act() as act:
        found = act.session.get(Alert, alert.id)
        author = act.session.get(Member, scene.author.id)
        assert found is not None
        assert author is not None
        act.session.execute(
            update(Delivery)
            .where(col(Delivery.alert_id) == alert.id)
            .values(state=DeliveryState.HELD)
        )
        found.state = AlertState.HELD
        holding.ask(act, found, author)
    scene.refs["held"] = alert.id


def _agent(scene: Scene) -> None:
    with scene.world.store.begin() as session:
        town = session.get(Town, scene.town)
        assert town is not None
        town.subscribed = True
    scene.sender = scene.world.agent(scene.town).mobile or ""


def _agent_told(scene: Scene) -> None:
    _agent(scene)
    scene.refs["heard"] = scene.is_told(scene.author)


def _stranger(scene: Scene) -> None:
    scene.sender = mobile(9999 - int(scene.town) % 5000)


def _stopped(scene: Scene) -> None:
    _member(scene)
    scene.world.stop(scene.sender)


def _alone(scene: Scene) -> None:
    elsewhere = scene.world.community("Ailleurs", scene.town)
    scene.sender = scene.world.member(elsewhere).mobile or ""


SITUATIONS: dict[str, Callable[[Scene], None]] = {
    "active": _member,
    "told": _told,
    "replied": _replied,
    "author": _author,
    "referent": _referent,
    "agent": _agent,
    "agent_told": _agent_told,
    "stranger": _stranger,
    "pending": lambda scene: _member(scene, state=MemberState.PENDING),
    "suspended": lambda scene: _member(scene, state=MemberState.SUSPENDED),
    "stopped": _stopped,
    "english": lambda scene: _member(scene, language="en"),
    "alone": _alone,
}
