"""What keeps the copy from being up to date stands on every page, as it really came to be."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_rq import get_queue
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from dexxy.accounts.models import User, Workspace
from dexxy.common.errors import DexxyError
from dexxy.integrations.health import OVERDUE
from dexxy.integrations.models import Credential, GitHubRepository
from dexxy.integrations.services.github.scheduling.schedule import enqueue_due
from dexxy.web.frame.navigation import DESTINATIONS
from dexxy_simulator.tokens import DEMO_TOKEN
from tests.scene import Scene

OUT_OF_DATE = "What you see may be out of date."


@pytest.fixture
def member(client: Client, bob: User) -> Client:
    client.force_login(bob)
    return client


@pytest.fixture(autouse=True)
def empty_queue() -> Iterator[None]:
    get_queue("sync").empty()  # type: ignore[no-untyped-call]
    yield
    get_queue("sync").empty()  # type: ignore[no-untyped-call]


def banner(client: Client, workspace: Workspace, name: str) -> str:
    """Return what the banner of a page says; '' where it has none."""
    page = client.get(reverse(name, args=[workspace.slug])).content.decode()
    _, begin, rest = page.partition('<div id="trouble" role="status">')
    assert begin, name
    shown, end, _ = rest.partition("</a></div></div>")
    is_there = end and rest.startswith("<div")
    return " ".join(unescape(re.sub("<[^>]+>", "", shown)).split()) if is_there else ""


def banners(client: Client, workspace: Workspace) -> dict[str, str]:
    """Return what the banner of each page says that one can always go to."""
    return {to.url_name: banner(client, workspace, to.url_name) for to in DESTINATIONS}


def test_a_dead_token_is_told_on_every_page(
    member: Client, workspace: Workspace, scene: Scene
) -> None:
    assert banner(member, workspace, "feed") == ""
    scene.world.revoke_tokens([DEMO_TOKEN])
    with suppress(DexxyError):
        scene.sync()

    found = banners(member, workspace)

    # The page of the repositories says of each what it needs.
    assert found.pop("repositories") == ""
    for name, said in found.items():
        assert "1 repository needs you." in said, name
        assert OUT_OF_DATE in said


def time_passes(span: timedelta) -> None:
    """Let everything be due for so long, and nobody be woken lately."""
    GitHubRepository.objects.update(next_sync_at=timezone.now() - span)
    Credential.objects.update(woken_at=None)


def work() -> None:
    """Run a worker until the queue is empty."""
    queue = get_queue("sync")
    worker = SimpleWorker([queue], connection=queue.connection, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="WARNING")


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_down_is_told_on_every_page_until_it_is_back(
    member: Client, workspace: Workspace, scene: Scene
) -> None:
    time_passes(timedelta())
    assert enqueue_due() == 1
    assert banner(member, workspace, "feed") == ""
    time_passes(OVERDUE + timedelta(seconds=1))

    found = banners(member, workspace)

    for name, said in found.items():
        assert "Nobody reads from GitHub right now." in said, name
        assert OUT_OF_DATE in said
    work()
    assert banner(member, workspace, "feed") == ""


def test_a_used_up_rate_limit_is_told_on_every_page_until_it_is_over(
    member: Client, workspace: Workspace, scene: Scene
) -> None:
    bucket = scene.world.bucket(scene.world.token(DEMO_TOKEN), "graphql")
    bucket.spend(bucket.remaining)
    with suppress(DexxyError):
        scene.sync()
    until = Credential.objects.get().paused_until
    assert until is not None

    found = banners(member, workspace)

    for name, said in found.items():
        assert "GitHub’s rate limit is used up." in said, name
        assert f"Dexxy goes on by itself at {until:%H:%M} UTC." in said
    bucket.used = 0
    Credential.objects.update(paused_until=timezone.now())
    scene.sync()
    assert banner(member, workspace, "feed") == ""


def test_an_open_page_is_told_of_another_trouble_alone(
    member: Client, workspace: Workspace, scene: Scene
) -> None:
    health = reverse("health", args=[workspace.slug])
    scene.world.revoke_tokens([DEMO_TOKEN])
    with suppress(DexxyError):
        scene.sync()

    told = member.get(health, {"on": "feed", "shown": ""}).content.decode()
    known = member.get(health, {"on": "feed", "shown": "failing 1"}).content.decode()
    beside = member.get(health, {"on": "repositories", "shown": ""}).content.decode()

    assert '<div id="trouble" role="status" hx-swap-oob="innerHTML"><div' in told
    assert OUT_OF_DATE in told
    assert "?on=feed&amp;shown=failing%201" in told
    assert 'id="trouble"' not in known
    assert OUT_OF_DATE not in beside
