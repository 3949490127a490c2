"""Members: registered, found, activated, suspended, closed, and in which community."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import shapely
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col, func, or_, select

from community_store import boundaries, lookup, movements, nicknames, personal_data, pseudonyms
from community_store.columns import utcnow
from community_store.errors import Ambiguous, NotFound, RuleError
from community_store.models import Community, Member, MemberState

LANGUAGES = ("fr", "en")


@dataclass(frozen=True, slots=True)
class NewMember:
    """What a person gives to register. Numbers are E.164, checked by the caller.

    `community_id` None means: the community whose boundary holds the home, if any (S12).
    An empty pseudonym is chosen at random (S78).
    """

    first_name: str
    last_name: str
    mobile: str | None = None
    landline: str | None = None
    email: str | None = None
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    community_id: int | None = None
    active: bool = False
    referent: bool = False
    hide_mobile: bool = False
    hide_landline: bool = False
    pseudonym: str = ""
    language: str = "fr"


def register(session: Session, new: NewMember) -> Member:
    """Make an account, pending unless `active`. Raises RuleError."""
    values = checked(new)
    holder = _holder(session, new.mobile)
    if holder is not None:
        raise RuleError("mobile_taken", f"member {holder} has this mobile already")
    if new.community_id is None and new.lat is not None and new.lon is not None:
        values["community_id"] = lookup.holder(session, (new.lon, new.lat))
    require_community_of_referent(values)
    member = Member(**values)
    session.add(member)
    session.flush()
    nicknames.tell_apart(session, [member])
    if new.active:
        movements.arrived(session, member)
    return member


def checked(new: NewMember) -> dict[str, Any]:
    """The columns of a new member, clean. The database is not asked. Raises RuleError."""
    first, last = " ".join(new.first_name.split()), " ".join(new.last_name.split())
    if not first or not last:
        raise RuleError("name", "a member needs a first name and a last name")
    if not (new.mobile or new.landline or new.email):
        raise RuleError("contact", "a member needs a mobile, a landline or an e-mail")
    if new.language not in LANGUAGES:
        raise RuleError("language", f"unknown language {new.language[:10]!r}: fr or en")
    boundaries.require_point(new.lat, new.lon)
    now = utcnow()
    return {
        "first_name": first,
        "last_name": last,
        "mobile": new.mobile or None,
        "landline": new.landline or None,
        "email": read_email(new.email) if new.email else None,
        "address": " ".join(new.address.split()),
        "lat": new.lat,
        "lon": new.lon,
        "community_id": new.community_id,
        "state": MemberState.ACTIVE if new.active else MemberState.PENDING,
        "referent": new.referent,
        "hide_mobile": new.hide_mobile,
        "hide_landline": new.hide_landline,
        "pseudonym": " ".join(new.pseudonym.split()) or pseudonyms.pick(first, last),
        "language": new.language,
        "created_at": now,
        "activated_at": now if new.active else None,
    }


def read_email(text: str) -> str:
    """An address in lower case, checked by its form alone. Raises RuleError."""
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise RuleError("email", f"not an e-mail address: {error}") from None


def require_community_of_referent(values: Mapping[str, Any]) -> None:
    """S20: a référent looks after a community, so there must be one."""
    if values["referent"] and values["community_id"] is None:
        raise RuleError("referent", "a référent needs a community: none holds this home")


def find(session: Session, named: str, *, number: str = "") -> Member:
    """By id, e-mail, number, or "First Last" where unique. Closed accounts by id only.

    `number` is the E.164 form of `named` when it reads as one. Raises NotFound, Ambiguous.
    """
    wanted = " ".join(named.split())
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 10:
        member = session.get(Member, int(wanted))
        if member:
            return member
    found = session.exec(
        select(Member)
        .where(_called(wanted, number), Member.state != MemberState.CLOSED)
        .order_by(col(Member.id))
        .limit(10)
    ).all()
    if not found:
        raise NotFound(f"no member {named!r}: see `tocsin member list`")
    if len(found) > 1:
        ids = ", ".join(str(member.id) for member in found)
        raise Ambiguous(f"several members fit {named!r}: give the id, one of {ids}")
    return found[0]


def _called(wanted: str, number: str) -> ColumnElement[bool]:
    if number:
        return or_(col(Member.mobile) == number, col(Member.landline) == number)
    if "@" in wanted:
        return col(Member.email) == wanted.lower()
    name = col(Member.first_name) + " " + col(Member.last_name)
    return or_(name == wanted, func.lower(name) == func.lower(wanted))


def activate(session: Session, member: Member) -> None:
    """The home is vouched for (S33), or a suspension ends. Twice is once. Raises RuleError."""
    _require_open(member)
    if member.state == MemberState.ACTIVE:
        return
    suspended = member.state == MemberState.SUSPENDED and member.activated_at is not None
    member.state, member.suspended_why = MemberState.ACTIVE, ""
    member.activated_at = member.activated_at or utcnow()
    session.add(member)
    if not suspended:  # whose suspension ends has not just arrived
        nicknames.tell_apart(session, [member])
        movements.arrived(session, member)


def suspend(session: Session, member: Member, *, why: str = "") -> None:
    """From the commit on nothing goes to the member (S32, R7), who is shown `why`.

    Raises RuleError.
    """
    _require_open(member)
    member.state, member.suspended_why = MemberState.SUSPENDED, why.strip()
    session.add(member)


def wait(session: Session, member: Member) -> None:
    """An active member waits to be vouched for again (S32). Raises RuleError."""
    _require_open(member)
    if member.state == MemberState.ACTIVE:
        member.state = MemberState.PENDING
        session.add(member)


def refuse(session: Session, member: Member) -> None:
    """A request is refused: the account closes, and is forgotten. Raises RuleError."""
    if member.state != MemberState.PENDING:
        raise RuleError("state", f"member {member.id} is {member.state}, not pending")
    close(session, member)


def close(session: Session, member: Member) -> None:
    """S84: the account ends and everything personal is erased. Raises RuleError."""
    personal_data.erase(session, member)


def set_referent(session: Session, member: Member, *, referent: bool) -> None:
    """Make a member coordinator of their community, or no longer. Raises RuleError."""
    _require_open(member)
    if referent:
        require_community_of_referent({"referent": True, "community_id": member.community_id})
    member.referent = referent
    session.add(member)


def move(session: Session, member: Member, community: Community | None) -> None:
    """Put a member in a community, or in none; a référent is one only where they were."""
    _require_open(member)
    if member.community_id == (community.id if community else None):
        return
    movements.left(session, member)
    member.community_id = community.id if community else None
    member.referent = False
    session.add(member)
    nicknames.tell_apart(session, [member])
    if member.state == MemberState.ACTIVE:
        movements.arrived(session, member)


def gather(session: Session, community: Community) -> int:
    """S18: those of no community whose home is inside join. Returns how many did."""
    west, south, east, north = community.boundary.bounds
    homes = session.exec(
        select(Member.id, Member.lon, Member.lat, Member.state).where(
            col(Member.community_id).is_(None),
            Member.state != MemberState.CLOSED,
            col(Member.lon).between(west, east),
            col(Member.lat).between(south, north),
        )
    ).all()
    holds = shapely.intersects_xy
    inside = {
        cast("int", who): state
        for who, lon, lat, state in homes
        if holds(community.boundary, lon or 0.0, lat or 0.0)
    }
    joins = update(Member).where(col(Member.id).in_(inside))
    session.execute(joins.values(community_id=community.id))
    nicknames.tell_apart(session, session.exec(select(Member).where(col(Member.id).in_(inside))))
    active = [who for who, state in inside.items() if state == MemberState.ACTIVE]
    movements.arrived_together(session, community.id or 0, active)
    return len(inside)


def list_all(
    session: Session, *, community_id: int | None = None, state: str | None = None
) -> Iterator[tuple[Member, str | None]]:
    """The members with the name of their community, by id, a thousand at a time.

    Closed accounts are left out unless `state` asks for them.
    """
    query = select(Member, Community.name).outerjoin(Community).order_by(col(Member.id))
    wanted = Member.state == state if state else Member.state != MemberState.CLOSED
    query = query.where(wanted)
    if community_id is not None:
        query = query.where(Member.community_id == community_id)
    yield from session.exec(query.execution_options(yield_per=1000))


def requests(
    session: Session, *, community_id: int | None = None
) -> list[tuple[Member, str | None, str | None]]:
    """Those who wait to be vouched for, with their community's name and mode, eldest first."""
    query = (
        select(Member, Community.name, Community.mode)
        .outerjoin(Community)
        .where(Member.state == MemberState.PENDING)
        .order_by(col(Member.created_at), col(Member.id))
    )
    if community_id is not None:
        query = query.where(Member.community_id == community_id)
    return list(session.exec(query))


def _holder(session: Session, mobile: str | None) -> int | None:
    return (
        session.exec(select(Member.id).where(Member.mobile == mobile)).first() if mobile else None
    )


def _require_open(member: Member) -> None:
    if member.state == MemberState.CLOSED:
        raise RuleError("closed", f"member {member.id} is closed: register the person again")


def referents(session: Session, community_id: int, *, but: int | None = None) -> list[Member]:
    """The active référents of a community, one of them left out if need be."""
    return list(
        session.exec(
            select(Member).where(
                Member.community_id == community_id,
                col(Member.referent).is_(True),
                Member.state == MemberState.ACTIVE,
                col(Member.id).is_distinct_from(but),
            )
        )
    )
