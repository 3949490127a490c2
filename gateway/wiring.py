"""What a provider needs to know of the house it is built in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Wiring:
    """`timeout` is seconds for one whole call; `callbacks` the public address that
    providers call, without a closing slash."""

    data_dir: Path
    timeout: float
    callbacks: str
