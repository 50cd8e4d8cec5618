"""Repositories in which nothing happens cost next to nothing, and what happens is found."""

from collections import Counter
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone

from benchmarks.quiet_rows import followed, pass_hour, quiet_world, spent_by
from dexxy.accounts.models import Workspace
from dexxy.integrations.models import (
    Credential,
    GitHubRepository,
    RunTrigger,
    SyncRun,
    SyncStatus,
)
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github.reading.budgets import POINTS_FOR_SWEEPS
from dexxy.integrations.services.github.scheduling.intervals import (
    ARRIVED_FOR,
    JITTER,
    MISSED_FOR,
    next_look,
)
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.integrations.services.github_sync import credential_work, repository_sync
from dexxy.integrations.tests.connected_app import arrive, connect_app
from dexxy.messages.models import Message, Thread
from dexxy_simulator.faults import Fault, asking_for, status
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from tests.factories import make_app, make_installation, make_repository, make_source
from tests.scene import Scene, first_issue
from tests.truth import assert_source_equals

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUIET = 300


def test_an_hour_of_quiet_repositories_costs_looks_by_the_hundred_and_a_share_for_sweeps(
    workspace: Workspace,
) -> None:
    world = quiet_world(QUIET)
    with SimulatorServer(world) as server:
        github = GitHubServer(server.url, server.graphql_url, server.url)
        installation = followed(workspace, world, github)
        assert installation.credential is not None
        GitHubRepository.objects.update(next_sweep_at=timezone.now() + DAY)
        server.requests.clear()

        pass_hour(installation.credential, step=5 * MINUTE)

        spent = spent_by(server.requests)
    # Each is looked at every 24 to 30 minutes, or up to 5 minutes earlier with what is due then.
    looks = QUIET * 60 / 19
    assert spent["Glance"] <= looks * 3 / 100 + 60
    # So 5,000 of them, and all that sweeps may spend, stay below a fifth of an hour's 5,000 points.
    assert spent["Glance"] * 5000 / QUIET + POINTS_FOR_SWEEPS < 5000 / 5
    # Two requests for edits, once a day.
    assert spent["REST"] <= 2 * QUIET / 24 * 2
    # And one for releases, every fourth day since there never was one.
    assert spent["Releases"] <= QUIET / 24 / 4 * 2
    assert spent.keys() <= {"Glance", "REST", "Releases", "People"}
    half_an_hour_ago = timezone.now() - 31 * MINUTE
    late = GitHubRepository.objects.filter(last_synced_at__lt=half_an_hour_ago)
    assert not late.exclude(glanced_at__gte=half_an_hour_ago).exists()
    assert not SyncRun.objects.exclude(state="done").exists()


def work(repository: GitHubRepository) -> None:
    """Let time alone make a repository due, and read what is due."""
    GitHubRepository.objects.filter(pk=repository.pk).update(next_sync_at=timezone.now())
    credential_id = repository.installation.credential_id
    assert credential_id is not None
    credential_work(credential_id=credential_id, seconds=60)


def asked(scene: Scene) -> list[str]:
    """Return what was asked of GitHub since the last time, and forget it."""
    entries = scene.server.requests.entries
    scene.server.requests.clear()
    return [
        entry.document.partition("(")[0].split()[-1] if entry.document else entry.endpoint
        for entry in entries
    ]


def test_a_repository_without_news_costs_one_request_and_no_run(scene: Scene) -> None:
    asked(scene)
    runs = SyncRun.objects.count()

    work(scene.connected)

    assert asked(scene) == ["Glance"]
    assert scene.server.requests.points == 0
    assert SyncRun.objects.count() == runs
    scene.connected.refresh_from_db()
    assert scene.connected.sync_status == SyncStatus.ACTIVE
    assert scene.connected.glanced_at is not None
    assert scene.connected.next_sync_at is not None
    assert 8 * MINUTE < scene.connected.next_sync_at - timezone.now() <= 30 * MINUTE


@pytest.mark.parametrize("change", ["issue", "pull request", "discussion", "comment", "deletion"])
def test_what_happens_in_a_list_is_read(scene: Scene, change: str) -> None:
    world, repository, owner = scene.world, scene.repository, scene.owner
    if change == "issue":
        world.open_issue(repository, owner, "News")
    elif change == "pull request":
        world.open_pull_request(repository, owner, "News")
    elif change == "discussion":
        world.open_discussion(world.add_category(repository, "Ideas"), owner, "News")
    elif change == "comment":
        world.comment(first_issue(repository), owner, "News")
    else:
        world.delete(first_issue(repository))

    work(scene.connected)
    work(scene.connected)  # A deletion shows in the counts, and a sweep finds it.

    assert_source_equals(scene.connected.source, repository)


def test_edited_comments_are_looked_for_from_time_to_time_without_the_lists(scene: Scene) -> None:
    scene.world.dialect = type(scene.world.dialect)(moving=frozenset())
    scene.world.edit(first_issue(scene.repository).comments[0], "On second thought")
    work(scene.connected)
    assert not Message.objects.filter(body="On second thought").exists()
    asked(scene)
    GitHubRepository.objects.update(last_synced_at=timezone.now() - DAY)

    work(scene.connected)

    assert Message.objects.filter(body="On second thought").exists()
    requests = Counter(asked(scene))
    assert requests["Threads"] == 0
    assert (requests["issue_comments"], requests["review_comments"]) == (1, 1)
    run = SyncRun.objects.latest("pk")
    lines = {kind: (line["here"], line["github"]) for kind, line in run.receipt.items()}
    assert lines["issue"] == lines["pull_request"] == lines["discussion"] == (3, 3)


def test_a_sweep_that_is_due_is_read_without_the_lists_and_says_when_it_ended(
    scene: Scene,
) -> None:
    GitHubRepository.objects.update(next_sweep_at=timezone.now())
    asked(scene)

    work(scene.connected)

    requests = Counter(asked(scene))
    assert (requests["Glance"], requests["Threads"]) == (1, 3)
    scene.connected.refresh_from_db()
    assert scene.connected.swept_at is not None
    assert Credential.objects.get().sweep_points > 0


def test_sweeps_wait_when_they_have_spent_their_share_of_the_hour(scene: Scene) -> None:
    GitHubRepository.objects.update(next_sweep_at=timezone.now())
    Credential.objects.update(
        sweep_points=POINTS_FOR_SWEEPS, sweep_hour_ends_at=timezone.now() + HOUR
    )
    asked(scene)

    work(scene.connected)
    assert asked(scene) == ["Glance"]

    Credential.objects.update(sweep_hour_ends_at=timezone.now() - HOUR)
    work(scene.connected)
    assert Counter(asked(scene))["Threads"] == 3
    credential = Credential.objects.get()
    assert 0 < credential.sweep_points < POINTS_FOR_SWEEPS


def test_what_a_person_asked_for_is_read_whatever_a_look_would_show(scene: Scene) -> None:
    asked(scene)
    GitHubRepository.objects.update(is_due_by_time=False, next_sync_at=timezone.now())
    credential_id = scene.connected.installation.credential_id
    assert credential_id is not None

    credential_work(credential_id=credential_id, seconds=60)

    assert Counter(asked(scene)) == {"Threads": 3, "issue_comments": 1, "review_comments": 1}


@pytest.fixture
def neighbour(scene: Scene) -> GitHubRepository:
    """Another repository of the same credential, read to its end."""
    scene.world.add_repository(scene.owner, "hamlet")
    installation = scene.connected.installation
    assert installation.workspace is not None
    server = GitHubServer(installation.api_url, installation.graphql_url, installation.web_url)
    hamlet = repository_connect_by_token(
        workspace=installation.workspace,
        full_name="owner/hamlet",
        token=DEMO_TOKEN,
        server=server,
    )
    repository_sync(repository_id=hamlet.pk, trigger=RunTrigger.COMMAND)
    asked(scene)
    return hamlet


def looks(scene: Scene) -> list[int]:
    """Return how many looks there were, and how many pages of lists."""
    names = asked(scene)
    return [names.count("Glance"), names.count("Threads")]


def test_repositories_of_one_credential_are_looked_at_together(
    scene: Scene, neighbour: GitHubRepository
) -> None:
    # The other one is due in three minutes.
    later = timezone.now() + 3 * MINUTE
    GitHubRepository.objects.filter(pk=neighbour.pk).update(next_sync_at=later)

    work(scene.connected)

    assert looks(scene) == [1, 0]
    assert GitHubRepository.objects.filter(glanced_at__isnull=False).count() == 2


def test_a_look_that_is_too_heavy_is_made_at_fewer(
    scene: Scene, neighbour: GitHubRepository
) -> None:
    scene.server.faults.add(Fault(status(502), on=asking_for("query Glance"), times=1))
    GitHubRepository.objects.update(next_sync_at=timezone.now())

    work(scene.connected)

    assert looks(scene)[1] == 0
    assert GitHubRepository.objects.filter(glanced_at__isnull=False).count() == 2


def test_where_github_does_not_answer_one_finds_out_and_the_others_wait(
    scene: Scene, neighbour: GitHubRepository
) -> None:
    scene.server.faults.add(Fault(status(500), on=asking_for("query Glance"), times=None))
    GitHubRepository.objects.update(next_sync_at=timezone.now())

    work(scene.connected)

    assert looks(scene)[1] == 3
    waiting = GitHubRepository.objects.filter(next_sync_at__lte=timezone.now() + 3 * MINUTE)
    assert waiting.count() == 1


def test_a_repository_that_vanished_is_said_to_be_lost_as_before(scene: Scene) -> None:
    scene.world.delete_repository(scene.repository)

    work(scene.connected)

    scene.connected.refresh_from_db()
    assert scene.connected.sync_status == SyncStatus.DISABLED


@pytest.mark.parametrize(
    ("quiet_for", "proven", "missed", "longest", "wait"),
    [
        (HOUR, None, None, DAY, 10 * MINUTE),
        (2 * DAY, None, None, DAY, 20 * MINUTE),
        (31 * DAY, None, None, DAY, 30 * MINUTE),
        (None, None, None, DAY, 30 * MINUTE),
        (HOUR, HOUR, None, DAY, HOUR),
        (2 * DAY, HOUR, None, DAY, 2 * HOUR),
        (31 * DAY, HOUR, None, DAY, 3 * HOUR),
        (31 * DAY, ARRIVED_FOR + HOUR, None, DAY, 30 * MINUTE),
        (31 * DAY, HOUR, MISSED_FOR - HOUR, DAY, 30 * MINUTE),
        (31 * DAY, HOUR, MISSED_FOR + HOUR, DAY, 3 * HOUR),
        (31 * DAY, HOUR, None, 5 * MINUTE, 5 * MINUTE),
    ],
)
def test_the_wait_goes_by_activity_and_by_whether_webhooks_arrive(
    workspace: Workspace,
    settings: LazySettings,
    quiet_for: timedelta | None,
    proven: timedelta | None,
    missed: timedelta | None,
    longest: timedelta,
    wait: timedelta,
) -> None:
    settings.DEXXY_SYNC_INTERVAL = int(longest.total_seconds())
    app = make_app()
    now = timezone.now()
    installation = make_installation(workspace=workspace, app=app)
    repository = make_repository(source=make_source(workspace=workspace))
    repository.installation = installation
    installation.webhook_arrived_at = now - proven if proven else None
    app.webhooks_missed_at = now - missed if missed else None
    repository.source.last_activity_at = now - quiet_for if quiet_for else None

    waits = [next_look(repository) - timezone.now() for _ in range(50)]

    assert all(wait * (1 - JITTER) - MINUTE / 60 <= one <= wait for one in waits)
    assert len(set(waits)) > 1
    soon = next_look(repository, is_wanted_soon=True) - timezone.now()
    assert soon <= min(longest, 10 * MINUTE)


def test_a_webhook_that_is_matched_shows_that_webhooks_arrive(workspace: Workspace) -> None:

    app = connect_app(workspace)
    arrive(app, "issues__opened")
    assert not Thread.objects.exists()

    deliveries_drain(seconds=10)

    installation = workspace.github_installation
    installation.refresh_from_db()
    assert installation.webhook_arrived_at is not None
