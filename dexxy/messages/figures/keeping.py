"""Keep what figures tell of each thread, so that a year is read from narrow rows."""

from collections.abc import Collection
from datetime import UTC, datetime

from dexxy.common.sql import execute
from dexxy.messages.figures.cohort import KEEP
from dexxy.messages.figures.scope import team_rows
from dexxy.messages.models import ThreadKind
from dexxy.messages.team.roster import Roster

# All that happened, whenever that was.
_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def times_keep(workspace_id: int, thread_ids: Collection[int], team: Roster) -> None:
    """Tell anew what figures read of some threads, inside the caller's transaction.

    Args:
        team: of the workspace, as `team_of` returns it.
    """
    params = {
        "workspace": workspace_id,
        "threads": list(thread_ids),
        "kinds": [str(kind) for kind in ThreadKind],
        "since": _FIRST,
        "now": _LAST,
        "sources": None,
        "members": None,
        "checked": [],
        "checked_at": [],
    }
    execute(KEEP, params, team_rows(team))
