"""Do what people asked a worker for: tag many people, import a large file of them.

A worker that is killed leaves nothing half done: of tags, each piece is one transaction with the
place behind it; of an import, all of it is. Whoever comes next goes on from there.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic

import structlog
from django.db import connection, transaction
from django.utils import timezone, translation

from dexxy.common.errors import DexxyError
from dexxy.integrations.services.contributors.uploads import UploadOutcome, upload_work
from dexxy.members.tagging import MOST_AT_ONCE, members_tag
from dexxy.people.bulk_tasks import (
    HELD_FOR,
    BulkTaskLostError,
    bulk_task_claim,
    bulk_task_note,
    bulk_tasks_due,
    bulk_tasks_prune,
)
from dexxy.people.importing import Progress
from dexxy.people.models import BulkKind, BulkState, BulkTask

# How often a worker may die of a task before it is given up.
MOST_ATTEMPTS = 3
_PROGRESS = """
UPDATE people_bulktask
SET steps_done = steps_done + %s, held_until = %s WHERE id = %s AND holder = %s
"""

log = structlog.get_logger()


def bulk_tasks_work(*, seconds: float) -> bool:
    """Do what people wait for, the oldest first, and forget what is old.

    Args:
        seconds: for about so long; a piece at least, and an import as a whole.

    Returns: whether more is to be done.
    """
    until = monotonic() + seconds
    bulk_tasks_prune()
    while (task := bulk_task_claim()) is not None:
        try:
            _do(task, until)
        except BulkTaskLostError:
            log.info("task ended before it was done", task=task.pk)
        if monotonic() >= until:
            break
    return bulk_tasks_due()


def _do(task: BulkTask, until: float) -> None:
    if task.attempts > MOST_ATTEMPTS:
        log.error("task given up", task=task.pk, kind=task.kind)
        return bulk_task_note(task, state=BulkState.FAILED)
    reader = task.requested_by.language or task.workspace.language or None
    try:
        with translation.override(reader):
            _DOERS[BulkKind(task.kind)](task, until)
    except DexxyError as error:
        bulk_task_note(task, state=BulkState.FAILED, problem=str(error))
    return None


def _tag(task: BulkTask, until: float) -> None:
    """Tag the next people, 500 at a time."""
    ids, changed = task.member_ids or [], task.outcome.get("members", 0)
    while task.steps_done < len(ids):
        piece = ids[task.steps_done : task.steps_done + MOST_AT_ONCE]
        done = task.steps_done + len(piece)
        is_over = monotonic() >= until
        with transaction.atomic():
            retagged = members_tag(
                actor=task.requested_by,
                workspace=task.workspace,
                member_ids=piece,
                **task.arguments,
            )
            changed += len(retagged)
            bulk_task_note(
                task,
                steps_done=done,
                outcome={"members": changed},
                attempts=0,
                state=BulkState.DONE if done == len(ids) else BulkState.WORKING,
                held_until=None if is_over else timezone.now() + HELD_FOR,
            )
        if is_over:
            return


def _import(task: BulkTask, _until: float) -> None:
    """Import a file, or tell what that would do; what came of it is stored with it."""

    def then(outcome: UploadOutcome) -> None:
        bulk_task_note(task, state=BulkState.DONE, outcome=outcome.written())

    # What a worker before us read is read again.
    bulk_task_note(task, steps_done=0)
    with _progress_of(task) as progress:
        upload_work(
            task.requested_by, task.workspace, **task.arguments, progress=progress, then=then
        )


@contextmanager
def _progress_of(task: BulkTask) -> Iterator[Progress]:
    """Tell how far a task is on a connection of its own: the other one is in a transaction."""
    side = connection.copy()

    def progress(steps: int) -> None:
        with side.cursor() as cursor:
            held_until = timezone.now() + HELD_FOR
            cursor.execute(_PROGRESS, [steps, held_until, task.pk, task.holder])

    try:
        yield progress
    finally:
        side.close()


_DOERS: Mapping[BulkKind, Callable[[BulkTask, float], None]] = {
    BulkKind.TAG: _tag,
    BulkKind.REHEARSAL: _import,
    BulkKind.IMPORT: _import,
}
