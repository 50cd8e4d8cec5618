"""The webhook door: what is taken, what is refused and how, and that nothing taken is lost."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from structlog.testing import capture_logs

from dexxy.config.wsgi import application
from dexxy.integrations.models import (
    DeliveryState,
    GitHubApp,
    RefusedWebhooks,
    WebhookDelivery,
)
from dexxy.integrations.services.github.webhooks import receiving, refusal_counts, verification
from dexxy.integrations.services.github.webhooks.receiving import take
from dexxy.integrations.services.github.webhooks.refusal_counts import (
    RefusedCount,
)
from dexxy.integrations.services.github.webhooks.refusal_log import (
    MOST_LINES,
    OTHERS,
    RefusedLog,
)
from tests.factories import WEBHOOK_SECRET, make_app
from tests.webhooks import URL, guid, headers_of, send, signature, wsgi_headers

PING = {"zen": "Keep it logically awesome.", "hook_id": 1}


@pytest.fixture
def app(db: None) -> GitHubApp:
    return make_app()


@pytest.fixture(autouse=True)
def refused_count(monkeypatch: pytest.MonkeyPatch) -> RefusedCount:
    """What this process refused: nothing yet."""
    count = RefusedCount()
    monkeypatch.setattr(receiving, "_refused_count", count)
    monkeypatch.setattr(receiving, "_refused_log", RefusedLog())
    return count


def refused() -> dict[str, int]:
    return dict(RefusedWebhooks.objects.values_list("reason", "count"))


def stored() -> list[tuple[str, str, str, int]]:
    rows = WebhookDelivery.objects.order_by("pk")
    return [(d.event, d.action, d.state, d.times_received) for d in rows]


def test_it_stores_a_signed_delivery_and_says_accepted(app: GitHubApp) -> None:
    payload = {"action": "opened", "installation": {"id": 7}, "repository": {"id": 2**40}}

    response = send(app, payload, event="issues", guid="abc")

    assert (response.status_code, response.content) == (202, b"accepted")
    delivery = WebhookDelivery.objects.get()
    assert (delivery.app, delivery.guid, delivery.event, delivery.action) == (
        app,
        "abc",
        "issues",
        "opened",
    )
    assert (delivery.installation_id, delivery.repository_id) == (7, 2**40)
    assert (delivery.payload, delivery.state) == (payload, DeliveryState.PENDING)


def test_it_agrees_with_the_test_vector_of_github_s_documentation() -> None:
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    assert signature("It's a Secret to Everybody", b"Hello, World!") == (
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )


def test_the_signature_covers_the_bytes_as_they_came(app: GitHubApp) -> None:
    body = '{ "zen" :  "日本 \\ud83d\\ude00 é" }'.encode()

    assert send(app, body).status_code == 202
    assert WebhookDelivery.objects.get().payload == {"zen": "日本 😀 é"}


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Hub-Signature-256": None},
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "sha256=ü"},
        {"X-Hub-Signature-256": signature("another secret", json.dumps(PING).encode())},
        {"X-Hub-Signature-256": signature(WEBHOOK_SECRET, b"another body")},
        {"X-Hub-Signature-256": None, "X-Hub-Signature": "sha1=" + "0" * 40},
    ],
)
def test_it_refuses_what_github_did_not_sign(
    app: GitHubApp, headers: dict[str, str | None]
) -> None:
    with capture_logs() as logs:
        response = send(app, PING, headers=headers)

    assert response.status_code == 401
    assert [(line["outcome"], line["status"]) for line in logs] == [("bad_signature", 401)]
    assert stored() == []


def test_an_app_without_a_secret_is_nobody_s(app: GitHubApp) -> None:
    careless = make_app(secret="")

    assert send(careless, PING).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status", "outcome"),
    [
        ({"X-GitHub-Event": None}, 400, "header_missing"),
        ({"X-GitHub-Event": "e" * 101}, 400, "header_missing"),
        ({"X-GitHub-Delivery": None}, 400, "header_missing"),
        ({"X-GitHub-Hook-Installation-Target-ID": None}, 400, "header_missing"),
        ({"X-GitHub-Hook-Installation-Target-ID": "one"}, 400, "header_missing"),
        ({"X-GitHub-Hook-Installation-Target-ID": "9" * 30}, 400, "header_missing"),
        ({"X-GitHub-Hook-Installation-Target-ID": "999999"}, 404, "unknown_app"),
        ({"Content-Length": str(25 * 1024 * 1024 + 1)}, 413, "payload_too_large"),
        ({"Content-Length": "9" * 5000}, 413, "payload_too_large"),
        ({"Content-Length": ""}, 411, "length_missing"),
        ({"Content-Length": "-1"}, 411, "length_missing"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "no_json"),
        ({"Content-Type": None}, 415, "no_json"),
        ({"X-Hub-Signature-256": None}, 401, "bad_signature"),
        ({"X-Hub-Signature-256": "sha256=" + "0" * 63}, 401, "bad_signature"),
    ],
)
def test_it_refuses_what_is_no_delivery_of_ours_before_its_body_is_read(
    app: GitHubApp, headers: dict[str, str | None], status: int, outcome: str
) -> None:
    body = json.dumps(PING).encode()
    sent = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    sent |= headers_of(app, body, event="ping", guid=guid())
    stream = BytesIO(body)

    with capture_logs() as logs:
        answer = take(wsgi_headers({**sent, **headers}), stream)

    assert answer[0] == status
    assert [line["outcome"] for line in logs] == [outcome]
    assert stream.tell() == 0
    assert stored() == []


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"not JSON",
        b"payload=%7B%7D",
        b"[]",
        b'"text"',
        b"null",
        b'{"a": 1',
        b'{"a": "\xff"}',
        b'{"a": NaN}',
        b'{"action": 1}',
        b'{"installation": 7}',
        b'{"installation": {"id": "7"}}',
        b'{"installation": {"id": true}}',
        b'{"repository": {}}',
        b'{"repository": {"id": 9223372036854775808}}',
        b"[" * 100_000,
        b'{"\\u0000": ' + b"[" * 100_000,
        b'{"junk": 1e308}',
        b'{"junk": [1, -1.5E-300]}',
    ],
)
def test_it_refuses_a_signed_body_that_is_no_payload(app: GitHubApp, body: bytes) -> None:
    with capture_logs() as logs:
        response = send(app, body)

    assert response.status_code == 400
    assert [line["outcome"] for line in logs] == ["payload_unreadable"]
    assert stored() == []


@pytest.mark.parametrize(
    ("number", "expected"),
    [(b"1e-16383", 0), (b"1.5e3", 1500), (b"-2E-3", -0.002), (b'"1e308"', "1e308")],
)
def test_a_number_is_stored_as_it_is_written_out(
    app: GitHubApp, number: bytes, expected: object
) -> None:
    send(app, b'{"zen": "", "hook_id": %s}' % number)

    [delivery] = WebhookDelivery.objects.extra(select={"text": "payload::text"})
    assert delivery.payload["hook_id"] == expected
    assert len(delivery.text) < 60


def test_it_refuses_a_signed_body_of_more_values_than_github_sends(app: GitHubApp) -> None:
    objects = b",".join([b"{}"] * (verification.MOST_VALUES // 2))
    with capture_logs() as logs:
        response = send(app, b'{"action": "opened", "junk": [%s]}' % objects)

    assert response.status_code == 413
    assert [line["outcome"] for line in logs] == ["payload_too_large"]
    assert stored() == []


def test_what_is_refused_is_counted_by_its_reason(
    app: GitHubApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(refusal_counts, "monotonic", lambda: now)
    for _ in range(3):
        now += 2
        send(app, PING, headers={"X-Hub-Signature-256": None})
        Client().get(URL)
    now += 2
    send(app, PING)

    assert refused() == {"bad_signature": 3, "method_not_allowed": 3}


def test_a_flood_of_refused_requests_costs_the_database_one_statement_a_second(
    app: GitHubApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(refusal_counts, "monotonic", lambda: now)

    with CaptureQueriesContext(connection) as queries:
        for _ in range(500):
            take({"REQUEST_METHOD": "GET"}, BytesIO())

    assert len(queries) == 1
    now += 2
    take({"REQUEST_METHOD": "GET"}, BytesIO())
    assert refused() == {"method_not_allowed": 501}


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_counted_now_is_counted_later(
    refused_count: RefusedCount, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(refusal_counts, "monotonic", lambda: now)
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    refused_count.add("bad_signature")
    monkeypatch.undo()
    monkeypatch.setattr(refusal_counts, "monotonic", lambda: now + 2)

    refused_count.write()

    assert refused() == {"bad_signature": 1}


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options"])
def test_it_takes_only_post(app: GitHubApp, method: str) -> None:
    assert getattr(Client(), method)(URL).status_code == 405


def test_what_postgresql_cannot_hold_is_replaced(app: GitHubApp) -> None:
    body = rb'{"zen": "a\u0000b\ud800c", "\u0000": ["\udc00"], "kept": "\\u0000 \ud83d\ude00"}'

    assert send(app, body).status_code == 202
    assert WebhookDelivery.objects.get().payload == {
        "zen": "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c",
        "\N{REPLACEMENT CHARACTER}": ["\N{REPLACEMENT CHARACTER}"],
        "kept": r"\u0000 😀",
    }


def test_a_body_larger_than_django_s_own_limit_is_taken(app: GitHubApp) -> None:
    assert send(app, {"zen": "z" * 5_000_000}).status_code == 202


def test_a_delivery_that_was_processed_is_a_duplicate(app: GitHubApp) -> None:
    again = guid()
    send(app, PING, guid=again)
    WebhookDelivery.objects.update(state=DeliveryState.DONE)

    response = send(app, PING, guid=again)

    assert (response.status_code, response.content) == (202, b"duplicate")
    assert stored() == [("ping", "", "done", 2)]


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.IGNORED])
def test_a_delivery_that_was_of_no_use_is_opened_again(app: GitHubApp, state: str) -> None:
    again = guid()
    send(app, PING, guid=again)
    WebhookDelivery.objects.update(state=state, attempts=8, error="Because.")

    response = send(app, PING, guid=again)

    assert (response.status_code, response.content) == (202, b"accepted")
    assert stored() == [("ping", "", "pending", 2)]
    assert WebhookDelivery.objects.get().attempts == 0


def test_a_guid_belongs_to_its_app(app: GitHubApp) -> None:
    same = guid()

    assert send(app, PING, guid=same).content == b"accepted"
    assert send(make_app(), PING, guid=same).content == b"accepted"


def test_of_two_servers_with_the_same_app_number_the_secret_tells_which(app: GitHubApp) -> None:
    other = make_app(secret="of the other server", app_id=app.app_id + 1)
    GitHubApp.objects.filter(pk=other.pk).update(server="github:ghe.example.com", app_id=app.app_id)
    other.refresh_from_db()

    send(other, PING)

    assert WebhookDelivery.objects.get().app == other


def test_a_new_secret_works_at_once_and_the_old_one_soon_stops(
    app: GitHubApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(verification, "monotonic", lambda: now)
    old = {"X-Hub-Signature-256": signature(app.webhook_secret.read(), json.dumps(PING).encode())}
    send(app, PING)
    app.webhook_secret = "a new one"
    app.save()

    now += verification.SECRETS_KEPT_AT_LEAST + 0.1
    assert send(app, PING).status_code == 202
    assert send(app, PING, headers=old).status_code == 401


def test_an_old_secret_is_forgotten_without_a_new_delivery(
    app: GitHubApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(verification, "monotonic", lambda: now)
    old = {"X-Hub-Signature-256": signature(app.webhook_secret.read(), json.dumps(PING).encode())}
    send(app, PING)
    app.webhook_secret = "a new one"
    app.save()

    now += verification.SECRETS_KEPT + 0.1
    assert send(app, PING, headers=old).status_code == 401


def test_a_process_that_knows_the_secret_asks_the_database_once(
    app: GitHubApp, django_assert_num_queries: Any
) -> None:
    send(app, PING)

    with django_assert_num_queries(0):  # the insert goes past Django's cursor
        send(app, PING)


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_died_is_replaced() -> None:
    app = make_app()
    send(app, PING)
    pid = connection.connection.info.backend_pid
    _terminate(pid)

    assert send(app, PING).status_code == 202
    assert len(stored()) == 2


@pytest.mark.django_db(transaction=True)
def test_without_a_database_it_says_503_and_keeps_working(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    body = json.dumps(PING).encode()
    headers = headers_of(app, body, event="ping", guid=guid())
    send(app, PING)
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")

    with capture_logs() as logs:
        response = Client().post(URL, body, content_type="application/json", headers=headers)

    assert response.status_code == 503
    assert [(line["outcome"], line["log_level"]) for line in logs] == [("not_stored", "error")]
    monkeypatch.undo()
    assert (
        Client().post(URL, body, content_type="application/json", headers=headers).status_code
        == 202
    )


def test_with_the_queue_down_it_takes_deliveries_all_the_same(app: GitHubApp) -> None:
    queue = {"URL": "unix:///nowhere.sock?db=0", "SERIALIZER": "rq.serializers.JSONSerializer"}

    with override_settings(RQ_QUEUES={"deliveries": queue}):
        assert send(app, PING).status_code == 202


def test_the_door_before_django_answers_as_the_view_does(app: GitHubApp) -> None:
    body = json.dumps(PING).encode()

    assert _through_wsgi(app, body)[::2] == ("202 Accepted", b"accepted")
    assert stored() == [("ping", "", "pending", 1)]
    assert _through_wsgi(app, body, HTTP_X_HUB_SIGNATURE_256="sha256=0")[0] == "401 Unauthorized"
    assert _through_wsgi(app, body, REQUEST_METHOD="GET")[0] == "405 Method Not Allowed"


@pytest.mark.parametrize(
    "changes", [{}, {"HTTP_X_HUB_SIGNATURE_256": "sha256=0"}, {"REQUEST_METHOD": "GET"}]
)
def test_no_browser_takes_an_answer_of_the_door_for_anything_but_text(
    app: GitHubApp, changes: dict[str, str]
) -> None:
    _status, headers, text = _through_wsgi(app, json.dumps(PING).encode(), **changes)

    assert headers == {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(text)),
        "X-Content-Type-Options": "nosniff",
    }


def test_the_door_leaves_other_addresses_to_django(db: None) -> None:
    assert reverse("github_webhook") == URL
    assert _through_wsgi(None, b"", REQUEST_METHOD="GET", PATH_INFO="/healthz")[0] == "200 OK"


def _through_wsgi(
    app: GitHubApp | None, body: bytes, **changes: str
) -> tuple[str, dict[str, str], bytes]:
    headers = headers_of(app, body, event="ping", guid=guid()) if app else {}
    environ: dict[str, Any] = {
        "PATH_INFO": URL,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json; charset=utf-8",
        "wsgi.input": BytesIO(body),
        "wsgi.url_scheme": "http",
        **wsgi_headers(headers),
        **changes,
    }
    begun: list[tuple[str, dict[str, str]]] = []
    answer = application(environ, lambda status, headers: begun.append((status, dict(headers))))
    return *begun[0], b"".join(answer)


def _terminate(pid: int) -> None:
    """End a connection as a restart of the server does."""
    from psycopg import connect

    from tests.servers import own_database

    with connect(own_database()["DATABASE_URL"], autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


def test_who_was_refused_is_a_line_at_first_and_a_sum_by_the_minute() -> None:
    refused_log = RefusedLog()

    with capture_logs() as logs:
        for sender in ["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1"]:
            refused_log.add(sender=sender, outcome="bad_signature", status=401, why="unsigned")
    with capture_logs() as sums:
        refused_log.sum_up()
        refused_log.sum_up()

    assert [(line["sender"], line["why"]) for line in logs] == [
        ("192.0.2.1", "unsigned"),
        ("192.0.2.2", "unsigned"),
    ]
    assert [(line["sender"], line["outcome"], line["more"]) for line in sums] == [
        ("192.0.2.1", "bad_signature", 2)
    ]


def test_a_flood_from_many_addresses_is_a_few_lines_a_minute() -> None:
    refused_log = RefusedLog()

    with capture_logs() as logs:
        for number in range(5000):
            refused_log.add(sender=str(number), outcome="no_json", status=415, why="no JSON")
        refused_log.sum_up()

    assert len(logs) == MOST_LINES + 1
    assert (logs[-1]["sender"], logs[-1]["more"]) == (OTHERS, 5000 - MOST_LINES)
