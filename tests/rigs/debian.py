"""Programs that come from Debian. Their absence fails in CI and skips elsewhere."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

_SERVERS = ("/usr/local/sbin", "/usr/sbin", "/usr/lib/kannel/test")


def program(name: str, package: str) -> str:
    """The path of `name`, which `package` installs.

    Where it is missing, the test that asked for it fails when CI is set, so that no
    green run hides it, and is skipped otherwise, with what to install.
    """
    found = shutil.which(name, path=os.pathsep.join(_places()))
    if found is None:
        missing = f"{name} is not installed: apt-get install {package}, or make apt"
        if os.environ.get("CI"):
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    return found


def _places() -> list[str]:
    newest_first = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return [os.environ.get("PATH", ""), *map(str, newest_first), *_SERVERS]
