"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config import KannelGateway, PartnerSection, Settings, SimulatorGateway, TwilioGateway, load
from gateway.providers import KINDS

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config.example.toml"
GATEWAYS: dict[str, type[BaseModel]] = {
    "twilio": TwilioGateway,
    "kannel": KannelGateway,
    "simulator": SimulatorGateway,
}
OURS = ("app", "cli", "commands", "community_store", "dispatch", "gateway", "web", "webhooks")

MACHINE = re.compile(r"(?<![\w.])/(?:work|root|farm)/")
REGISTRY = re.compile(r"\b(?:pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org)\b")


def committed() -> list[str]:
    """The files that git has, or would have at the next `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def uncommented() -> str:
    """The example with every key that it only mentions."""
    return re.sub(r"^#(?=[\[\w])", "", EXAMPLE.read_text(), flags=re.MULTILINE)


def fields_of(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if section := section_of(field):
            yield from fields_of(section, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def keys_of(document: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from keys_of(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_the_example_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(EXAMPLE) == Settings()


def test_the_example_names_every_key_and_no_other() -> None:
    named = tomllib.loads(uncommented())
    gateways, partners = named.pop("gateway"), named.pop("partner")
    known = set(fields_of(Settings, "")) - {"gateway", "partner"}
    assert set(keys_of(named)) == known
    assert {kind: set(table) for kind, table in gateways.items()} == {
        kind: set(model.model_fields) for kind, model in GATEWAYS.items()
    }
    assert [set(table) for table in partners.values()] == [set(PartnerSection.model_fields)]


def test_every_kind_of_gateway_is_in_the_example_and_loads(tmp_path: Path) -> None:
    complete = tmp_path / "config.toml"
    complete.write_text(uncommented())
    settings = load(complete)
    assert {section.type for section in settings.gateway.values()} == set(KINDS)
    assert set(GATEWAYS) == set(KINDS)


def test_every_key_of_the_example_has_its_explanation() -> None:
    before = ""
    for line in EXAMPLE.read_text().splitlines():
        if line.startswith(("[", "#[")):
            before = "section"
        elif not line:
            before = ""
        elif re.match(r"#?\w+ = ", line):
            assert before, f"not explained: {line}"
        elif line.startswith("# "):
            before = "explained"


@pytest.mark.parametrize("name", ["config.py", "gateway/contract.py"])
def test_the_foundations_import_nothing_of_ours(name: str) -> None:
    imported = set(imports(ROOT / name))
    assert imported.isdisjoint({*OURS, "config"}), imported


@pytest.mark.parametrize("room", ["community_store", "gateway", "dispatch", "web", "webhooks"])
def test_only_the_top_imports_the_single_modules_above(room: str) -> None:
    above = {"app", "cli"}
    wrong = {
        str(path.relative_to(ROOT))
        for path in (ROOT / room).rglob("*.py")
        if above & set(imports(path))
    }
    assert wrong == set()


def imports(path: Path) -> Iterator[str]:
    """The first name of each module that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("forbidden", [MACHINE, REGISTRY], ids=["machine", "registry"])
def test_no_file_names_one_machine_or_a_registry(forbidden: re.Pattern[str]) -> None:
    wrong = {}
    for name in committed():
        try:
            found = forbidden.search((ROOT / name).read_text())
        except UnicodeDecodeError:
            continue  # a picture
        if found:
            wrong[name] = found[0]
    assert wrong == {}


def test_tests_patch_nothing() -> None:
    patching = re.compile(r"\bmock(?:er)?\.patch|monkeypatch\.setattr|unittest\.mock")
    tests = (ROOT / "tests").rglob("*.py")
    wrong = [str(path.relative_to(ROOT)) for path in tests if patching.search(path.read_text())]
    assert wrong == []


def test_what_is_wrong_in_a_form_is_said_by_us() -> None:
    """In the page's language, with what helps: not by the browser's own bubble."""
    pages = (ROOT / "web" / "templates").rglob("*.html")
    forms = {path: path.read_text() for path in pages if path.name != "form.html"}
    asking = {path for path, text in forms.items() if "field(form" in text}
    assert asking
    wrong = [str(path) for path in asking if "novalidate" not in forms[path]]
    assert wrong == []
