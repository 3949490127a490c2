"""`tocsin team`: the first operator of the web pages comes from the command line."""

from __future__ import annotations

import re

from app import create_app
from config import load
from tests.commands.console import Console
from tests.web.house import TOKEN


def test_a_person_is_added_listed_and_removed(any_console: Console) -> None:
    console = any_console
    said = console.ok("team", "add", "--name", "Ada Martin", "--email", "Ada@Equipe.example")
    assert "Ada Martin (ada@equipe.example)" in said
    [row] = console.json("team", "list")
    assert {**row, "signed_in_at": ""} == {
        "id": 1, "name": "Ada Martin", "email": "ada@equipe.example", "password": False,
        "second_factor": False, "signed_in_at": "",
    }  # fmt: skip
    assert "already" in console.refused(
        "team", "add", "--name", "Ada", "--email", "ada@equipe.example"
    )
    console.ok("team", "remove", "ada martin")
    assert console.json("team", "list") == []
    assert "nobody of the team" in console.refused("team", "remove", "1")


def test_the_link_chooses_a_password_once(console: Console) -> None:
    said = console.ok("team", "add", "--name", "Ada", "--email", "ada@equipe.example")
    found = re.search(r"http://127\.0\.0\.1:8000(/password/new/\S+)", said)
    assert found
    app = create_app(load(console.folder / "config.toml"))
    for expected in (303, 410):
        client = app.test_client()
        token = TOKEN.search(client.get("/sign-in").text)
        assert token
        new = {"new": "quatre mots sans rapport", "again": "quatre mots sans rapport"}
        answer = client.post(found[1], data={"csrf_token": token[1], **new})
        assert answer.status_code == expected
    app.extensions["tocsin"].close()
    assert console.json("team", "list")[0]["password"] is True
    assert "/password/new/" in console.ok("team", "link", "Ada")


def test_a_lost_telephone_is_forgotten(console: Console) -> None:
    console.ok("team", "add", "--name", "Ada", "--email", "ada@equipe.example")
    assert "signed out" in console.ok("team", "reset", "1")
    assert "not an e-mail" in console.refused("team", "add", "--name", "Bob", "--email", "bob")
