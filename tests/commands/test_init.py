"""`tocsin init`, and what stands in the way before any other command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from sqlalchemy.exc import IntegrityError

import cli
from community_store.errors import RuleError
from tests.commands.console import Console

pytestmark = pytest.mark.both

ROOT = Path(__file__).parents[2]


def tocsin(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The real thing, in a process of its own."""
    return subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), *words],
        capture_output=True, text=True, check=False, env=os.environ | environment,
    )  # fmt: skip


def test_init_twice_is_once(bare_console: Console) -> None:
    assert "ready" in bare_console.ok("init")
    key = (bare_console.folder / "var" / "vapid_private_key").read_bytes()
    assert "up to date" in bare_console.ok("init")
    assert (bare_console.folder / "var" / "vapid_private_key").read_bytes() == key
    assert bare_console.json("town", "list") == []
    assert "none" in bare_console.ok("town", "list")


def test_other_commands_say_to_init_first(bare_console: Console) -> None:
    assert "tocsin init" in bare_console.refused("town", "list")
    assert not (bare_console.folder / "var").exists()


def test_a_real_process_says_it_in_one_line(bare_console: Console) -> None:
    done = tocsin("member", "list", **bare_console.environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert tocsin("init", **bare_console.environment).returncode == 0
    assert tocsin("member", "list", "--json", **bare_console.environment).stdout == "[]\n"


def test_two_real_processes_may_init_at_once(bare_console: Console) -> None:
    argv = [sys.executable, str(ROOT / "cli.py"), "init"]
    both = [
        subprocess.Popen(argv, env=os.environ | bare_console.environment, stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [process.wait(30) for process in both] == [0, 0]


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    started = time.perf_counter()
    code = (
        "import sys, cli\ntry: cli.app(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('sqlalchemy', 'shapely', 'flask', 'twilio', 'rq', 'dispatch')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert time.perf_counter() - started < 5  # 0.3 s on an idle machine


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ("[service]\nnam = 1", "[service] nam: unknown key"),
        ("[nope]", "[nope]"),
        ("not toml", "not TOML"),
        ('[database]\nurl = "sqlite:////dev/null/x/tocsin.db"', "/dev/null"),
        ('[database]\nurl = "nonsense"', "[database] url"),
        ('[database]\nurl = "oracle9://x/y"', "[database] url"),
        ('[database]\nurl = "mysql://x"', "[database] url"),
        ('[redis]\nurl = "foo"', "[redis] url"),
        ('[service]\nlanguages = ["de"]', "[service] languages"),
        ('[database]\nurl = "postgresql://u@127.0.0.1:1/x"', "check [database] url"),
        ('[service]\ndata_dir = "/dev/null/var"', "/dev/null/var"),
    ],
)
def test_bad_configuration_is_one_line(tmp_path: Path, config: str, complaint: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(config)
    assert complaint in Console(tmp_path, {"TOCSIN_CONFIG": str(path)}).refused("init")


def test_a_missing_configuration_file_is_one_line(tmp_path: Path) -> None:
    console = Console(tmp_path, {"TOCSIN_CONFIG": str(tmp_path / "none.toml")})
    assert "no such file" in console.refused("init")


def test_a_damaged_database_is_one_line(bare_console: Console) -> None:
    (bare_console.folder / "var").mkdir()
    bare_console.file("var/tocsin.db", b"not a database" * 100)
    assert "database" in bare_console.refused("init")


@pytest.mark.parametrize("words", [["nonsense"], ["town", "add"], ["number", "add", "38000"]])
def test_wrong_usage_is_2(console: Console, words: list[str]) -> None:
    assert console.run(*words).exit_code == 2


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (RuleError("x", "why"), "why"),
        (PermissionError(13, "Permission denied", "/var/x"), "/var/x: Permission denied"),
        (OSError(98, "Address already in use"), "input/output: Address already in use"),
        (redis.ConnectionError("refused"), "Redis: refused (check [redis] url; without one,"),
        (
            IntegrityError("INSERT", {"mobile": "+33639980001"}, Exception("UNIQUE\nmore")),
            "refused, since something else was changed at the same time: UNIQUE",
        ),
        (RuntimeError("+33639980001"), "internal error, please report it: RuntimeError"),
    ],
)
def test_errors_are_explained_without_quoting_rows(error: Exception, line: str) -> None:
    explained = cli.explain(error)
    assert explained.startswith(line)
    assert "+33639980001" not in explained
    assert "\n" not in explained
