"""The workspace that a command line names."""

from dexxy.accounts import selectors
from dexxy.accounts.models import Workspace
from dexxy.cli.errors import WrongUseError

# Of those that an error names.
_MOST = 10


def workspace_called(slug: str) -> Workspace:
    """Return the workspace with the slug SLUG.

    Raises:
        WrongUseError: there is none.
    """
    workspace = selectors.workspace_called(slug)
    if workspace is not None:
        return workspace
    known = ", ".join(selectors.workspace_slugs(_MOST))
    raise WrongUseError(
        f"There is no workspace {slug}: --workspace takes one of: {known}."
        if known
        else "There is no workspace yet: `dexxy workspace-create NAME` makes one."
    )
