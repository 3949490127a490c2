"""V10: how long the server takes for a page with a million members, and what a page weighs.

The application answers in this process, one request at a time, as each kind of reader; the
weight is the page with the sheets, scripts and pictures that it names, as they are served,
without compression and without the map's tiles.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from matplotlib.figure import Figure
from shapely import box
from sqlmodel import Session, col, select

from app import create_app
from bench.crowd import Place, add_numbers, fill
from bench.result import Options, Result, middle, number, share
from bench.rig import Bench, bench
from community_store import accounts, communities, sessions
from community_store.columns import utcnow
from community_store.models import (
    Account,
    Agent,
    Conversation,
    EntryKind,
    GazetteComment,
    GazetteEntry,
    Member,
    MemberState,
    Message,
    Participant,
    Town,
)
from config import Settings
from dispatch import alerts, answering, requests
from dispatch.act import Act
from dispatch.alerts import Told, TownVoice
from dispatch.runtime import open_runtime

LIGHT, WITH_MAP = 300_000, 700_000  # bytes
GROUND = box(2.350, 48.850, 2.356, 48.854)
NAMED = re.compile(r'(?:href|src)="(/static/[^"]+)"')
PAGES = (
    ("anybody", "/"), ("anybody", "/help"), ("anybody", "/join"), ("anybody", "/join/town"),
    ("anybody", "/sign-in"), ("newcomer", "/community"), ("newcomer", "/community/list"),
    ("newcomer", "/community/new"), ("newcomer", "/activation"), ("member", "/home"),
    ("member", "/community"), ("member", "/first-steps"), ("member", "/account"),
    ("referent", "/home"), ("referent", "/requests"), ("team", "/team"), ("team", "/team/reports"),
    ("member", "/alerts/"), ("member", "/alerts/new"), ("member", "/alerts/{alert}"),
    ("member", "/alerts/{alert}/live"), ("referent", "/alerts/{alert}/live"),
    ("agent", "/alerts/{town}"), ("agent", "/alerts/{town}/live"), ("agent", "/alerts/"),
    ("member", "/gazette/"), ("member", "/gazette/{entry}"), ("member", "/gazette/new"),
    ("member", "/messages/"), ("member", "/messages/new"), ("member", "/messages/{talk}"),
    ("member", "/directory"), ("member", "/settings"), ("referent", "/community/boundary"),
)  # fmt: skip
NEIGHBOURS = 500  # in the readers' community
ENTRIES, COMMENTS, TALKS, LETTERS = 300, 100, 60, 100


@dataclass(frozen=True)
class Reader:
    """A browser that is signed in, or not."""

    client: FlaskClient

    def seconds(self, path: str) -> float:
        began = time.perf_counter()
        answer = self.client.get(path)
        took = time.perf_counter() - began
        assert answer.status_code == 200, (path, answer.status_code)
        return took

    def weight(self, path: str) -> tuple[int, bool]:
        """Bytes, and whether there is a map."""
        page = self.client.get(path)
        files = set(NAMED.findall(page.text))
        sizes = [len(self.client.get(file).data) for file in files]
        return len(page.data) + sum(sizes), "data-map=" in page.text


def run(options: Options) -> Result:
    members = options.size("members", 1_000_000, 20_000)
    times = options.size("times", 200, 30)
    result = Result(
        "pages", f"V10: pages with {members:,} members (PostgreSQL, one process)",
        "server time p95 under 100 ms; under 300 kB a page without the map, 700 kB with it",
        ("page", "reader", "p50 ms", "p95 ms", "kB", "of what it may weigh"),
    )  # fmt: skip
    took: dict[str, list[float]] = {}
    with bench() as house:
        add_numbers(house.store, ["38000"], 10)
        told = options.size("told", 150_000, 3_000)
        town = Place("38001", told, max(1, told // 500))
        fill(house.store, [Place("38185", members, max(1, members // 100)), town])
        readers, refs = _readers(house), {**_going_on(house), **_written(house)}
        for who, wanted in PAGES:
            path = wanted.format(**refs)
            reader, name = readers[who], f"{wanted} ({who})"
            reader.seconds(path)
            runs = [[reader.seconds(path) for _ in range(times)] for _ in range(options.runs)]
            took[name] = [1000 * middle([share(one, 95) for one in runs])]
            half = 1000 * middle([share(one, 50) for one in runs])
            weight, mapped = reader.weight(path)
            most = WITH_MAP if mapped else LIGHT
            result.rows.append(
                (wanted, who, number(half), number(took[name][0]), number(weight / 1000),
                 f"{weight / most:.0%}")
            )  # fmt: skip
    result.raw = {"members": members, "p95_ms": took}
    result.draw = lambda figure: draw(figure, took)
    return result


def _readers(house: Bench) -> dict[str, Reader]:
    settings = house.settings
    app = create_app(settings, open_runtime(settings))
    tokens = _accounts(house, settings)
    found = {}
    for who, token in {"anybody": "", **tokens}.items():
        client = app.test_client()
        if token:
            client.set_cookie("tocsin", token)
        found[who] = Reader(client)
    return found


def _accounts(house: Bench, settings: Settings) -> dict[str, str]:
    """Who reads; their community has a ground of its own, and people who wait."""
    now = utcnow()
    with house.store.begin() as session:
        new = communities.NewCommunity("Le Pré", "38185", GROUND)
        home = communities.add(session, new, geo=settings.geo)
        home.mode = "referent"

        def person(**more: Any) -> Member:
            member = Member(first_name="Ana", last_name="Petit", pseudonym="Mésange", **more)
            session.add(member)
            session.flush()
            return member

        here: dict[str, Any] = {"community_id": home.id, "state": MemberState.ACTIVE}
        people = {
            "newcomer": person(lat=48.852, lon=2.3575, state=MemberState.PENDING),
            "member": person(mobile="+33639990001", **here),
            "referent": person(mobile="+33639990002", referent=True, **here),
        }
        for n in range(NEIGHBOURS):
            person(mobile=f"+336399910{n:03}", **here)
        act = Act(session, settings, now)
        for _ in range(20):
            requests.ask(act, person(community_id=home.id, state=MemberState.PENDING))
            requests.ask(act, person(state=MemberState.PENDING))
        held = {who: accounts.of_member(session, member) for who, member in people.items()}
        held["team"] = accounts.add_team(session, "Ada", "ada@equipe.example")
        held["agent"] = _of_agent(session)
        return {who: _token(session, account, now) for who, account in held.items()}


def _of_agent(session: Session) -> Account:
    """Of the town that is told something."""
    session.add(Agent(town_insee="38001", name="Police municipale", email="pm@ville.example"))
    session.flush()
    account = accounts.holder_of_email(session, "pm@ville.example")
    assert account is not None
    accounts.proved_email(session, account)
    return account


def _going_on(house: Bench) -> dict[str, int]:
    """An alert in the readers' community with a thread, and one that a whole town is told."""
    with house.store.begin() as session:
        act = Act(session, house.settings, utcnow())
        people = session.exec(
            select(Member).where(col(Member.mobile).startswith("+336399910")).limit(40)
        ).all()
        mine = alerts.raise_resident(act, people[0], Told("Camionnette devant le 4")).alert
        for one in people[1:]:
            answering.acknowledge(act, mine, answering.Speaker(one))
            answering.route(act, mine, answering.Speaker(one), "Je la vois aussi")
        town = session.get_one(Town, "38001")
        all_of_it = alerts.raise_town(act, town, Told("Orage ce soir"), TownVoice()).alert
        assert mine.id is not None
        assert all_of_it.id is not None
        return {"alert": mine.id, "town": all_of_it.id}


def _written(house: Bench) -> dict[str, int]:
    """A full gazette, whose first entry has all its comments, and a full inbox."""
    with house.store.begin() as session:
        me = session.exec(select(Member).where(Member.mobile == "+33639990001")).one()
        others = session.exec(
            select(Member).where(col(Member.mobile).startswith("+336399910")).limit(TALKS)
        ).all()
        entry = _gazette(session, others)
        talks = [_talk(session, me, one) for one in others]
        return {"entry": entry, "talk": talks[-1]}


def _gazette(session: Session, authors: Sequence[Member]) -> int:
    home, now = authors[0].community_id or 0, utcnow()
    entries = [
        GazetteEntry(community_id=home, author_id=authors[n % len(authors)].id or 0,
                     kind=EntryKind.CLASSIFIED, title=f"Vélo {n}", text="Rouge, 20 pouces",
                     expires_at=now + timedelta(days=30))
        for n in range(ENTRIES)
    ]  # fmt: skip
    session.add_all(entries)
    session.flush()
    last = entries[-1].id or 0
    session.add_all(
        GazetteComment(entry_id=last, author_id=authors[n % len(authors)].id or 0, text="Pour moi")
        for n in range(COMMENTS)
    )
    return last


def _talk(session: Session, me: Member, other: Member) -> int:
    """A conversation whose last words are not read."""
    talk = Conversation(key=f"{me.id} {other.id}", creator_id=other.id)
    session.add(talk)
    session.flush()
    letters = [
        Message(conversation_id=talk.id or 0, author_id=other.id, text="Bonjour, avez-vous vu ?")
        for _ in range(LETTERS)
    ]
    session.add_all(letters)
    session.flush()
    last = letters[-1].id or 0
    session.add_all(
        Participant(conversation_id=talk.id or 0, member_id=who.id or 0,
                    community_id=who.community_id, last_id=last, read_id=last - unread)
        for who, unread in ((me, 2), (other, 0))
    )  # fmt: skip
    return talk.id or 0


def _token(session: Session, account: Account, now: datetime) -> str:
    token = sessions.begin(session, account, now)
    found = sessions.find(session, token, now)
    assert found is not None
    if found.half:
        token = sessions.complete(session, found.row, account, now)
    return token


def draw(figure: Figure, took: dict[str, list[float]]) -> None:
    axes = figure.subplots()
    axes.barh(list(took), [values[0] for values in took.values()], color="#9a3726")
    axes.axvline(100, color="#555555", linestyle="--")
    axes.set_xlabel("p95, milliseconds of server time")
    axes.tick_params(axis="y", labelsize=6)
    axes.invert_yaxis()
