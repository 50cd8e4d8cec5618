"""Spans of requests, statements, what GitHub is asked, and jobs; cleaned before they leave."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from dexxy.config.tracing import cleaned
from tests.receiver import Receiver, receiving
from tests.servers import own_database

SCRIPT = """
import django
django.setup()
from django.test import Client
import httpx
client = Client(raise_request_exception=False)
client.get("/readyz?code=0pAqUe0pAqUe", headers={"host": "localhost", "user-agent": "Mei's"})
client.get("/invitations/7Wu8SO6vm5-inv/", headers={"host": "localhost"})
from dexxy.accounts.models import User
list(User.objects.filter(email="mei@example.com"))
try:
    httpx.get("http://127.0.0.1:1/x?key=0pAqUe0pAqUe")
except httpx.HTTPError:
    pass
from dexxy.config import tracing
with tracing.span("job drain_deliveries", {"dexxy.queue": "deliveries"}):
    pass
from dexxy.cli.last_words import last_words
last_words()
"""


@pytest.fixture
def collector() -> Iterator[Receiver]:
    with receiving() as to:
        to.body = b""
        yield to


def run(code: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "dexxy.config.settings", **settings}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)


@pytest.mark.django_db(transaction=True)
def test_a_collector_gets_spans_without_secrets_and_without_people(
    collector: Receiver,
) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    done = run(
        SCRIPT, DEXXY_OTEL="yes", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **own_database()
    )

    assert done.returncode == 0, done.stderr
    assert {one.path for one in collector.received} == {"/v1/traces"}
    requests = [ExportTraceServiceRequest.FromString(one.plain) for one in collector.received]
    spans = [
        span
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    names = {span.name for span in spans}
    assert {"GET readyz", "GET", "SELECT", "job drain_deliveries"} <= names, names
    everything = "".join(map(str, requests))
    assert "dexxy.queue" in everything
    for hidden in ("7Wu8SO6vm5", "0pAqUe", "Mei", "mei@example.com"):
        assert hidden not in everything, hidden


def test_off_nothing_of_it_is_loaded() -> None:
    # Not all of opentelemetry: the client of Redis loads it where it is installed.
    code = (
        "import django; django.setup(); import sys; begins = 'opentelemetry.instrumentation';"
        "print([name for name in sys.modules if name.startswith(begins)])"
    )

    assert run(code, DEXXY_OTEL="no").stdout == "[]\n"


def test_where_it_is_not_installed_it_says_how_to() -> None:
    code = (
        "import sys; sys.modules['opentelemetry.sdk.trace'] = None; import django; django.setup()"
    )

    done = run(code, DEXXY_OTEL="yes")

    assert "pip install 'dexxy[otel]'" in done.stderr.splitlines()[-1]


def test_what_tells_of_people_is_left_out_and_secrets_are_hidden() -> None:
    attributes = {
        "client.address": "192.0.2.7",
        "url.path": "/invitations/7Wu8SO6vm5-inv/",
        "http.response.status_code": 200,
    }

    assert cleaned(attributes) == {
        "url.path": "/invitations/[token]/",
        "http.response.status_code": 200,
    }
