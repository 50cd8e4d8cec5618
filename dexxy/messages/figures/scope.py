"""What a figure is asked about: a window of time, filters, and the workspace of a viewer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.databases.replica import read
from dexxy.common.errors import BadInputError
from dexxy.common.sql import Rows, fetch_all, filled, time_limit
from dexxy.common.times import zone_called
from dexxy.messages.answers import IS_SAID
from dexxy.messages.feed.filters import check_lists
from dexxy.messages.figures.organizations import members_of_organizations
from dexxy.messages.models import ThreadKind
from dexxy.messages.team.roster import Roster, team_of

# A window of years takes longer than a page of the feed.
SECONDS = 15.0


class WindowError(BadInputError):
    """No figure is given for such a time."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A time that figures are about.

    Args:
        since: its beginning, which belongs to it.
        until: its end, which does not.
        now: up to when the copy is known to be complete: the newest check that has finished. Not
            the clock: otherwise everybody would wait as soon as the sync stops.
        checked_at: the same of each source, by its primary key; `now` of those that it does not
            name. A source that is paused does not let anybody wait.
        zone: the name of the time zone whose days and weeks are counted.
        has_history: the first sync of every source has finished.
    """

    since: datetime
    until: datetime
    now: datetime
    checked_at: Mapping[int, datetime] = field(default_factory=dict)
    zone: str = "UTC"
    has_history: bool = True

    @property
    def ends_at(self) -> datetime:
        """The end of what can be known of it."""
        return min(self.until, self.now)


@dataclass(frozen=True, kw_only=True)
class FigureFilters:
    """What to count alone; an empty filter keeps all, and all filters must hold.

    Args:
        source_ids: in any of these sources.
        kinds: in threads of any of these kinds.
        organizations: by people of any of these organizations, as they are today.
        member_ids: by any of these people, whatever account they used.
    """

    source_ids: Sequence[int] = ()
    kinds: Sequence[ThreadKind] = ()
    organizations: Sequence[str] = ()
    member_ids: Sequence[int] = ()


EVERYTHING = FigureFilters()
# Of so many people the accounts are looked up one by one.
FEW = 10


@dataclass(frozen=True)
class Scope:
    """What the statements of the figures are given.

    Args:
        team: everybody who ever belonged to it.
        member_ids: whom the filters by organizations and people keep; None keeps all.
    """

    viewer: Viewer
    workspace_id: int
    window: Window
    filters: FigureFilters
    team: Roster
    member_ids: Sequence[int] | None

    def fetch(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        """Run a statement that may read `team`, and return its rows.

        Raises:
            TooSlowError: there is too much to count.
        """
        window, filters = self.window, self.filters
        given = {
            "workspace": self.workspace_id,
            "since": window.since,
            "until": window.until,
            "now": window.now,
            "checked": list(window.checked_at),
            "checked_at": list(window.checked_at.values()),
            "zone": window.zone,
            "sources": list(filters.source_ids) or None,
            "kinds": [str(kind) for kind in filters.kinds] or None,
            "members": self.member_ids,
        }
        is_few = self.member_ids is not None and len(self.member_ids) <= FEW
        sql = filled(sql, once="NOT MATERIALIZED" if is_few else "MATERIALIZED")
        return read(self.viewer, lambda: self._fetch(sql, {**given, **params}))

    def _fetch(self, sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        with time_limit(SECONDS):
            return fetch_all(sql, params, team_rows(self.team))

    def kinds_of(self, *kinds: ThreadKind) -> list[ThreadKind]:
        """Return those of KINDS that the filter keeps."""
        return [kind for kind in kinds if kind in (self.filters.kinds or kinds)]


def team_rows(team: Roster) -> Rows:
    """Return what the statements of the figures read as `team`."""
    columns = {"member_id": "bigint", "since": "timestamptz", "until": "timestamptz"}
    return Rows(columns, ((m, one.since, one.until) for m, found in team.items() for one in found))


# Begins each statement: who was of the team, and when (nobody's stints overlap); whose the
# accounts are; what was never said. Each is read once: to look an account up for each message takes
# twice the time (but what a few people did has few messages, and a community many accounts), and
# what is hidden stands in the row, which is else not read.
# Where it matters how long nothing has happened, each source has its own `now`.
WHO = f"""
WITH team AS MATERIALIZED (SELECT r.member_id, r.since, r.until FROM {{rows}}),
account AS {{once}} (
    SELECT i.id, i.member_id, i.kind, p.is_bot, p.erased_at
    FROM members_identity i JOIN members_member p ON p.id = i.member_id
    WHERE i.workspace_id = %(workspace)s
), source AS (
    SELECT s.id, coalesce(c.checked_at, %(now)s) AS now
    FROM sources_source s
    LEFT JOIN unnest(%(checked)s::bigint[], %(checked_at)s::timestamptz[]) AS c(id, checked_at)
           ON c.id = s.id
    WHERE s.workspace_id = %(workspace)s AND NOT s.is_archived
), hidden AS MATERIALIZED (
    SELECT m.id FROM messages_message m
    WHERE m.workspace_id = %(workspace)s AND m.details ? 'minimized' AND NOT {IS_SAID}
)"""  # noqa: S608
# Tells the same as IS_SAID behind WHO.
NOT_HIDDEN = "m.id NOT IN (SELECT id FROM hidden)"
_GONE_SOURCES = """
SELECT id FROM sources_source WHERE workspace_id = %(workspace)s AND is_archived"""
# The live messages `m`.
LIVE = f"""
m.workspace_id = %(workspace)s AND NOT m.is_archived AND m.occurred_at <= %(now)s
AND m.source_id NOT IN ({_GONE_SOURCES})"""
# The live threads, each with who opened it.
THREADS = """
    messages_thread t
    JOIN source ON source.id = t.source_id
    LEFT JOIN account opener ON opener.id = t.author_id
    WHERE t.workspace_id = %(workspace)s AND NOT t.is_archived AND t.kind = ANY(%(kinds)s)
      AND (%(sources)s::bigint[] IS NULL OR t.source_id = ANY(%(sources)s))
      AND (%(members)s::bigint[] IS NULL OR opener.member_id = ANY(%(members)s))
"""


def scope_of(viewer: Viewer, workspace: Workspace, window: Window, filters: FigureFilters) -> Scope:
    """Return what figures of WORKSPACE are told from.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        WindowError: the window has no length, or its zone is none.
        FilterError: a filter has too many values.
    """
    require_membership(viewer, workspace)
    check_lists(filters.source_ids, filters.kinds, filters.organizations, filters.member_ids)
    if window.until <= window.since:
        raise WindowError(_("The end has to be after the beginning."))
    if zone_called(window.zone) is None:
        raise WindowError(_("There is no such time zone."))
    members = _kept(workspace.pk, filters)
    return Scope(viewer, workspace.pk, window, filters, team_of(workspace.pk), members)


def _kept(workspace_id: int, filters: FigureFilters) -> Sequence[int] | None:
    """Return whom the filters by people keep; None keeps all."""
    if not filters.organizations:
        return filters.member_ids or None
    members = members_of_organizations(workspace_id, filters.organizations)
    if not filters.member_ids:
        return members
    return [member for member in members if member in filters.member_ids]
