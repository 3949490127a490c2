"""Without the address server, or where it is of no help: a postcode, then the town on a list."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from community_store import communes
from community_store.communes import Commune
from dispatch import matching
from dispatch.matching import Match
from gateway.geocoder import GeocoderAway
from web import forms, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.registering import finding
from web.registering.room import begun, registering
from web.throttle import throttled

log = structlog.get_logger(__name__)

POSTCODE = Field("postcode", "register.postcode", hint="register.postcode.hint",
                 autocomplete="postal-code", inputmode="numeric", longest=10,
                 missing="register.postcode.missing")  # fmt: skip
STREET = Field("street", "register.street", capitals="words", hint="register.street.hint",
               autocomplete="address-line1", missing="register.street.missing")  # fmt: skip
LOOKED_THROUGH = 10  # places, of which those of the town are offered


@registering.get("/town")
@access(Policy.ANYONE)
def by_town() -> ResponseReturnValue:
    """A postcode, and the street."""
    return _page(forms.blank((STREET, POSTCODE)), ())


@registering.post("/town")
@access(Policy.ANYONE)
@throttled("20 per minute; 200 per hour")
def take_town() -> ResponseReturnValue:
    """A postcode that several towns share asks which. A street of the town that is known places
    the home, also without scripts; else it is shown on the map.
    """
    form = forms.read((STREET, POSTCODE))
    towns = communes.with_postcode(form["postcode"])
    if form["postcode"] and not towns:
        form.wrong("postcode", "register.postcode.unknown")
    chosen = request.form.get("town", "")
    town = towns[0] if len(towns) == 1 else next((t for t in towns if t.insee == chosen), None)
    if not form.ok or town is None:
        return _page(form, towns), 200 if form.ok and not chosen else 422
    address = f"{form['street']} {''.join(form['postcode'].split())} {town.name}"
    return redirect(url_for(_keep(address, town, _meant(address, town))), 303)


def _page(form: Form, towns: Sequence[Commune]) -> str:
    return render_template("registering/town.html", form=form, towns=towns)


def _meant(address: str, town: Commune) -> Match:
    """The homes of the town that are meant, none while nobody can say."""
    try:
        found = asyncio.run(finding.server().search(address, limit=LOOKED_THROUGH))
    except GeocoderAway as error:
        log.info("geocoder_away", error=str(error))
        return Match()
    here = [place for place in found if communes.whole(place.citycode) == town.insee]
    return matching.match(address, here)


def _keep(address: str, town: Commune, found: Match) -> str:
    """Keep it, with the address as it was typed as the last choice; where it leads."""
    places = [found.certain] if found.certain else found.choices
    as_typed = {"address": address, "insee": town.insee, "lat": None, "lon": None}
    with identity.runtime().store.begin() as db:
        row = begun(db)
        row.choices = [*finding.choices(address, places), as_typed]
        asks = bool(found.choices)
        if not asks:
            finding.choose(row, row.choices[0])
        db.add(row)
    return "registering.which" if asks else "registering.place"
