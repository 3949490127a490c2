"""Towns: municipalities, and whether they use the service."""

from __future__ import annotations

import re

from sqlmodel import Session, col, func, or_, select

from community_store.errors import Ambiguous, NotFound, RuleError
from community_store.models import Agent, Community, Town
from community_store.store import lock

_INSEE = re.compile(r"(?:0[1-9]|[1-9][0-9]|2[AB])[0-9]{3}")


def read_insee(text: str) -> str:
    """An INSEE code as it is written: five characters of text. Raises RuleError."""
    code = text.strip().upper()
    if _INSEE.fullmatch(code):
        return code
    hint = f" (did you mean 0{code}?)" if _INSEE.fullmatch(f"0{code}") else ""
    raise RuleError(
        "insee",
        f"{text.strip()[:20]!r} is not an INSEE code: five characters such as 38185, 01001"
        f" or 2A004, not a postcode{hint}",
    )


def add(session: Session, insee: str, name: str, *, subscribed: bool = False) -> Town:
    """Raises RuleError when the code is wrong or the town is there already."""
    code = read_insee(insee)
    if not name.strip():
        raise RuleError("name", "a town needs a name")
    if session.get(Town, code):
        raise RuleError("exists", f"town {code} exists already: see `tocsin town list`")
    town = Town(insee=code, name=name.strip(), subscribed=subscribed)
    session.add(town)
    session.flush()
    return town


def ensure(session: Session, insee: str, name: str) -> Town:
    """The town, made when nobody there has used the service yet. Raises RuleError."""
    code = read_insee(insee)
    lock(session, f"town:{code}")
    return session.get(Town, code) or add(session, code, name)


def get(session: Session, insee: str) -> Town:
    """Raises RuleError when the code is wrong, NotFound when the town is unknown."""
    code = read_insee(insee)
    town = session.get(Town, code)
    if town is None:
        raise NotFound(f"unknown town {code}: add it with `tocsin town add {code} NAME`")
    return town


def find(session: Session, named: str) -> Town:
    """By INSEE code, or by name where unique. Raises NotFound, Ambiguous."""
    if _INSEE.fullmatch(named.strip().upper()):
        return get(session, named)
    name = named.strip()  # the database lowers both sides: SQLite knows only ASCII
    same = or_(col(Town.name) == name, func.lower(Town.name) == func.lower(name))
    found = session.exec(select(Town).where(same).limit(10)).all()
    if not found:
        raise NotFound(f"unknown town {named!r}: see `tocsin town list`")
    if len(found) > 1:
        codes = ", ".join(town.insee for town in found)
        raise Ambiguous(f"several towns are called {named!r}: give the code, one of {codes}")
    return found[0]


def subscribe(session: Session, town: Town, *, subscribed: bool) -> None:
    """S65: a subscribed town's agents receive and send alerts. Twice is once."""
    town.subscribed = subscribed
    session.add(town)


def allow_sms_alerts(session: Session, town: Town, *, allowed: bool) -> None:
    """Whether the town's confirmed agents may raise town alerts by SMS."""
    town.sms_alerts = allowed
    session.add(town)


def list_all(session: Session) -> list[tuple[Town, int, int]]:
    """Each town, its number of communities, and of agents; by code."""
    communities = select(func.count()).where(Community.town_insee == Town.insee)
    agents = select(func.count()).where(Agent.town_insee == Town.insee)
    rows = session.exec(
        select(
            Town,
            communities.correlate(Town).scalar_subquery(),
            agents.correlate(Town).scalar_subquery(),
        ).order_by(col(Town.insee))
    )
    return [(town, int(homes), int(people)) for town, homes, people in rows]
