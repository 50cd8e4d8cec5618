"""GitHub in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import datetime
from typing import Self, cast

import strawberry
import strawberry_django

from dexxy.accounts.graphql import viewer_of
from dexxy.accounts.selectors import workspace_by_id
from dexxy.common.graphql import BigInt, Info
from dexxy.integrations import models, selectors
from dexxy.integrations.models import AccountType, RunState, RunTrigger, StreamName, SyncStatus
from dexxy.integrations.selectors import RepositoryOverview
from dexxy.messages.graphql import ThreadKind
from dexxy.sources.graphql import Source

strawberry.enum(AccountType, description="Who owns the repositories.")
strawberry.enum(SyncStatus, description="How a repository's sync is doing.")
strawberry.enum(StreamName, description="A list that is read by itself.")
strawberry.enum(RunTrigger, description="What started a run.")
strawberry.enum(RunState, description="How a run is doing.")


@strawberry_django.type(
    models.GitHubInstallation, description="The account through which repositories are read."
)
class GitHubInstallation:
    id: strawberry.ID
    server: str
    account_type: AccountType
    account_login: str
    is_suspended: bool


@strawberry.type(description="How much of what is expected has been read.")
class SyncProgress:
    done: int
    expected: int | None = strawberry.field(description="Null while GitHub has not said.")
    percent: int | None
    remaining_seconds: int | None = strawberry.field(
        description="Estimated from the speed of the running sync."
    )

    @classmethod
    def of(cls, progress: selectors.Progress) -> Self:
        left = progress.remaining
        return cls(
            done=progress.done,
            expected=progress.expected,
            percent=progress.percent,
            remaining_seconds=None if left is None else round(left.total_seconds()),
        )


@strawberry.type(description="One list of a repository.")
class SyncStream:
    name: StreamName
    is_done: bool
    progress: SyncProgress

    @classmethod
    def of(cls, stream: models.SyncStream, progress: selectors.Progress) -> Self:
        return cls(
            name=StreamName(stream.name),
            is_done=stream.is_done,
            progress=SyncProgress.of(progress),
        )


@strawberry.type(description="How many things of one kind a run read.")
class SyncCount:
    name: str
    count: int


@strawberry.type(description="Threads of one kind: here, and on GitHub.")
class SyncReceiptLine:
    kind: ThreadKind
    here: int
    github: int
    agrees: bool
    taken_at: datetime = strawberry.field(description="When GitHub counted.")


@strawberry.type(description="The counts here beside GitHub's, and when they were taken.")
class SyncReceipt:
    taken_at: datetime = strawberry.field(description="Since when all of them hold.")
    lines: list[SyncReceiptLine]


@strawberry_django.type(models.SyncRun, description="One sync of one repository.")
class SyncRun:
    id: strawberry.ID
    trigger: RunTrigger
    state: RunState
    started_at: datetime
    finished_at: datetime | None
    requests: int = strawberry.field(description="Requests spent.")
    points: int = strawberry.field(description="Points of GitHub's GraphQL budget spent.")
    error: str = strawberry.field(description="What stopped it, and what to do about it.")
    error_code: str

    @strawberry.field(description="What it read.")
    def counts(self, root: strawberry.Parent[models.SyncRun]) -> list[SyncCount]:
        return [SyncCount(name=name, count=root.counts[name]) for name in sorted(root.counts)]

    @strawberry.field(description="Null until the run has compared.")
    def receipt(self, root: strawberry.Parent[models.SyncRun]) -> SyncReceipt | None:
        return cast("SyncReceipt | None", selectors.receipt_of(root.receipt))


@strawberry.type(description="A thread that cannot be read although its neighbours can.")
class SyncProblem:
    thread_kind: str
    number: int
    error: str
    attempts: int


@strawberry_django.type(
    models.GitHubRepository, description="A repository that a workspace follows."
)
class GitHubRepository:
    id: strawberry.ID
    installation: GitHubInstallation
    source: Source
    github_id: BigInt
    name: str
    full_name: str = strawberry_django.field(description="`owner/repo`.")
    sync_status: SyncStatus
    issues_cursor: str
    prs_cursor: str
    discussions_cursor: str
    is_archived: bool
    last_synced_at: datetime | None
    next_sync_at: datetime | None
    sync_error: str = strawberry_django.field(description="What is wrong, and what to do about it.")

    @strawberry.field(
        description="Until when GitHub's rate limit pauses it; it goes on then by itself."
    )
    def paused_until(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> datetime | None:
        return _overview(info, root).paused_until

    @strawberry.field(description="All lists together.")
    def progress(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> SyncProgress:
        return SyncProgress.of(_overview(info, root).progress)

    @strawberry.field(description="Each list by itself.")
    def streams(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> list[SyncStream]:
        return [SyncStream.of(*pair) for pair in _overview(info, root).streams]

    @strawberry.field(description="The run that started last.")
    def latest_run(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> SyncRun | None:
        return cast("SyncRun | None", _overview(info, root).run)

    @strawberry.field(description="The newest counts that a run compared with GitHub's.")
    def receipt(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> SyncReceipt | None:
        return cast("SyncReceipt | None", _overview(info, root).receipt)

    @strawberry.field(description="Threads that fail by themselves: the newest few.")
    def problems(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> list[SyncProblem]:
        return cast("list[SyncProblem]", _overview(info, root).problems)

    @strawberry.field(description="How many threads fail by themselves.")
    def problem_count(self, root: strawberry.Parent[models.GitHubRepository], info: Info) -> int:
        return _overview(info, root).problem_count


@strawberry.type
class IntegrationsQuery:
    @strawberry.field(description="The connected repositories, by name.")
    def github_repositories(
        self, info: Info, workspace_id: strawberry.ID
    ) -> list[GitHubRepository]:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        overviews = selectors.repository_overviews(viewer, workspace)
        info.context.shared.update({_key(one.repository): one for one in overviews})
        return cast(list[GitHubRepository], [one.repository for one in overviews])


def _key(repository: models.GitHubRepository) -> tuple[str, int]:
    return ("overview", repository.pk)


def _overview(info: Info, repository: models.GitHubRepository) -> RepositoryOverview:
    overview: RepositoryOverview = info.context.shared[_key(repository)]
    return overview
