"""The organizations of a workspace: what their people said and did, together."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.errors import NotFoundError
from dexxy.common.pages import PAGE, InvalidCursorError, Page, check_size, decoded_json, encoded
from dexxy.common.sql import fetch_all, time_limit
from dexxy.members.directory import LONGEST_SEARCH, MemberFilterError
from dexxy.members.who_may_see import require_people

_WEEKS = 12
_LARGEST = 2**63 - 1


class OrganizationNotFoundError(NotFoundError):
    """Nobody in the workspace is of such an organization."""


class OrganizationSort(TextChoices):
    """Which organizations come first: those with the most or the last, or by name."""

    RECENT = "recent"
    PEOPLE = "people"
    ACTIVE = "active"
    MESSAGES = "messages"
    WAITING = "waiting"
    LAST_SEEN = "last_seen"
    NAME = "name"


@dataclass(frozen=True)
class Organization:
    """Everybody who works at one place, in whatever way their profiles spell it.

    Args:
        name: as most of them write it; after a merge, that of the one that was kept.
        active: how many people said or did something in the last 90 days.
        messages, recent, waiting: what the summaries of its people count, together.
        weeks: how much they said and did in each of the last twelve times seven days.
    """

    key: str
    name: str
    people: int
    active: int
    messages: int
    recent: int
    waiting: int
    last_seen_at: datetime | None
    weeks: Sequence[int]

    @property
    def pk(self) -> str:
        """What tells it from others."""
        return self.key


@dataclass(frozen=True)
class _Cursor:
    """Where an organization stands in an order."""

    value: int | str
    pk: str

    def __str__(self) -> str:
        return encoded(json.dumps([self.value, self.pk]))

    @classmethod
    def parse(cls, text: str, kind: type[int] | type[str]) -> "_Cursor":
        try:
            value, key = decoded_json(text)
        except (ValueError, TypeError) as error:
            raise InvalidCursorError(_("The cursor is not one of ours.")) from error
        if (
            not isinstance(value, kind)
            or type(value) is bool
            or type(key) is not str
            or "\0" in f"{value}{key}"
        ):
            raise InvalidCursorError(_("The cursor is not one of ours."))
        if type(value) is int and abs(value) > _LARGEST:
            raise InvalidCursorError(_("The cursor is not one of ours."))
        return cls(value, key)


_SUMS = ", ".join(f"sum(coalesce(s.weeks[{week}], 0))" for week in range(1, _WEEKS + 1))
_GROUPED = f"""
SELECT s.organization_key AS key, coalesce(
           (SELECT j.kept_name FROM members_organizationmerge j
            WHERE j.workspace_id = %(workspace)s AND j.kept = s.organization_key
              AND j.undone_at IS NULL ORDER BY j.id LIMIT 1),
           mode() WITHIN GROUP (ORDER BY s.organization)) AS name,
       count(*) AS people, count(*) FILTER (WHERE s.recent > 0) AS active,
       sum(s.messages) AS messages, sum(s.recent) AS recent, sum(s.waiting) AS waiting,
       max(m.last_seen_at) AS last_seen_at, ARRAY[{_SUMS}] AS weeks,
       bool_or(%(search)s = '' OR position(%(search)s IN lower(s.organization)) > 0
               OR position(%(search)s IN s.organization_key) > 0) AS is_found
FROM members_membersummary s
JOIN members_member m ON m.id = s.member_id AND NOT m.is_bot AND m.erased_at IS NULL
WHERE s.workspace_id = %(workspace)s AND s.organization_key <> ''
  AND (%(key)s::text IS NULL OR s.organization_key = %(key)s)
GROUP BY s.organization_key
"""
_FOUND = f"SELECT * FROM ({_GROUPED}) o WHERE o.is_found"
_COUNT = f"SELECT count(*), coalesce(sum(people), 0) FROM ({_FOUND}) found"
_MICROS = "(extract(epoch FROM coalesce(o.last_seen_at, to_timestamp(0))) * 1000000)::bigint"
_VALUES = {
    OrganizationSort.LAST_SEEN: _MICROS,
    OrganizationSort.NAME: "lower(o.name)",
}

MOST_SPELLINGS = 20
MOST_TAGS = 20
_SPELLINGS = f"""
SELECT key, name FROM (
    SELECT s.organization_key AS key, s.organization AS name,
           row_number() OVER (
               PARTITION BY s.organization_key ORDER BY count(*) DESC, s.organization
           ) AS rank
    FROM members_membersummary s
    WHERE s.workspace_id = %(workspace)s AND s.organization_key = ANY(%(keys)s)
    GROUP BY s.organization_key, s.organization
) found WHERE rank <= {MOST_SPELLINGS} ORDER BY key, rank
"""
_TAGS = f"""
SELECT key, tag, number FROM (
    SELECT s.organization_key AS key, tag, count(DISTINCT s.member_id) AS number,
           row_number() OVER (
               PARTITION BY s.organization_key ORDER BY count(DISTINCT s.member_id) DESC, tag
           ) AS rank
    FROM members_membersummary s
    JOIN members_identity i ON i.member_id = s.member_id
    JOIN members_member home ON home.id = i.home_member_id
    CROSS JOIN LATERAL unnest(home.tags) AS tag
    WHERE s.workspace_id = %(workspace)s AND s.organization_key = ANY(%(keys)s)
    GROUP BY s.organization_key, tag
) found WHERE rank <= {MOST_TAGS} ORDER BY key, rank
"""


def organization_page(
    viewer: Viewer,
    workspace: Workspace,
    search: str = "",
    sort: OrganizationSort = OrganizationSort.RECENT,
    first: int = PAGE,
    after: str | None = None,
) -> Page[Organization]:
    """Return FIRST organizations behind the cursor AFTER, ordered by SORT.

    Args:
        search: what a spelling of their name holds.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError, MemberFilterError: an argument is not served.
        TooSlowError: there are too many members.
    """
    check_size(first)
    require_people(viewer, workspace)
    is_by_name = sort is OrganizationSort.NAME
    cursor = None if after is None else _Cursor.parse(after, str if is_by_name else int)
    value = _VALUES.get(sort, f"o.{sort}::bigint")
    behind = ""
    if cursor is not None:
        beyond = ">" if is_by_name else "<"
        behind = f"""AND ({value} {beyond} %(value)s
                          OR ({value} = %(value)s AND o.key > %(after)s))"""
    statement = f"""
SELECT {value}, o.key, o.name, o.people, o.active, o.messages, o.recent, o.waiting,
       o.last_seen_at, o.weeks
FROM ({_GROUPED}) o WHERE o.is_found {behind}
ORDER BY 1 {"ASC" if is_by_name else "DESC"}, 2 LIMIT %(limit)s"""
    params = _params(workspace, search)
    if cursor is not None:
        params |= {"value": cursor.value, "after": cursor.pk}
    with time_limit():
        rows = fetch_all(statement, {**params, "limit": first + 1})
    items = [_organization(row[1:]) for row in rows[:first]]
    return Page(items, [_Cursor(row[0], row[1]) for row in rows[:first]], len(rows) > first)


def organization_totals(viewer: Viewer, workspace: Workspace, search: str = "") -> tuple[int, int]:
    """Count the organizations that `organization_page` lists, and their people.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, MemberFilterError, TooSlowError: as it does.
    """
    require_people(viewer, workspace)
    with time_limit():
        [(organizations, people)] = fetch_all(_COUNT, _params(workspace, search))
    return organizations, int(people)


def organization_for(viewer: Viewer, workspace: Workspace, key: str) -> Organization:
    """Return one organization.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        OrganizationNotFoundError: nobody in WORKSPACE is of it.
    """
    require_people(viewer, workspace)
    params = _params(workspace, "") | {"key": key.replace("\0", "")}
    rows = fetch_all(
        f"""SELECT o.key, o.name, o.people, o.active, o.messages, o.recent, o.waiting,
                   o.last_seen_at, o.weeks FROM ({_GROUPED}) o""",
        params,
    )
    if not rows:
        raise OrganizationNotFoundError(_("There is no such organization."))
    return _organization(rows[0])


def organization_spellings(
    viewer: Viewer, workspace: Workspace, keys: Collection[str]
) -> Mapping[str, list[str]]:
    """Return by key how the people of each organization write its name, the usual one first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_people(viewer, workspace)
    found: dict[str, list[str]] = {key: [] for key in keys}
    for key, name in fetch_all(_SPELLINGS, {"workspace": workspace.pk, "keys": list(keys)}):
        found[key].append(name)
    return found


def organization_tags(
    viewer: Viewer, workspace: Workspace, keys: Collection[str]
) -> Mapping[str, list[tuple[str, int]]]:
    """Return by key the tags of the people of each organization, each with how many have it.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_people(viewer, workspace)
    found: dict[str, list[tuple[str, int]]] = {key: [] for key in keys}
    for key, tag, number in fetch_all(_TAGS, {"workspace": workspace.pk, "keys": list(keys)}):
        found[key].append((tag, number))
    return found


def _params(workspace: Workspace, search: str) -> dict[str, Any]:
    if len(search) > LONGEST_SEARCH:
        raise MemberFilterError(
            _("{name} is longer than {count} characters.").format(
                name="search", count=LONGEST_SEARCH
            )
        )
    if "\0" in search:
        raise MemberFilterError(_("A filter holds a null byte."))
    return {"workspace": workspace.pk, "search": search.strip().lower(), "key": None}


def _organization(row: Sequence[Any]) -> Organization:
    key, name, people, active, messages, recent, waiting, last_seen_at, weeks = row
    return Organization(
        key=key,
        name=name,
        people=people,
        active=active,
        messages=int(messages),
        recent=int(recent),
        waiting=int(waiting),
        last_seen_at=last_seen_at,
        weeks=[int(week) for week in weeks],
    )
