"""`python -m benchmarks.quiet`: what an hour of many quiet repositories costs, counted by GitHub.

The hour passes in the rows, step by step: each time that is stored moves back.
"""

from collections import Counter
from datetime import timedelta
from random import Random

from django.db.models import F
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import (
    Credential,
    GitHubInstallation,
    GitHubRepository,
    RunState,
    RunTrigger,
    StreamName,
    SyncRun,
    SyncStatus,
    SyncStream,
)
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github.reading.releases import LOOK_FOR_FIRST_AFTER
from dexxy.integrations.services.github_sync import credential_work
from dexxy.messages.models import Thread, ThreadKind
from dexxy.sources.models import Source, SourceKind
from dexxy_simulator.model import Repository
from dexxy_simulator.requests_log import RequestLog
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
_LISTS = {
    StreamName.ISSUES: ThreadKind.ISSUE,
    StreamName.PULL_REQUESTS: ThreadKind.PULL_REQUEST,
    StreamName.DISCUSSIONS: ThreadKind.DISCUSSION,
}
_EDITS = (StreamName.COMMENT_EDITS, StreamName.REVIEW_COMMENT_EDITS)


def quiet_world(repositories: int) -> World:
    """Make repositories in each of which one issue was opened a year ago, and nothing since."""
    world = World()
    owner = world.add_actor("colony")
    world.add_token(DEMO_TOKEN, owner)
    with world.at(world.now() - 365 * DAY):
        for number in range(repositories):
            world.open_issue(world.add_repository(owner, f"quiet-{number}"), owner, "Anybody?")
    return world


def followed(workspace: Workspace, world: World, server: GitHubServer) -> GitHubInstallation:
    """Follow all repositories of WORLD, as if each had been read to its end within the last day."""
    first, *others = world.repositories.values()
    connected = repository_connect_by_token(
        workspace=workspace, full_name=first.name_with_owner, token=DEMO_TOKEN, server=server
    )
    sources = [connected.source, *Source.objects.bulk_create(_source(workspace, o) for o in others)]
    pairs = zip(others, sources[1:], strict=True)
    rows = [_repository(connected.installation, *pair) for pair in pairs]
    rows = [connected, *GitHubRepository.objects.bulk_create(rows)]
    random, now = Random(1), timezone.now()  # noqa: S311
    for row, repository in zip(rows, world.repositories.values(), strict=True):
        row.node_id = repository.node_id
        row.sync_status, row.is_due_by_time = SyncStatus.ACTIVE, True
        row.next_sync_at = now + 30 * MINUTE * random.random()
        row.last_synced_at = now - DAY * random.random()
        # The worst that can be: sweeps are behind, and spend all that they may.
        row.next_sweep_at = now - DAY * random.random()
    times = ["next_sync_at", "last_synced_at", "next_sweep_at"]
    fields = ["node_id", "sync_status", "is_due_by_time", *times]
    GitHubRepository.objects.bulk_update(rows, fields, batch_size=1000)
    Thread.objects.bulk_create(_thread(source) for source in sources)
    Source.objects.update(last_activity_at=now - 365 * DAY)
    SyncStream.objects.bulk_create(stream for row in rows for stream in _streams(row))
    # Nobody ever had a release, and all were asked for the first within the last days.
    SyncStream.objects.bulk_create(
        SyncStream(
            repository=row,
            name=StreamName.RELEASES,
            watermark=now - LOOK_FOR_FIRST_AFTER * random.random(),
            is_done=True,
        )
        for row in rows
    )
    SyncRun.objects.bulk_create(_run(row) for row in rows)
    return connected.installation


def pass_hour(credential: Credential, *, step: timedelta = MINUTE) -> None:
    """Let an hour pass by steps, and read whatever is due after each."""
    for _ in range(60 * MINUTE // step):
        _pass(step)
        credential_work(credential_id=credential.pk, seconds=600)


def spent_by(requests: RequestLog) -> Counter[str]:
    """Return the points of each kind of query, and the requests to REST."""
    spent = Counter[str]()
    for entry in requests.entries:
        name = entry.document.partition("(")[0].split()[-1] if entry.document else "REST"
        spent[name] += entry.points or 1
    return spent


def _pass(step: timedelta) -> None:
    repository = ("next_sync_at", "last_synced_at", "next_sweep_at", "glanced_at")
    GitHubRepository.objects.update(**{name: F(name) - step for name in repository})
    Credential.objects.update(sweep_hour_ends_at=F("sweep_hour_ends_at") - step)


def _source(workspace: Workspace, repository: Repository) -> Source:
    return Source(
        workspace=workspace,
        kind=SourceKind.GITHUB_REPOSITORY,
        server="github",
        external_id=str(repository.database_id),
        name=repository.name_with_owner,
        url=f"https://github.com/{repository.name_with_owner}",
    )


def _repository(
    installation: GitHubInstallation, repository: Repository, source: Source
) -> GitHubRepository:
    return GitHubRepository(
        installation=installation,
        source=source,
        github_id=repository.database_id,
        name=repository.name,
        full_name=repository.name_with_owner,
    )


def _thread(source: Source) -> Thread:
    at = timezone.now() - 365 * DAY
    return Thread(
        workspace_id=source.workspace_id,
        source=source,
        kind=ThreadKind.ISSUE,
        number=1,
        title="Anybody?",
        state="open",
        url=f"{source.url}/issues/1",
        opened_at=at,
        first_activity_at=at,
        last_activity_at=at,
        version_at=at,
    )


def _streams(row: GitHubRepository) -> list[SyncStream]:
    at = timezone.now() - DAY
    return [
        SyncStream(repository=row, name=name, watermark=at, is_done=True)
        for name in (*_LISTS, *_EDITS)
    ]


def _run(row: GitHubRepository) -> SyncRun:
    counts = {ThreadKind.ISSUE: 1, ThreadKind.PULL_REQUEST: 0, ThreadKind.DISCUSSION: 0}
    at = timezone.now() - DAY
    receipt = {
        str(kind): {"here": count, "github": count, "taken_at": at.isoformat(), "is_enabled": True}
        for kind, count in counts.items()
    }
    return SyncRun(
        repository=row,
        trigger=RunTrigger.SCHEDULE,
        state=RunState.DONE,
        started_at=at,
        finished_at=at,
        receipt=receipt,
    )
