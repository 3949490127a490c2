"""Where to go after a form: a page of ours, never another site."""

from __future__ import annotations

import re

LOCAL = re.compile(r"/(?![/\\])[\w\-./~%?=&+,:@]*")
LONGEST = 500


def after(wanted: str, otherwise: str = "/") -> str:
    """The address that was wanted if it is a path of this site, else another."""
    return wanted if len(wanted) <= LONGEST and LOCAL.fullmatch(wanted) else otherwise
