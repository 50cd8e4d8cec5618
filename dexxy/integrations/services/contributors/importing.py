"""Import people, and find out at once who of them is here already."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from typing import IO

from django.db import transaction

from dexxy.accounts.models import User, Workspace
from dexxy.common.sql import TooSlowError
from dexxy.integrations.services.contributor_identity import contributors_stitch
from dexxy.members.imports.file import ImportedRow
from dexxy.people.importing import ImportReport, Progress, people_import


def contributors_import(
    workspace: Workspace,
    rows: Iterable[ImportedRow],
    *,
    lines: IO[str],
    is_rehearsal: bool = False,
    skips_bad_rows: bool = False,
    actor: User | None = None,
    progress: Progress = lambda _rows: None,
    then: Callable[[ImportReport], None] = lambda _report: None,
    within: Callable[[], AbstractContextManager[None]] = transaction.atomic,
) -> ImportReport:
    """Import people, as `people_import` does, and compare them with the accounts that are here.

    The second is done after the first is stored: what it does not come to, the next sync does.

    Args:
        lines: an empty file, to write the report of each row into.
        is_rehearsal, skips_bad_rows, actor, progress: as of `people_import`.
        then: what else belongs to the transaction in which everything is stored.
        within: opens that transaction.

    Raises:
        ImportFileError: the rows cannot be read to their end. Nothing is stored.
    """
    with within():
        report = people_import(
            workspace,
            rows,
            lines=lines,
            is_rehearsal=is_rehearsal,
            skips_bad_rows=skips_bad_rows,
            actor=actor,
            progress=progress,
        )
        then(report)
    if report.is_stored:
        with suppress(TooSlowError):
            contributors_stitch(workspace_id=workspace.pk)
    return report
