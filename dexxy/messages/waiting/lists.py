"""The lists of threads in which somebody waits, or did, and the SQL of what each one holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.messages.feed.conditions import Condition, params_of, where
from dexxy.messages.feed.filters import ALL_THREADS, ThreadFilters
from dexxy.messages.feed.snoozed import SNOOZED
from dexxy.messages.feed.threads import thread_conditions
from dexxy.messages.models import Side

# From when on a wait belongs to a band, as an age; the bands are those of the page, oldest first.
BANDS = (timedelta(days=30), timedelta(days=7), timedelta(days=2), timedelta(0))
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Tab(Enum):
    """A list of threads in which somebody waits, or did."""

    ALL = "all"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    FIRST = "first"
    OURS = "ours"
    LATE = "late"
    OLD = "old"
    SNOOZED = "snoozed"
    ASIDE = "aside"


@dataclass(frozen=True, kw_only=True)
class QueueFilters:
    """Which threads of a list to keep.

    Args:
        tab: the list.
        threads: which of its threads.
        since: whose wait began from this time on.
        until: whose wait began before this time.
    """

    tab: Tab = Tab.ALL
    threads: ThreadFilters = ALL_THREADS
    since: datetime | None = None
    until: datetime | None = None


WHOLE_QUEUE = QueueFilters()


@dataclass(frozen=True)
class Asked:
    """A list as SQL: the rows `s` of standings that it holds, whatever their age.

    Args:
        source: what stands behind FROM.
        side: what it has in common with other lists, as a condition.
        own: what is asked of its rows besides; QUESTIONS are to be put in.
        params: the values of the parameters of all.
    """

    source: str
    side: str
    own: str
    params: Mapping[str, Any]

    @property
    def conditions(self) -> str:
        """What stands behind WHERE, in a statement that begins with SNOOZED_ONCE."""
        return f"{self.side} AND {self.own.format(**QUESTIONS)}"


# What begins each statement: which threads are snoozed is told once, however often it is asked.
SNOOZED_ONCE = f"WITH snoozed AS MATERIALIZED ({SNOOZED})"
# What may be asked of a row, beside its side.
QUESTIONS: Mapping[str, str] = {
    "is_snoozed": "s.thread_id IN (SELECT snoozed.thread_id FROM snoozed)",
    "is_mine": """s.thread_id IN (
    SELECT tr.thread_id FROM messages_triage tr
    WHERE tr.workspace_id = %(workspace)s AND tr.assignee_id = %(viewer)s)""",
    "is_assigned": """s.thread_id IN (
    SELECT tr.thread_id FROM messages_triage tr
    WHERE tr.workspace_id = %(workspace)s AND tr.assignee_id IS NOT NULL)""",
    "is_first": "s.is_first",
}
_OF_TAB: Mapping[Tab, str] = {
    Tab.ALL: "NOT {is_snoozed}",
    Tab.MINE: "NOT {is_snoozed} AND {is_mine}",
    Tab.UNASSIGNED: "NOT {is_snoozed} AND NOT {is_assigned}",
    Tab.FIRST: "NOT {is_snoozed} AND {is_first}",
    Tab.OURS: "NOT {is_snoozed}",
    Tab.LATE: "NOT {is_snoozed}",
    Tab.OLD: "NOT {is_snoozed}",
    Tab.SNOOZED: "{is_snoozed}",
    Tab.ASIDE: "TRUE",
}
# What people decided about stands in the list of that decision alone, whatever list it came from.
_SIDES: Mapping[Tab, str] = {
    Tab.OURS: f"s.side = '{Side.OURS}' AND NOT s.is_old",
    Tab.LATE: f"s.side = '{Side.LATE}' AND NOT s.is_old",
    Tab.OLD: f"s.side = '{Side.TEAM}' AND s.is_old",
    Tab.SNOOZED: f"s.side <> '{Side.ASIDE}' AND (s.side = '{Side.TEAM}' OR NOT s.is_old)",
    Tab.ASIDE: f"s.side = '{Side.ASIDE}'",
}
_OF_THE_TEAM = f"s.side = '{Side.TEAM}' AND NOT s.is_old"
_TIMES = {"since": "s.since >= %(wait_since)s", "until": "s.since < %(wait_until)s"}


def asked(viewer: Viewer, workspace: Workspace, filters: QueueFilters, now: datetime) -> Asked:
    """Return the list that FILTERS name, as it is at NOW."""
    return lists_asked(viewer, workspace, filters, now, [filters.tab])[0]


def lists_asked(
    viewer: Viewer,
    workspace: Workspace,
    filters: QueueFilters,
    now: datetime,
    tabs: Sequence[Tab] = tuple(Tab),
) -> list[Asked]:
    """Return several lists as they are at NOW, as far as FILTERS keep them; all have one PARAMS."""
    of_threads = list(thread_conditions(viewer, workspace, filters.threads))
    hidden = list(workspace.sources.filter(is_archived=True).values_list("pk", flat=True))
    if hidden:
        of_threads.append(Condition("{row}.source_id <> ALL(%(hidden)s)", {"hidden": hidden}))
    times = {"since": filters.since, "until": filters.until}
    kept = [_TIMES[name] for name, time in times.items() if time is not None]
    of_rows = [one for one in of_threads if one.columns <= _OF_ROWS]
    others = [one for one in of_threads if one not in of_rows]
    kept += [where("s", of_rows, _OF_STANDINGS)] if of_rows else []
    kept += [where("t", others)] if others else []
    own = {"workspace": workspace.pk, "viewer": viewer.pk, "now": now}
    waits = {"wait_since": filters.since, "wait_until": filters.until}
    params = {**params_of(of_threads), **own, **waits}
    return [
        Asked(
            # The row of the thread is looked up only where more is asked of it.
            _WITH_THREAD if others else "messages_standing s",
            " AND ".join([_side_of(tab), *kept]),
            _OF_TAB[tab],
            params,
        )
        for tab in tabs
    ]


# What the rows of standings say of their threads.
_OF_ROWS = {"source_id", "kind", "labels"}
# What a process of the release before wrote says no labels.
LABELS = "COALESCE(s.labels, (SELECT l.labels FROM messages_thread l WHERE l.id = s.thread_id))"
_OF_STANDINGS = {"labels": LABELS}
_WITH_THREAD = "messages_standing s JOIN messages_thread t ON t.id = s.thread_id"


def _side_of(tab: Tab) -> str:
    return f"s.workspace_id = %(workspace)s AND {_SIDES.get(tab, _OF_THE_TEAM)}"


# Two ranges of the index for each band: nobody has replied, others have.
RANGES = """
unnest(%(bands)s::int[], %(others)s::boolean[], %(low)s::timestamptz[], %(high)s::timestamptz[])
    AS r(number, others, low, high)
"""
IN_RANGE = "s.others_replied = r.others AND s.since > r.low AND s.since <= r.high"


def ranges_at(now: datetime) -> dict[str, list[Any]]:
    """Return the parameters of RANGES, the oldest first."""
    ages = [now - age for age in BANDS]
    # A wait may have begun by GitHub's clock after now by ours.
    highs = [*ages[:-1], datetime.max.replace(tzinfo=UTC)]
    lows = [BEGINNING, *ages[:-1]]
    return {
        "bands": list(range(2 * len(BANDS))),
        "others": [False, True] * len(BANDS),
        "low": [low for low in lows for _ in range(2)],
        "high": [high for high in highs for _ in range(2)],
    }
