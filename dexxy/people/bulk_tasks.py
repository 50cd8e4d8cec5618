"""What a worker does with many people: who may ask for it, how far it is, and what came of it."""

from collections.abc import Sequence
from datetime import timedelta
from secrets import token_hex
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.errors import DexxyError, NotFoundError
from dexxy.common.queue import worker_wake
from dexxy.members.who_may_see import require_people
from dexxy.people.models import BulkKind, BulkState, BulkTask

KEPT_FOR = timedelta(days=1)
# Of a person, in all workspaces, at a time.
MOST_AT_ONCE = 3
# A worker that is not heard of for so long has died.
HELD_FOR = timedelta(minutes=5)
QUEUE = "exports"
JOB = "dexxy.integrations.tasks.do_bulk_tasks"


class BulkTaskNotFoundError(NotFoundError):
    """There is no such task in the workspace, or not any more."""


class TooManyBulkTasksError(DexxyError):
    """A worker does as much for a person as it may."""

    code = "rate_limited"
    retryable = True


class BulkTaskLostError(Exception):
    """The task is not ours any more: somebody else does it, or it is gone."""


def bulk_task_for(viewer: Viewer, workspace: Workspace, pk: int) -> BulkTask:
    """Return what a worker does, or did, for somebody in WORKSPACE.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        BulkTaskNotFoundError: there is no such task, or not any more.
    """
    require_people(viewer, workspace)
    # Whom a task is about may be a million numbers, and nobody shows them.
    kept = workspace.bulk_tasks.filter(expires_at__gt=timezone.now()).defer("member_ids")
    task = kept.filter(pk=pk).first()
    if task is None:
        raise BulkTaskNotFoundError(_("There is no such task, or not any more."))
    return task


def bulk_tasks_unfinished(viewer: Viewer, workspace: Workspace) -> list[BulkTask]:
    """Return what a worker still has to do in WORKSPACE, the oldest first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_people(viewer, workspace)
    kept = workspace.bulk_tasks.filter(_unfinished(), expires_at__gt=timezone.now())
    return list(kept.defer("member_ids").order_by("pk")[:MOST_AT_ONCE])


@transaction.atomic
def bulk_task_add(
    *,
    actor: User,
    workspace: Workspace,
    kind: BulkKind,
    arguments: dict[str, Any],
    steps: int,
    member_ids: Sequence[int] | None = None,
) -> BulkTask:
    """Let a worker do something; who may is checked by the service that asks, and by the worker.

    Args:
        arguments: those of the service, as JSON.
        steps: about how many there are.

    Raises:
        TooManyBulkTasksError: others of ACTOR's are not done yet.
    """
    user = User.objects.select_for_update().get(pk=actor.pk)
    unfinished = user.bulk_tasks.filter(_unfinished(), expires_at__gt=timezone.now())
    if unfinished.count() >= MOST_AT_ONCE:
        raise TooManyBulkTasksError(
            _("A worker is still busy with {number} things for you: wait for one of them.").format(
                number=MOST_AT_ONCE
            )
        )
    task = BulkTask.objects.create(
        workspace=workspace,
        requested_by=user,
        kind=kind,
        arguments=arguments,
        member_ids=None if member_ids is None else list(member_ids),
        steps_expected=steps,
        expires_at=timezone.now() + KEPT_FOR,
    )
    bulk_tasks_wake()
    return task


def bulk_tasks_wake() -> bool:
    """Wake a worker for what is to be done. If the queue is down, that is logged."""
    return worker_wake(QUEUE, JOB)


def bulk_tasks_due() -> bool:
    """Say whether anything is to be done, or to be forgotten."""
    return BulkTask.objects.filter(_to_do() | Q(expires_at__lte=timezone.now())).exists()


def bulk_tasks_wake_if_due() -> None:
    """Wake a worker where there is something to do."""
    if bulk_tasks_due():
        bulk_tasks_wake()


def bulk_tasks_prune() -> None:
    """Forget the tasks whose time is over."""
    BulkTask.objects.filter(expires_at__lte=timezone.now()).delete()


def bulk_tasks_forget(workspace_id: int) -> None:
    """Forget what came of the tasks of a workspace: somebody was erased, and it may name them."""
    BulkTask.objects.filter(~_unfinished(), workspace=workspace_id).delete()


@transaction.atomic
def bulk_task_claim() -> BulkTask | None:
    """Take the oldest task that nobody does; None where there is none."""
    free = BulkTask.objects.filter(_to_do()).order_by("pk")
    task = free.select_for_update(skip_locked=True, of=("self",)).first()
    if task is None:
        return None
    task.holder = token_hex(16)
    task.held_until = timezone.now() + HELD_FOR
    task.attempts += 1
    task.state = BulkState.WORKING
    task.save(update_fields=["holder", "held_until", "attempts", "state", "updated_at"])
    return task


def bulk_task_note(task: BulkTask, **values: Any) -> None:
    """Write down VALUES of a task that we have claimed.

    Raises:
        BulkTaskLostError: it is not ours any more.
    """
    ours = BulkTask.objects.filter(pk=task.pk, holder=task.holder)
    if not ours.update(updated_at=timezone.now(), **values):
        raise BulkTaskLostError
    for name, value in values.items():
        setattr(task, name, value)


def _unfinished() -> Q:
    return Q(state__in=[BulkState.WAITING, BulkState.WORKING])


def _to_do() -> Q:
    now = timezone.now()
    return _unfinished() & (Q(held_until=None) | Q(held_until__lte=now)) & Q(expires_at__gt=now)
