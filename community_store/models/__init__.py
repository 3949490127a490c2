"""The tables. They are the domain: no second set of classes stands behind them."""

from community_store.models.alerts import (
    Alert,
    AlertKind,
    AlertState,
    Audience,
    Category,
    InboundState,
    InboundText,
    Notice,
    Wording,
)
from community_store.models.deliveries import Attempt, Delivery, DeliveryState, ReceiptRow
from community_store.models.operations import (
    Duty,
    GatewayPause,
    Number,
    NumberKind,
    NumberState,
)
from community_store.models.people import Agent, Member, MemberState, Mute, Role, Stop, Topic
from community_store.models.places import BoundaryCell, Community, Mode, Town, Twinning

__all__ = [
    "Agent",
    "Alert",
    "AlertKind",
    "AlertState",
    "Attempt",
    "Audience",
    "BoundaryCell",
    "Category",
    "Community",
    "Delivery",
    "DeliveryState",
    "Duty",
    "GatewayPause",
    "InboundState",
    "InboundText",
    "Member",
    "MemberState",
    "Mode",
    "Mute",
    "Notice",
    "Number",
    "NumberKind",
    "NumberState",
    "ReceiptRow",
    "Role",
    "Stop",
    "Topic",
    "Town",
    "Twinning",
    "Wording",
]
