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


# What a scrape has of each alert: a series, its values where all is well, and where it must fire.
# `0+60x400` counts 60 up each minute.
SERIES: dict[str, list[tuple[str, str, str]]] = {
    "DexxyDown": [('up{job="dexxy"}', "1x400", "0x400")],
    "DexxyInboxWaits": [("dexxy_inbox_oldest_seconds", "299x400", "301x400")],
    "DexxyDeliveriesFailed": [('dexxy_inbox_deliveries{state="failed"}', "0x400", "1x400")],
    "DexxyWebhooksRefused": [
        ('dexxy_webhooks_refused{reason="bad_signature"}', "7x400", "0+1x400"),
        ('dexxy_webhooks_refused{reason="too_large"}', "0+1x400", "0+1x400"),
    ],
    "DexxySyncOverdue": [("dexxy_due_oldest_seconds", "599x400", "601x400")],
    "DexxyRepositoriesUnreadable": [
        ('dexxy_repositories{status="error"}', "0x400", "1x400"),
        ('dexxy_repositories{status="active"}', "9x400", "9x400"),
    ],
    "DexxyRunsFail": [('dexxy_runs_failed{code="internal_error"}', "10x400", "11x400")],
    "DexxyReceiptsDiffer": [("dexxy_receipts_differing", "0x400", "1x400")],
    "DexxyPointsLow": [('dexxy_credential_points_left{credential="1"}', "200x400", "199x400")],
    "DexxyCredentialsPaused": [('dexxy_credentials{state="paused"}', "0x400", "1x400")],
    "DexxyGitHubFails": [
        ('dexxy_github_requests_total{status="5xx"}', "0+20x400", "0+30x400"),
        ('dexxy_github_requests_total{status="2xx"}', "0+80x400", "0+70x400"),
    ],
    "DexxyNoWorkers": [('dexxy_workers{queue="sync"}', "1x400", "0x400")],
    "DexxyQueueWaits": [('dexxy_queue_oldest_seconds{queue="sync"}', "899x400", "901x400")],
    "DexxyJobsFail": [
        ('dexxy_jobs_total{function="a", outcome="failed"}', "3x400", "0+1x400"),
        ('dexxy_jobs_total{function="a", outcome="done"}', "0+9x400", "0+9x400"),
    ],
    "DexxyFollowersBehind": [
        ('dexxy_follower_behind_seconds{follower="search"}', "599x400", "601x400")
    ],
    "DexxyTransactionHolds": [("dexxy_followers_held_seconds", "299x400", "301x400")],
    "DexxyFeedLate": [
        ('dexxy_feed_seconds{percentile="95"}', "900x400", "901x400"),
        ('dexxy_feed_seconds{percentile="50"}', "900x400", "901x400"),
    ],
    "DexxyEndpointsDisabled": [('dexxy_endpoints{state="disabled"}', "0x400", "1x400")],
    "DexxyMailsWait": [("dexxy_mail_oldest_seconds", "3599x400", "3601x400")],
    "DexxyErrors": [
        ('dexxy_errors_total{where="page", code="internal_error"}', "5x400", "0+1x400"),
        ('dexxy_errors_total{where="page", code="not_found"}', "0+9x400", "0+9x400"),
    ],
    "DexxySlow": [
        ('dexxy_http_request_seconds_bucket{kind="page", le="2.5"}', "0+96x400", "0+94x400"),
        ('dexxy_http_request_seconds_bucket{kind="page", le="10"}', "0+100x400", "0+100x400"),
        ('dexxy_http_request_seconds_bucket{kind="page", le="+Inf"}', "0+100x400", "0+100x400"),
    ],
    "DexxyConnectionsFew": [
        ("dexxy_database_connections", "80x400", "81x400"),
        ("dexxy_database_connections_allowed", "100x400", "100x400"),
    ],
    "DexxyFactsMissing": [('dexxy_watch_group_up{group="inbox"}', "1x400", "0x400")],
}


@pytest.mark.parametrize("is_loud", [False, True], ids=["all is well", "all is not"])
def test_each_alert_fires_beyond_its_limit_and_none_below(tmp_path: Path, is_loud: bool) -> None:
    firing = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in SERIES] * is_loud
    expr = 'count by (alertname) (ALERTS{alertstate="firing"}) > bool 0'
    test = {
        "interval": "1m",
        "input_series": [
            {"series": series, "values": loud if is_loud else quiet}
            for each in SERIES.values()
            for series, quiet, loud in each
        ],
        "promql_expr_test": [{"expr": expr, "eval_time": "399m", "exp_samples": firing}],
    }
    rules = {"rule_files": [str(FOLDER / "alerts.yml")], "evaluation_interval": "1m"}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(rules | {"tests": [test]}))

    done = subprocess.run(
        [promtool(), "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True
    )

    assert list(SERIES) == [alert["alert"] for alert in ALERTS]
    assert done.returncode == 0, done.stdout + done.stderr
