"""Take in activities of other platforms, and find out who of their people is here already."""

import io
from typing import BinaryIO

from django.db import transaction

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import require_admin
from dexxy.common.errors import BadInputError
from dexxy.integrations.services.contributor_identity import contributors_stitch
from dexxy.messages.ingest.recount import identities_recount
from dexxy.people.activities.ingesting import IngestReport, activities_take
from dexxy.people.activities.storing import Progress

# Of one call of the API, which somebody waits for. A file can have any length.
MOST_LINES_SENT, MOST_BYTES_SENT = 1_000, 1_000_000


class TooMuchSentError(BadInputError):
    """More was sent at once than the API takes."""


class IngestRefusedError(BadInputError):
    """Something is wrong with some lines, so none was taken.

    `problems` are those of the first lines.
    """

    code = "ingest_refused"

    def __init__(self, report: IngestReport) -> None:
        lines = "line" if report.total == 1 else "lines"
        super().__init__(
            f"{report.bad:,} of {report.total:,} {lines} cannot be taken, so nothing was."
        )
        self.details = {
            "problems": [
                {"line": one.line, "field": one.field, "problem": one.text}
                for one in report.problems
            ]
        }


def activities_ingest(
    workspace: Workspace,
    file: BinaryIO,
    *,
    is_rehearsal: bool = False,
    skips_bad_lines: bool = False,
    actor: User | None = None,
    progress: Progress = lambda _rows: None,
) -> IngestReport:
    """Take in a file as `activities_take` does, count what people said, and compare accounts.

    The last two are done after all is stored: what a killed process does not come to is done with
    the next file.

    Args: as `activities_take`.
    """
    report = activities_take(
        workspace,
        file,
        is_rehearsal=is_rehearsal,
        skips_bad_lines=skips_bad_lines,
        actor=actor,
        progress=progress,
    )
    if report.is_stored:
        with transaction.atomic():
            identities_recount(workspace_id=workspace.pk, account_ids=report.stored.authors)
        contributors_stitch(workspace_id=workspace.pk)
    return report


def activities_ingest_sent(
    *, actor: User, workspace: Workspace, lines: str, is_rehearsal: bool = False
) -> IngestReport:
    """Take in lines that an administrator sends, all or nothing.

    Args:
        lines: JSON Lines; see docs/reference/activities.md.
        is_rehearsal: tell what is wrong, and store nothing.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: ACTOR is no administrator.
        TooMuchSentError: there are too many.
        IngestRefusedError: something is wrong with some of them.
    """
    require_admin(actor, workspace)
    sent = lines.encode()
    if len(sent) > MOST_BYTES_SENT or sent.count(b"\n") > MOST_LINES_SENT:
        raise TooMuchSentError(
            f"Send {MOST_LINES_SENT:,} lines and {MOST_BYTES_SENT:,} bytes at once at most:"
            " `dexxy ingest` takes files of any length."
        )
    report = activities_ingest(workspace, io.BytesIO(sent), is_rehearsal=is_rehearsal, actor=actor)
    if report.bad:
        raise IngestRefusedError(report)
    return report
