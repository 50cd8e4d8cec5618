"""How large repositories are, and how long it takes to read them, before anybody chooses them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_admin
from dexxy.integrations.models import StreamName
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.queries import PAGE_LIMIT, sizes_document
from dexxy.integrations.services.github.api.values import count_of
from dexxy.integrations.services.github.connecting.available import (
    AvailableRepository,
    connection_of,
)
from dexxy.integrations.services.github.reading.request_sizes import START
from dexxy.integrations.services.github.reading.scans import THREAD_LISTS
from dexxy.integrations.services.github.scheduling.person_client import client_for_person
from dexxy.messages.models import ThreadKind

# Who has more repositories sees the sizes of the first ones: each hundred is a request more.
MOST = 300
# Seconds that GitHub takes for a page of threads with all that was said in them, as others measured
# it; and the points of such a page, by the formula of GitHub's documentation.
SECONDS_A_PAGE = 2.5
_POINTS = {ThreadKind.ISSUE: 1, ThreadKind.PULL_REQUEST: 1, ThreadKind.DISCUSSION: 4}
POINTS_AN_HOUR = 5_000


@dataclass(frozen=True, slots=True)
class RepositorySize:
    """What a repository holds, and what its first sync takes at least.

    Args:
        threads: of each kind that GitHub shows, how many there are.
    """

    threads: Mapping[ThreadKind, int]

    @property
    def requests(self) -> int:
        """How many pages of threads are to be read; each list is asked for once at least."""
        return sum(self._pages().values())

    @property
    def time(self) -> timedelta:
        """How long that takes, whichever is longer: GitHub's answers, or its limit an hour."""
        points = sum(count * _POINTS[kind] for kind, count in self._pages().items())
        # What fits into the first hour waits for nothing.
        by_points = points // POINTS_AN_HOUR * 3600
        return timedelta(seconds=max(self.requests * SECONDS_A_PAGE, by_points))

    def _pages(self) -> dict[ThreadKind, int]:
        return {kind: max(1, ceil(count / _PAGES[kind])) for kind, count in self.threads.items()}


_PAGES = {kind: START[StreamName(name)] for name, kind in THREAD_LISTS.items()}


def repository_sizes(
    *, viewer: Viewer, workspace: Workspace, repositories: Iterable[AvailableRepository]
) -> dict[int, RepositorySize]:
    """Ask GitHub how many threads the first MOST of REPOSITORIES have; a hundred cost 3 points.

    Returns: by GitHub's numbers; what GitHub does not tell of is left out.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: VIEWER may not.
        NotConnectedError: GitHub is not connected.
        GitHubError: GitHub could not be asked.
    """
    require_admin(viewer, workspace)
    wanted = [one.node_id for one in repositories if one.node_id][:MOST]
    found: dict[int, RepositorySize] = {}
    with client_for_person(connection_of(workspace)) as client:
        for begin in range(0, len(wanted), PAGE_LIMIT):
            ids = wanted[begin : begin + PAGE_LIMIT]
            answer = client.query(sizes_document(), {"ids": ids}, may_lack=["nodes.*"])
            with answer_shape("repositories"):
                found |= _sizes(answer.data["nodes"], workspace)
    return found


def _sizes(nodes: Sequence[Any], workspace: Workspace) -> dict[int, RepositorySize]:
    shown = [node for node in nodes if node]
    return {
        int(node["databaseId"]): RepositorySize(
            {
                kind: count_of(node[kind.value]["totalCount"])
                for kind in ThreadKind
                if workspace.takes(kind) and node.get(kind.value)
            }
        )
        for node in shown
    }
