"""What a browser keeps as a file."""

from __future__ import annotations

from flask import Response


def attached(body: str | bytes, content_type: str, name: str) -> Response:
    """An answer to be kept under an ASCII `name`, not shown."""
    answer = Response(body, content_type=content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
