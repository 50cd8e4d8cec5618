"""Kinds of threads that a workspace leaves out rest, whatever GitHub sends of them."""

import pytest
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.kinds_taken import workspace_take_kinds
from dexxy.integrations.models import LEFT_OUT, DeliveryState, WebhookDelivery
from dexxy.integrations.services.github.connecting.repositories import repository_connect_available
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.messages.models import Standing, Thread, ThreadKind
from dexxy.messages.team.recounting import recount_begin
from dexxy.messages.waiting.follower import waiting_catch_up
from dexxy.sources.models import SourceKind
from dexxy_simulator.model import Installation
from dexxy_simulator.world import World
from tests.factories import make_identity, make_source, make_thread
from tests.github_app import Link
from tests.scene import Scene
from tests.simulated import to_dexxy

ISSUES = [ThreadKind.ISSUE]


@pytest.fixture(autouse=True)
def reachable(settings: Settings) -> None:
    """GitHub sends no webhooks to a machine that only knows itself."""
    settings.DEXXY_BASE_URL = "https://dexxy.example.com"


def kinds() -> set[str]:
    return set(Thread.objects.filter(is_archived=False).values_list("kind", flat=True))


def test_what_is_left_out_is_not_asked_for_and_read_on_when_it_is_taken_again(
    scene: Scene, alice: User, workspace: Workspace
) -> None:
    before = kinds()
    workspace_take_kinds(viewer=alice, workspace=workspace, kinds=ISSUES)
    new = scene.world.open_pull_request(scene.repository, scene.owner, "Of no interest")
    scene.server.requests.clear()

    run = scene.sync(sweep=True)

    asked = "".join(one.document for one in scene.server.requests.entries)
    assert "list: issues(" in asked
    assert "list: pullRequests(" not in asked
    assert "list: discussions(" not in asked
    assert (run.state, set(run.receipt) & set(ThreadKind)) == ("done", {"issue"})
    # What was read stays, and what came meanwhile is not here.
    assert kinds() == before
    assert not Thread.objects.filter(title=new.title).exists()
    resting = scene.connected.streams.filter(refusal=LEFT_OUT)
    assert {one.name for one in resting} == {
        *("pull_requests", "discussions", "sweep_pull_requests", "sweep_discussions")
    }

    workspace_take_kinds(viewer=alice, workspace=workspace, kinds=list(ThreadKind))
    scene.sync()

    assert Thread.objects.filter(title=new.title).exists()
    assert not scene.connected.streams.filter(name="pull_requests", refusal=LEFT_OUT).exists()


def test_a_webhook_of_a_kind_that_is_left_out_is_of_no_use(
    link: Link, installed: Installation, alice: User, workspace: Workspace, world: World
) -> None:
    link(installed)
    hill = next(one for one in world.repositories.values() if one.name == "hill")
    repository_connect_available(viewer=alice, workspace=workspace, github_id=hill.database_id)
    world.webhooks.drop(logged=False)
    workspace_take_kinds(viewer=alice, workspace=workspace, kinds=ISSUES)
    world.webhooks.transport = to_dexxy
    world.open_issue(hill, world.actor("worker"), "Wanted")
    world.open_pull_request(hill, world.actor("worker"), "Not wanted")

    world.webhooks.deliver()
    deliveries_drain(seconds=10)

    assert list(Thread.objects.values_list("title", flat=True)) == ["Wanted"]
    ignored = WebhookDelivery.objects.filter(state=DeliveryState.IGNORED, event="pull_request")
    assert {one.error for one in ignored} == {"The workspace takes in no threads of this kind."}


def test_nobody_waits_in_what_is_left_out_but_in_what_scripts_send(
    alice: User, workspace: Workspace
) -> None:
    asked = make_source(workspace=workspace)
    fed = make_source(workspace=workspace, kind=SourceKind.FED)
    threads = [
        make_thread(source=source, kind=kind, author=make_identity(workspace=workspace))
        for source in (asked, fed)
        for kind in (ThreadKind.ISSUE, ThreadKind.DISCUSSION)
    ]

    def waits() -> list[bool]:
        waiting_catch_up(seconds=10)
        standing = set(Standing.objects.values_list("thread", flat=True))
        return [one.pk in standing for one in threads]

    recount_begin(workspace.pk)
    assert waits() == [True, True, True, True]
    workspace_take_kinds(viewer=alice, workspace=workspace, kinds=ISSUES)
    assert waits() == [True, False, True, True]
    workspace_take_kinds(viewer=alice, workspace=workspace, kinds=list(ThreadKind))
    assert waits() == [True, True, True, True]
