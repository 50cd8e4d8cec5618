"""Which members said something in certain sources, for what leaves by itself."""

from collections.abc import Collection, Sequence

from django.db.models import Exists, OuterRef

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.members.models import Identity
from dexxy.members.who_may_see import require_people
from dexxy.messages.models import Message


def members_heard_in(
    viewer: Viewer, workspace: Workspace, member_ids: Sequence[int], source_ids: Collection[int]
) -> set[int]:
    """Return which of some members said something that the feed shows, in any of some sources.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_people(viewer, workspace)
    said = Message.objects.in_feed().filter(
        workspace=workspace,
        author=OuterRef("pk"),
        source__in=list(source_ids),
    )
    accounts = Identity.objects.filter(workspace=workspace, member__in=list(member_ids))
    return set(accounts.filter(Exists(said)).values_list("member_id", flat=True))
