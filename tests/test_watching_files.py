"""The dashboard, the alerts and their runbooks name what there is."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dexxy.integrations.sync_status import SyncStatus
from dexxy.watching.everything import measures
from dexxy.watching.exposition import as_text
from dexxy.watching.facts import Fact, Kind
from tests.needs import missing

DOCS = Path(__file__).resolve().parent.parent / "docs"
FOLDER = DOCS / "examples/monitoring"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
ALERTS: list[dict[str, Any]] = yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))["groups"][
    0
]["rules"]
RUNBOOKS = (DOCS / "how-to/runbooks.md").read_text("utf-8")
WATCH = (DOCS / "how-to/watch.md").read_text("utf-8")

PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
# A label that Prometheus adds itself; `le` is of the steps of a histogram.
_OF_PROMETHEUS = {"instance", "le"}


def names_of_measures() -> dict[str, set[str]]:
    """Return every name that a scrape can have, with its labels."""
    found: dict[str, set[str]] = {}
    for measure in measures():
        ends = ("_bucket", "_sum", "_count") if measure.kind is Kind.HISTOGRAM else ("",)
        found |= {f"{measure.name}{end}": set(measure.labels) for end in ends}
    return found


def named_in(query: str) -> set[str]:
    return set(re.findall(r"\bdexxy_\w+", query))


@pytest.mark.parametrize("query", [*QUERIES, *(alert["expr"] for alert in ALERTS)])
def test_a_query_asks_for_what_is_told_by_labels_that_it_has(query: str) -> None:
    known = names_of_measures()

    assert named_in(query) - known.keys() == set()
    labels = {name for each in named_in(query) for name in known[each]} | _OF_PROMETHEUS
    selected = re.findall(r"(\w+)=~?\"", query) + [
        word
        for group in re.findall(r"\bby \(([^)]*)\)", query)
        for word in re.findall(r"\w+", group)
    ]
    assert set(selected) - labels - {"job"} == set()


def test_each_query_names_something() -> None:
    without = [query for query in QUERIES if not named_in(query)]

    assert without == ['min(up{job="dexxy"})']


def test_the_legend_of_each_query_names_labels_that_are_left() -> None:
    for panel in PANELS:
        for target in panel["targets"]:
            legend = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            grouped = re.findall(r"\bby \(([^)]*)\)", target["expr"])
            kept = {word for group in grouped for word in re.findall(r"\w+", group)}
            assert legend <= kept, target


def test_each_measure_is_on_the_dashboard_or_named_in_the_docs() -> None:
    shown = {name for query in QUERIES for name in named_in(query)}

    for measure in measures():
        assert f"`{measure.name}`" in WATCH, measure.name
    assert len(shown) > 30


def test_no_two_panels_cover_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


# The address of this Dexxy's own documentation, as it last told.
OWN_DOCS = (
    '{{ with query "last_over_time(dexxy_info[1d])" }}{{ . | first | label "docs" }}{{ end }}'
)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
def test_an_alert_leads_to_its_runbook(alert: dict[str, Any]) -> None:
    page, _hash, anchor = alert["annotations"]["runbook_url"].partition("#")

    headings = re.findall(r"^## (.+)$", RUNBOOKS, flags=re.MULTILINE)
    anchors = [re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings]
    assert page == f"{OWN_DOCS}how-to/runbooks.html"
    assert anchor in anchors
    assert f"`{alert['alert']}`" in RUNBOOKS
    assert alert["labels"]["severity"] in {"critical", "warning"}


def test_each_runbook_is_of_an_alert() -> None:
    headings = re.findall(r"^## (.+)$", RUNBOOKS, flags=re.MULTILINE)

    assert headings == [alert["annotations"]["summary"] for alert in ALERTS]


def test_the_values_that_queries_select_are_told() -> None:
    queries = " ".join(alert["expr"] for alert in ALERTS)
    statuses = re.findall(r'dexxy_repositories\{status=~"([^"]+)"', queries)

    assert {one for each in statuses for one in each.split("|")} == {"error", "disabled"}
    assert {"error", "disabled"} <= set(SyncStatus.values)


def promtool() -> str:
    """Return the program that checks what Prometheus is given."""
    found = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if found is None:
        missing("promtool is missing: install Debian's prometheus, or set PROMTOOL")
    return found


def test_promtool_has_nothing_against_the_names_of_what_is_told() -> None:
    facts = [
        Fact(one, 1.0, ("some",) * len(one.labels), "sum" if one.kind is Kind.HISTOGRAM else "")
        for one in measures()
    ]

    done = subprocess.run(
        [promtool(), "check", "metrics"], input=as_text(facts), capture_output=True
    )

    assert (done.returncode, done.stderr) == (0, b"")


def test_promtool_takes_the_rules_and_the_scrape() -> None:
    for kind, name in (("rules", "alerts.yml"), ("config", "prometheus.yml")):
        command = [promtool(), "check", kind, *(["--syntax-only"] * (kind == "config")), name]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


_DOWN = """
rule_files: [{rules}]
evaluation_interval: 1m
tests:
- interval: 1m
  input_series:
  - series: up{{job="dexxy", instance="a"}}
    values: 1x10 0x60
  - series: dexxy_info{{version="1", docs="https://dexxy.example.org/docs/"}}
    values: {info}
  alert_rule_test:
  - eval_time: 60m
    alertname: DexxyDown
    exp_alerts:
    - exp_labels: {{severity: critical, job: dexxy, instance: a}}
      exp_annotations:
        summary: Dexxy does not answer scrapes
        description: "Nothing is known of a: its web process or its database is away."
        runbook_url: {leads}how-to/runbooks.html#dexxy-does-not-answer-scrapes
"""


@pytest.mark.parametrize(
    ("info", "leads"), [("1x10", "https://dexxy.example.org/docs/"), ("_x10", "")]
)
def test_an_alert_leads_to_the_documentation_of_the_dexxy_that_is_down(
    tmp_path: Path, info: str, leads: str
) -> None:
    rules = FOLDER / "alerts.yml"
    (tmp_path / "test.yml").write_text(_DOWN.format(rules=rules, info=info, leads=leads))

    done = subprocess.run(
        [promtool(), "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
