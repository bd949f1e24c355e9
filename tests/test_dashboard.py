"""The dashboard for Grafana, and the table in docs/operations.md, name metrics that exist."""

import json
import re

from prometheus_client.parser import text_string_to_metric_families

from flyleaf.config import PROJECT
from flyleaf.metrics import Metrics

DASHBOARD = PROJECT / "deploy" / "grafana.json"
MADE_UP = re.compile(r"_(bucket|count|sum|total|created)$")
ASKED = re.compile(r'Measure\(\s*"(flyleaf_\w+)"')


def known() -> set[str]:
    counted = {family.name for family in text_string_to_metric_families(Metrics().exposition().decode())}
    asked = set(ASKED.findall((PROJECT / "flyleaf" / "views" / "metrics.py").read_text()))
    return {MADE_UP.sub("", name) for name in counted} | asked


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    expressions = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    shown = {MADE_UP.sub("", name) for name in re.findall(r"flyleaf_\w+", expressions)}
    assert shown == known() - {"flyleaf_build_info", "flyleaf_last_import_timestamp_seconds"}


def test_each_metric_is_explained() -> None:
    text = (PROJECT / "docs" / "operations.md").read_text()
    explained = {MADE_UP.sub("", name) for name in re.findall(r"`(flyleaf_\w+)`", text)}
    assert known() - explained == {"flyleaf_database_connections_limit"}  # the table abbreviates it
    assert explained <= known()
