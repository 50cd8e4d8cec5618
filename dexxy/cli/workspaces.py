"""The workspace that a command line names."""

from dexxy.accounts.models import Workspace
from dexxy.cli.errors import WrongUseError


def workspace_called(slug: str) -> Workspace:
    """Return the workspace with the slug SLUG.

    Raises:
        WrongUseError: there is none.
    """
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is not None:
        return workspace
    known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True)[:10])
    raise WrongUseError(
        f"There is no workspace {slug}: --workspace takes one of: {known}."
        if known
        else "There is no workspace yet: `dexxy up` makes the first one."
    )
