"""What people answer to an alert, by a text or on the web: counted, routed, told to all (A6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, func, select

from community_store import formerly, membership
from community_store.alert_readers import alert_reader
from community_store.errors import RuleError
from community_store.models import (
    Agent,
    Alert,
    AlertKind,
    AlertState,
    Audience,
    Member,
    MemberState,
    Reply,
    ReplyKind,
    Town,
)
from community_store.visibility import full_name, known_now, speaker_for, viewer_of
from dispatch import alerts, followups, limits, notices, powers
from dispatch.act import Act
from dispatch.catalogue import say

OVER = (AlertState.ENDED, AlertState.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who answers: by a text of theirs, or on the web (no `inbound_id`)."""

    person: Member | Agent
    inbound_id: int | None = None

    @property
    def member(self) -> Member | None:
        return self.person if isinstance(self.person, Member) else None

    @property
    def agent(self) -> Agent | None:
        return self.person if isinstance(self.person, Agent) else None

    @property
    def name(self) -> str:
        """As neighbours know them."""
        return full_name(self.person) if isinstance(self.person, Member) else self.person.name


def acknowledge(act: Act, alert: Alert, by: Speaker, text: str = "") -> None:
    """Count a courtesy, once a person: no answer, no broadcast."""
    _note(act, alert, by, (ReplyKind.ACKNOWLEDGEMENT, text))
    act.session.flush()
    recount(act, alert)


def recount(act: Act, alert: Alert) -> None:
    """Note how many people confirmed that they know of an alert."""
    people = func.count(func.distinct(func.coalesce(Reply.member_id, -col(Reply.agent_id))))
    alert.acknowledged = act.session.exec(
        select(people).where(Reply.alert_id == alert.id, Reply.kind == ReplyKind.ACKNOWLEDGEMENT)
    ).one()
    act.session.add(alert)


def has_acknowledged(act: Act, alert: Alert, by: Speaker) -> bool:
    """Whether this person confirmed already."""
    mine = select(Reply.id).where(
        Reply.alert_id == alert.id,
        Reply.kind == ReplyKind.ACKNOWLEDGEMENT,
        Reply.member_id == (by.member.id if by.member else None),
        Reply.agent_id == (by.agent.id if by.agent else None),
    )
    return act.session.exec(mine.limit(1)).first() is not None


def _note(act: Act, alert: Alert, by: Speaker, said: tuple[ReplyKind, str]) -> Reply:
    assert alert.id is not None
    reply = Reply(
        alert_id=alert.id,
        member_id=by.member.id if by.member else None,
        agent_id=by.agent.id if by.agent else None,
        inbound_id=by.inbound_id,
        kind=said[0],
        text=said[1],
        created_at=act.now,
    )
    act.session.add(reply)
    return reply


def route(act: Act, alert: Alert, by: Speaker, text: str) -> tuple[Reply, int]:
    """Give an answer to the author and the référents, nobody else; how many have it."""
    reply = _note(act, alert, by, (ReplyKind.REPLY, text))
    name, kind = _speaker(act, alert, by), "exercise_reply" if alert.exercise else "reply"
    reached = 0
    for person in responsible(act, alert, by):
        if (to := notices.reach(act.session, person, act.now)) is not None:
            known = name or say(to.language, "sms", "who_moved")
            variables = {"ref": alert.id, "author": known, "text": text}
            notices.tell(act, to, notices.Subject(kind, variables, alert_id=alert.id))
            reached += 1
    return reply, reached


def _speaker(act: Act, alert: Alert, by: Speaker) -> str:
    """As those responsible know them; "" for who moved since, whose name they were told."""
    if isinstance(by.person, Agent):
        return by.person.name
    known = speaker_for(Audience.NEIGHBOUR, by.person, alert).name
    return "" if known != by.name and _moved(act, alert, by) else known


def responsible(act: Act, alert: Alert, by: Speaker) -> list[Member | Agent]:
    """The author and the référents, the speaker left out; for a town alert its agents."""
    people: list[Member | Agent] = []
    if alert.author_id and (author := act.session.get(Member, alert.author_id)):
        people.append(author)
    if alert.agent_id and (agent := act.session.get(Agent, alert.agent_id)):
        people.append(agent)
    if alert.community_id is not None:
        people += membership.referents(act.session, alert.community_id, but=alert.author_id)
    elif not people:
        people += act.session.exec(select(Agent).where(Agent.town_insee == alert.town_insee)).all()
    return [person for person in people if person is not by.person and _hears(act, person)]


def _hears(act: Act, person: Member | Agent) -> bool:
    if isinstance(person, Agent):
        town = act.session.get(Town, person.town_insee)
        return town is not None and town.subscribed
    return person.state == MemberState.ACTIVE


def author_name(act: Act, alert: Alert, by: Speaker, language: str) -> str:
    """An alert's author as who answers it may know them: a pseudonym to a twin, no name to who
    is no neighbour of theirs any more.
    """
    author = act.session.get(Member, alert.author_id) if alert.author_id else None
    if author is not None:
        return _known(act, alert, by, author) or say(language, "sms", "the_author")
    agent = act.session.get(Agent, alert.agent_id) if alert.agent_id else None
    return agent.name if agent else say(language, "sms", "the_author")


def _known(act: Act, alert: Alert, by: Speaker, author: Member) -> str:
    reader = alert_reader(act.session, alert, member=by.member, agent=by.agent)
    if reader is None:
        return ""
    viewer = viewer_of(act.session, by.person, author)
    twin = reader.audience is Audience.TWIN
    return known_now(reader.audience, viewer, author, named=not twin or _moved(act, alert, by)).name


def _moved(act: Act, alert: Alert, by: Speaker) -> bool:
    """Whether they were a neighbour when it was told, and are none any more."""
    if by.member is None or alert.community_id in (None, by.member.community_id):
        return False
    return bool(formerly.neighbours(act.session, alert, [by.member.id or 0]))


def tell_all(act: Act, alert: Alert, by: Speaker, text: str) -> int:
    """Say something to everybody at once, as a reply and TOUS do in two; see broadcast."""
    reply = _note(act, alert, by, (ReplyKind.REPLY, text))
    act.session.flush()
    return broadcast(act, alert, by, reply)


def broadcast(act: Act, alert: Alert, by: Speaker, reply: Reply) -> int:
    """Tell an answer to everybody who was told, and to the author (TOUS); how many messages.

    Raises RuleError: `closed`, `town_only` (nothing town-wide by a resident, nor a name
    beyond the community), `elsewhere` (a twin speaks to those responsible alone), `too_many`.
    """
    if alert.kind == AlertKind.TOWN and not _speaks_for_town(act, by):
        raise RuleError("town_only", f"alert {alert.id} is the town's")
    if not _of(alert, by):
        raise RuleError("elsewhere", f"alert {alert.id} is of another community")
    if alert.state in OVER:
        raise RuleError("closed", f"alert {alert.id} is {alert.state}")
    if limits.too_many_followups(act, reply):
        raise RuleError("too_many", "told everybody too often within the hour")
    reply.kind = ReplyKind.FOLLOWUP
    act.session.add(reply)
    followup = followups.Followup(reply.text, by.person, alerts.place_of(act.session, alert))
    return followups.tell_followup(act, alert, followup)


def end(act: Act, alert: Alert, by: Speaker, text: str) -> int:
    """All clear (A7): its words stay on the alert's page, with who said them; how many messages.
    Raises RuleError.
    """
    told = alerts.end(act, alert, text)
    if text:
        _note(act, alert, by, (ReplyKind.FOLLOWUP, text))
    return told


def _of(alert: Alert, by: Speaker) -> bool:
    """Whether those told are the speaker's neighbours, or their town."""
    if by.member is None or alert.community_id is None:
        return True
    return alert.author_id == by.member.id or alert.community_id == by.member.community_id


def _speaks_for_town(act: Act, by: Speaker) -> bool:
    if by.agent is None:
        return False
    town = act.session.get(Town, by.agent.town_insee)
    return powers.speaks_for(by.agent, town, by_text=by.inbound_id is not None)


def last_reply(act: Act, by: Speaker) -> Reply | None:
    """The reply that this person just made; None when everybody has it already."""
    since = act.now - timedelta(hours=act.settings.alerts.reply_hours)
    latest = act.session.exec(
        select(Reply)
        .where(
            Reply.member_id == (by.member.id if by.member else None),
            Reply.agent_id == (by.agent.id if by.agent else None),
            col(Reply.kind).in_([ReplyKind.REPLY, ReplyKind.FOLLOWUP]),
            col(Reply.created_at) >= since,
        )
        .order_by(col(Reply.id).desc())
    ).first()
    return latest if latest is not None and latest.kind == ReplyKind.REPLY else None
