"""What happens on GitHub is told once, however it comes and however often it is read."""

from collections import Counter
from random import Random

import pytest
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import GitHubInstallation, GitHubRepository, RunTrigger
from dexxy.integrations.services.github.connecting.repositories import repository_connect_available
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.members.models import Identity
from dexxy.messages.models import Message
from dexxy.messages.team.deciding import member_set_team
from dexxy.messages.waiting.follower import waiting_catch_up
from dexxy.outgoing.models import Delivery, SourceVisibility
from dexxy.outgoing.tests.conftest import EndpointMaker, catch_up, make_endpoint, told
from dexxy_simulator.model import Repository
from dexxy_simulator.world import World
from tests.deliveries import deliver_badly, make_deliveries
from tests.scene import Scene, first_issue
from tests.simulated import to_dexxy
from tests.test_delivery_convergence import drain, two_minutes_pass

__all__ = ["make_endpoint"]

WRITTEN = (
    *("thread.opened", "thread.closed", "thread.merged", "thread.reopened", "thread.answered"),
    "message.created",
)


@pytest.fixture(autouse=True)
def public_address(settings: Settings) -> None:
    """Without one the App has no webhooks."""
    settings.DEXXY_BASE_URL = "https://dexxy.example"


def test_a_first_sync_tells_nothing(
    make_endpoint: EndpointMaker, connected: GitHubRepository
) -> None:
    endpoint = make_endpoint()

    repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND)
    catch_up()

    assert Message.objects.count() > 300
    assert told(endpoint) == []
    assert not SourceVisibility.objects.get(source=connected.source_id).is_private


def test_what_a_sync_finds_is_told_once_and_a_sweep_tells_nothing_more(
    make_endpoint: EndpointMaker, scene: Scene
) -> None:
    endpoint = make_endpoint()
    world, jo = scene.world, scene.world.add_actor("jo")
    issue = world.open_issue(scene.repository, jo, "Much to say")
    world.comment(issue, scene.owner, "Say it")
    world.close(issue, scene.owner)
    world.edit(first_issue(scene.repository).comments[0], "On second thought")

    for sweep in (False, False, True):
        scene.sync(sweep=sweep)
        catch_up()

    assert Counter(told(endpoint)) == Counter(
        {
            "thread.opened": 1,
            "member.new": 1,
            "member.first_thread": 1,
            "message.created": 1,
            "thread.closed": 1,
            "message.edited": 1,
        }
    )


def test_who_begins_to_wait_and_waits_no_longer_is_told(
    make_endpoint: EndpointMaker, scene: Scene, alice: User, workspace: Workspace
) -> None:
    owner = Identity.objects.get(username="owner")
    member_set_team(actor=alice, workspace=workspace, member_id=owner.member_id, is_on_team=True)
    endpoint = make_endpoint(events=["waiting.started", "waiting.ended"])
    world, jo = scene.world, scene.world.add_actor("jo")

    def happened() -> list[str]:
        scene.sync()
        catch_up()
        waiting_catch_up(seconds=20)
        catch_up()
        return told(endpoint)

    issue = world.open_issue(scene.repository, jo, "Does it work?")
    assert happened() == ["waiting.started"]
    world.comment(issue, scene.owner, "It does")
    assert happened() == ["waiting.started", "waiting.ended"]

    ended = Delivery.objects.latest("pk").payload["data"]
    assert (ended["thread"]["title"], ended["reason"]) == ("Does it work?", "answered")


@pytest.fixture
def followed(
    world: World,
    hill: Repository,
    linked: GitHubInstallation,
    workspace: Workspace,
    alice: User,
) -> GitHubRepository:
    """A repository with a past, read once through the App."""
    world.webhooks.transport = to_dexxy
    make_deliveries(world, hill, Random(1), 50)
    world.webhooks.drop(logged=False)
    followed = repository_connect_available(
        viewer=alice, workspace=workspace, github_id=hill.database_id
    )
    repository_sync(repository_id=followed.pk, trigger=RunTrigger.COMMAND)
    return followed


@pytest.mark.slow
def test_webhooks_dropped_doubled_and_shuffled_tell_each_message_once(
    make_endpoint: EndpointMaker, followed: GitHubRepository, world: World, hill: Repository
) -> None:
    endpoint = make_endpoint()
    before = set(Message.objects.values_list("pk", flat=True))
    random = Random(7)
    make_deliveries(world, hill, random, 150)

    def meanwhile() -> None:
        drain()
        catch_up()

    deliver_badly(world, random, every=25, meanwhile=meanwhile)
    meanwhile()
    two_minutes_pass()
    for sweep in (False, True):
        repository_sync(repository_id=followed.pk, trigger=RunTrigger.COMMAND, sweep=sweep)
        catch_up()

    written = Delivery.objects.filter(endpoint=endpoint, event__in=WRITTEN)
    heard = Counter(int(one.payload["data"]["message"]["id"]) for one in written)
    now = set(Message.objects.filter(in_feed=True, is_archived=False).values_list("pk", flat=True))
    assert set(heard.values()) == {1}
    assert now - before <= set(heard)
    gone = Delivery.objects.filter(endpoint=endpoint, event__in=["message.deleted"])
    lost = {int(one.payload["data"]["message"]["id"]) for one in gone}
    assert set(heard) - now <= lost | _of_lost_threads()
    assert len(now - before) > 50


def _of_lost_threads() -> set[int]:
    return set(Message.objects.filter(thread__is_archived=True).values_list("pk", flat=True))
