"""Pages whose templates are compiled once, however many applications the tests make."""

from __future__ import annotations

from types import CodeType

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

_COMPILED: dict[str, tuple[str, CodeType]] = {}  # by template: the checksum of its source, its code


class Kept(BytecodeCache):
    """Keeps them in memory; a template that changed is compiled anew."""

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = _COMPILED.get(bucket.key, ("", None))
        if code is not None and checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        _COMPILED[bucket.key] = (bucket.checksum, bucket.code)


def compiled_once(app: Flask) -> Flask:
    """The application, which compiles no template that another has compiled."""
    app.jinja_env.bytecode_cache = Kept()
    return app
