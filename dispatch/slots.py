"""The slots that a pump holds of a lane, and the deliveries that wait for them."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from dispatch.lanes import OpenLane
from dispatch.outbox import Claimed
from dispatch.pace import FASTEST, HORIZON, Grant, Slots, Wait, most, too_late_to_start, whole
from gateway.contract import Channel, Misconfigured, NotNow, SendError

COOLEST = 5.0  # seconds, the longest rest of a lane whose gateway takes nothing
TOUCHING = 0.1  # part of a slot: grants no further apart than this have nothing between them


@dataclass(slots=True, eq=False)
class InHand:
    """A delivery that is claimed and has not left; `read_at` (monotonic) is when it still might."""

    claimed: Claimed
    read_at: float


@dataclass(slots=True)
class Hold:
    """What a pump holds of a lane: slots, deliveries that wait for one, its rest.

    Slots and deliveries meet only when one leaves, so a slot that passes unused costs a
    slot and nothing else: the delivery takes the next. A message of several segments
    leaves at the first of as many slots in a row, never at one that others' slots follow
    (V1); so that they fit, grants are made for whole messages of `widest` segments, the
    longest in hand.
    """

    way: OpenLane
    grants: deque[Grant] = field(default_factory=deque)
    used: int = 0
    widest: int = 1
    in_hand: deque[InHand] = field(default_factory=deque)
    dry: bool = False
    ask_at: float = 0.0
    rest_until: float = 0.0
    failures: int = 0

    @property
    def key(self) -> str:
        lane = self.way.lane
        calls = ":calls" if lane.channel == Channel.VOICE else ""
        return f"{lane.gateway}:{lane.number_id or 0}{calls}"

    def slot(self) -> float:
        """When the next slot held begins (monotonic seconds); infinity without one."""
        if not self.grants:
            return math.inf
        return self.grants[0].start + self.used * self.grants[0].interval

    def end(self) -> float:
        """When the slots held end (monotonic seconds); 0 without one."""
        return max((g.start + g.count * g.interval for g in self.grants), default=0.0)

    def held(self) -> int:
        """How many slots are held."""
        return sum(grant.count for grant in self.grants) - self.used

    def take_in(self, batch: Sequence[Claimed], read_at: float) -> None:
        """Deliveries that were just claimed wait here for their slots."""
        self.in_hand.extend(InHand(claimed, read_at) for claimed in batch)
        self.widest = max((one.claimed.segments for one in self.in_hand), default=1)

    def top_up(self, slots: Slots, now: float) -> None:
        """Reserve the next slots, so that what fills them is claimed in good time."""
        if now < max(self.ask_at, self.rest_until) or self.end() - now > HORIZON:
            return
        if self.held() >= most(FASTEST):  # closer together than anybody sends
            return
        answer = slots.reserve(self.key, self.way.rate, whole(self.way.rate, self.widest))
        if isinstance(answer, Wait):
            self.ask_at = now + answer.seconds
        else:
            self.grants.append(answer)

    def skip_missed(self, now: float) -> None:
        """Give up the slots that passed by too much: never made up for in a burst."""
        while self.grants:
            first = self.grants[0]
            passed = now - too_late_to_start(self.way.rate) - first.start
            self.used = max(self.used, math.ceil(passed / first.interval))
            if self.used < first.count:
                return
            self._next_grant()

    def wanted(self, until: float) -> int:
        """How many segments to claim for the slots held that begin before `until`."""
        if self.dry or not self.grants:
            return 0
        begin, held = self.used, 0
        for grant in self.grants:
            there = math.floor((until - grant.start) / grant.interval) + 1
            held += max(0, min(there, grant.count) - begin)
            begin = 0
        return max(0, held - sum(one.claimed.segments for one in self.in_hand))

    def next(self) -> InHand | None:
        """The first in hand whose segments have their slots in a row; it stays in hand.

        Where none is short enough the slots up to somebody else's are given up, and there
        is none at this slot.
        """
        row = self._row()
        for one in self.in_hand:
            if one.claimed.segments <= row:
                return one
        while self.in_hand and row > 0:
            row -= self._use(row)
        return None

    def take(self, one: InHand) -> float:
        """Take what `next` said out of hand, with its slots: when it leaves (monotonic)."""
        at = self.slot()
        self.in_hand.remove(one)
        left = one.claimed.segments
        while left > 0:
            left -= self._use(left)
        return at

    def _row(self) -> int:
        """How many of the slots held follow each other, with none of somebody else's between."""
        row, end = -self.used, math.inf
        for grant in self.grants:
            if end < grant.start - TOUCHING * grant.interval:
                break
            row, end = row + grant.count, grant.start + grant.count * grant.interval
        return max(0, row)

    def _use(self, segments: int) -> int:
        """Use up to so many slots of the first grant; how many they were."""
        taken = min(segments, self.grants[0].count - self.used)
        self.used += taken
        if self.used >= self.grants[0].count:
            self._next_grant()
        return taken

    def _next_grant(self) -> None:
        self.grants.popleft()
        self.used = 0

    def close(self, slots: Slots) -> None:
        """Nothing is due any more: return what is left, the last first."""
        while self.grants:
            grant = self.grants.pop()
            left = grant.count - (0 if self.grants else self.used)
            slots.give_back(self.key, grant, left)
        self.used = 0

    def learn(self, outcome: object, now: float) -> None:
        """Rest after failures that say to come back later, longer each time."""
        if not isinstance(outcome, SendError):
            self.failures = 0
            return
        if isinstance(outcome, Misconfigured):
            self.rest_until = now + COOLEST
        if isinstance(outcome, NotNow) and not outcome.apart:
            self.failures += 1
            rest = outcome.delay if outcome.throttled else 0.1 * 2.0 ** min(self.failures, 8)
            self.rest_until = max(
                self.rest_until, now + (rest if outcome.throttled else min(rest, COOLEST))
            )
