"""How many homes a boundary may hold: a hint, and no more (S62).

The service knows no register of dwellings, only a density: homes on a hectare, streets and
gardens included, a setting. France has about 2 on a hectare in a village, 8 where detached
houses stand side by side, 50 and more where people live in flats; so one figure for a whole
country is wrong by a factor of three either way, and that is what `low` and `high` say.
Nothing is refused for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

AIM = 100  # homes, what a community is made for
UNSURE = 3.0  # the factor by which a density may be off, either way


@dataclass(frozen=True, slots=True)
class Homes:
    """An estimate, in round numbers; what is true is probably from `low` to `high`."""

    about: int
    low: int
    high: int

    @property
    def far_from_aim(self) -> bool:
        """Whether even a generous reading is not around 100: worth a word on the page."""
        return self.high < AIM / 2 or self.low > AIM * 2


def homes(area_ha: float, per_ha: float) -> Homes:
    """The homes on so many hectares at so many a hectare."""
    about = area_ha * per_ha
    return Homes(_round(about), _round(about / UNSURE), _round(about * UNSURE))


def _round(value: float) -> int:
    """Two digits are more than is known; at least one home."""
    if value < 1:
        return 1
    step: int = 10 ** max(0, math.floor(math.log10(value)) - 1)
    return round(value / step) * step
