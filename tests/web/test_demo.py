"""The demonstration: its people, what it refuses, and the whole of it as a user runs it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlmodel import select

from commands import demo, demo_cast
from commands.context import CommandError
from commands.demo_watch import Watch
from community_store.columns import utcnow
from community_store.models import Member
from community_store.store import open_store
from config import Service, Settings
from dispatch import requests
from dispatch.act import Act
from gateway.providers.simulator import Phones
from tests.rigs.processes import free_port
from web.cast import read_notes

CLI = Path(demo.__file__).resolve().parents[1] / "cli.py"
CAST = demo_cast.read()
FICTION = re.compile(r"\+33(63998|19900|46571)[0-9]{4}")

pytestmark = pytest.mark.timeout(240)


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The demonstration as a user starts it; ended when the test is."""
    process = subprocess.Popen(
        [sys.executable, str(CLI), "demo", *arguments], cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {"TOCSIN__MAIL__RATE": "0"},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_the_cast_is_large_and_mixed() -> None:
    members = CAST["members"]
    assert len(members) >= 30
    assert len(CAST["communities"]) == 3
    assert [town["subscribed"] for town in CAST["towns"]].count(True) == 1
    for what in (
        lambda m: "mobile" not in m and "landline" not in m,
        lambda m: "landline" in m and "mobile" not in m and "email" not in m,
        lambda m: m.get("hide_mobile"), lambda m: m.get("stop"),
        lambda m: m.get("state") == "pending", lambda m: m.get("language") == "en",
        lambda m: "mobile" in m and "email" in m,
    ):  # fmt: skip
        assert any(map(what, members))


def test_every_number_and_address_is_fictional() -> None:
    for row in demo_cast.everybody(CAST):
        for kind in ("mobile", "landline", "number"):
            assert FICTION.fullmatch(row.get(kind, "+33639980000")), row
        assert row.get("email", ".example").endswith(".example")


def test_everybody_has_a_sentence_in_both_languages(tmp_path: Path) -> None:
    demo_cast.write_notes(tmp_path, CAST, {row["key"]: 1 for row in CAST["communities"]})
    notes = read_notes(tmp_path / "cast.json")
    assert len(notes.people) == len(demo_cast.everybody(CAST))
    assert all(note["about"]["fr"] and note["about"]["en"] for note in notes.people.values())


def test_the_watch_tells_a_late_letter_from_a_second_copy(tmp_path: Path) -> None:
    settings = Settings(service=Service(data_dir=tmp_path))
    watch = Watch(settings, CAST)
    phones, text = Phones(tmp_path / "simulator.db"), CAST["alert"]["text"]
    phones.receive("+33639980102", "38000", text, segments=1, delivery=1, attempt=1)
    first = watch.fresh([])
    (tmp_path / "mail").mkdir()
    letter = tmp_path / "mail" / "d2.a1.eml"
    letter.write_text(f"To: thomas.girard@voisins.example\nSubject: x\n\n{text}\n")
    os.utime(letter, (1, 1))  # dated before what was seen already
    second = watch.fresh(first)
    phones.receive("+33639980102", "38000", text, segments=1, delivery=3, attempt=1)
    third = watch.fresh(first + second)
    assert [[a.name for a in found] for found in (first, second, third)] == [
        ["Karim Benali"],
        ["Thomas Girard"],
        ["Karim Benali"],
    ]


def test_a_folder_that_is_no_demonstration_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(CommandError, match="is not a demonstration"):
        demo.build(tmp_path, 8000)
    assert (tmp_path / "precious").read_text() == "mine"


def test_who_has_just_registered_waits_for_the_referent(tmp_path: Path) -> None:
    settings = demo.build(tmp_path / "demo", 8000)
    store = open_store(settings.database_url)
    with closing(store), store.read() as session:
        act = Act(session, settings, utcnow())
        karim = session.exec(select(Member).where(Member.first_name == "Karim")).one()
        waiting = [member.first_name for _, member in requests.waiting_for(act, karim)]
    assert waiting == ["Inès"], "the page of handsets says so"


def test_a_port_in_use_is_one_clear_line(folder: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        with running(folder, "--once", "--port", str(taken)) as process:
            _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert len(errors.strip().splitlines()) == 1
    assert str(taken) in errors
    assert not (folder / "var").exists()


@pytest.mark.whole
def test_everybody_gets_it_once_and_nobody_else_twice_in_a_row(folder: Path, port: int) -> None:
    for _ in range(2):
        with running(folder, "--once", "--port", str(port)) as process:
            said, errors = process.communicate(timeout=110)
        assert (process.returncode, errors) == (0, "")
        assert "19 people told" in said
        assert said.count(" ms  sms ") == 9
        assert said.count(" ms  email") == 16
        assert said.count(" ms  voice") == 2


@pytest.mark.whole
def test_it_stays_up_until_it_is_asked_to_end_and_leaves_nothing_running(
    folder: Path, port: int
) -> None:
    with running(folder, "--port", str(port)) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "/simulator" in line:
                break
        mail = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/simulator/mail"))
        assert len(mail) == 17  # sixteen with the alert, and one that asks Karim to vouch
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    _wait_until_free(port)


def _wait_until_free(port: int) -> None:
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.1)
    pytest.fail("something still listens on the port")
