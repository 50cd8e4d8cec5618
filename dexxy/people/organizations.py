"""One organization with its people and their threads."""

from collections.abc import Sequence
from dataclasses import dataclass

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.pages import PAGE, Page
from dexxy.members.directory import MemberFilters
from dexxy.members.models import OrganizationMerge
from dexxy.members.organization_list import (
    Organization,
    organization_for,
    organization_spellings,
    organization_tags,
)
from dexxy.members.organization_merges import organization_merges
from dexxy.members.segments import Segment
from dexxy.members.sorting import MemberSort
from dexxy.messages.feed.filters import MOST_VALUES, ThreadFilters
from dexxy.messages.models import Thread
from dexxy.messages.selectors import thread_list
from dexxy.people.directory import Listed, Person, people_ids, people_page

_THREADS = 20


@dataclass(frozen=True)
class OrganizationPage:
    """All that a page of an organization shows.

    Args:
        spellings: how its people write its name.
        merges: by hand, the oldest first.
        tags: of its people, each with how many have it.
        everybody: those whose threads are shown, by their primary keys: MOST_VALUES at most.
        people: of the segment that was asked for.
        threads: those that its people opened, with the newest activity first.
    """

    organization: Organization
    spellings: Sequence[str]
    merges: Sequence[OrganizationMerge]
    tags: Sequence[tuple[str, int]]
    everybody: Sequence[int]
    people: Page[Person]
    threads: Page[Thread]


def people_of_organization(key: str, segment: Segment = Segment.EVERYBODY) -> Listed:
    """Return what lists the people of an organization who are in SEGMENT."""
    return Listed(segment=segment, filters=MemberFilters(organization_key=key))


def organization_whole(
    viewer: Viewer,
    workspace: Workspace,
    key: str,
    first: int = PAGE,
    after: str | None = None,
    *,
    segment: Segment = Segment.EVERYBODY,
) -> OrganizationPage:
    """Return an organization with FIRST of its people behind the cursor AFTER, and threads.

    Args:
        segment: which of its people; the threads are of all of them.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        OrganizationNotFoundError: nobody in WORKSPACE is of it.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
        TooSlowError: there is too much.
    """
    found = organization_for(viewer, workspace, key)
    # Threads are asked for by the people who opened them: of very many, those of the first.
    members = people_ids(viewer, workspace, people_of_organization(key))[:MOST_VALUES]
    return OrganizationPage(
        organization=found,
        spellings=organization_spellings(viewer, workspace, [found.key])[found.key],
        merges=organization_merges(viewer, workspace).get(key, []),
        tags=organization_tags(viewer, workspace, [found.key])[found.key],
        everybody=members,
        people=people_page(
            viewer, workspace, people_of_organization(key, segment), MemberSort.RECENT, first, after
        ),
        threads=thread_list(viewer, workspace, ThreadFilters(member_ids=members), _THREADS)
        if members
        else Page(),
    )
