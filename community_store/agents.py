"""Agents: people who act for a town."""

from __future__ import annotations

from sqlmodel import Session, col, func, or_, select

from community_store import towns
from community_store.errors import Ambiguous, NotFound, RuleError
from community_store.membership import read_email
from community_store.models import Agent, Role


def add(session: Session, new: Agent) -> Agent:
    """Add an agent, whose mobile is E.164. Raises RuleError."""
    town = towns.get(session, new.town_insee)
    name = " ".join(new.name.split())
    if not name:
        raise RuleError("name", "an agent needs a name")
    if not (new.mobile or new.email):
        raise RuleError("contact", "an agent needs a mobile or an e-mail")
    _require_free(session, new.mobile)
    email = read_email(new.email) if new.email else None
    agent = Agent(
        town_insee=town.insee, name=name, mobile=new.mobile or None, email=email,
        role=read_role(new.role), language=new.language,
    )  # fmt: skip
    session.add(agent)
    session.flush()
    return agent


def read_role(text: str) -> Role:
    """Raises RuleError."""
    try:
        return Role(text.strip().lower())
    except ValueError:
        raise RuleError("role", f"unknown role {text[:20]!r}: one of {', '.join(Role)}") from None


def find(session: Session, named: str, *, number: str = "") -> Agent:
    """By id, e-mail, mobile, or name where unique. Raises NotFound, Ambiguous."""
    wanted = named.strip()
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 10:
        agent = session.get(Agent, int(wanted))
        if agent:
            return agent
    called = [
        col(Agent.email) == wanted.lower(),
        func.lower(Agent.name) == func.lower(wanted),
    ]
    if number:  # or every agent without a mobile would fit
        called.append(col(Agent.mobile) == number)
    found = session.exec(select(Agent).where(or_(*called)).order_by(col(Agent.id)).limit(10)).all()
    if not found:
        raise NotFound(f"no agent {named!r}: see `tocsin agent list`")
    if len(found) > 1:
        ids = ", ".join(str(agent.id) for agent in found)
        raise Ambiguous(f"several agents fit {named!r}: give the id, one of {ids}")
    return found[0]


def confirm(session: Session, agent: Agent, *, confirmed: bool) -> None:
    """Whether the operator vouches that the agent's number is theirs: only then may a text
    of theirs speak for the town.
    """
    agent.confirmed = confirmed
    session.add(agent)


def remove(session: Session, agent: Agent) -> None:
    """From the commit on nothing goes to the agent; alerts they sent stay."""
    session.delete(agent)
    session.flush()


def list_all(session: Session, *, town: str | None = None) -> list[Agent]:
    """By town, then id."""
    query = select(Agent).order_by(col(Agent.town_insee), col(Agent.id))
    return list(session.exec(query.where(Agent.town_insee == town) if town else query))


def _require_free(session: Session, mobile: str | None) -> None:
    holder = (
        session.exec(select(Agent.id).where(Agent.mobile == mobile)).first() if mobile else None
    )
    if holder is not None:
        raise RuleError("mobile_taken", f"agent {holder} has this mobile already")
