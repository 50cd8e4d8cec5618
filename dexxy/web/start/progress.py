"""How far the first run of a workspace is, for its pages and for what is left of it."""

from dexxy.accounts.first_run import account_is_unfinished
from dexxy.accounts.models import User, Workspace
from dexxy.integrations.selectors import repository_overviews
from dexxy.integrations.services.github.connecting.connection import github_connection
from dexxy.messages.waiting.summary import has_team

_UNNAMED = ("default", "Default")


def is_named(workspace: Workspace) -> bool:
    """Say whether a person named WORKSPACE; what Dexxy called it by itself is no name."""
    return (workspace.slug, workspace.name) != _UNNAMED


def steps_done(viewer: User, workspace: Workspace | None) -> set[str]:
    """Return which steps of the first run are done, by the names of their addresses.

    Args:
        workspace: None where there is none yet.
    """
    steps = {"start_account": not account_is_unfinished(viewer)}
    if workspace is not None:
        overviews = repository_overviews(viewer, workspace)
        connection = github_connection(viewer, workspace)
        is_live = connection is not None and connection.installation.deleted_at is None
        steps |= {
            "start_workspace": is_named(workspace),
            "start_connect": bool(overviews) or is_live,
            "start_sync": bool(overviews)
            and all(one.repository.last_synced_at for one in overviews),
            "start_team": has_team(viewer, workspace),
        }
    return {name for name, is_done in steps.items() if is_done}
