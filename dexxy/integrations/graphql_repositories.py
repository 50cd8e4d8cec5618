"""The repositories that a workspace follows, and those that it could."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from collections.abc import Iterable
from datetime import datetime
from typing import Self, cast

import strawberry
import strawberry_django

from dexxy.accounts.graphql import viewer_of
from dexxy.common.graphql import BigInt, Info
from dexxy.common.graphql_cost import cost
from dexxy.integrations import models, selectors
from dexxy.integrations.graphql_connection import GitHubInstallation
from dexxy.integrations.graphql_sync import (
    SyncProblem,
    SyncProgress,
    SyncReceipt,
    SyncRun,
    SyncStream,
)
from dexxy.integrations.models import StreamName, SyncStatus
from dexxy.integrations.selectors import RepositoryOverview
from dexxy.integrations.services.github.connecting.available import AvailableRepository
from dexxy.integrations.sync_phase import SyncPhase
from dexxy.sources.graphql import Source

strawberry.enum(SyncStatus, description="How a repository's sync is doing.")
strawberry.enum(SyncPhase, description="What a sync reads, in this order.")


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

    @strawberry.field(description="What its sync reads just now; null while it reads nothing.")
    def phase(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> SyncPhase | None:
        return _overview(info, root).phase

    @strawberry.field(
        description="How many messages are here, as the last sync with news counted; null before."
    )
    def message_count(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> int | None:
        return _overview(info, root).messages

    @strawberry.field(description="Each list by itself.", metadata=cost(items=len(StreamName)))
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

    @strawberry.field(
        description="Threads that fail by themselves: the newest few.",
        metadata=cost(items=selectors.PROBLEMS_SHOWN),
    )
    def problems(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> list[SyncProblem]:
        return cast("list[SyncProblem]", _overview(info, root).problems)

    @strawberry.field(description="How many threads fail by themselves.")
    def problem_count(self, root: strawberry.Parent[models.GitHubRepository], info: Info) -> int:
        return _overview(info, root).problem_count


@strawberry.type(description="A repository that the connection to GitHub reaches.")
class AvailableGitHubRepository:
    github_id: BigInt
    full_name: str = strawberry.field(description="`owner/repo`.")
    url: str
    description: str
    is_private: bool
    is_archived: bool = strawberry.field(description="On GitHub, where it can only be read.")
    is_connected: bool = strawberry.field(description="Whether the workspace follows it.")
    was_connected: bool = strawberry.field(
        description="Whether it did before: then it goes on where it stopped."
    )

    @classmethod
    def of(cls, one: AvailableRepository) -> Self:
        return cls(
            github_id=BigInt(one.github_id),
            full_name=one.full_name,
            url=one.url,
            description=one.description,
            is_private=one.is_private,
            is_archived=one.is_archived,
            is_connected=one.is_connected,
            was_connected=one.was_connected,
        )


@strawberry.input(description="Which repository a workspace shall follow.")
class GithubConnectRepoInput:
    workspace_id: strawberry.ID
    github_id: BigInt = strawberry.field(
        description="GitHub's number of it, as `availableGithubRepos` gives it."
    )


@strawberry.type(description="The repository as it is now.")
class GithubRepositoryPayload:
    repository: GitHubRepository

    @classmethod
    def of(cls, repository: models.GitHubRepository) -> Self:
        return cls(repository=cast(GitHubRepository, repository))


@strawberry.type(description="How many repositories are read now.")
class GithubSyncReposPayload:
    count: int


def remember_overviews(info: Info, overviews: Iterable[RepositoryOverview]) -> None:
    """Let the fields of repositories find what was read of all of them at once."""
    info.context.shared.update({_key(one.repository): one for one in overviews})


def _key(repository: models.GitHubRepository) -> tuple[str, int]:
    return ("overview", repository.pk)


def _overview(info: Info, repository: models.GitHubRepository) -> RepositoryOverview:
    shared = info.context.shared
    if _key(repository) not in shared:
        viewer = viewer_of(info)
        shared[_key(repository)] = selectors.repository_overview(viewer, repository)
    overview: RepositoryOverview = shared[_key(repository)]
    return overview
