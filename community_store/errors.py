"""What a rule says when it refuses. Every caller at the edge shows it as it can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class RuleError(Exception):
    """A rule refused; the message is one English line that says why and what to do.

    `code` is stable: the web and SMS find their own words for it in the catalogue, and
    `facts` are the variables of those words.
    """

    def __init__(self, code: str, message: str, *, facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.facts = dict(facts or {})


class NotFound(RuleError):
    """What was named does not exist."""

    def __init__(self, message: str) -> None:
        super().__init__("not_found", message)


class Ambiguous(RuleError):
    """The name fits several; the message lists their ids."""

    def __init__(self, message: str) -> None:
        super().__init__("ambiguous", message)
