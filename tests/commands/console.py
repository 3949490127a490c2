"""Runs the command line inside the test process, against a database of the test's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

import cli


@dataclass
class Console:
    """`run` and look, `ok` for what must work, `refused` for what must not."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *words: object) -> Result:
        arguments = [str(word) for word in words]
        return CliRunner().invoke(cli.app, arguments, env=dict(self.environment))

    def ok(self, *words: object) -> str:
        result = self.run(*words)
        assert result.exit_code == 0, (words, result.output, result.exception)
        return str(result.stdout)

    def json(self, *words: object) -> Any:
        return json.loads(self.ok(*words, "--json"))

    def refused(self, *words: object) -> str:
        """The one line on standard error; nothing may be on standard output."""
        result = self.run(*words)
        assert result.exit_code == 1, (words, result.output, result.exception)
        assert result.stderr.startswith("tocsin: ")
        assert result.stderr.count("\n") == 1
        assert result.stdout == ""
        return str(result.stderr)

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def square(self, column: int = 0) -> Path:
        """The file of a boundary of the grid."""
        from community_store.geometry import to_geojson
        from tests.community_store.ground import square

        return self.file(f"square_{column}.geojson", json.dumps(to_geojson(square(column))))
