"""How large repositories are is counted before anybody chooses them."""

from datetime import timedelta

import pytest

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import AdminOnlyError
from dexxy.integrations.models import GitHubRepository
from dexxy.integrations.services.github.connecting.available import available_repositories
from dexxy.integrations.services.github.connecting.sizes import RepositorySize, repository_sizes
from dexxy.messages.models import ThreadKind
from dexxy_simulator.dialects import USUAL, Dialect
from dexxy_simulator.world import World


@pytest.fixture
def dialect() -> Dialect:
    """In others GitHub may show nothing of a repository that has a list switched off."""
    return USUAL


def test_threads_are_counted_by_kind_with_one_request(
    alice: User, bob: User, workspace: Workspace, connected: GitHubRepository, world: World
) -> None:
    owner = world.actor("dexxy-demo")
    assert owner is not None
    farm = world.add_repository(owner, "farm")
    for number in range(2):
        world.open_issue(farm, owner, f"Issue {number}")
    world.open_pull_request(farm, owner, "A change")
    available = available_repositories(viewer=alice, workspace=workspace).repositories

    sizes = repository_sizes(viewer=alice, workspace=workspace, repositories=available)

    assert sizes.keys() == {one.github_id for one in available}
    assert sizes[farm.database_id].threads == {
        ThreadKind.ISSUE: 2,
        ThreadKind.PULL_REQUEST: 1,
        ThreadKind.DISCUSSION: 0,
    }
    # What the workspace leaves out is not read, so it costs nothing.
    workspace.thread_kinds = ["issue"]
    sizes = repository_sizes(viewer=alice, workspace=workspace, repositories=available)
    assert sizes[farm.database_id].threads == {ThreadKind.ISSUE: 2}
    with pytest.raises(AdminOnlyError):
        repository_sizes(viewer=bob, workspace=workspace, repositories=available)


@pytest.mark.parametrize(
    ("issues", "pull_requests", "discussions", "requests", "time"),
    [
        (0, 0, 0, 3, timedelta(seconds=7.5)),
        (25, 20, 15, 3, timedelta(seconds=7.5)),
        (26, 21, 16, 6, timedelta(seconds=15)),
        # Longer than an hour of GitHub's answers: its limit of points is no bound there.
        (100_000, 0, 0, 4_002, timedelta(seconds=10_005)),
        # A page of discussions costs four points: after 1,250 of them an hour has to pass.
        (0, 0, 30_000, 2_002, timedelta(seconds=5_005)),
    ],
)
def test_the_least_that_a_first_sync_takes_is_told_by_pages_and_points(
    issues: int, pull_requests: int, discussions: int, requests: int, time: timedelta
) -> None:
    size = RepositorySize(
        {
            ThreadKind.ISSUE: issues,
            ThreadKind.PULL_REQUEST: pull_requests,
            ThreadKind.DISCUSSION: discussions,
        }
    )

    assert (size.requests, size.time) == (requests, time)
