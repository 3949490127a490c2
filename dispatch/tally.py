"""What became of an alert's deliveries, in the words of interfaces.md."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from community_store.models import Agent, Alert, Delivery, Member, Reply, ReplyKind
from community_store.models import DeliveryState as State
from community_store.visibility import full_name
from dispatch.reach import NotReached, Why, not_reached

__all__ = [
    "FIGURES", "NotReached", "Why", "author_name", "by_channel", "cost", "not_reached", "replies", "total",
]  # fmt: skip

# each state is counted under exactly one word; `told` is all that exist
WORDS: Mapping[str, str] = {
    State.QUEUED: "queued",
    State.HELD: "queued",
    State.SENDING: "queued",
    State.UNKNOWN: "unknown",
    State.ACCEPTED: "accepted",
    State.SENT: "accepted",
    State.NO_RECEIPT: "accepted",
    State.DELIVERED: "delivered",
    State.UNDELIVERED: "failed",
    State.FAILED: "failed",
    State.EXPIRED: "expired",
    State.SUPPRESSED: "suppressed",
    State.CANCELLED: "suppressed",
}
FIGURES = (
    "told",
    "accepted",
    "delivered",
    "failed",
    "expired",
    "suppressed",
    "unknown",
    "queued",
)

RANK = {
    word: rank
    for rank, word in enumerate(
        ("", "suppressed", "expired", "failed", "unknown", "queued", "accepted", "delivered")
    )
}
_WORD = {rank: word for word, rank in RANK.items()}
# given up after doubt alone: no provider ever said that it had it
_NEVER_TAKEN = (col(Delivery.state) == State.NO_RECEIPT.value) & (
    col(Delivery.handed_over_at).is_(None)
)
_RANKED = case(
    (_NEVER_TAKEN, RANK["unknown"]),
    else_=case({state: RANK[word] for state, word in WORDS.items()}, value=col(Delivery.state)),
)


def by_channel(session: Session, alert_id: int) -> dict[str, dict[str, int]]:
    """Per channel: how many are to be told, and how many stand where."""
    rows = session.execute(
        select(col(Delivery.channel), _RANKED, func.count())
        .where(col(Delivery.alert_id) == alert_id)
        .group_by(col(Delivery.channel), _RANKED)
    )
    figures: dict[str, dict[str, int]] = {}
    for channel, rank, count in rows:
        channel_figures = figures.setdefault(channel, dict.fromkeys(FIGURES, 0))
        channel_figures[_WORD[rank]] += count
        channel_figures["told"] += count
    return figures


def total(session: Session, alert_id: int) -> dict[str, int]:
    """How many people stand where, each counted once, by their best channel."""
    best = (
        select(func.max(_RANKED).label("rank"))
        .where(col(Delivery.alert_id) == alert_id)
        .group_by(col(Delivery.member_id), col(Delivery.agent_id))
        .subquery()
    )
    rows = session.execute(select(best.c.rank, func.count()).group_by(best.c.rank)).all()
    figures = dict.fromkeys(FIGURES, 0)
    for rank, count in rows:
        figures[_WORD[rank]] = count
    figures["told"] = sum(count for _, count in rows)
    return figures


def replies(session: Session, alert_id: int) -> dict[str, int]:
    """How many answers of each kind an alert has: courtesies, replies, and those told to all."""
    rows = session.execute(
        select(col(Reply.kind), func.count())
        .where(col(Reply.alert_id) == alert_id)
        .group_by(col(Reply.kind))
    )
    counts: dict[str, int] = dict.fromkeys(ReplyKind, 0)
    counts.update((kind, count) for kind, count in rows)
    return counts


def cost(session: Session, alert_id: int) -> float:
    """What its SMS cost in euros, whether they have left yet or not."""
    return round(
        session.scalar(
            select(func.coalesce(func.sum(Delivery.price), 0.0)).where(
                col(Delivery.alert_id) == alert_id
            )
        )
        or 0.0,
        4,
    )


def author_name(session: Session, alert: Alert) -> str | None:
    """The author for the operator; None for one who left, or the command line."""
    if alert.author_id:
        member = session.get(Member, alert.author_id)
        return full_name(member) if member else None
    agent = session.get(Agent, alert.agent_id) if alert.agent_id else None
    return agent.name if agent else None
