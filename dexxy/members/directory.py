"""The people of a workspace as a list: searched, filtered, a page at a time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.errors import BadInputError
from dexxy.common.pages import PAGE, Page
from dexxy.common.sql import time_limit
from dexxy.members.models import Identity, Member
from dexxy.members.segments import WHOEVER
from dexxy.members.sorting import MemberSort, member_page
from dexxy.members.who_may_see import require_people

# Longer than any name; each word is looked for by itself.
LONGEST_SEARCH = 200
# Nobody is called by more, and PostgreSQL takes seconds to plan a search for a hundred.
MOST_WORDS = 16


class MemberFilterError(BadInputError):
    """A filter of the directory that cannot be."""


@dataclass(frozen=True)
class MemberFilters:
    """Which members to list: all conditions hold.

    Args:
        search: words, each of which a name, a username or an address holds; MOST_WORDS different
            ones hold for nobody.
        organization: what the company or the host of an address holds.
        organization_key: that of their organization, as `organization_key` returns it.
        tags: the member has one of them.
        is_bot: bots alone, or people alone.
    """

    search: str = ""
    organization: str = ""
    organization_key: str = ""
    tags: Sequence[str] = ()
    is_bot: bool | None = None
    first_seen_since: datetime | None = None
    first_seen_until: datetime | None = None
    last_seen_since: datetime | None = None
    last_seen_until: datetime | None = None


EVERYBODY = MemberFilters()


def member_list(
    viewer: Viewer,
    workspace: Workspace,
    filters: MemberFilters = EVERYBODY,
    sort: MemberSort = MemberSort.LAST_SEEN,
    first: int = PAGE,
    after: str | None = None,
    segment: Q = WHOEVER,
) -> Page[Member]:
    """Return FIRST members behind the cursor AFTER, ordered by SORT.

    Args:
        segment: a condition of `segments.py`.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError, MemberFilterError: an argument is not served.
        TooSlowError: no index leads there, and there are too many members.
    """
    require_people(viewer, workspace)
    with time_limit():
        return member_page(_found(workspace, filters, segment), workspace.pk, sort, first, after)


def member_count(
    viewer: Viewer,
    workspace: Workspace,
    filters: MemberFilters = EVERYBODY,
    segment: Q = WHOEVER,
    most: int | None = None,
) -> int:
    """Count all that `member_list` lists, or up to MOST of them.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        MemberFilterError, TooSlowError: as `member_list`.
    """
    require_people(viewer, workspace)
    with time_limit():
        return _found(workspace, filters, segment)[:most].count()


def member_ids(
    viewer: Viewer,
    workspace: Workspace,
    filters: MemberFilters = EVERYBODY,
    segment: Q = WHOEVER,
) -> list[int]:
    """Return the primary keys of all that `member_list` lists, in no order.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        MemberFilterError, TooSlowError: as `member_list`.
    """
    require_people(viewer, workspace)
    with time_limit():
        return list(_found(workspace, filters, segment).values_list("pk", flat=True))


def tags_known(viewer: Viewer, workspace: Workspace) -> list[str]:
    """Return the tags that the team uses, in the order of the alphabet.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_people(viewer, workspace)
    tagged = workspace.members.exclude(tags=[]).values_list("tags", flat=True)
    return sorted({tag for tags in tagged for tag in tags}, key=str.casefold)


def _found(workspace: Workspace, filters: MemberFilters, segment: Q = WHOEVER) -> QuerySet[Member]:
    """Return the members that FILTERS keep; without an account it was merged into another."""
    _check(filters)
    conditions: list[Q | Exists] = [_has_account(workspace, Q())]
    words = _words(filters.search)
    if len(words) > MOST_WORDS:
        return workspace.members.none()
    conditions += [_has_account(workspace, _named(word)) for word in words]
    if filters.organization:
        conditions.append(_has_account(workspace, works_at(filters.organization)))
    if filters.organization_key:
        conditions.append(Q(summary__organization_key=filters.organization_key))
    if filters.tags:
        conditions.append(_has_account(workspace, Q(home_member__tags__overlap=list(filters.tags))))
    if filters.is_bot is not None:
        conditions.append(Q(is_bot=filters.is_bot))
    times = {
        "first_seen_at__gte": filters.first_seen_since,
        "first_seen_at__lt": filters.first_seen_until,
        "last_seen_at__gte": filters.last_seen_since,
        "last_seen_at__lt": filters.last_seen_until,
    }
    kept = {name: time for name, time in times.items() if time is not None}
    return workspace.members.filter(segment, *conditions, erased_at=None, **kept)


def _check(filters: MemberFilters) -> None:
    for name in ("search", "organization", "organization_key"):
        text = getattr(filters, name)
        if len(text) > LONGEST_SEARCH:
            raise MemberFilterError(
                _("{name} is longer than {count} characters.").format(
                    name=name, count=LONGEST_SEARCH
                )
            )
        if "\0" in text:
            raise MemberFilterError(_("A filter holds a null byte."))
    if any("\0" in tag for tag in filters.tags):
        raise MemberFilterError(_("A filter holds a null byte."))


def _words(search: str) -> list[str]:
    """Return the words of SEARCH but those that are part of another: what holds that, has them."""
    words = {word.lower(): word for word in search.split()}
    return [
        word
        for small, word in words.items()
        if not any(small in other for other in words if other != small)
    ]


def _has_account(workspace: Workspace, condition: Q) -> Exists:
    accounts = Identity.objects.filter(condition, workspace=workspace, member=OuterRef("pk"))
    return Exists(accounts)


def _named(word: str) -> Q:
    return (
        Q(username__icontains=word)
        | Q(name__icontains=word)
        | Q(email__icontains=word)
        | Q(home_member__display_name__icontains=word)
    )


def works_at(text: str) -> Q:
    """Return the condition that a profile or an address of an account names an organization."""
    # The name of an organisation is shown without the @ that a profile may have before it.
    return Q(home_member__company__icontains=text) | Q(
        email__iregex=f"@[^@]*{re.escape(text)}[^@]*$"
    )
