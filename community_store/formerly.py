"""Who of some people were an alert's neighbours when it was told, wherever they live now.

A pseudonym must not stand beside words that were read under a name: it would give the name away.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session, col, select

from community_store.models import Alert, Audience, Delivery, Movement, MovementKind


def neighbours(session: Session, alert: Alert, ids: Collection[int]) -> set[int]:
    """They were told as neighbours, or once arrived where it was raised (deliveries are
    forgotten, and not everybody wants any). As many questions for a hundred as for one.
    """
    told = select(Delivery.member_id).where(
        Delivery.alert_id == alert.id,
        Delivery.audience == Audience.NEIGHBOUR.value,
        col(Delivery.member_id).in_(ids),
    )
    came = select(Movement.member_id).where(
        Movement.community_id == alert.community_id,
        Movement.kind == MovementKind.ARRIVAL.value,
        col(Movement.member_id).in_(ids),
    )
    found = {*session.exec(told), *session.exec(came)} if ids else set()
    return {one for one in found if one is not None}
