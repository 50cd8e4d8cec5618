"""The people of a workspace."""

from collections.abc import Sequence

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.members.models import Member


def members_by_id(viewer: Viewer, workspace: Workspace, ids: Sequence[int]) -> list[Member]:
    """Return those of the members with IDS that WORKSPACE has.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    if not ids:
        return []
    require_membership(viewer, workspace)
    return list(workspace.members.filter(pk__in=ids).order_by("pk"))
