"""Of which sources mails may tell."""

from collections.abc import Sequence

from dexxy.accounts.models import Workspace
from dexxy.outgoing.privacy import sources_that_may_leave


def sources_for_mail(workspace: Workspace) -> Sequence[int] | None:
    """Return the ids of the sources of which mails may tell; None for all of them."""
    allowed = list(sources_that_may_leave(workspace).values_list("pk", flat=True))
    shown = workspace.sources.shown().count()
    return None if len(allowed) == shown else allowed
