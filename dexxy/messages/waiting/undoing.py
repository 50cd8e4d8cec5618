"""Take back what was decided about threads: as it was before, whatever that was."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.accounts.services import audit
from dexxy.messages.models import Triage
from dexxy.messages.waiting.triage import recompute, triage_locked

# What is decided about a thread, by its id. A hold is one decision.
Decided = Mapping[int, Mapping[str, Any]]
_HOLD = ("snoozed_until", "is_set_aside", "held_by_id", "held_at", "seen_at")
_ASSIGNED = ("assignee_id", "assigned_by_id", "assigned_at")
_NOTED = ("note", "noted_by_id", "noted_at")
_DECISIONS = (_ASSIGNED, _HOLD, _NOTED)
# Those that name somebody, who may have left meanwhile.
_PEOPLE = ("assignee_id", "assigned_by_id", "held_by_id", "noted_by_id")


def decided(viewer: Viewer, workspace: Workspace, thread_ids: Sequence[int]) -> Decided:
    """Return what is decided about threads now, so that it can be restored.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    found = Triage.objects.filter(workspace=workspace, pk__in=thread_ids).in_bulk()
    fields = [name for names in _DECISIONS for name in names]
    return {
        pk: {name: getattr(found.get(pk, Triage()), name) for name in fields} for pk in thread_ids
    }


def decided_otherwise(viewer: Viewer, workspace: Workspace, before: Decided) -> Decided:
    """Return of what was decided BEFORE the decisions that are others now.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    now = decided(viewer, workspace, list(before))
    return {
        pk: {
            name: was[name]
            for names in _DECISIONS
            if any(was[one] != now[pk][one] for one in names)
            for name in names
        }
        for pk, was in before.items()
    }


@transaction.atomic
def threads_restore(*, actor: User, workspace: Workspace, before: Decided, after: Decided) -> int:
    """Let be decided about threads what was BEFORE; decisions that it does not name stay.

    Nobody is assigned who is not in WORKSPACE any more.

    Args:
        after: what is to be taken back: what a colleague has decided otherwise since stays.

    Returns: how many threads were restored.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        ThreadNotFoundError: WORKSPACE does not show one of them.
        TriageError: there are none, or too many.
    """
    rows = list(triage_locked(actor, workspace, list(before)))
    there = set(workspace.memberships.values_list("user", flat=True))
    restored = 0
    for triage in rows:
        was = _to_restore(triage, before[triage.pk], after[triage.pk])
        for name, value in was.items():
            is_gone = name in _PEOPLE and value not in there
            setattr(triage, name, None if is_gone else value)
        if was:
            triage.save()
            audit(workspace, actor, "thread.restored", triage.thread)
            restored += 1
    recompute(workspace, list(before))
    return restored


def _to_restore(
    triage: Triage, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return of BEFORE the decisions that are still as AFTER has them."""
    return {
        name: before[name]
        for names in _DECISIONS
        if all(one in after and getattr(triage, one) == after[one] for one in names)
        for name in names
        if name in before
    }
