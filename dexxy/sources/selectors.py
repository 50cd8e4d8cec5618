"""The sources that a workspace follows."""

from django.db.models import QuerySet

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.sources.models import Source


def visible_sources(viewer: Viewer, workspace: Workspace) -> QuerySet[Source]:
    """Return the sources of WORKSPACE by name.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    return workspace.sources.filter(is_archived=False).order_by("name", "pk")
