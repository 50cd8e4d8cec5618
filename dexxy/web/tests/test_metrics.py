"""Who may ask for `/metrics`, and what a request leaves behind."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from structlog.contextvars import clear_contextvars, get_contextvars
from structlog.testing import capture_logs

from dexxy.common.counts import counts
from dexxy.web.watch.requests import noted

TOKEN = "a long random text"
LOCAL = [ip_network("127.0.0.0/8")]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.django_db
def test_nobody_may_ask_until_somebody_is_let() -> None:
    assert Client().get("/metrics").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        (bearer("a long random texT"), 401),
        (bearer("ä"), 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        (bearer(TOKEN), 200),
    ],
)
def test_who_sends_the_token_may(settings: Settings, headers: Any, status: int) -> None:
    settings.DEXXY_METRICS_TOKEN = TOKEN

    answer = Client().get("/metrics", headers=headers)

    assert answer.status_code == status
    assert (b"dexxy_info{" in answer.content) == (status == 200)
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sender", "status"),
    [("127.0.0.1", 200), ("::ffff:127.0.0.1", 200), ("::1", 404), ("10.0.0.1", 404), ("", 404)],
)
def test_who_is_in_a_network_may(settings: Settings, sender: str, status: int) -> None:
    settings.DEXXY_METRICS_ALLOWED = LOCAL

    assert Client(REMOTE_ADDR=sender).get("/metrics").status_code == status


@pytest.mark.django_db
def test_where_both_are_set_both_are_needed(settings: Settings) -> None:
    settings.DEXXY_METRICS_ALLOWED, settings.DEXXY_METRICS_TOKEN = LOCAL, TOKEN

    assert Client(REMOTE_ADDR="10.0.0.1").get("/metrics", headers=bearer(TOKEN)).status_code == 404
    assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics").status_code == 401
    local = Client(REMOTE_ADDR="127.0.0.1")
    assert local.get("/metrics", headers=bearer(TOKEN)).status_code == 200


@pytest.mark.django_db
def test_whoever_asks_again_at_once_asks_the_database_nothing(
    settings: Settings, django_assert_num_queries: Any
) -> None:
    settings.DEXXY_METRICS_ALLOWED = LOCAL
    client = Client()
    first = client.get("/metrics").content

    with django_assert_num_queries(0):
        assert client.get("/metrics").content == first


def asked(path: str = "/", status: str = "200 OK", **environ: str) -> dict[str, str]:
    """Send a request through what notes it; return the headers of its answer."""
    found: dict[str, str] = {}

    def application(_environ: Any, start: Any) -> list[bytes]:
        found.update(get_contextvars())
        start(status, [("Content-Type", "text/plain")])
        return [b""]

    def start(_status: str, headers: list[tuple[str, str]]) -> None:
        found.update(dict(headers))

    request = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "REMOTE_ADDR": "192.0.2.1", **environ}
    noted(application)(request, start)
    clear_contextvars()
    return found


def test_each_request_has_a_number_that_its_answer_and_its_lines_have() -> None:
    first, second = asked(), asked()

    assert first["request"] == first["X-Request-ID"]
    assert first["X-Request-ID"] != second["X-Request-ID"]


@pytest.mark.parametrize(
    ("proxies", "given", "is_taken"),
    [(1, "abc-1.2_3", True), (0, "abc", False), (1, "a b", False), (1, "a" * 65, False)],
)
def test_a_proxy_that_is_trusted_gives_the_number(
    settings: Settings, proxies: int, given: str, is_taken: bool
) -> None:
    settings.DEXXY_TRUSTED_PROXIES = proxies

    number = asked(HTTP_X_REQUEST_ID=given)["X-Request-ID"]

    assert (number == given) is is_taken


def test_a_line_is_written_of_each_request_where_that_is_asked_for(settings: Settings) -> None:
    with capture_logs() as silent:
        asked("/w/demo/")
    settings.DEXXY_ACCESS_LOG = True
    with capture_logs() as lines:
        asked("/w/demo/", "404 Not Found", QUERY_STRING="q=secret")
        asked("/healthz")
        asked("/static/dexxy/dexxy.css")

    [line] = lines
    assert silent == []
    assert line.pop("milliseconds") >= 0
    assert line == {
        "event": "answered",
        "log_level": "info",
        "method": "GET",
        "path": "/w/demo/",
        "status": 404,
        "sender": "192.0.2.1",
    }


def test_requests_are_counted_by_what_was_asked_for_and_nothing_else() -> None:
    counts.forget()

    asked("/w/demo/threads/17/")
    asked("/w/other/", "302 Found")
    asked("/graphql/", "500 Oops")

    counted = {key for key in counts._waiting if key.startswith('["http_requests"')}
    assert counted == {
        '["http_requests", {"kind": "page", "status": "2xx"}]',
        '["http_requests", {"kind": "page", "status": "3xx"}]',
        '["http_requests", {"kind": "api", "status": "5xx"}]',
    }
    counts.forget()
