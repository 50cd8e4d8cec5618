"""What may leave a workspace by itself: in mails, feeds, webhooks and messages to chats.

Whoever sends something asks here for the sources that it may be of; who may see the workspace at
all is asked where it is sent. A workspace can keep what is private on its server in altogether.
"""

from django.db import transaction
from django.db.models import QuerySet

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_admin, require_membership
from dexxy.accounts.services import audit
from dexxy.common.sql import execute
from dexxy.outgoing.models import LeavingRule
from dexxy.sources.models import Source

_NOTE = """
INSERT INTO outgoing_sourcevisibility AS v (source_id, is_private)
VALUES (%(source)s, %(is_private)s)
ON CONFLICT (source_id) DO UPDATE SET is_private = excluded.is_private
WHERE v.is_private IS DISTINCT FROM excluded.is_private
"""


def sources_that_may_leave(workspace: Workspace) -> QuerySet[Source]:
    """Return the sources of which mails, feeds, webhooks and chats may tell.

    Of which it is not known whether they are private are taken for private.
    """
    shown = Source.objects.shown().filter(workspace=workspace)
    is_kept_in = LeavingRule.objects.filter(workspace=workspace, keeps_private_in=True).exists()
    return shown.filter(visibility__is_private=False) if is_kept_in else shown


def keeps_private_in(viewer: Viewer, workspace: Workspace) -> bool:
    """Say whether nothing of private sources leaves WORKSPACE by itself.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    return LeavingRule.objects.filter(workspace=workspace, keeps_private_in=True).exists()


@transaction.atomic
def workspace_keep_private_in(*, viewer: Viewer, workspace: Workspace, keeps: bool) -> bool:
    """Let nothing of private sources leave WORKSPACE by itself, or let it again. For admins.

    What waits to be sent is left out, too, as soon as it would be sent.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
    """
    actor = require_admin(viewer, workspace)
    rule, _ = LeavingRule.objects.select_for_update().get_or_create(workspace=workspace)
    if rule.keeps_private_in != keeps:
        rule.keeps_private_in = keeps
        rule.save(update_fields=["keeps_private_in", "updated_at"])
        audit(workspace, actor, "workspace.private_kept_in", workspace, keeps=keeps)
    return keeps


def source_visibility_note(source_id: int, *, is_private: bool) -> None:
    """Remember what the server says of a source, inside the caller's transaction."""
    execute(_NOTE, {"source": source_id, "is_private": is_private})
