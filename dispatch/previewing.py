"""An alert, or more about one, before it is sent: what neighbours will read, and how many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from community_store.models import Agent, Alert, Audience, Community, Member, Town
from community_store.visibility import author_for
from dispatch import (
    alerts,
    followups,
    hearers,
    limits,
    masking,
    references,
    senders,
    wording,
)
from dispatch.act import Act
from dispatch.alerts import Told
from dispatch.catalogue import template
from dispatch.followups import Followup
from gateway import sms_text
from gateway.contract import Channel

TEXT = "~|~"  # stands for the text where only its frame is asked for
People = Mapping[Audience, Mapping[Channel, int]]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be sent. `people` are those to tell, of each audience by each channel;
    `shortened` when the SMS does not hold the whole text. `earlier` is the alert that said
    the same already, `held` that a référent would be asked first (A8).
    """

    sms: str
    segments: int
    shortened: bool
    masked: bool
    people: People
    town: str
    held: bool
    earlier: Alert | None


def preview(act: Act, author: Member, told: Told, language: str) -> Preview:
    """Raises RuleError for what alerts.raise_resident refuses."""
    community = alerts.community_of(act.session, author)
    alerts.require_text(told.text)
    facts = _facts(act, author, community, told.text)
    words = wording.alert(act.settings, Audience.NEIGHBOUR, language, facts)
    shown = _masked(act, told.text, language)
    return Preview(
        sms=words.sms,
        segments=words.segments,
        shortened=sms_text.plain(shown) not in words.sms,
        masked=shown != told.text,
        people=people(act, author),
        town=facts.town,
        held=limits.is_over(act, author, community),
        earlier=alerts.repeated(act, author, told),
    )


@dataclass(frozen=True, slots=True)
class More:
    """What would be said to everybody who was told an alert; `people` are those to tell."""

    sms: str
    masked: bool
    people: int


def more(act: Act, alert: Alert, speaker: Member | Agent, said: tuple[str, str]) -> More:
    """As neighbours will read it; `said` is the text, and the language to read it in."""
    text, language = said
    followup = Followup(text, speaker, alerts.place_of(act.session, alert))
    words = followups.followup_words(act, alert, followup, (Audience.NEIGHBOUR, language))
    masked = _masked(act, text, language) != text
    return More(words.sms, masked, followups.people(act, alert, speaker))


def frame(act: Act, author: Member, language: str) -> tuple[str, str]:
    """What stands before and after the text in the SMS to neighbours, to count it with."""
    community = alerts.community_of(act.session, author)
    facts = _facts(act, author, community, TEXT)
    sms = wording.alert(act.settings, Audience.NEIGHBOUR, language, facts).sms
    head, _, tail = sms.partition(TEXT)
    return head, tail


def _facts(act: Act, author: Member, community: Community, text: str) -> wording.Facts:
    town = act.session.get(Town, community.town_insee)
    return wording.Facts(
        ref=references.next_about(act.session),
        at=act.now,
        text=text,
        masked=act.settings.alerts.mask,
        community=community.name,
        town=town.name if town else "",
        author=author_for(Audience.NEIGHBOUR, author).name,
        answer_to=senders.answerable(act.session) if senders.senders(act.session).one_way else "",
        spoken=False,
    )


def _masked(act: Act, text: str, language: str) -> str:
    if not act.settings.alerts.mask:
        return text
    return masking.masked(text, partial(template, language, "sms"))


def people(act: Act, author: Member) -> dict[Audience, dict[Channel, int]]:
    """Whom an alert of this author would be told to now, of each audience by each channel."""
    community = alerts.community_of(act.session, author)
    alert = Alert(
        author_id=author.id,
        community_id=community.id,
        town_insee=community.town_insee,
        text="",
        created_at=act.now,
        expires_at=act.now,
    )
    found: dict[Audience, dict[Channel, int]] = {}
    called = bool(senders.callers(act.session, act.now).numbers)
    for group, size in hearers.listeners(act.session, alert).items():
        if group.channel is not Channel.VOICE or called:
            found.setdefault(group.audience, {})[group.channel] = size
    return found
