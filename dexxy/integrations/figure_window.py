"""The window of figures: a time, and up to when what is here is known to be complete."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.times import check_times
from dexxy.integrations.models import GitHubRepository
from dexxy.messages.figures.periods import LONGEST
from dexxy.messages.figures.scope import Window, WindowError
from dexxy.messages.figures.steps import DAY


def figure_window(
    viewer: Viewer, workspace: Workspace, *, since: datetime, until: datetime, zone: str = "UTC"
) -> Window:
    """Return the window from SINCE until before UNTIL, as far as it is known today.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        WindowError, FarTimeError: it is too long, or too far away.
    """
    require_membership(viewer, workspace)
    check_times(since, until)
    # The hour of a summer time may come on top.
    if until - since > LONGEST + DAY:
        raise WindowError(_("Choose two years at most."))
    synced = _synced(workspace)
    checked_at = {source: at for source, at in synced.items() if at is not None}
    return Window(
        since=since,
        until=until,
        now=max(checked_at.values(), default=min(until, timezone.now())),
        checked_at=checked_at,
        zone=zone,
        has_history=len(checked_at) == len(synced),
    )


def has_history(viewer: Viewer, workspace: Workspace) -> bool:
    """Tell whether the first sync of every source has finished; before, everybody looks new.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    return None not in _synced(workspace).values()


def _synced(workspace: Workspace) -> dict[int, datetime | None]:
    """Return when the last sync of each source ended, or when it was last fed."""
    repositories = GitHubRepository.objects.filter(
        source__workspace=workspace, source__is_archived=False
    )
    fed = workspace.sources.shown().fed()
    return {
        **dict(repositories.values_list("source", "last_synced_at")),
        **dict(fed.values_list("pk", "fed_at")),
    }
