"""A marked thread is read again at once, without a sync, before the page of any list."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from structlog.testing import capture_logs

from dexxy.integrations.models import (
    Credential,
    GitHubInstallation,
    GitHubRepository,
    SyncPart,
    SyncRun,
    SyncStatus,
)
from dexxy.integrations.services.github.reading.budgets import POINTS_FOR_REREADING
from dexxy.integrations.services.github.reading.refetch import PUT_OFF_FOR
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.integrations.services.github_sync import credential_work
from dexxy.messages.models import Message, Thread
from dexxy.sources.models import Source, SourceKind
from dexxy_simulator.model import Issue, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World
from tests.factories import make_repository
from tests.simulated import to_dexxy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def reachable(settings: Settings) -> None:
    """GitHub sends no webhooks to a machine that only knows itself."""
    settings.DEXXY_BASE_URL = "https://dexxy.example.com"


@pytest.fixture
def credential(linked: GitHubInstallation) -> Credential:
    assert linked.credential is not None
    return linked.credential


@pytest.fixture
def followed(linked: GitHubInstallation, world: World, hill: Repository) -> GitHubRepository:
    """The repository of the App, whose next sync is far away."""
    assert linked.workspace is not None
    source = Source.objects.create(
        workspace=linked.workspace,
        kind=SourceKind.GITHUB_REPOSITORY,
        server=linked.server,
        external_id=str(hill.database_id),
        name="colony/hill",
    )
    later = timezone.now() + timedelta(hours=1)
    world.webhooks.transport = to_dexxy
    world.webhooks.drop(logged=False)
    return make_repository(source=source, next_sync_at=later)


@pytest.fixture
def closed(world: World, hill: Repository, followed: GitHubRepository) -> Issue:
    """An issue of which webhooks said that it was opened and closed."""
    issue = world.open_issue(hill, world.actor("worker"), "Leaks")
    world.close(issue, world.actor("queen"))
    world.webhooks.deliver()
    deliveries_drain(seconds=10)
    return issue


def kinds() -> list[str]:
    return sorted(Message.objects.values_list("kind", flat=True))


def test_what_happened_to_its_state_is_known_without_a_sync(
    credential: Credential, followed: GitHubRepository, closed: Issue
) -> None:
    assert (kinds(), list(GitHubRepository.objects.marked())) == (["opened"], [followed])

    credential_work(credential_id=credential.pk, seconds=10)

    assert (kinds(), list(GitHubRepository.objects.marked())) == (["closed", "opened"], [])
    assert not SyncRun.objects.exists()
    before, followed = followed.next_sync_at, GitHubRepository.objects.get()
    assert followed.next_sync_at == before


def test_it_is_read_once_more_when_the_webhook_has_settled(
    credential: Credential, followed: GitHubRepository, closed: Issue
) -> None:
    credential_work(credential_id=credential.pk, seconds=10)

    thread = Thread.objects.get()
    assert thread.hinted_at is not None
    assert thread.refetch_at == thread.hinted_at + timedelta(seconds=60)


def test_what_was_read_since_its_webhook_waits_while_half_of_the_points_are_gone(
    credential: Credential, closed: Issue, simulator: SimulatorServer
) -> None:
    Credential.objects.update(points_remaining=POINTS_FOR_REREADING - 1)
    credential_work(credential_id=credential.pk, seconds=10)
    assert kinds() == ["closed", "opened"]
    asked, now = simulator.requests.count("graphql"), timezone.now()
    hinted_at = now - timedelta(seconds=61)
    check_at = hinted_at + timedelta(seconds=60)
    Thread.objects.update(hinted_at=hinted_at, refetch_at=check_at)
    reset_at = now + timedelta(hours=1)
    Credential.objects.update(points_remaining=POINTS_FOR_REREADING - 1, points_reset_at=reset_at)

    credential_work(credential_id=credential.pk, seconds=10)

    assert simulator.requests.count("graphql") == asked
    refetch_at = Thread.objects.get().refetch_at
    assert refetch_at is not None
    assert now + PUT_OFF_FOR <= refetch_at < reset_at
    Thread.objects.update(refetch_at=check_at)
    Credential.objects.update(points_remaining=POINTS_FOR_REREADING)
    credential_work(credential_id=credential.pk, seconds=10)
    assert Thread.objects.get().refetch_at is None


def test_what_waits_for_points_is_due_when_they_are_back(
    credential: Credential, closed: Issue, simulator: SimulatorServer
) -> None:
    credential_work(credential_id=credential.pk, seconds=10)
    asked, now = simulator.requests.count("graphql"), timezone.now()
    hinted_at = now - timedelta(seconds=61)
    Thread.objects.update(hinted_at=hinted_at, refetch_at=hinted_at + timedelta(seconds=60))
    reset_at = now + timedelta(minutes=1)
    Credential.objects.update(points_remaining=1, points_reset_at=reset_at)

    credential_work(credential_id=credential.pk, seconds=10)
    assert Thread.objects.get().refetch_at == reset_at
    assert simulator.requests.count("graphql") == asked

    # The hour is over, and nobody has asked GitHub since.
    Thread.objects.update(refetch_at=now)
    Credential.objects.update(points_reset_at=now)
    credential_work(credential_id=credential.pk, seconds=10)
    assert Thread.objects.get().refetch_at is None


def test_what_was_put_off_is_due_with_the_news_of_the_next_webhook(
    world: World, closed: Issue
) -> None:
    Thread.objects.update(refetch_at=timezone.now() + PUT_OFF_FOR)

    world.comment(closed, world.actor("worker"), "Here, too")
    world.webhooks.deliver()
    deliveries_drain(seconds=10)

    thread = Thread.objects.get()
    assert thread.hinted_at is not None
    assert thread.refetch_at is not None
    assert thread.refetch_at <= thread.hinted_at + timedelta(seconds=61)


@pytest.fixture
def long(world: World, hill: Repository, followed: GitHubRepository) -> Issue:
    """An issue with more than two pages of comments, of which one webhook arrived."""
    issue = world.open_issue(hill, world.actor("worker"), "Much to say")
    for number in range(205):
        world.comment(issue, world.actor("worker"), f"Comment {number}")
    world.webhooks.drop(logged=False)
    world.close(issue, world.actor("queen"))
    world.webhooks.deliver()
    deliveries_drain(seconds=10)
    return issue


def test_what_does_not_fit_into_its_page_is_read_right_behind_it(
    credential: Credential, long: Issue
) -> None:
    credential_work(credential_id=credential.pk, seconds=10)

    assert Message.objects.filter(kind="comment").count() == 205
    assert not SyncPart.objects.exists()
    assert not SyncRun.objects.exists()


def test_what_is_left_of_it_when_the_time_is_up_is_left_to_a_sync(
    credential: Credential, long: Issue
) -> None:
    assert credential_work(credential_id=credential.pk, seconds=0)

    assert 0 < Message.objects.filter(kind="comment").count() < 205
    assert GitHubRepository.objects.filter(next_sync_at__lte=timezone.now()).exists()


def test_it_comes_before_the_lists_of_another_repository(
    credential: Credential,
    followed: GitHubRepository,
    closed: Issue,
    linked: GitHubInstallation,
    world: World,
    nest: Repository,
) -> None:
    assert linked.workspace is not None
    source = Source.objects.create(
        workspace=linked.workspace,
        kind=SourceKind.GITHUB_REPOSITORY,
        server=linked.server,
        external_id=str(nest.database_id),
        name="colony/nest",
    )
    make_repository(source=source, next_sync_at=timezone.now())

    with capture_logs() as logs:
        credential_work(credential_id=credential.pk, seconds=0)

    assert [line for line in logs if line["log_level"] != "info"] == []
    assert kinds()[:2] == ["closed", "opened"]


def test_a_repository_that_cannot_be_read_is_left_to_its_sync(
    credential: Credential, followed: GitHubRepository, closed: Issue
) -> None:
    GitHubRepository.objects.update(full_name="colony/gone")
    # The App's list would tell its name.
    GitHubInstallation.objects.update(reconcile_at=None)

    credential_work(credential_id=credential.pk, seconds=10)

    followed.refresh_from_db()
    assert followed.sync_status in (SyncStatus.ERROR, SyncStatus.DISABLED)
    assert followed.sync_error != ""
    refetch_at = Thread.objects.get().refetch_at
    assert refetch_at is not None
    assert refetch_at > timezone.now()
