"""The releases of the repositories that a workspace follows."""

from django.db.models import QuerySet

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.pages import PAGE, Page, page_newest_first
from dexxy.common.sql import time_limit
from dexxy.messages.models import Release


def release_list(
    viewer: Viewer,
    workspace: Workspace,
    source_id: int | None = None,
    first: int = PAGE,
    after: str | None = None,
) -> Page[Release]:
    """Return FIRST releases behind the cursor AFTER, those published last first.

    Args:
        source_id: of which repository; of all of them without it.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    require_membership(viewer, workspace)
    shown = _of(workspace, source_id).select_related("source", "author__member")
    with time_limit():
        return page_newest_first(shown, "published_at", first, after)


def release_total(viewer: Viewer, workspace: Workspace, source_id: int | None) -> int:
    """Count all that `release_list` lists.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    with time_limit():
        return _of(workspace, source_id).count()


def releases_shown(workspace: Workspace) -> QuerySet[Release]:
    """Return the releases that WORKSPACE shows."""
    return Release.objects.filter(workspace=workspace, is_archived=False, source__is_archived=False)


def _of(workspace: Workspace, source_id: int | None) -> QuerySet[Release]:
    shown = releases_shown(workspace)
    return shown if source_id is None else shown.filter(source=source_id)
