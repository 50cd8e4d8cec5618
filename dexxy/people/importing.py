"""Import people from a file, all or nothing, and join them with the accounts that are here."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from django.db import transaction

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.members.imports.file import ImportedRow
from dexxy.members.imports.staging import ROWS_AT_ONCE, outcomes, rows_stage, staged_batches
from dexxy.members.imports.stated_accounts import stated_meet
from dexxy.members.imports.storing import erased_leave_out, people_store
from dexxy.members.merges.components import merges_lock
from dexxy.members.models import MemberMerge
from dexxy.people.merging import people_link

# Called with how many more rows were read, and again with how many more were stored. It is called
# while the connection copies rows, so it asks the database on another one.
Progress = Callable[[int], None]


class _NotStored(Exception):
    """Rolls back what was tried."""


@dataclass
class ImportReport:
    """What became of each row.

    Args:
        counts: rows that were added, known already, erased (and left out), or bad.
        joined: how many accounts were joined with another.
        is_stored: whether anything was: not if a row is bad, or nothing should be.
        lines: what became of each row, a line of JSON: a million of them are no load on memory.
    """

    lines: IO[str]
    counts: Counter[str] = field(default_factory=Counter)
    joined: int = 0
    is_stored: bool = False

    @property
    def bad(self) -> int:
        """How many rows cannot be imported."""
        return self.counts["bad"]

    def rows(self) -> Iterator[tuple[int, str, str]]:
        """Yield the line, the outcome and the problem of each row."""
        self.lines.seek(0)
        for line in self.lines:
            number, outcome, problem = json.loads(line)
            yield number, outcome, problem

    def note(self, rows: Iterable[tuple[int, str, str]]) -> None:
        """Write down what became of ROWS."""
        for row in rows:
            self.counts[row[1]] += 1
            self.lines.write(json.dumps(row) + "\n")


def people_import(
    workspace: Workspace,
    rows: Iterable[ImportedRow],
    *,
    lines: IO[str],
    is_rehearsal: bool = False,
    skips_bad_rows: bool = False,
    actor: User | None = None,
    progress: Progress = lambda _rows: None,
) -> ImportReport:
    """Store the people of ROWS in one transaction; run again, it changes nothing more.

    Args:
        lines: an empty file, to write the report of each row into.
        is_rehearsal: tell what would happen, and store nothing.
        skips_bad_rows: import the others all the same.
        actor: who wants it; None for a command, which nobody is signed in to.
        progress: told how far it is.

    Raises:
        ImportFileError: the rows cannot be read to their end. Nothing is stored.
    """
    report = ImportReport(lines)
    with suppress(_NotStored), transaction.atomic():
        rows_stage(_counted(rows, progress), workspace_id=workspace.pk)
        erased_leave_out(workspace.pk)
        report.note(outcomes())
        if report.bad and not skips_bad_rows:
            raise _NotStored
        report.joined = _store(workspace, progress)
        _audit(workspace, actor, report)
        if is_rehearsal:
            raise _NotStored
        report.is_stored = True
    return report


def _counted(rows: Iterable[ImportedRow], progress: Progress) -> Iterator[ImportedRow]:
    number = 0
    for number, row in enumerate(rows, start=1):
        yield row
        if number % ROWS_AT_ONCE == 0:
            progress(ROWS_AT_ONCE)
    progress(number % ROWS_AT_ONCE)


def _store(workspace: Workspace, progress: Progress) -> int:
    merges_lock(workspace.pk)
    before = MemberMerge.objects.filter(workspace=workspace, undone_at=None).count()
    for batch in staged_batches():
        people_link(workspace.pk, people_store(workspace.pk, batch))
        progress(len(batch))
    people_link(workspace.pk, stated_meet(workspace.pk))
    return MemberMerge.objects.filter(workspace=workspace, undone_at=None).count() - before


def _audit(workspace: Workspace, actor: User | None, report: ImportReport) -> None:
    AuditEntry.objects.create(
        workspace=workspace,
        actor=actor,
        action="members.imported",
        target_type=Workspace._meta.label_lower,
        target_id=str(workspace.pk),
        details=dict(report.counts),
    )
