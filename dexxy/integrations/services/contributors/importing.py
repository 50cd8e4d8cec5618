"""Import people, and find out at once who of them is here already."""

from collections.abc import Callable, Iterable
from typing import IO

from django.db import transaction

from dexxy.accounts.models import User, Workspace
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
) -> ImportReport:
    """Import people, as `people_import` does, and compare them with the accounts that are here.

    The second is done after the first is stored: what it does not come to, the next sync does.

    Args:
        lines: an empty file, to write the report of each row into.
        is_rehearsal: tell what would happen, and store nothing.
        skips_bad_rows: import the others all the same.
        actor: who wants it; None for a command, which nobody is signed in to.
        progress: told how far it is.
        then: what else belongs to the transaction in which everything is stored.

    Raises:
        ImportFileError: the rows cannot be read to their end. Nothing is stored.
    """
    with transaction.atomic():
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
        contributors_stitch(workspace_id=workspace.pk)
    return report
