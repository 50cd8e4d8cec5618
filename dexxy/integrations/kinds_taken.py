"""Which kinds of threads a workspace takes in from GitHub."""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_admin
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError
from dexxy.integrations.models import GitHubRepository
from dexxy.integrations.services.github.access.repository_state import (
    repositories_locked,
    sync_asked_for,
)
from dexxy.integrations.services.github.scheduling.schedule import enqueue_due
from dexxy.messages.models import ThreadKind
from dexxy.messages.team.recounting import recount_begin
from dexxy.messages.waiting.follower import waiting_wake


class KindsError(BadInputError):
    """A workspace cannot take in that."""


def kinds_taken(workspace: Workspace) -> list[ThreadKind]:
    """Return the kinds of threads that are read of GitHub for WORKSPACE."""
    return [kind for kind in ThreadKind if workspace.takes(kind)]


@transaction.atomic
def workspace_take_kinds(
    *, viewer: Viewer, workspace: Workspace, kinds: Collection[ThreadKind]
) -> Workspace:
    """Take in KINDS from GitHub from the next sync on, and no others. For admins.

    What was read of the others stays, but nobody waits in it any more.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        KindsError: there is none among KINDS.
    """
    actor = require_admin(viewer, workspace)
    taken = [kind.value for kind in ThreadKind if kind in kinds]
    if not taken:
        raise KindsError(_("Choose at least one kind: else nothing would be read."))
    stored = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    chosen = None if len(taken) == len(ThreadKind) else taken
    if stored.thread_kinds == chosen:
        return stored
    stored.thread_kinds = chosen
    stored.save(update_fields=["thread_kinds", "updated_at"])
    audit(stored, actor, "workspace.kinds_taken", stored, kinds=taken)
    followed = GitHubRepository.objects.followed().of_workspace(stored).unpaused()
    sync_asked_for(repositories_locked(followed))
    recount_begin(stored.pk)
    transaction.on_commit(enqueue_due)
    transaction.on_commit(waiting_wake)
    return stored
