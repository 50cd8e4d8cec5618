"""The end of a workspace: it is asked for, can be taken back for a week, and then is for good."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import Viewer, in_person, require_admin
from dexxy.accounts.services import audit

# From being asked for until a worker deletes all that the workspace has.
GRACE = timedelta(days=7)


@transaction.atomic
def workspace_delete(*, viewer: Viewer, workspace: Workspace) -> Workspace:
    """Let WORKSPACE be deleted with all that it has, when GRACE is over. For admins.

    Until then nothing changes but that its pages say so. Asked for again, the day stays.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        SessionNeededError: VIEWER came by a token.
    """
    actor, stored = _locked(viewer, workspace)
    if stored.delete_at is None:
        stored.delete_at = timezone.now() + GRACE
        stored.save(update_fields=["delete_at", "updated_at"])
        audit(stored, actor, "workspace.delete_asked", stored, at=stored.delete_at.isoformat())
    return stored


@transaction.atomic
def workspace_restore(*, viewer: Viewer, workspace: Workspace) -> Workspace:
    """Take back that WORKSPACE is to be deleted. For admins.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError, SessionNeededError: as
            `workspace_delete`.
    """
    actor, stored = _locked(viewer, workspace)
    if stored.delete_at is not None:
        stored.delete_at = None
        stored.save(update_fields=["delete_at", "updated_at"])
        audit(stored, actor, "workspace.delete_taken_back", stored)
    return stored


def _locked(viewer: Viewer, workspace: Workspace) -> tuple[User, Workspace]:
    require_admin(viewer, workspace)
    actor = in_person(viewer)
    # Whoever deletes it has it locked: of both at one moment, one comes first.
    return actor, Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
