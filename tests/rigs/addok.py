"""A real address server: addok, which the national address base runs on, with ten streets.

The streets are in addok_streets.ndjson; their towns, Valmoutier and Rochebrune-le-Vieux,
do not exist. Each has its Rue des Lilas with a number 12.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.rigs.processes import Process, free_port, listening, running, short_folder
from tests.rigs.redis import redis_server, valkey_binary

ROOT = Path(__file__).parent.parent.parent
HERE = ROOT / "tests" / "rigs"
BIN = ROOT / "build" / "addok" / "bin"


@contextlib.contextmanager
def addok_server() -> Iterator[str]:
    """Install addok where it is missing, load the streets, serve; gives the URL."""
    subprocess.run([ROOT / "scripts" / "addok.sh"], check=True, env=_installing())
    with redis_server(valkey_binary()) as valkey, short_folder() as folder:
        environment = _environment(valkey.url.removeprefix("unix://"), folder)
        _load(environment)
        port = free_port()
        argv = [str(BIN / "gunicorn"), "addok.http.wsgi:application", "-b", f"127.0.0.1:{port}"]
        process = Process(argv, folder / "log", cwd=folder, env=environment)
        with running(process):
            process.wait_for(lambda: listening(port), "addok answers")
            yield f"http://127.0.0.1:{port}"


def _installing() -> Mapping[str, str]:
    return {**os.environ, "PYTHON": sys.executable}


def _environment(socket: str, folder: Path) -> Mapping[str, str]:
    ours = {
        "ADDOK_CONFIG_MODULE": str(HERE / "addok_config.py"),
        "ADDOK_SOCKET": socket,
        "ADDOK_LOGS": str(folder),
        "HOME": str(folder),  # gunicorn keeps a control socket there
    }
    return {**os.environ, **ours}


def _load(environment: Mapping[str, str]) -> None:
    for words in (["batch", str(HERE / "addok_streets.ndjson")], ["ngrams"]):
        subprocess.run([BIN / "addok", *words], check=True, env=environment, capture_output=True)
