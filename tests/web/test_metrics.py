"""What Prometheus reads, and what the files in deploy/ ask of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from community_store.store import open_store
from dispatch import standing_in
from dispatch.spool import Spool
from gateway.contract import Inbound
from tests.web.conftest import Village

DEPLOY = Path(__file__).parents[2] / "deploy"
SUFFIXES = ("", "_total", "_bucket", "_count", "_sum")
PROMISED = {
    "tocsin_inbound_total",
    "tocsin_deliveries_total",
    "tocsin_due",
    "tocsin_oldest_due_seconds",
    "tocsin_handover_seconds",
    "tocsin_duplicates_total",
    "tocsin_unknown",
    "tocsin_spooled",
}


def exported(village: Village) -> set[str]:
    text = village.client.get("/metrics").get_data(as_text=True)
    families = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    return families | {f"{name}{suffix}" for name in families for suffix in SUFFIXES}


def test_the_promised_metrics_are_there(village: Village) -> None:
    assert exported(village) >= PROMISED


@pytest.mark.parametrize("name", ["prometheus-alerts.yml", "grafana-dashboard.json"])
def test_what_deploy_asks_for_is_exported(village: Village, name: str) -> None:
    text = (DEPLOY / name).read_text()
    asked = set(re.findall(r"tocsin_\w+", text))
    assert len(asked) >= 7
    assert asked <= exported(village)


@pytest.mark.parametrize("name", ["prometheus-alerts.yml", "grafana-dashboard.json"])
def test_what_may_fall_is_not_asked_for_as_a_counter(name: str) -> None:
    """A delivery that arrives after all leaves `failed`: increase() would tell of thousands."""
    text = (DEPLOY / name).read_text()
    asked = re.findall(r"(\w+)\(tocsin_deliveries_total", text)
    assert "delta" in asked
    assert not {"increase", "rate", "irate"}.intersection(asked)


def labels(village: Village) -> dict[str, set[str]]:
    """The names of the labels of each series, by its name."""
    village.client.post("/webhooks/simulator/sms", data="no JSON")  # which is counted
    text = village.client.get("/metrics").get_data(as_text=True)
    found: dict[str, set[str]] = {}
    for name, inside in re.findall(r"^(tocsin_\w+)(\{.*?\})? ", text, re.MULTILINE):
        found.setdefault(name, set()).update(re.findall(r"(\w+)=", inside))
    return found


@pytest.mark.parametrize("name", ["prometheus-alerts.yml", "grafana-dashboard.json"])
def test_what_deploy_chooses_by_is_a_label_of_it(village: Village, name: str) -> None:
    there = labels(village)
    text = (DEPLOY / name).read_text().replace('\\"', '"')
    chosen = re.findall(r"(tocsin_\w+)\{([^}]*)\}", text)
    assert chosen
    for series, inside in chosen:
        assert set(re.findall(r"(\w+)(?:=|!=|=~|!~)", inside)) <= there[series], series


def test_the_first_of_its_kind_is_a_growth_to_prometheus(village: Village) -> None:
    """A series that begins at 1 has not grown: what rules ask for is there before, at 0."""
    text = village.client.get("/metrics").get_data(as_text=True)
    assert 'tocsin_inbound_total{gateway="simulator",outcome="set_aside"} 0.0' in text
    assert 'tocsin_deliveries_total{channel="voice",state="expired"} 0.0' in text


def test_no_figure_of_the_rows_is_added_up_over_machines() -> None:
    """Each machine tells those of the whole installation."""
    text = (DEPLOY / "grafana-dashboard.json").read_text()
    rows = r"tocsin_(?:inbound_total|deliveries_total|due|oldest_due_seconds|unknown|duplicates)"
    assert not re.findall(rf'"(?:sum|sum by \([^)]*\)) ?\((?:\w+\()?{rows}', text)


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    board: dict[str, Any] = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids)) >= 10
    assert all(panel["targets"][0]["expr"] for panel in board["panels"])


def test_every_rule_of_the_example_is_whole() -> None:
    text = (DEPLOY / "prometheus-alerts.yml").read_text()
    rules = re.split(r"(?m)^      - alert: ", text)[1:]
    assert len(rules) >= 9
    for rule in rules:
        assert re.search(r"(?m)^        expr: \S", rule), rule
        assert re.search(r"(?m)^          summary: \S", rule), rule


def test_that_redis_is_away_is_told_by_who_stands_in(village: Village) -> None:
    def told() -> bool:
        return "tocsin_standing_in 1.0" in village.client.get("/metrics").get_data(as_text=True)

    runtime = village.app.extensions["tocsin"]
    assert not told()
    assert standing_in.take(runtime)
    assert told()
    standing_in.end(runtime)
    assert not told()


def test_the_spool_is_told_while_the_database_is_away(
    make_village: Callable[..., Village],
) -> None:
    village = make_village()
    away = open_store("postgresql://nobody@127.0.0.1:1/none")
    runtime = village.app.extensions["tocsin"]
    village.app.extensions["tocsin"] = replace(runtime, store=away)
    Spool(runtime.settings.data_dir).keep(
        "sim", Inbound("1", "+33639980001", "38000", "Camionnette")
    )
    text = village.client.get("/metrics").get_data(as_text=True)
    assert "tocsin_spooled 1.0" in text
    assert "tocsin_due" not in text
    away.close()
