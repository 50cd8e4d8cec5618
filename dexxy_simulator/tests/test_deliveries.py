"""Deliveries: by hand and by themselves, the log of them, and delivering once more."""

from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from githubkit_schemas.v2026_03_10 import models

from dexxy_simulator.dialects import Dialect
from dexxy_simulator.model import App, Installation, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tests.apps import Client, assert_shape, proof
from dexxy_simulator.tests.conftest import Clock
from dexxy_simulator.webhooks.deliveries import TIMED_OUT, UNREACHED, Attempt, Delivery, post
from dexxy_simulator.webhooks.hookshot import Hookshot
from dexxy_simulator.webhooks.sender import Sender
from dexxy_simulator.world import World

LOG = "/app/hook/deliveries"


class Receiver:
    """A program that takes webhooks: it answers with `status`, once `ready`."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.status = 202
        self.ready = Event()
        self.ready.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.ready.wait(5)
                receiver.requests.append((dict(self.headers.items()), body))
                self.send_response(receiver.status)
                self.end_headers()
                self.wfile.write(b"taken")

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """Say nothing: the sender hung up."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks?a=b"


@pytest.fixture
def receiver(app: App) -> Iterator[Receiver]:
    receiver = Receiver()
    app.hook.url = receiver.url
    thread = Thread(target=receiver.server.serve_forever, args=(0.01,))
    thread.start()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
    thread.join()


@pytest.fixture
def hooks(world: World, installation: Installation, nest: Repository) -> Hookshot:
    """Three deliveries that wait, of issues, to a receiver that takes all."""
    hooks = world.webhooks
    hooks.pending.clear()
    hooks.transport = lambda _: Attempt("OK", 200, 0.01)
    for title in "abc":
        world.open_issue(nest, None, title)
    return hooks


def titles(deliveries: Iterable[Delivery]) -> str:
    return "".join(one.payload["issue"]["title"] for one in deliveries)


# --- by hand ---


def test_what_waits_is_delivered_in_order(hooks: Hookshot) -> None:
    sent: list[Delivery] = []
    hooks.transport = lambda one: sent.append(one) or Attempt("OK", 200)  # type: ignore[func-returns-value]

    first, rest = hooks.deliver(1), hooks.deliver()

    assert (titles(first), titles(rest), titles(sent)) == ("a", "bc", "abc")
    assert hooks.deliver() == []


def test_what_waits_is_delivered_in_another_order_or_twice(hooks: Hookshot) -> None:
    sent: list[Delivery] = []
    hooks.transport = lambda one: sent.append(one) or Attempt("OK", 200)  # type: ignore[func-returns-value]

    shuffled = hooks.deliver(shuffled=Random(3), times=2)

    assert titles(shuffled) == "bca"
    assert titles(sent) == "bbccaa"
    assert len({one.guid for one in sent}) == 3
    assert len({one.database_id for one in hooks.log}) == 6


@pytest.mark.parametrize(("logged", "count"), [(True, 3), (False, 0)])
def test_what_is_dropped_is_logged_as_failed_or_nowhere(
    hooks: Hookshot, app: App, logged: bool, count: int
) -> None:
    dropped = hooks.drop(logged=logged)

    assert (titles(dropped), list(hooks.pending)) == ("abc", [])
    assert [one.attempt for one in hooks.kept(app)] == [Attempt(UNREACHED, None)] * count


# --- over HTTP ---


def test_a_delivery_arrives_as_it_was_signed(
    world: World, app: App, hooks: Hookshot, receiver: Receiver
) -> None:
    hooks.transport = post

    (delivery,) = hooks.deliver(1)

    ((headers, body),) = receiver.requests
    assert delivery.attempt is not None
    assert (delivery.attempt.status, delivery.attempt.status_code) == ("OK", 202)
    assert delivery.attempt.body == "taken"
    assert body == delivery.body
    assert headers.items() >= delivery.headers.items()


def test_a_receiver_that_refuses_is_logged(hooks: Hookshot, receiver: Receiver) -> None:
    hooks.transport, receiver.status = post, 503

    (delivery,) = hooks.deliver(1)

    assert delivery.attempt is not None
    assert delivery.attempt.status == "Invalid HTTP Response: 503"
    assert delivery.attempt.is_success is False


def test_a_receiver_that_is_slow_did_not_get_it(hooks: Hookshot, receiver: Receiver) -> None:
    receiver.ready.clear()

    attempt = post(hooks.pending[0], patience=0.05)
    receiver.ready.set()

    assert (attempt.status, attempt.status_code) == (TIMED_OUT, None)


def test_a_receiver_that_is_not_there_is_logged(hooks: Hookshot) -> None:
    attempt = post(hooks.pending[0])

    assert (attempt.status, attempt.status_code) == (UNREACHED, None)


@pytest.mark.parametrize("threads", [1, 4])
def test_a_sender_delivers_by_itself(
    world: World, hooks: Hookshot, nest: Repository, receiver: Receiver, threads: int
) -> None:
    hooks.transport = post
    seen = Event()
    waits = iter([0.0, 0.01, 0.0, 0.0])

    def latency() -> float:
        return next(waits, 0.0)

    with Sender(hooks, latency=latency, threads=threads):
        world.open_issue(nest, None, "d")
        while len(hooks.log) < 4:
            seen.wait(0.005)

    assert sorted(titles(hooks.log)) == ["a", "b", "c", "d"]
    assert len(receiver.requests) == 4


# --- the log ---


def test_the_log_shows_the_latest_first_in_pages(as_app: Client, hooks: Hookshot) -> None:
    made = hooks.deliver()

    first = as_app("GET", f"{LOG}?per_page=2")
    following = urlsplit(first.links["next"]["url"])
    second = as_app("GET", f"{following.path}?{following.query}")

    numbers = [one.database_id for one in made]
    assert [row["id"] for row in assert_shape(first, list[models.HookDeliveryItem])] == [
        numbers[2],
        numbers[1],
    ]
    assert [row["id"] for row in second.json()] == [numbers[0]]
    assert second.links == {}


def test_the_pages_of_the_log_hold_all_of_what_overtook_each_other(
    as_app: Client, hooks: Hookshot
) -> None:
    sent = hooks.deliver(shuffled=Random(3))
    listed, page = [], f"{LOG}?per_page=1"
    while page:
        answer = as_app("GET", page)
        listed += [row["guid"] for row in answer.json()]
        following = urlsplit(answer.links["next"]["url"]) if "next" in answer.links else None
        page = f"{LOG}?{following.query}" if following else ""

    assert listed == [one.guid for one in reversed(sent)]


def test_the_log_shows_what_was_sent_and_answered(as_app: Client, hooks: Hookshot) -> None:
    (delivery,) = hooks.deliver(1)

    row = assert_shape(as_app("GET", f"{LOG}/{delivery.database_id}"), models.HookDelivery)

    assert row["request"] == {"headers": delivery.headers, "payload": delivery.payload}
    assert (row["guid"], row["event"], row["action"]) == (delivery.guid, "issues", "opened")
    assert (row["status"], row["status_code"], row["redelivery"]) == ("OK", 200, False)


@pytest.mark.parametrize(("code", "failures"), [(502, ["c", "b"]), (0, ["b"])])
def test_the_log_is_filtered_by_status(
    as_app: Client, world: World, hooks: Hookshot, code: Any, failures: list[str]
) -> None:
    world.dialect = Dialect(unreached_status_code=code)
    hooks.deliver(1)
    hooks.transport = lambda _: Attempt("Invalid HTTP Response: 500", 500)
    hooks.deliver(1)
    hooks.drop()
    by_id = {one.database_id: one for one in hooks.log}

    found = {
        status: [row["id"] for row in as_app("GET", f"{LOG}?status={status}").json()]
        for status in ("success", "failure")
    }

    assert titles([by_id[number] for number in found["success"]]) == "a"
    assert [titles([by_id[number]]) for number in found["failure"]] == failures


@pytest.mark.parametrize("query", ["status=maybe", "cursor=12", "cursor=v1_x"])
def test_a_parameter_of_the_log_that_means_nothing_is_refused(as_app: Client, query: str) -> None:
    assert as_app.status("GET", f"{LOG}?{query}")[0] == 422


def test_a_redelivery_has_the_same_guid_and_an_id_of_its_own(
    as_app: Client, hooks: Hookshot
) -> None:
    (first,) = hooks.deliver(1)
    hooks.drop(logged=False)

    response = as_app("POST", f"{LOG}/{first.database_id}/attempts")
    (again,) = hooks.deliver()

    assert response.status_code == 202
    assert (again.guid, again.body, again.headers) == (first.guid, first.body, first.headers)
    assert again.database_id != first.database_id
    rows = as_app("GET", LOG).json()
    assert [row["redelivery"] for row in rows] == [True, False]


def test_the_log_forgets_after_three_days(
    server: SimulatorServer, world: World, app: App, hooks: Hookshot, clock: Clock
) -> None:
    (delivery,) = hooks.deliver(1)
    clock.pass_by(days=3)
    as_app = Client(server, proof(world, app))

    assert as_app("GET", LOG).json() == []
    assert as_app.status("GET", f"{LOG}/{delivery.database_id}") == (404, "Not Found")
    assert as_app.status("POST", f"{LOG}/{delivery.database_id}/attempts")[0] == 404


def test_an_app_lets_its_webhooks_go_elsewhere(as_app: Client, app: App, hooks: Hookshot) -> None:
    before = assert_shape(as_app("GET", "/app/hook/config"), models.WebhookConfig)
    change = {"url": "http://127.0.0.1:9/new", "secret": "new"}

    after = assert_shape(as_app("PATCH", "/app/hook/config", json=change), models.WebhookConfig)

    assert (before["url"], after["url"]) == ("http://127.0.0.1:9/webhooks", change["url"])
    assert (before["secret"], after["secret"]) == ("********", "********")
    assert (app.hook.url, app.hook.secret) == (change["url"], "new")
    assert hooks.pending[0].url == change["url"]
