"""How many wait: in all, in each band of age and in each list."""
# ruff: noqa: S608
# The statements are put together from constants of this package alone; values are parameters.

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.sql import fetch_all, time_limit
from dexxy.messages.models import Message, OwnMember, Recount, TeamDecision, TeamStint
from dexxy.messages.team.roster import team_of
from dexxy.messages.waiting.lists import (
    IN_RANGE,
    LABELS,
    QUESTIONS,
    RANGES,
    SNOOZED_ONCE,
    WHOLE_QUEUE,
    QueueFilters,
    Tab,
    asked,
    lists_asked,
    ranges_at,
)

# Beyond this, numbers are not counted to their end.
MOST_COUNTED = 10_000
# More labels are typed.
MOST_LABELS = 30


@dataclass(frozen=True)
class QueueSummary:
    """How many wait.

    Args:
        bands: in each band, the oldest first; up to one more than MOST_COUNTED each, which stands
            for more.
        longest: since when whoever waits longest does, and in which thread: the first row of the
            list need not be theirs, for those to whom others have replied come later in a band.
        is_recounting: who is of the team has changed, and not all threads were looked at yet.
    """

    bands: Sequence[int]
    longest: datetime | None
    longest_thread_id: int | None
    is_recounting: bool

    @property
    def total(self) -> int:
        """How many wait in all."""
        return sum(self.bands)


def queue_summary(
    viewer: Viewer, workspace: Workspace, filters: QueueFilters = WHOLE_QUEUE
) -> QueueSummary:
    """Count how many wait.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    now = timezone.now()
    of = asked(viewer, workspace, filters, now)
    statement = f"""
{SNOOZED_ONCE}
SELECT r.number, count(q.since), min(q.since),
       (array_agg(q.thread_id ORDER BY q.since, q.thread_id))[1]
FROM {RANGES} LEFT JOIN LATERAL (
    SELECT s.since, s.thread_id FROM {of.source} WHERE {of.conditions} AND {IN_RANGE}
    ORDER BY s.since, s.thread_id LIMIT %(most)s
) q ON TRUE GROUP BY r.number ORDER BY r.number"""
    with time_limit():
        rows = fetch_all(statement, {**of.params, **ranges_at(now), "most": MOST_COUNTED + 1})
    counts = [count for _, count, *_ in rows]
    longest = min(((since, pk) for *_, since, pk in rows if since), default=(None, None))
    return QueueSummary(
        bands=[min(MOST_COUNTED + 1, sum(counts[i : i + 2])) for i in range(0, len(counts), 2)],
        longest=longest[0],
        longest_thread_id=longest[1],
        is_recounting=Recount.objects.filter(workspace=workspace, is_of_queue=True).exists(),
    )


def is_recounting(viewer: Viewer, workspace: Workspace) -> bool:
    """Say whether who is of the team has changed and not all threads were looked at yet.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    return Recount.objects.filter(workspace=workspace, is_of_queue=True).exists()


def list_counts(
    viewer: Viewer, workspace: Workspace, filters: QueueFilters = WHOLE_QUEUE
) -> Mapping[Tab, int]:
    """Count each list, as far as FILTERS keep it; up to one more than MOST_COUNTED.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    lists = dict(zip(Tab, lists_asked(viewer, workspace, filters, timezone.now()), strict=True))
    # Lists of one side are counted in one pass over its rows, each of which is asked once; what is
    # snoozed is of any side.
    sides: dict[str, list[Tab]] = {}
    for tab, of in lists.items():
        if tab is not Tab.SNOOZED:
            sides.setdefault(of.side, [Tab.SNOOZED]).append(tab)
    answers = ", ".join(f"{sql} AS {name}" for name, sql in QUESTIONS.items())
    told = {name: f"s.{name}" for name in QUESTIONS}
    passes = [
        f"(SELECT {', '.join(_counted(lists[tab].own.format(**told)) for tab in tabs)} FROM ("
        # The offset keeps the planner from asking anew for each list.
        f"SELECT {answers} FROM {lists[tabs[0]].source} WHERE {side} OFFSET 0) s) side_{index}"
        for index, (side, tabs) in enumerate(sides.items())
    ]
    statement = f"{SNOOZED_ONCE} SELECT * FROM {', '.join(passes)}"
    with time_limit():
        [row] = fetch_all(statement, lists[Tab.ALL].params)
    counts = dict.fromkeys(Tab, 0)
    for tab, number in zip([tab for tabs in sides.values() for tab in tabs], row, strict=True):
        counts[tab] = min(counts[tab] + number, MOST_COUNTED + 1)
    return counts


def _counted(condition: str) -> str:
    return f"count(*) FILTER (WHERE {condition})"


def queue_number(viewer: Viewer, workspace: Workspace) -> int:
    """Count who waits, as every page says it; up to one more than MOST_COUNTED.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    of = asked(viewer, workspace, WHOLE_QUEUE, timezone.now())
    # It is on every page and bounded: no limit of its time is worth three statements more.
    [(number,)] = fetch_all(
        _COUNT.format(of.source, of.conditions), {**of.params, "most": MOST_COUNTED + 1}
    )
    return int(number)


_COUNT = SNOOZED_ONCE + " SELECT count(*) FROM (SELECT FROM {} WHERE {} LIMIT %(most)s) counted"


def queue_labels(viewer: Viewer, workspace: Workspace, tab: Tab = Tab.ALL) -> list[str]:
    """Return the labels of a whole list, those of most threads first; up to MOST_LABELS.

    Of a list of more than MOST_COUNTED threads, so many are looked at.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    of = asked(viewer, workspace, QueueFilters(tab=tab), timezone.now())
    most = {"most": MOST_COUNTED, "labels": MOST_LABELS}
    rows = fetch_all(_LABELS_OF.format(of.source, of.conditions), {**of.params, **most})
    return [label for (label,) in rows]


_LABELS_OF = f"""
{SNOOZED_ONCE}
SELECT one.label FROM (SELECT {LABELS} FROM {{}} WHERE {{}} LIMIT %(most)s) q (labels)
CROSS JOIN unnest(q.labels) one (label)
GROUP BY one.label ORDER BY count(*) DESC, one.label LIMIT %(labels)s"""


def has_team(viewer: Viewer, workspace: Workspace) -> bool:
    """Say whether anybody belongs to the team of WORKSPACE, or did.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    return (
        TeamStint.objects.filter(workspace=workspace).exists()
        or TeamDecision.objects.filter(workspace=workspace, is_on_team=True).exists()
        or OwnMember.objects.filter(workspace=workspace).exists()
    )


def last_answer(viewer: Viewer, workspace: Workspace) -> Message | None:
    """Return what somebody of the team said last in the workspace, if anything.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    [(newest,)] = fetch_all(
        _NEWEST, {"workspace": workspace.pk, "members": list(team_of(workspace.pk))}
    )
    found = Message.objects.filter(workspace=workspace, pk=newest).for_display() if newest else []
    return found[0] if found else None


# The newest of each account by the index of authors, and the newest of those.
_NEWEST = """
SELECT (SELECT newest.id FROM members_identity i CROSS JOIN LATERAL (
    SELECT m.id, m.occurred_at FROM messages_message m
    WHERE m.workspace_id = %(workspace)s AND m.author_id = i.id AND NOT m.is_archived AND m.in_feed
    ORDER BY m.occurred_at DESC, m.id DESC LIMIT 1
) newest WHERE i.member_id = ANY(%(members)s) ORDER BY newest.occurred_at DESC LIMIT 1)
"""
