"""Take back what was decided about threads: as it was before, whatever that was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.accounts.services import audit
from dexxy.messages.models import Triage
from dexxy.messages.waiting.triage import recompute, triage_locked


@dataclass(frozen=True)
class Decided:
    """What is decided about a thread at some moment."""

    thread_id: int
    assignee_id: int | None = None
    snoozed_until: datetime | None = None
    is_set_aside: bool = False
    held_by_id: int | None = None
    held_at: datetime | None = None
    seen_at: datetime | None = None
    note: str = ""


_FIELDS = [name for name in Decided.__dataclass_fields__ if name != "thread_id"]


def decided(viewer: Viewer, workspace: Workspace, thread_ids: Sequence[int]) -> list[Decided]:
    """Return what is decided about threads now, so that it can be restored.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    rows = Triage.objects.filter(workspace=workspace, pk__in=thread_ids)
    found = {row.pk: row for row in rows}
    return [
        Decided(pk, **{name: getattr(found[pk], name) for name in _FIELDS})
        if pk in found
        else Decided(pk)
        for pk in thread_ids
    ]


@transaction.atomic
def threads_restore(*, actor: User, workspace: Workspace, before: Sequence[Decided]) -> None:
    """Let be decided about threads what was BEFORE.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        ThreadNotFoundError: WORKSPACE does not show one of them.
        TriageError: there are none, or too many.
    """
    was = {one.thread_id: one for one in before}
    for triage in triage_locked(actor, workspace, list(was)):
        for name in _FIELDS:
            setattr(triage, name, getattr(was[triage.pk], name))
        triage.save()
        audit(workspace, actor, "thread.restored", triage.thread)
    recompute(workspace, list(was))
