"""The lists of a repository that are read page by page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dexxy.integrations.models import StreamName
from dexxy.integrations.services import github_mapping as mapping
from dexxy.integrations.services import github_queries as queries
from dexxy.messages.models import ThreadKind


@dataclass(frozen=True, slots=True)
class ThreadStream:
    """A list of whole threads.

    Args:
        name: of its SyncStream.
        thread_kind: of what it lists.
        document: the GraphQL query of one page.
        field: of `repository` in the answer.
        cursor_field: of GitHubRepository, which mirrors the cursor.
        enabled_field: of `repository`, which says whether the feature is switched on.
        map: a node of the list to a thread.
    """

    name: StreamName
    thread_kind: ThreadKind
    document: str
    field: str
    cursor_field: str
    enabled_field: str | None
    map: Callable[[Mapping[str, Any]], mapping.MappedThread]


# In the order in which a repository is read.
STREAMS = {
    stream.name: stream
    for stream in (
        ThreadStream(
            name=StreamName.ISSUES,
            thread_kind=ThreadKind.ISSUE,
            document=queries.ISSUES,
            field="issues",
            cursor_field="issues_cursor",
            enabled_field="hasIssuesEnabled",
            map=mapping.issue,
        ),
        ThreadStream(
            name=StreamName.PULL_REQUESTS,
            thread_kind=ThreadKind.PULL_REQUEST,
            document=queries.PULL_REQUESTS,
            field="pullRequests",
            cursor_field="prs_cursor",
            enabled_field=None,
            map=mapping.pull_request,
        ),
    )
}
