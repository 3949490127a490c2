"""Where does somebody who enrolled live? The geocoder is asked outside any transaction.

A job may run twice or never: the row says whether it was taken up, and the sweep wakes
what was lost. While the geocoder is away an enrolment waits for up to an hour; then the
team places the home by hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

import structlog
from sqlalchemy import CursorResult, and_, or_, update
from sqlmodel import Session, col, select

from community_store.models import Enrolment, InboundText, Town
from community_store.models import EnrolmentState as State
from community_store.store import lock
from dispatch import enrolling, matching
from dispatch.act import Act
from dispatch.incoming import Incoming, incoming_of
from dispatch.placing import Home
from dispatch.reading import normal
from dispatch.runtime import Runtime
from gateway import geocoder
from gateway.geocoder import Geocoder, GeocoderAway, Place

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
PATIENCE = timedelta(hours=1)
PAUSE = timedelta(seconds=30)  # doubled at each try, up to five minutes
LONGEST_PAUSE = timedelta(minutes=5)
TRIES_MAX = 30  # an enrolment that breaks its worker is set aside
TOWNS_MAX = 3  # asked one by one about an address that names no town
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What a worker took up, and may settle as long as nobody took it up since."""

    id: int
    tries: int
    address: str
    ask: bool
    towns: Sequence[str]


def waiting(runtime: Runtime) -> list[int]:
    """The enrolments whose wake was lost, whose worker died, or whose pause is over."""
    with runtime.store.read() as session:
        rows = session.exec(
            select(Enrolment.id)
            .where(
                col(Enrolment.state).in_((State.ASKED.value, State.GEOCODING.value)),
                col(Enrolment.again_at) <= runtime.clock(),
            )
            .order_by(col(Enrolment.again_at))
            .limit(AT_ONCE)
        ).all()
        return [id_ for id_ in rows if id_ is not None]


def of_text(runtime: Runtime, inbound_id: int) -> int | None:
    """The enrolment that a text began."""
    with runtime.store.read() as session:
        return session.exec(select(Enrolment.id).where(Enrolment.inbound_id == inbound_id)).first()


def locate(runtime: Runtime, enrolment_id: int) -> bool:
    """Ask where an enrolment's address is and go on with it; whether anybody was told."""
    with runtime.store.begin() as session:
        asked = _take_up(session, runtime, enrolment_id)
    if asked is None:
        return False
    places = _places(runtime, asked) if asked.ask else None
    with runtime.store.begin() as session:
        outcome = _settle(Act(session, runtime.settings, runtime.clock()), asked, places)
    if outcome:
        log.info("enrolment_located", enrolment=enrolment_id, outcome=outcome)
    return bool(outcome)


def _take_up(session: Session, runtime: Runtime, enrolment_id: int) -> Asked | None:
    now = runtime.clock()
    free = or_(
        col(Enrolment.state) == State.ASKED.value,
        and_(col(Enrolment.state) == State.GEOCODING.value, col(Enrolment.again_at) <= now),
    )
    statement = (
        update(Enrolment)
        .where(col(Enrolment.id) == enrolment_id, free)
        .values(state=State.GEOCODING.value, again_at=now + LEASE, tries=Enrolment.tries + 1)
        .execution_options(synchronize_session=False)
    )
    if not cast("CursorResult[object]", session.execute(statement)).rowcount:
        return None
    enrolment = session.get_one(Enrolment, enrolment_id)
    if enrolment.tries > TRIES_MAX:
        log.error("enrolment_set_aside", enrolment=enrolment_id)
        enrolling.finish(session, enrolment, State.FAILED)
        return None
    ask = bool(runtime.settings.geo.geocoder_url) and now - enrolment.created_at < PATIENCE
    towns = session.exec(select(Town.insee).order_by(Town.insee).limit(TOWNS_MAX + 1)).all()
    return Asked(enrolment_id, enrolment.tries, enrolment.address, ask, towns)


def _places(runtime: Runtime, asked: Asked) -> list[Place] | None:
    """What the geocoder knows; None while it is away."""
    try:
        return asyncio.run(_search(geocoder.at(runtime.settings.geo.geocoder_url), asked))
    except GeocoderAway as error:
        log.warning("geocoder_away", enrolment=asked.id, error=str(error))
        return None


async def _search(server: Geocoder, asked: Asked) -> list[Place]:
    """Everywhere; then, for an address without its town, in each of a few that we serve."""
    places = await server.search(asked.address, limit=10)
    if matching.match(asked.address, places).certain or matching.postcode_of(asked.address):
        return places
    if len(asked.towns) <= TOWNS_MAX:
        for town in asked.towns:
            places += await server.search(asked.address, limit=3, citycode=town)
    return places


def _settle(act: Act, asked: Asked, places: list[Place] | None) -> str:
    enrolment = act.session.get_one(Enrolment, asked.id)
    lock(act.session, f"sender:{enrolment.sender}")
    act.session.refresh(enrolment)
    if enrolment.state != State.GEOCODING or enrolment.tries != asked.tries:
        return ""  # somebody else took it up, or the sender has said something newer
    incoming = _incoming(act, enrolment)
    if not asked.ask:
        return enrolling.enrol(incoming, enrolment, Home(enrolment.address))
    if places is None:
        return _postpone(incoming, enrolment)
    return _decide(incoming, enrolment, matching.match(asked.address, places, asked.towns))


def _incoming(act: Act, enrolment: Enrolment) -> Incoming:
    row = act.session.get_one(InboundText, enrolment.inbound_id)
    return replace(incoming_of(act, row, normal(row.text)), spoken=enrolment.language)


def _decide(incoming: Incoming, enrolment: Enrolment, match: matching.Match) -> str:
    if match.certain is not None:
        return enrolling.enrol(incoming, enrolment, _home(enrolment.address, match.certain))
    if not match.choices:
        enrolling.finish(incoming.session, enrolment, State.FAILED)
        incoming.answer("join_address_unknown")
        return "join_address_unknown"
    homes = [_home(enrolment.address, place) for place in match.choices]
    enrolment.state = State.CHOOSING
    enrolment.choices = [
        {"label": place.label, "address": home.address, "lat": home.lat, "lon": home.lon}
        for place, home in zip(match.choices, homes, strict=True)
    ]
    enrolment.expires_at = incoming.now + enrolling.CHOICE_LIFE
    incoming.session.add(enrolment)
    enrolling.offer(incoming, enrolment.choices)
    return "join_choices"


def _home(asked: str, place: Place) -> Home:
    return Home(matching.written(asked, place), place.lat, place.lon)


def _postpone(incoming: Incoming, enrolment: Enrolment) -> str:
    """Ask again later, and say once that it takes longer."""
    pause = min(PAUSE * 2 ** min(enrolment.tries - 1, 8), LONGEST_PAUSE)
    enrolment.state, enrolment.again_at = State.ASKED, incoming.now + pause
    first = not enrolment.told_later
    enrolment.told_later = True
    incoming.session.add(enrolment)
    if not first:
        return ""
    incoming.answer("join_later")
    return "join_later"


def expire(act: Act) -> None:
    """Forget the choices that nobody made in time."""
    over = act.session.exec(
        select(Enrolment).where(
            Enrolment.state == State.CHOOSING, col(Enrolment.expires_at) <= act.now
        )
    ).all()
    for enrolment in over:
        enrolling.finish(act.session, enrolment, State.FAILED)
