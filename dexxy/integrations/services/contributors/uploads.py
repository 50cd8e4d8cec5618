"""Import a file of people that somebody uploads: first tell what would happen, then do it."""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import sha256
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, Self

from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import require_admin
from dexxy.common.errors import BadInputError
from dexxy.common.sql import TooSlowError, deadline, fetch_all, time_limit
from dexxy.integrations.services.contributors.importing import contributors_import
from dexxy.kept.files import file_keep, file_read, files_forget
from dexxy.members.imports.file import ImportFile
from dexxy.people.bulk_tasks import bulk_task_add
from dexxy.people.importing import ImportReport, Progress
from dexxy.people.models import BulkKind, BulkTask

# As much as a form takes; the command takes more.
LARGEST_FILE = 20_000_000
# Of a page, and of one call of the API; a worker reads more.
MOST_LINES_AT_ONCE = 5000
MOST_BYTES_AT_ONCE = 1_000_000
# As long as any page: what takes longer than it looks is undone, and a worker's.
LONGEST_SECONDS = 20.0
# Of what is wrong, so much is told; the rest looks alike.
MOST_PROBLEMS = 100
# Of the columns that are not used, so many are named, each up to so many characters.
MOST_IGNORED = 20
_LONGEST_IGNORED = 60
# Until the transaction ends, a person imports nothing else.
_ALONE = "SELECT pg_try_advisory_xact_lock(hashtextextended('imports of a person', %(person)s))"


class UploadError(BadInputError):
    """A file that cannot be taken, or that is not kept any more."""


@dataclass(frozen=True)
class UploadOutcome:
    """What became of the rows of a file, or would.

    Args:
        counts: rows that are added, known already, erased (and left out), or bad.
        joined: how many accounts are joined with others.
        is_stored: whether it was done.
        ignored: names of columns that Dexxy does not know, the first ones, cut where they are long.
        problems: line and problem of rows that are bad, the first ones.
        more_ignored: how many other columns Dexxy does not know.
    """

    counts: Mapping[str, int]
    joined: int
    is_stored: bool
    ignored: Sequence[str]
    problems: Sequence[tuple[int, str]]
    more_ignored: int = 0

    @classmethod
    def of(cls, report: ImportReport, file: ImportFile) -> Self:
        """Return what there is to tell of an import of FILE."""
        problems = ((line, problem) for line, _, problem in report.rows() if problem)
        ignored = file.columns.ignored
        return cls(
            counts=report.counts,
            joined=report.joined,
            is_stored=report.is_stored,
            ignored=[name[:_LONGEST_IGNORED] for name in ignored[:MOST_IGNORED]],
            problems=list(islice(problems, MOST_PROBLEMS)),
            more_ignored=max(0, len(ignored) - MOST_IGNORED),
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


def upload_do(
    *, actor: User, workspace: Workspace, key: str, is_rehearsal: bool, skips_bad_rows: bool
) -> UploadOutcome | BulkTask:
    """Import an uploaded file, all or nothing, or tell what that would do.

    It is not kept any longer once it is imported.

    Args:
        is_rehearsal, skips_bad_rows: as of `people_import_sent`.

    Returns: what became of the rows; of more than a page can wait for, what a worker does now.

    Raises:
        UploadError: ACTOR imports something else right now; and all errors of `upload_work`.
        TooManyBulkTasksError: as of `upload_later`.
    """
    require_admin(actor, workspace)
    content = _read(actor, workspace, key)
    asked = workspace.bulk_tasks.filter(requested_by=actor, arguments__key=key).order_by("pk")
    last = asked.last()
    if last and last.is_unfinished and last.arguments["is_rehearsal"] == is_rehearsal:
        return last
    # What took too long before is not tried again here.
    if last is None and not _is_large(content):
        with suppress(TooSlowError), deadline(LONGEST_SECONDS):
            return upload_work(
                actor,
                workspace,
                key,
                is_rehearsal=is_rehearsal,
                skips_bad_rows=skips_bad_rows,
                within=partial(_alone, actor),
            )
    return upload_later(
        actor=actor,
        workspace=workspace,
        key=key,
        is_rehearsal=is_rehearsal,
        skips_bad_rows=skips_bad_rows,
    )


def upload_later(
    *, actor: User, workspace: Workspace, key: str, is_rehearsal: bool, skips_bad_rows: bool
) -> BulkTask:
    """Let a worker do what `upload_do` does.

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
        UploadError: there is nothing in it, or too much, or ACTOR imports something else right now.
        ImportFileError: it cannot be read. Nothing is stored.
        TooSlowError: it takes longer than LONGEST_SECONDS. Nothing is stored.
    """
    require_admin(actor, workspace)
    sent = content.encode(errors="replace")
    if not sent:
        raise UploadError(_("Choose a file that has something in it."))
    if _is_large(sent):
        raise UploadError(
            _("Send {lines} lines and {bytes} bytes at once, at most.").format(
                lines=f"{MOST_LINES_AT_ONCE:,}", bytes=f"{MOST_BYTES_AT_ONCE:,}"
            )
        )
    file = ImportFile(io.BytesIO(sent), encoding="utf-8")
    with _refused_if_slow():
        return _import(
            actor,
            workspace,
            file,
            is_rehearsal=is_rehearsal,
            skips_bad_rows=skips_bad_rows,
            within=partial(_alone, actor),
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
    within: Callable[[], AbstractContextManager[None]] = transaction.atomic,
) -> UploadOutcome:
    """Import an uploaded file, or tell what that would do.

    Args:
        progress, then, within: as of `contributors_import`.

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
        within=within,
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
    within: Callable[[], AbstractContextManager[None]] = transaction.atomic,
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
            within=within,
        )
        return UploadOutcome.of(report, file)


@contextmanager
def _alone(actor: User) -> Iterator[None]:
    """Open a transaction in which ACTOR waits for an import, and of which they have one at a time.

    Raises:
        UploadError: they have another one.
        TooSlowError: a statement of it takes longer than LONGEST_SECONDS.
    """
    with time_limit(LONGEST_SECONDS):
        [[is_alone]] = fetch_all(_ALONE, {"person": actor.pk})
        if not is_alone:
            raise UploadError(
                _("Another file of yours is looked through right now: try again in a minute.")
            )
        yield


@contextmanager
def _refused_if_slow() -> Iterator[None]:
    try:
        with deadline(LONGEST_SECONDS):
            yield
    except TooSlowError as error:
        raise TooSlowError(
            _("That would take too long, so nothing is stored: send fewer rows at once.")
        ) from error


def _is_large(content: bytes) -> bool:
    return len(content) > MOST_BYTES_AT_ONCE or _lines(content) > MOST_LINES_AT_ONCE


def _lines(content: bytes) -> int:
    """Count lines as `csv` does, for which LF, CR and both together end one."""
    return content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")


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
