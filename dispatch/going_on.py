"""The alerts that are going on where somebody lives, for their page."""

from __future__ import annotations

from sqlmodel import Session, col, or_, select

from community_store import twinning
from community_store.models import Alert, AlertKind, AlertState, Community, Member, MemberState
from community_store.visibility import for_community

MOST = 20


def open_alerts(session: Session, member: Member) -> list[Alert]:
    """What an active member is told of now, the newest first: of their community, of its
    twins, and of their town.
    """
    if member.state != MemberState.ACTIVE or member.community_id is None:
        return []
    home = session.get_one(Community, member.community_id)
    near = [member.community_id, *(twin for twin, _ in twinning.twins(session, home.id or 0))]
    of_town = (col(Alert.kind) == AlertKind.TOWN) & (col(Alert.town_insee) == home.town_insee)
    found = session.exec(
        select(Alert)
        .where(
            Alert.state == AlertState.OPEN,
            or_(col(Alert.community_id).in_(near), of_town),
        )
        .order_by(col(Alert.id).desc())
        .limit(MOST)
    )
    return [alert for alert in found if for_community(alert, member.community_id)]
