"""How much one person or one community may broadcast in an hour (A8)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement
from sqlmodel import col, func, select

from community_store.models import Alert, Community, Member, Reply, ReplyKind
from dispatch.act import Act

HOUR = timedelta(hours=1)


def is_over(act: Act, author: Member, community: Community) -> bool:
    """Whether one more alert now would be above the member's or the community's limit."""
    limit = act.settings.alerts
    if _alerts(act, col(Alert.author_id) == author.id) >= limit.per_member_hour:
        return True
    return _alerts(act, col(Alert.community_id) == community.id) >= limit.per_community_hour


def _alerts(act: Act, whose: ColumnElement[bool]) -> int:
    return act.session.exec(
        select(func.count()).select_from(Alert).where(whose, col(Alert.created_at) > act.now - HOUR)
    ).one()


def too_many_followups(act: Act, reply: Reply) -> bool:
    """Whether the replier has told everybody as often as one may raise alerts."""
    told = act.session.exec(
        select(func.count())
        .select_from(Reply)
        .where(
            Reply.kind == ReplyKind.FOLLOWUP,
            col(Reply.created_at) > act.now - HOUR,
            Reply.member_id == reply.member_id,
            Reply.agent_id == reply.agent_id,
        )
    ).one()
    return told >= act.settings.alerts.per_member_hour
