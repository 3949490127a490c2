"""A mail as a page: the words of its text, escaped, with links that can be touched."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest

from community_store.models import Member
from dispatch import lettering, requests
from tests.dispatch.world import World, settings


class Read(HTMLParser):
    """What a reader of the page reads, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words, self.links, self.tags = "", list[str](), set[str]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour,\n\n<script>alert(1)</script> & « Été »\n",
        'Un nom " onmouseover="x\n\nhttps://ville.example/a"onclick=x\n',
        "javascript:alert(1)\n\ndata:text/html,x\n",
        "x" * 5000 + "\n",
        "{name} {0} %s\n\n\n\n\n",
    ],
)
def test_everything_is_escaped_and_nothing_else_is_added(tmp_path: Path, text: str) -> None:
    read = Read(lettering.html(settings(tmp_path), text, "fr"))
    assert read.tags <= {"html", "head", "meta", "title", "body", "div", "p", "a", "br"}
    assert all(link.startswith("https://ville.example/a") for link in read.links)
    for word in text.split():
        assert word in read.words


def test_an_address_that_stands_alone_is_a_button(tmp_path: Path) -> None:
    page = lettering.html(settings(tmp_path), "Ouvrez :\n\nhttps://x.example/y\n\nFin.", "fr")
    assert re.search(r'<a href="https://x\.example/y" style="display:inline-block', page)


def test_the_welcome_mail_has_its_text_first_and_the_page_beside_it(sqlite_world: World) -> None:
    world = sqlite_world
    world.number()
    member = world.member(world.community("Les Lilas"), email="odette@voisins.example")
    with world.act() as act:
        requests.welcome(act, act.session.get_one(Member, member.id))
    world.pump()
    [path] = sorted(world.settings.data_dir.rglob("*.eml"))
    letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(letter, EmailMessage)
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    page = letter.get_body(("html",))
    assert page is not None
    assert "Les Lilas" in page.get_content()
    assert letter["List-Unsubscribe"]
