"""How much one person or one community may broadcast in an hour (A8)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, func, select
from sqlmodel import col

from community_store.columns import UtcDateTime
from community_store.models import Alert, Community, Member, Reply, ReplyKind
from dispatch.act import Act

HOUR = timedelta(hours=1)


def is_over(act: Act, author: Member, community: Community) -> bool:
    """Whether one more alert now would be above the member's or the community's limit."""
    limit = act.settings.alerts
    about = {"author": author.id, "community": community.id, "since": act.now - HOUR}
    mine, ours = act.session.connection().execute(RAISED, about).one()
    return mine >= limit.per_member_hour or ours >= limit.per_community_hour


def _raised_by(whose: ColumnElement[bool]) -> ScalarSelect[int]:
    since = bindparam("since", type_=UtcDateTime())
    real = ~col(Alert.exercise)
    found = (
        select(func.count()).select_from(Alert).where(whose, col(Alert.created_at) > since, real)
    )
    return found.scalar_subquery()


RAISED = select(  # built once: every alert asks
    _raised_by(col(Alert.author_id) == bindparam("author")),
    _raised_by(col(Alert.community_id) == bindparam("community")),
)


def too_many_followups(act: Act, reply: Reply) -> bool:
    """Whether the replier has told everybody as often as one may raise alerts."""
    told = act.session.scalar(
        select(func.count())
        .select_from(Reply)
        .where(
            col(Reply.kind) == ReplyKind.FOLLOWUP,
            col(Reply.created_at) > act.now - HOUR,
            col(Reply.member_id) == reply.member_id,
            col(Reply.agent_id) == reply.agent_id,
        )
    )
    return (told or 0) >= act.settings.alerts.per_member_hour
