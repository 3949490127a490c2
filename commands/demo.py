"""`tocsin demo`: a village, a text through the real webhook, and who gets what, live.

It has a database of its own in var/demo, made anew each time, whatever config.toml says.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from commands.context import CommandError, fail, say

if TYPE_CHECKING:
    from commands.demo_watch import Verdict
    from commands.supervisor import Child
    from config import Settings

FOLDER = Path("var/demo")
MARK = "made-by-tocsin-demo"
GATEWAY = "simulator"
HOST = "127.0.0.1"
READY_SECONDS = 60.0


class Stopped(Exception):
    """Ctrl-C or SIGTERM: everything ends, and that is no failure."""


def demo(
    once: Annotated[bool, typer.Option("--once", help="end when everybody was told")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="port to listen on")] = 8000,
) -> None:
    """Show Tocsin at work: a text goes in, the neighbours get it; then stay up."""
    from commands.ports import require_free

    require_free(HOST, port)
    _ignore_environment()
    with _until_stopped():
        say(f"Building a village in {FOLDER}, then starting Tocsin...")
        settings = build(FOLDER.absolute(), port)
        with _running(settings.data_dir, port) as child:
            verdict = _show(settings, port)
            if not once:
                _stay(child, settings, verdict)
        _end(verdict)


def build(folder: Path, port: int) -> Settings:
    """An empty demonstration, with its people, ready to be started. Raises CommandError."""
    import config
    from commands import demo_cast
    from community_store import schema
    from community_store.store import open_store

    _empty(folder)
    (folder / "config.toml").write_text(_configuration(folder, port), encoding="utf-8")
    settings = config.load(folder / "config.toml")
    cast = demo_cast.read()
    store = open_store(settings.database_url)
    try:
        schema.upgrade(store)
        with store.begin() as session:
            ids = demo_cast.seed(session, cast, settings, gateway=GATEWAY)
    finally:
        store.close()
    demo_cast.write_notes(folder, cast, ids)
    return settings


def _empty(folder: Path) -> None:
    """Wipe the last demonstration, and nothing that is not one. Raises CommandError."""
    from commands.supervisor import only_one
    from commands.up import require_writable

    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise CommandError(f"{folder} is not a demonstration: move it away, or start elsewhere")
    require_writable(folder)
    with only_one(folder):
        shutil.rmtree(folder)
        folder.mkdir(parents=True)
        (folder / MARK).touch()


def _configuration(folder: Path, port: int) -> str:
    """The embedded everything: SQLite, Valkey, the simulator, mail to a folder."""
    return (
        f'[service]\nsite = "http://{HOST}:{port}"\ncontact = "equipe@tocsin.example"\n'
        f"data_dir = {json.dumps(str(folder), ensure_ascii=False)}\n\n"
        f'[gateway.{GATEWAY}]\ntype = "simulator"\n'
    )


def _ignore_environment() -> None:
    """A demonstration is the same for everybody: no setting comes from outside."""
    for name in [name for name in os.environ if name.upper().startswith("TOCSIN__")]:
        del os.environ[name]


@contextmanager
def _until_stopped() -> Iterator[None]:
    """SIGTERM and Ctrl-C end what runs inside, in order."""

    def stop(number: int, frame: object) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise Stopped

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        yield
    except Stopped:
        say("The demonstration has ended.")


@contextmanager
def _running(folder: Path, port: int) -> Iterator[Child]:
    """`tocsin up` on the demonstration, ready; ended afterwards. Raises CommandError."""
    from commands import supervisor

    child = supervisor.Child(
        "tocsin up",
        [sys.executable, str(supervisor.CLI), "up", "--host", HOST, "--port", str(port)],
        {"TOCSIN_CONFIG": str(folder / "config.toml")},
        output=folder / "up.log",
    )
    child.start()
    try:
        _wait_until_ready(child, folder, port)
        yield child
    finally:
        supervisor.end([child])


def _wait_until_ready(child: Child, folder: Path, port: int) -> None:
    limit = time.monotonic() + READY_SECONDS
    while not (_answers(port) and _at_work(folder)):
        if child.process is not None and child.process.poll() is not None:
            raise CommandError(f"the service did not start: {_last_line(folder / 'up.log')}")
        if time.monotonic() > limit:
            raise CommandError(
                f"the service was not ready in {READY_SECONDS:.0f} s: see {folder / 'up.log'}"
            )
        time.sleep(0.05)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _at_work(folder: Path) -> bool:
    """Whether somebody reads and somebody sends: what starts is not what is shown."""
    from redis.exceptions import RedisError
    from rq import Worker

    import config
    from dispatch.runtime import connect_redis
    from dispatch.wake import QUEUES

    redis = connect_redis(config.load(folder / "config.toml").redis_url)
    try:
        served = {name for worker in Worker.all(redis) for name in worker.queue_names()}
    except RedisError:
        return False
    finally:
        redis.close()
    return served >= set(QUEUES)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else f"see {log}"


def _show(settings: Settings, port: int) -> Verdict:
    """Send the demonstration's text and watch it arrive."""
    from commands import demo_cast, demo_watch

    cast = demo_cast.read()
    author, text = demo_cast.author(cast), cast["alert"]["text"]
    say(f'{demo_cast.name(author)} ({author["age"]}, on her flip phone) texts 38000: "{text}"')
    watch = demo_watch.Watch(settings, cast)
    _post(port, {
        "from": author["mobile"], "to": cast["number"]["value"], "text": text,
        "id": f"demo-{uuid.uuid4().hex}",
    })  # fmt: skip
    return watch.run()


def _post(port: int, document: dict[str, str]) -> None:
    """The call that a gateway makes. Raises CommandError."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request(
            "POST",
            f"/webhooks/{GATEWAY}/sms",
            json.dumps(document).encode(),
            {"Content-Type": "application/json"},
        )
        status = connection.getresponse().status
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise CommandError(f"the webhook answered {status}: see {FOLDER / 'up.log'}")


def _end(verdict: Verdict) -> None:
    if verdict.faults:
        fail("; ".join(verdict.faults))


def _stay(child: Child, settings: Settings, verdict: Verdict) -> None:
    """Until Ctrl-C. Raises CommandError when the service ends by itself."""
    for fault in verdict.faults:
        say(f"Not as it should be: {fault}")
    say(f"\nNow try it yourself: {settings.service.site}/simulator   (Ctrl-C ends)")
    assert child.process is not None
    code = child.process.wait()
    raise CommandError(f"the service ended with code {code}: see {settings.data_dir / 'up.log'}")
