"""Who waits while a migration runs."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db.migrations import Migration
from django.db.migrations import operations as ops
from django.db.migrations.operations.base import Operation


class Waiting(StrEnum):
    """What others notice of a migration, from the least to the most."""

    NOBODY = "nobody waits"
    BATCHES = "rows are changed, a batch at a time"
    MOMENT = "everybody waits for a moment"
    ROWS = "who writes the same rows waits"
    WRITERS = "who writes waits while it is built"


_NOBODY = (AddIndexConcurrently, RemoveIndexConcurrently, ValidateConstraint, ops.CreateModel)
_STATE = (ops.AlterModelOptions, ops.AlterModelManagers)
_WRITERS = (ops.AddIndex, ops.AddConstraint)
# Of those of PostgreSQL: they look at the catalog alone.
_MOMENT = (AddConstraintNotValid,)


def waiting(migration: Migration) -> Waiting:
    """Say who waits while a migration runs: the longest wait that one of its operations asks for.

    What a migration makes itself nobody uses yet, so what it does to that counts for nothing.
    """
    flat = list(_flat(migration.operations))
    new = {one.name_lower for one in flat if isinstance(one, ops.CreateModel)}
    order = list(Waiting)
    found = [_of(one, new, atomic=migration.atomic) for one in flat]
    return max(found, key=order.index, default=Waiting.NOBODY)


def _flat(operations: Sequence[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, ops.SeparateDatabaseAndState):
            yield from _flat(operation.database_operations)
        else:
            yield operation


def _of(operation: Operation, new: set[str], *, atomic: bool) -> Waiting:
    model = getattr(operation, "model_name_lower", getattr(operation, "model_name", ""))
    if isinstance(operation, _NOBODY + _STATE) or str(model).lower() in new:
        return Waiting.NOBODY
    if isinstance(operation, ops.RunPython | ops.RunSQL):
        return Waiting.ROWS if atomic else Waiting.BATCHES
    if isinstance(operation, _WRITERS) and not isinstance(operation, _MOMENT):
        return Waiting.WRITERS
    return Waiting.MOMENT
