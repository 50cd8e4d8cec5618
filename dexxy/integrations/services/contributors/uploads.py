"""Import a file of people that somebody uploads: first tell what would happen, then do it."""

import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from tempfile import TemporaryFile
from typing import Any, Self

from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import require_admin
from dexxy.common.errors import BadInputError
from dexxy.integrations.services.contributors.importing import contributors_import
from dexxy.kept.files import file_keep, file_read, files_forget
from dexxy.members.imports.file import ImportFile
from dexxy.people.bulk_tasks import bulk_task_add
from dexxy.people.importing import ImportReport, Progress
from dexxy.people.models import BulkKind, BulkTask

# As much as a form takes; the command takes more.
LARGEST_FILE = 20_000_000
# A page cannot wait for more; a worker can.
MOST_LINES_AT_ONCE = 5000
# Of one call of the API.
MOST_BYTES_SENT = 1_000_000
# Of what is wrong, so much is told; the rest looks alike.
MOST_PROBLEMS = 100


class UploadError(BadInputError):
    """A file that cannot be taken, or that is not kept any more."""


@dataclass(frozen=True)
class UploadOutcome:
    """What became of the rows of a file, or would.

    Args:
        counts: rows that are added, known already, erased (and left out), or bad.
        joined: how many accounts are joined with others.
        is_stored: whether it was done.
        ignored: names of columns that Dexxy does not know.
        problems: line and problem of rows that are bad, the first ones.
    """

    counts: Mapping[str, int]
    joined: int
    is_stored: bool
    ignored: Sequence[str]
    problems: Sequence[tuple[int, str]]

    @classmethod
    def of(cls, report: ImportReport, file: ImportFile) -> Self:
        """Return what there is to tell of an import of FILE."""
        problems = [(line, problem) for line, _, problem in report.rows() if problem]
        return cls(
            counts=report.counts,
            joined=report.joined,
            is_stored=report.is_stored,
            ignored=file.columns.ignored,
            problems=problems[:MOST_PROBLEMS],
        )

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """Return what `written` wrote."""
        return cls(**{**written, "counts": Counter(written["counts"])})

    def written(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**asdict(self), "counts": dict(self.counts)}

    @property
    def total(self) -> int:
        """How many rows there are."""
        return sum(self.counts.values())

    @property
    def importable(self) -> int:
        """How many of them can be imported."""
        return self.counts["added"] + self.counts["known"]


def upload_keep(*, actor: User, workspace: Workspace, content: bytes) -> str:
    """Keep an uploaded file until it is imported, for some days at most, for ACTOR alone.

    It takes the place of the one that ACTOR uploaded before.

    Returns: the key by which it is known.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: ACTOR is no administrator.
        UploadError: there is nothing in it, or too much.
    """
    require_admin(actor, workspace)
    if not content:
        raise UploadError(_("Choose a file that has something in it."))
    if len(content) > LARGEST_FILE:
        raise UploadError(
            _(
                "The file is larger than {most} MB. Cut it in parts, or let whoever runs this"
                " Dexxy use `dexxy import-members`."
            ).format(most=LARGEST_FILE // 1_000_000)
        )
    file_keep(_name(actor, workspace), content)
    return _key(content)


def upload_is_large(*, actor: User, workspace: Workspace, key: str) -> bool:
    """Say whether an uploaded file has so many lines that a worker is to read it.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: ACTOR is no administrator.
        UploadError: it is not kept any more.
    """
    require_admin(actor, workspace)
    return _lines(_read(actor, workspace, key)) > MOST_LINES_AT_ONCE


def upload_try(*, actor: User, workspace: Workspace, key: str) -> UploadOutcome:
    """Tell what importing an uploaded file would do, and store nothing.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: ACTOR is no administrator.
        UploadError: it is not kept any more.
        ImportFileError: it cannot be read.
    """
    return upload_work(actor, workspace, key, is_rehearsal=True, skips_bad_rows=True)


def upload_import(
    *, actor: User, workspace: Workspace, key: str, skips_bad_rows: bool
) -> UploadOutcome:
    """Import an uploaded file, all or nothing; it is not kept any longer once that is done.

    Args:
        skips_bad_rows: import the others where some rows are bad; otherwise nothing is stored.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: ACTOR is no administrator.
        UploadError: it is not kept any more.
        ImportFileError: it cannot be read. Nothing is stored.
    """
    return upload_work(actor, workspace, key, is_rehearsal=False, skips_bad_rows=skips_bad_rows)


def upload_later(
    *, actor: User, workspace: Workspace, key: str, is_rehearsal: bool, skips_bad_rows: bool
) -> BulkTask:
    """Let a worker do what `upload_try` or `upload_import` does.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: ACTOR is no administrator.
        UploadError: it is not kept any more.
        TooManyBulkTasksError: others of ACTOR's are not done yet.
    """
    require_admin(actor, workspace)
    return bulk_task_add(
        actor=actor,
        workspace=workspace,
        kind=BulkKind.REHEARSAL if is_rehearsal else BulkKind.IMPORT,
        arguments={"key": key, "is_rehearsal": is_rehearsal, "skips_bad_rows": skips_bad_rows},
        # Each line is read, and then stored.
        steps=2 * _lines(_read(actor, workspace, key)),
    )


def people_import_sent(
    *,
    actor: User,
    workspace: Workspace,
    content: str,
    is_rehearsal: bool = False,
    skips_bad_rows: bool = False,
) -> UploadOutcome:
    """Import the file of people that a program sends, all or nothing; it is kept nowhere.

    Args:
        is_rehearsal: tell what would happen, and store nothing.
        skips_bad_rows: import the others where some rows are bad; otherwise nothing is stored.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: ACTOR is no administrator.
        UploadError: there is nothing in it, or more than MOST_LINES_AT_ONCE lines or
            MOST_BYTES_SENT bytes.
        ImportFileError: it cannot be read. Nothing is stored.
    """
    require_admin(actor, workspace)
    sent = content.encode(errors="replace")
    if not sent:
        raise UploadError(_("Choose a file that has something in it."))
    if len(sent) > MOST_BYTES_SENT or _lines(sent) > MOST_LINES_AT_ONCE:
        raise UploadError(
            _("Send {lines} lines and {bytes} bytes at once, at most.").format(
                lines=f"{MOST_LINES_AT_ONCE:,}", bytes=f"{MOST_BYTES_SENT:,}"
            )
        )
    return _import(
        actor,
        workspace,
        ImportFile(io.BytesIO(sent), encoding="utf-8"),
        is_rehearsal=is_rehearsal,
        skips_bad_rows=skips_bad_rows,
    )


def upload_work(
    actor: User,
    workspace: Workspace,
    key: str,
    *,
    is_rehearsal: bool,
    skips_bad_rows: bool,
    progress: Progress = lambda _rows: None,
    then: Callable[[UploadOutcome], None] = lambda _outcome: None,
) -> UploadOutcome:
    """Import an uploaded file, or tell what that would do.

    Args:
        progress, then: as of `contributors_import`.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: ACTOR is no administrator.
        UploadError: it is not kept any more.
        ImportFileError: it cannot be read. Nothing is stored.
    """
    require_admin(actor, workspace)
    file = ImportFile(io.BytesIO(_read(actor, workspace, key)))
    done = _import(
        actor,
        workspace,
        file,
        is_rehearsal=is_rehearsal,
        skips_bad_rows=skips_bad_rows,
        progress=progress,
        then=then,
    )
    if done.is_stored:
        files_forget([_name(actor, workspace)])
    return done


def _import(
    actor: User,
    workspace: Workspace,
    file: ImportFile,
    *,
    is_rehearsal: bool,
    skips_bad_rows: bool,
    progress: Progress = lambda _rows: None,
    then: Callable[[UploadOutcome], None] = lambda _outcome: None,
) -> UploadOutcome:
    with TemporaryFile("w+") as lines:
        report = contributors_import(
            workspace,
            file.rows(),
            lines=lines,
            is_rehearsal=is_rehearsal,
            skips_bad_rows=skips_bad_rows,
            actor=actor,
            progress=progress,
            then=lambda report: then(UploadOutcome.of(report, file)),
        )
        return UploadOutcome.of(report, file)


def _lines(content: bytes) -> int:
    return content.count(b"\n")


def _read(actor: User, workspace: Workspace, key: str) -> bytes:
    try:
        content = file_read(_name(actor, workspace))
    except FileNotFoundError:
        content = b""
    if _key(content) != key:
        raise UploadError(
            _("This file was imported already, or is not kept any more: choose it again.")
        )
    return content


def _name(actor: User, workspace: Workspace) -> str:
    return f"imports/{workspace.pk}/{actor.pk}.csv"


def _key(content: bytes) -> str:
    return sha256(content).hexdigest()[:32]
