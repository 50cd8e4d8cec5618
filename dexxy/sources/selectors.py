"""The sources that a workspace follows."""

from collections.abc import Iterable

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.sources.models import Source, SourceQuerySet


def visible_sources(viewer: Viewer, workspace: Workspace) -> SourceQuerySet:
    """Return the sources of WORKSPACE by name.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    return workspace.sources.shown().order_by("name", "pk")


def fed_sources(viewer: Viewer, workspace: Workspace) -> list[Source]:
    """Return the sources of WORKSPACE that scripts feed, by platform and name.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    fed = visible_sources(viewer, workspace).fed()
    return list(fed.order_by("server", "name", "pk"))


def sources_called(workspace: Workspace, names: Iterable[str]) -> list[int]:
    """Return the ids of the sources of WORKSPACE with one of NAMES; the owner may be left out.

    Whoever calls this has asked for the viewer.
    """
    wanted = {name.lower().strip("/") for name in names}
    known = workspace.sources.shown().values_list("pk", "name").order_by("pk")
    return [pk for pk, name in known if not wanted.isdisjoint(_called(name.lower()))]


def _called(name: str) -> set[str]:
    return {name, name.rpartition("/")[2]}
