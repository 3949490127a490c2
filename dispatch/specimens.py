"""Every message as it would leave, with names that are long but real, and what it weighs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from config import Settings
from dispatch import links
from dispatch.catalogue import ids, say, template
from gateway import sms_text
from gateway.sms_text import Size

# words that stand in other messages, and are none
PARTS = frozenset(
    [
        "time", "day", "stale_day", "called_17", "alert_oneway", "the_author",
        "mask_plate", "mask_phone", "mask_mail", "who_team", "who_referent", "who_town",
        "status_nowhere", "status_pending", "status_active", "status_suspended", "status_closed",
        "status_sms_on", "status_sms_off", "status_sms_paused", "status_called",
        "exercise_text", "exercise_mark", "alert_open", "alert_held", "alert_ended", "alert_withdrawn", "alert_expired",
    ]
)  # fmt: skip
LONG: dict[str, object] = {
    "ref": 38112, "count": 1250, "told": 1250, "reached": 1187, "acknowledged": 312,
    "community": "Les Hauts de Bellevue", "town": "Saint-Rémy-lès-Chevreuse",
    "author": "Marie-Christine Delacroix", "name": "Marie-Christine Delacroix",
    "phone": "06 39 98 00 01", "address": "117 bis avenue du Général de Gaulle",
    "text": "Deux hommes forcent le portail du 14, fourgon blanc", "number": "+33937001234",
    "answer_to": "+33937001234", "day": "24/11", "time": "14h32", "code": "482137",
    "other": "Le Clos des Acacias", "distance": "1,2",
    "days": 7, "contact": "bonjour@tocsin.example",
    "link": "https://tocsin.example/password/new/" + "x" * 43,
    "a": "117 bis avenue du Général de Gaulle, 38000 Grenoble",
    "b": "117 bis rue du Général de Gaulle, 38100 Grenoble",
    "c": "117 bis place du Général de Gaulle, 38130 Échirolles",
}  # fmt: skip
SAID = {
    "who": "who_team",
    "account": "status_pending",
    "sms": "status_sms_off",
    "state": "alert_open",
    "called": "status_called",
}


@dataclass(frozen=True, slots=True)
class Specimen:
    """A message with long variables; `text` as phones show it."""

    id: str
    text: str
    size: Size


def specimens(settings: Settings, language: str) -> Iterator[Specimen]:
    """Every message of a language, by id."""
    site = settings.service.site
    page = links.alert_address(settings, int(str(LONG["ref"])), figures=True)
    service = {"service": settings.service.name, "site": site, "page": page}
    words = {name: say(language, "sms", part, **service) for name, part in SAID.items()}
    variables = _Long(LONG | service | words)
    for message in sorted(set(ids(language, "sms")) - PARTS):
        text = sms_text.plain(template(language, "sms", message).format_map(variables))
        yield Specimen(message, text, sms_text.count(text))


class _Long(dict[str, object]):
    """A variable that is not known here is shown by its name."""

    def __missing__(self, name: str) -> str:
        return f"<{name}>"
