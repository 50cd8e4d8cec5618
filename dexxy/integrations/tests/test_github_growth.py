"""Stars and forks are one count a day, and an older one never overwrites a newer one.

What webhooks tell of a repository beside its threads is here, too.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from django.utils.http import http_date
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import (
    GitHubInstallation,
    GitHubRepository,
    RunTrigger,
    SyncStream,
)
from dexxy.integrations.services.github.connecting.repositories import (
    repository_connect_available,
    repository_set_paused,
)
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.messages.models import Release, Thread
from dexxy.sources.growth import Counts, counts_note
from dexxy.sources.models import DailyCounts, Source
from dexxy_simulator.dialects import Dialect
from dexxy_simulator.faults import Fault, asking_for, date_is, patched
from dexxy_simulator.model import Actor, Installation, Repository
from dexxy_simulator.world import World
from tests.factories import make_source
from tests.scene import Scene
from tests.simulated import to_dexxy

MORNING = datetime(2026, 3, 4, 8, tzinfo=UTC)


def days(source: Source) -> list[tuple[date, int, int]]:
    found = DailyCounts.objects.filter(source=source).order_by("date")
    return [(one.date, one.stars, one.forks) for one in found]


def note(source: Source, at: datetime, stars: int, *, is_hint: bool = False) -> None:
    counts_note(source.pk, Counts(stars, 7), taken_at=at, is_hint=is_hint)


def test_the_row_of_a_day_holds_the_last_count_of_that_day_in_utc(source: Source) -> None:
    other = make_source(workspace=source.workspace)
    for hours, stars in ((0, 10), (4, 12), (15, 11), (17, 20)):
        note(source, MORNING + timedelta(hours=hours), stars)
    note(other, MORNING, 99)

    assert days(source) == [(date(2026, 3, 4), 11, 7), (date(2026, 3, 5), 20, 7)]
    assert days(other) == [(date(2026, 3, 4), 99, 7)]


@pytest.mark.parametrize("is_hint", [False, True])
def test_what_comes_late_changes_neither_its_day_nor_any_other(
    source: Source, is_hint: bool
) -> None:
    note(source, MORNING, 10)
    note(source, MORNING + timedelta(days=1), 20)

    note(source, MORNING + timedelta(hours=1), 15, is_hint=is_hint)
    note(source, MORNING - timedelta(days=1), 5, is_hint=is_hint)
    note(source, MORNING + timedelta(hours=23), 18, is_hint=is_hint)

    assert days(source) == [(date(2026, 3, 4), 10, 7), (date(2026, 3, 5), 20, 7)]


def test_of_one_second_the_answer_counts_and_not_the_hint(source: Source) -> None:
    note(source, MORNING, 10)
    note(source, MORNING, 9, is_hint=True)
    assert days(source) == [(date(2026, 3, 4), 10, 7)]

    note(source, MORNING, 11)
    assert days(source) == [(date(2026, 3, 4), 11, 7)]


def test_a_sync_counts_without_a_request_of_its_own(scene: Scene) -> None:
    scene.server.requests.clear()
    scene.world.star(scene.repository, scene.world.add_actor("fan"))
    scene.world.fork(scene.repository, scene.world.add_actor("forker"))

    scene.sync()

    found = DailyCounts.objects.get(source=scene.connected.source)
    assert (found.stars, found.forks) == (1, 1)
    assert found.date == found.taken_at.astimezone(UTC).date()
    assert scene.server.requests.count() == 5


def test_a_slow_answer_of_yesterday_counts_for_yesterday(scene: Scene) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    DailyCounts.objects.all().delete()
    scene.server.faults.add(
        Fault(date_is(http_date(yesterday.timestamp())), on="graphql", times=None)
    )

    scene.sync()

    assert days(scene.connected.source) == [(yesterday.astimezone(UTC).date(), 0, 0)]


@pytest.mark.parametrize("shown", [None, -1, "many"])
def test_counts_that_cannot_be_read_stop_nothing(scene: Scene, shown: object) -> None:
    DailyCounts.objects.all().delete()

    def spoil(body: dict[str, dict[str, dict[str, object]]]) -> None:
        body["data"]["repository"]["stargazerCount"] = shown

    scene.server.faults.add(Fault(patched(spoil), on=asking_for("list:"), times=None))

    assert scene.sync().state == "done"
    assert days(scene.connected.source) == []


@pytest.fixture(autouse=True)
def reachable(settings: Settings) -> None:
    """GitHub sends webhooks to addresses that it can reach."""
    settings.DEXXY_BASE_URL = "https://dexxy.example.com"


@pytest.fixture
def followed(
    linked: GitHubInstallation, workspace: Workspace, alice: User, nest: Repository
) -> GitHubRepository:
    """The organisation's private repository, followed and read once."""
    repository = repository_connect_available(
        viewer=alice, workspace=workspace, github_id=nest.database_id
    )
    repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND)
    return repository


@pytest.fixture
def later(world: World, nest: Repository, followed: GitHubRepository) -> None:
    """It is a few seconds later on GitHub than when the repository was read."""
    world.webhooks.transport = to_dexxy
    world.webhooks.pending.clear()
    read_at = timezone.now() - timedelta(seconds=5)
    DailyCounts.objects.update(taken_at=read_at)
    # What was read had been there before.
    nest.updated_at = read_at - timedelta(seconds=5)


def arrive(world: World) -> None:
    world.webhooks.deliver()
    deliveries_drain(seconds=60)


@pytest.fixture
def fan(world: World) -> Actor:
    return world.add_actor("fan")


@pytest.mark.usefixtures("later")
def test_a_star_counts_as_soon_as_its_webhook_is_here(
    world: World, nest: Repository, followed: GitHubRepository, fan: Actor
) -> None:
    world.star(nest, fan)
    arrive(world)

    assert [stars for _, stars, _ in days(followed.source)] == [1]


@pytest.mark.usefixtures("later")
def test_a_star_that_is_taken_back_counts_by_the_last_change_of_its_repository(
    world: World, nest: Repository, followed: GitHubRepository, fan: Actor, dialect: Dialect
) -> None:
    with world.silence():
        world.star(nest, fan)
    DailyCounts.objects.update(stars=1)

    world.unstar(nest, fan)
    arrive(world)

    # Where that did not change, nobody knows since when: the next sync tells.
    known = 0 if dialect.stars_move_repositories else 1
    assert [stars for _, stars, _ in days(followed.source)] == [known]
    repository_sync(repository_id=followed.pk, trigger=RunTrigger.COMMAND)
    assert [stars for _, stars, _ in days(followed.source)] == [0]


@pytest.mark.usefixtures("later")
def test_webhooks_about_a_fork_and_about_the_repository_itself_carry_the_counts(
    world: World,
    nest: Repository,
    followed: GitHubRepository,
    fan: Actor,
    installed: Installation,
) -> None:
    installed.permissions = {**installed.permissions, "contents": "read"}
    installed.events = [*installed.events, "fork"]
    world.fork(nest, fan)
    arrive(world)
    assert [(stars, forks) for _, stars, forks in days(followed.source)] == [(0, 1)]

    with world.silence():
        world.star(nest, fan)
    DailyCounts.objects.update(taken_at=timezone.now() - timedelta(seconds=5))
    world.describe_repository(nest, "The queen lives here")
    arrive(world)
    assert [(stars, forks) for _, stars, forks in days(followed.source)] == [(1, 1)]


@pytest.mark.usefixtures("later")
def test_a_repository_that_is_paused_counts_nothing(
    world: World, nest: Repository, followed: GitHubRepository, fan: Actor, alice: User
) -> None:
    repository_set_paused(viewer=alice, repository_id=followed.pk, paused=True)

    world.star(nest, fan)
    arrive(world)

    assert [stars for _, stars, _ in days(followed.source)] == [0]


@pytest.fixture
def with_contents(installed: Installation) -> None:
    """The account's owner lets the App read contents, and hear of releases."""
    installed.permissions = {**installed.permissions, "contents": "read"}
    installed.events = [*installed.events, "release"]


@pytest.mark.usefixtures("with_contents", "later")
def test_a_webhook_about_a_release_makes_all_of_them_due_within_a_minute(
    world: World, nest: Repository, followed: GitHubRepository
) -> None:
    GitHubRepository.objects.update(next_sync_at=timezone.now() + timedelta(hours=1))

    world.release(nest, world.actor("queen"), "v1.0")
    arrive(world)

    followed.refresh_from_db()
    assert followed.next_sync_at is not None
    assert followed.next_sync_at < timezone.now() + timedelta(minutes=2)
    repository_sync(repository_id=followed.pk, trigger=RunTrigger.COMMAND)
    assert [(one.tag, one.author and one.author.username) for one in Release.objects.all()] == [
        ("v1.0", "queen")
    ]


def test_an_app_that_may_not_read_contents_reads_all_but_the_releases(
    followed: GitHubRepository,
) -> None:
    followed.refresh_from_db()

    assert (followed.sync_status, followed.sync_error) == ("active", "")
    resting = SyncStream.objects.exclude(refusal="").values_list("name", flat=True)
    assert list(resting) == ["releases"]
    assert Thread.objects.count() == 1
