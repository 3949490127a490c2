"""Messages that look like one in doubt, and are another's.

A provider that is asked for a message by its words, its recipient and about its time may
name one that is known to be somebody else's: the same words to the same phone within a
minute, or the call before. Only what a key finds is asked of the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import Session, col

from community_store.models import Attempt, Delivery, ReceiptRow

Name = tuple[str, str]  # of a message: its gateway, and its id there


def earlier(session: Session, deliveries: Sequence[int]) -> dict[int, frozenset[str]]:
    """The providers' ids of what attempts before the last of each delivery sent."""
    ids: defaultdict[int, set[str]] = defaultdict(set)
    for query in _earlier(deliveries):
        for delivery, provider_id in session.execute(query):
            ids[delivery].add(provider_id)
    return {delivery: frozenset(known) for delivery, known in ids.items()}


def _earlier(deliveries: Sequence[int]) -> tuple[Any, ...]:
    return (
        select(col(Attempt.delivery_id), col(Attempt.provider_id))
        .join(Delivery, col(Delivery.id) == col(Attempt.delivery_id))
        .where(
            col(Attempt.delivery_id).in_(deliveries),
            col(Attempt.n) < col(Delivery.attempts),
            col(Attempt.provider_id).is_not(None),
        ),
        select(col(ReceiptRow.delivery_id), col(ReceiptRow.provider_id))
        .join(Delivery, col(Delivery.id) == col(ReceiptRow.delivery_id))
        .where(
            col(ReceiptRow.delivery_id).in_(deliveries),
            col(ReceiptRow.attempt) < col(Delivery.attempts),
            col(ReceiptRow.provider_id) != "",
        ),
    )


def owners(session: Session, names: Iterable[Name]) -> dict[Name, set[int]]:
    """The deliveries that are known to have sent the messages of these names."""
    found: defaultdict[Name, set[int]] = defaultdict(set)
    by_gateway: defaultdict[str, list[str]] = defaultdict(list)
    for gateway, provider_id in names:
        by_gateway[gateway].append(provider_id)
    if by_gateway:
        for gateway, provider_id, delivery in session.execute(_owners(by_gateway)):
            found[gateway, provider_id].add(delivery)
    return found


def _owners(names: dict[str, list[str]]) -> Any:
    """By the index on (gateway, provider_id)."""
    either: list[ColumnElement[bool]] = [
        and_(col(Delivery.gateway) == gateway, col(Delivery.provider_id).in_(ids))
        for gateway, ids in names.items()
    ]
    columns = col(Delivery.gateway), col(Delivery.provider_id), col(Delivery.id)
    return select(*columns).where(or_(*either))
