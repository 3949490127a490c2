"""What is said, per audience, channel and language (sms.md, "What senders are told")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from community_store.models import Audience, Wording
from config import Settings
from dispatch import links, masking, moments, notifications, speech
from dispatch.catalogue import catalogue, say, template
from dispatch.notifications import Opens
from gateway import numbers, sms_text

TEXT = "{text}"
HOME = Opens()


@dataclass(frozen=True, slots=True)
class Words:
    """One message in one language: the SMS and its segments, the mail's two parts.

    `voice` has the lines of a call; "" for what is not spoken. `push` is a notification's.
    """

    sms: str
    segments: int
    subject: str
    mail: str
    voice: str = ""
    push: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What an alert's words may name. `author` is what the audience may know of them."""

    ref: int
    at: datetime
    text: str
    community: str = ""
    town: str = ""
    author: str = ""
    phone: str = ""
    address: str = ""
    answer_to: str = ""
    called: bool = False
    masked: bool = False
    spoken: bool = True  # whether anybody can be called at all


def row(
    words: Words,
    audience: Audience,
    language: str,
    *,
    alert_id: int | None = None,
    notice_id: int | None = None,
) -> Wording:
    """Words as they are kept."""
    return Wording(
        alert_id=alert_id,
        notice_id=notice_id,
        audience=audience,
        language=language,
        sms=words.sms,
        segments=words.segments,
        subject=words.subject,
        mail=words.mail,
        voice=words.voice,
        push=words.push,
    )


SMS_ID = {
    Audience.NEIGHBOUR: "alert",
    Audience.TWIN: "alert",
    Audience.AGENT: "alert_agent",
}
VOICE_ID = {Audience.NEIGHBOUR: "alert"}  # twins and agents are never called
PUSH_ID = {Audience.NEIGHBOUR: "alert", Audience.TWIN: "twin"}  # agents have none
MAIL_ID = {Audience.NEIGHBOUR: "alert", Audience.TWIN: "twin", Audience.AGENT: "agent"}


@dataclass(frozen=True, slots=True)
class _Ids:
    """Which message of each catalogue; "" for none."""

    sms: str
    mail: str
    voice: str
    push: str


def alert(settings: Settings, audience: Audience, language: str, facts: Facts) -> Words:
    """A resident's alert, as one audience may read it."""
    ids = _Ids(
        SMS_ID[audience],
        MAIL_ID[audience],
        VOICE_ID.get(audience, ""),
        PUSH_ID.get(audience, ""),
    )
    return _alert_words(settings, ids, language, facts)


TOWN_IDS = _Ids("alert_town", "town", "alert_town", "town")


def town_alert(settings: Settings, language: str, facts: Facts) -> Words:
    """A town alert (A3)."""
    return _alert_words(settings, TOWN_IDS, language, facts)


EXERCISE_IDS = _Ids("exercise", "exercise", "exercise", "exercise")


def exercise(settings: Settings, language: str, facts: Facts) -> Words:
    """A référent's exercise (S72): every channel says first that it is one."""
    return _alert_words(settings, EXERCISE_IDS, language, facts)


def _alert_words(settings: Settings, ids: _Ids, language: str, facts: Facts) -> Words:
    variables = _variables(settings, language, facts)
    sms = _fitted(settings, language, ids.sms, variables)
    return Words(
        sms=sms,
        segments=sms_text.count(sms).segments,
        subject=say(language, "mail", f"{ids.mail}_subject", **variables),
        mail=say(
            language, "mail", f"{ids.mail}_body", **_mailed(settings, language, facts, variables)
        ),
        voice=_spoken(settings, ids.voice, language, facts) if ids.voice and facts.spoken else "",
        push=_notified(ids.push, language, facts, variables) if ids.push else "",
    )


def _notified(message: str, language: str, facts: Facts, variables: dict[str, object]) -> str:
    opens = notifications.of_alert(facts.ref)
    return notifications.written(language, message, variables, opens, at=facts.at)


def _spoken(settings: Settings, message: str, language: str, facts: Facts) -> str:
    variables = _variables(settings, language, facts, domain=speech.DOMAIN)
    variables["time"] = speech.hour(settings, language, facts.at)
    return speech.twice(settings, language, message, variables)


def _mailed(
    settings: Settings, language: str, facts: Facts, variables: dict[str, object]
) -> dict[str, object]:
    """A mail has room for the day and for what comes after the text."""
    zone = ZoneInfo(settings.service.time_zone)
    return variables | {
        "text": f"{variables['text']}{variables['called']}",
        "time": moments.moment(language, zone, facts.at, facts.at),
    }


def _variables(
    settings: Settings, language: str, facts: Facts, *, domain: str = "sms"
) -> dict[str, object]:
    text = facts.text
    if facts.masked:
        text = masking.masked(text, partial(template, language, domain))
    return {
        "service": settings.service.name,
        "site": settings.service.site,
        "ref": facts.ref,
        "time": clock_time(settings, language, facts.at),
        "text": text,
        "called": say(language, domain, "called_17") if facts.called else "",
        "community": facts.community,
        "town": facts.town,
        "author": facts.author,
        "phone": facts.phone,
        "address": facts.address,
        "answer_to": facts.answer_to,
    }


def _fitted(settings: Settings, language: str, message: str, variables: dict[str, object]) -> str:
    """Shorten the text, never what frames it; a one-way sender's message names a number."""
    head, _, tail = template(language, "sms", message).partition(TEXT)
    tail += str(variables["called"])
    if variables["answer_to"]:
        tail += template(language, "sms", "alert_oneway")
    return sms_text.fit(
        head.format(**variables),
        str(variables["text"]),
        tail.format(**variables),
        more=links.alert_address(settings, int(str(variables["ref"]))),
        limit=settings.dispatch.max_segments,
    )


def notice(
    settings: Settings,
    language: str,
    kind: str,
    variables: dict[str, object],
    *,
    opens: Opens = HOME,
) -> Words:
    """Any other message: an answer, a receipt, an all-clear. Raises KeyError.

    By mail it says what the SMS says, unless the catalogue has more to say there. A
    notification of it `opens` a page of ours.
    """
    known = {"service": settings.service.name, "site": settings.service.site, **variables}
    head, cut, tail = template(language, "sms", kind).partition(TEXT)
    sms = sms_text.fit(
        head.format(**known),
        str(known.get("text", "")) if cut else "",
        tail.format(**known),
        more=settings.service.site,
        limit=settings.dispatch.max_segments,
    ).strip()
    subject, body = (
        f"{kind}_{part}" if _has(language, f"{kind}_{part}") else f"notice_{part}"
        for part in ("subject", "body")
    )
    return Words(
        sms=sms,
        segments=sms_text.count(sms).segments,
        subject=say(language, "mail", subject, **known),
        mail=say(language, "mail", body, **(known | {"text": sms})),
        voice=speech.twice(settings, language, kind, _read_out(variables))
        if speech.has(language, kind)
        else "",
        push=notifications.written(language, kind, known, opens)
        if notifications.has(language, kind)
        else "",
    )


def _read_out(variables: dict[str, object]) -> dict[str, object]:
    """A code is read digit by digit."""
    code = variables.get("code")
    return variables | {"code": speech.digits(str(code))} if code else variables


def _has(language: str, message: str) -> bool:
    return catalogue(language, "mail").gettext(message) != message


def clock_time(settings: Settings, language: str, at: datetime) -> str:
    """The hour as a short text has it, in the service's zone: 14h32, 14:32."""
    local = at.astimezone(ZoneInfo(settings.service.time_zone))
    return local.strftime(template(language, "sms", "time"))


def day_and_time(settings: Settings, language: str, at: datetime, now: datetime) -> str:
    """The same, with the day when it was not today: 23/11 à 14h32."""
    zone = ZoneInfo(settings.service.time_zone)
    hour = clock_time(settings, language, at)
    if at.astimezone(zone).date() == now.astimezone(zone).date():
        return hour
    day = at.astimezone(zone).strftime(template(language, "sms", "day"))
    return say(language, "sms", "stale_day", day=day, time=hour)


def phone(e164: str | None) -> str:
    """A number as French people write it; "" for none."""
    return numbers.national(e164) if e164 else ""
