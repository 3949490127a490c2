"""The port that a web process listens on."""

from __future__ import annotations

import socket
from typing import Annotated

import typer

from commands.context import CommandError

Port = Annotated[int, typer.Option(min=1, max=65535, help="port to listen on")]


def require_free(host: str, port: int) -> None:
    """Raises CommandError when something listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"cannot listen on {host}:{port} ({error.strerror}): "
                "stop what uses it, or choose another --port"
            ) from None
