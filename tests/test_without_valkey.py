"""Whatever Valkey does, whoever uses Dexxy goes on: only workers and limits wait for it."""

from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone
from structlog.testing import capture_logs

from conftest import Ask
from dexxy.accounts.models import User
from dexxy.common.api import Caller, timed
from dexxy.common.valkey import LONGEST_WAIT, outage
from dexxy.integrations.models import GitHubRepository, WebhookDelivery
from dexxy.integrations.services.github.scheduling.schedule import enqueue_due
from dexxy.integrations.services.github.webhooks.wake import deliveries_wake
from tests.factories import PASSWORD, make_app
from tests.own_valkey import STATES, valkey_that
from tests.webhooks import send

pytestmark = pytest.mark.django_db(transaction=True)

FEED = "query ($id: ID!) { activityFeed(workspaceId: $id) { edges { node { id } } } }"
SYNC = "mutation ($id: ID!) { githubSyncRepo(repositoryId: $id) { repository { id } } }"


def used(url: str) -> Any:
    """Let this process use the server at URL."""
    queue = {"URL": url, "SERIALIZER": "rq.serializers.JSONSerializer"}
    return override_settings(
        CACHES={"default": {"BACKEND": "dexxy.common.valkey.ExpendableCache", "LOCATION": url}},
        RQ_QUEUES=dict.fromkeys(("deliveries", "search", "sync"), queue),
    )


# They only take longer to be noticed.
_LATE = {"hanging", "loading", "replica"}


@pytest.fixture(
    params=[
        pytest.param(state, marks=pytest.mark.slow if state in _LATE else ()) for state in STATES
    ]
)
def log(request: pytest.FixtureRequest) -> Iterator[list[Any]]:
    """Take Valkey away, in each of the ways in which that happens; yields what is logged."""
    with valkey_that(STATES[request.param]) as server, used(server.url), capture_logs() as logs:
        yield logs


def outages(log: list[Any]) -> int:
    return [line["event"] for line in log].count("the queue cannot be used")


def test_sign_in_pages_api_and_webhooks_go_on(
    log: list[Any],
    client: Client,
    ask: Ask,
    alice: User,
    connected: GitHubRepository,
) -> None:
    workspace, app, began = connected.source.workspace, make_app(), monotonic()

    form = {"login": alice.email, "password": PASSWORD}
    assert client.post("/accounts/login/", form)["Location"] == "/"
    assert client.get(f"/w/{workspace.slug}/feed/").status_code == 200
    assert ask(FEED, id=workspace.pk) == {"data": {"activityFeed": {"edges": []}}}
    assert "errors" not in ask(SYNC, id=connected.pk)
    assert send(app, {"zen": "Design for failure."}, guid="abc").status_code == 202

    # One request waits for a server that hangs, and not each of a dozen.
    assert monotonic() - began < 8 * LONGEST_WAIT
    assert WebhookDelivery.objects.get().guid == "abc"
    assert GitHubRepository.objects.filter(next_sync_at__lte=timezone.now()).exists()
    assert outages(log) == 1


def test_a_wake_that_fails_leaves_everything_due_and_says_so_once(
    log: list[Any], connected: GitHubRepository
) -> None:
    for _ in range(2):
        deliveries_wake()
        assert enqueue_due() == 0
        outage._tried_again_at = 0.0

    assert GitHubRepository.objects.due().get() == connected
    credential = connected.installation.credential
    assert credential is not None
    credential.refresh_from_db()
    assert credential.woken_at is None
    assert outages(log) == 1


def test_a_cache_that_is_away_is_an_empty_one(log: list[Any]) -> None:
    assert cache.add("key", 1) is True
    assert cache.get("key", "default") == "default"
    cache.set("key", 1)
    cache.set_many({"key": 1})
    assert cache.get_many(["key"]) == {}
    assert (cache.has_key("key"), cache.touch("key"), cache.delete("key")) == (False,) * 3
    cache.delete_many(["key"])
    assert cache.clear() is False  # type: ignore[func-returns-value]
    with pytest.raises(ValueError, match="not found"):
        cache.incr("key")
    assert outages(log) == 1


@override_settings(DEXXY_API_SECONDS=1)
def test_documents_that_come_together_all_begin(log: list[Any], ask: Ask, alice: User) -> None:
    mine = Caller(f"user:{alice.pk}")

    with timed(mine), timed(mine):
        assert "errors" not in ask("{ viewer { user { id } } }", alice)

    assert outages(log) == 1


def test_limits_are_counted_again_when_valkey_is_back(client: Client, alice: User) -> None:
    wrong = {"login": alice.email, "password": "wrong"}
    with valkey_that(STATES["away"]) as gone, used(gone.url):
        without = [client.post("/accounts/login/", wrong).status_code for _ in range(7)]
    outage.forget()

    with valkey_that() as server, used(server.url):
        back = [client.post("/accounts/login/", wrong).content for _ in range(6)]

    assert set(without) == {200}
    assert b"Too many failed login attempts" not in back[4]
    assert b"Too many failed login attempts" in back[5]
