"""Notifications of a whole installation: signed in by a code, turned on, told, through an outage."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.acceptance.system import Make, System, eventually
from tests.acceptance.village import ANA, BOB, CHLOE, JEAN
from tests.rigs.pushservice import Device, PushService, push_service

pytestmark = pytest.mark.timeout(180)

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
KEY = re.compile(r'data-key="([^"]+)"')


@dataclass
class Visitor:
    """A member's browser, signed in with the code that came to their telephone."""

    system: System
    phone: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str) -> str:
        answer = self.session.get(f"{self.system.url}{path}", timeout=15)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def post(self, path: str, **form: str) -> str:
        token = TOKEN.search(self.get("/help"))
        assert token
        form["csrf_token"] = token[1]
        answer = self.session.post(f"{self.system.url}{path}", data=form, timeout=15)
        assert answer.status_code == 200, (path, answer.status_code)
        return html.unescape(answer.text)

    def sign_in(self) -> Visitor:
        self.post("/sign-in/code", address=self.phone)
        codes = re.compile(r"\b\d{6}\b")
        code = eventually(
            lambda: next(
                (c[0] for t in self.system.inbox(self.phone) if (c := codes.search(t))), ""
            ),
            "a code came",
        )
        self.post("/sign-in/code/enter", code=code)
        return self

    def turn_on(self, pushes: PushService) -> Device:
        key = KEY.search(self.get("/notifications"))
        assert key
        device = pushes.browser(key[1])
        given = {name: getattr(device, name) for name in ("endpoint", "p256dh", "auth")}
        assert "C'est fait" in self.post("/notifications", made_for=key[1], **given)
        return device


@pytest.fixture(scope="module")
def pushes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushService]:
    with push_service(tmp_path_factory.mktemp("push")) as service:
        yield service


@pytest.fixture
def system(make_system: Make) -> System:
    """One a test: who turned notifications on in one would be told in the other."""
    push = {"private_services": True}
    return make_system(push=push, alerts={"per_member_hour": 1000}).up()


def bodies(pushes: PushService, device: Device) -> list[str]:
    return [one["said"]["body"] for one in pushes.received(device)]


def test_a_text_comes_to_the_screens_of_neighbours_and_twins(
    system: System, pushes: PushService, tmp_path: Path
) -> None:
    bob, jean = (Visitor(system, phone).sign_in() for phone in (BOB, JEAN))
    near, twin = bob.turn_on(pushes), jean.turn_on(pushes)
    assert system.text(ANA, "Camionnette blanche rue des Tilleuls") == 200
    eventually(lambda: bodies(pushes, near) and bodies(pushes, twin), "both have it")
    assert bodies(pushes, near) == ["Ana Auteur : Camionnette blanche rue des Tilleuls"]
    [said] = bodies(pushes, twin)
    assert "Ana" not in said
    assert said.endswith(" : Camionnette blanche rue des Tilleuls")
    shown = deliveries(system)
    assert {row["state"] for row in shown} == {"accepted"}
    assert all(row["to"].startswith("push:") and row["number"] is None for row in shown)
    figures = system.alert(shown[0]["alert"])["deliveries"]["push"]
    assert figures["accepted"] == len(shown) == 2, (shown, figures, deliveries(system))
    assert (
        'tocsin_deliveries_total{channel="push",state="accepted"} 2.0'
        in system.get("/metrics").body
    )
    assert pushes.refused() == []
    (key,) = system.data_dir.glob("vapid_private_key*")
    assert key.stat().st_mode & 0o777 == 0o600


def deliveries(system: System) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = system.json("delivery", "list", "--channel", "push")
    return rows


def test_what_a_killed_worker_may_have_sent_stands_on_the_screen_once(
    system: System, pushes: PushService
) -> None:
    chloe = Visitor(system, CHLOE).sign_in()
    device = chloe.turn_on(pushes)
    pushes.fault(token=device.token, takes=True, after=5.0)
    assert system.text(ANA, "Fumée au 12 rue des Tilleuls") == 200
    eventually(lambda: bodies(pushes, device), "the push service took it")
    system.child("worker", "dispatch").kill()
    eventually(lambda: len(pushes.received(device)) == 2, "it was sent again", 60.0)
    assert len(pushes.shown(device)) == 1
    eventually(
        lambda: {row["state"] for row in deliveries(system)} == {"accepted"}, "all is settled"
    )
