"""What somebody may do with an alert, by a text or on the web."""

from __future__ import annotations

from sqlmodel import Session

from community_store.models import Agent, Alert, AlertKind, Member, MemberState, Town


def may_close(
    session: Session, alert: Alert, *, member: Member | None, agent: Agent | None, by_text: bool
) -> bool:
    """The author, a référent of the alert's community, an agent of its town (not an exercise).

    The words that end a town alert are town-wide too: only of an agent who may raise one.
    """
    if agent is not None and not alert.exercise and _acts_for(session, agent, alert):
        if alert.kind != AlertKind.TOWN:
            return True
        return speaks_for(agent, session.get(Town, agent.town_insee), by_text=by_text)
    if member is None or member.state != MemberState.ACTIVE:
        return False
    return alert.author_id == member.id or is_referent_of(member, alert)


def may_release(
    session: Session, alert: Alert, *, member: Member | None, agent: Agent | None
) -> bool:
    """A référent other than the author, or an agent of the subscribed town (A8)."""
    if agent is not None and _acts_for(session, agent, alert):
        return True
    return (
        member is not None
        and member.state == MemberState.ACTIVE
        and member.id != alert.author_id
        and is_referent_of(member, alert)
    )


def _acts_for(session: Session, agent: Agent, alert: Alert) -> bool:
    """Whether an agent is of the alert's town, and that is subscribed: of another they know nothing."""
    town = session.get(Town, agent.town_insee)
    return agent.town_insee == alert.town_insee and town is not None and town.subscribed


def speaks_for(agent: Agent, town: Town | None, *, by_text: bool = True) -> bool:
    """Whether an agent's words may go to a whole town (promises.md, security).

    A text's sender is a claim: the town can refuse to believe it. Who signed in is known.
    """
    if town is None or not town.subscribed:
        return False
    return agent.confirmed and (town.sms_alerts or not by_text)


def is_referent_of(member: Member, alert: Alert) -> bool:
    """Whether a member looks after the community that the alert was told in."""
    return (
        member.referent
        and alert.community_id is not None
        and member.community_id == alert.community_id
    )
