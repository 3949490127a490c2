"""What an operator runs: the numbers, the paused queues, and leases of housekeeping."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import false
from sqlmodel import Field, SQLModel

from community_store.columns import UtcDateTime, utcnow


class NumberKind(StrEnum):
    """`sender` is an alphanumeric name: one-way, at most 11 characters."""

    LONG = "long"
    SHORT = "short"
    SIM = "sim"
    SENDER = "sender"


class NumberState(StrEnum):
    """`paused` by the operator or by a misconfigured gateway: deliveries wait."""

    ACTIVE = "active"
    PAUSED = "paused"


class Number(SQLModel, table=True):
    """A number the service owns at a gateway.

    `rate` is in segments a second, `price` in euros a segment. `value` is E.164, a
    short code, or a sender name. Deliveries are spread over the `is_default` ones.
    `sms` and `voice` say what it can do; `call_rate` is in calls a second, `call_price`
    in euros a call, and `calls_paused` the reason why it may not call, "" when it may.
    `by_itself`: a refusal of the gateway paused it, not the operator.
    """

    __tablename__ = "number"
    id: int | None = Field(default=None, primary_key=True)
    value: str = Field(unique=True)
    gateway: str = Field(index=True)
    kind: str
    rate: float
    price: float = 0.0
    is_default: bool = False
    sms: bool = True
    voice: bool = False
    call_rate: float = 1.0
    call_price: float = 0.0
    calls_paused: str = ""
    state: str = NumberState.ACTIVE
    reason: str = ""
    by_itself: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    backoff_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)


class LaneHealth(SQLModel, table=True):
    """How a number's texts, or its calls, lately fared at its gateway.

    `badness` is 0 when all were taken, 1 when none was, as of `at`; see dispatch/health.py.
    """

    __tablename__ = "lane_health"
    gateway: str = Field(primary_key=True)
    number_id: int = Field(primary_key=True, foreign_key="number.id", ondelete="CASCADE")
    channel: str = Field(primary_key=True)
    badness: float = 0.0
    at: datetime = Field(sa_type=UtcDateTime)


class GatewayPause(SQLModel, table=True):
    """A gateway stopped by the operator (`queue pause`), or `by_itself`, with the reason."""

    __tablename__ = "gateway_pause"
    gateway: str = Field(primary_key=True)
    reason: str = ""
    by_itself: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)


class Duty(SQLModel, table=True):
    """A task that one process at a time may do, and when it was last done."""

    __tablename__ = "duty"
    name: str = Field(primary_key=True)
    holder: str = ""
    until: datetime = Field(sa_type=UtcDateTime)
