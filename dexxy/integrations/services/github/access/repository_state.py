"""What can become of a repository: the only writer of `sync_status` and `next_sync_at`.

    event            from                     to         next sync    besides
    followed (new)   (none)                   pending    now
    followed again   error, paused, disabled  pending    now          a sweep; all is well
                     archived, of any status  pending    now          the same
    paused           all but disabled         paused     never
    resumed          paused                   pending    now          a sweep; all is well
                     paused, and the App      disabled   never        until access is regained
                     lost access meanwhile
    asked for        all                      -          now          the run is by hand
    archived         all                      -          never        its open run is stopped
    access lost      all but paused           disabled   never        says why
    access regained  disabled                 pending    now          a sweep; all is well
                     all others               -          now          the same
    changes missed   not paused, disabled     -          now          a sweep
    run opened       all but paused           syncing    -
    page stored      all                      -          in a minute  in case its reader dies
    put off          syncing                  -          when GitHub wants requests again
    glanced at       active, due by time      -          later        nothing changed
    run done         syncing                  active     later        unless access was lost
                     all others               -          later        the same
    run failed       syncing                  error      later        says why
    run refused      syncing                  disabled   in an hour   says why; with an App, never
    interrupted      syncing                  pending    now

`pending` is what waits for a sync without which nobody can say that it is up to date: the first
one, or the one that brings what was missed. `-` leaves the status as it is. *All is well* forgets
the error and since when access is lost. What is paused or archived is not read even where it is
due. That a person asked for a sync is forgotten as soon as a run begins or ends, or nothing can be
read.

After a run or a glance nothing but *time* makes a repository due; all else makes it due for more
than a glance.

Who may let these happen, and when, is decided by the callers. Nothing is ever deleted: what was
read stays, with the cursors to go on from.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.common.sql import Rows, execute, save_later
from dexxy.integrations.models import (
    GitHubInstallation,
    GitHubRepository,
    RunState,
    SyncRun,
    SyncStatus,
)
from dexxy.integrations.querysets import GitHubRepositoryQuerySet
from dexxy.integrations.services.github.access.lease import LEASE_SECONDS
from dexxy.integrations.sync_status import STOPPED
from dexxy.members.summaries import summaries_due_everywhere
from dexxy.sources.models import Source

Repositories = GitHubRepositoryQuerySet[GitHubRepository]


class _Event(Enum):
    """What happens to a repository and changes its status."""

    FOLLOWED_AGAIN = auto()
    PAUSED = auto()
    RESUMED = auto()
    RESUMED_OUT_OF_REACH = auto()
    ACCESS_LOST = auto()
    ACCESS_REGAINED = auto()
    RUN_OPENED = auto()
    RUN_DONE = auto()
    RUN_FAILED = auto()
    RUN_REFUSED = auto()
    INTERRUPTED = auto()


_ALL = frozenset(SyncStatus)
_SYNCING = frozenset({SyncStatus.SYNCING})
_PAUSED = frozenset({SyncStatus.PAUSED})
_DISABLED = frozenset({SyncStatus.DISABLED})
_PENDING = Value(SyncStatus.PENDING)
# Event -> from which statuses it leads to which; from all others it leads nowhere.
_TRANSITIONS: Mapping[_Event, tuple[frozenset[SyncStatus], Value]] = {
    _Event.FOLLOWED_AGAIN: (_ALL, _PENDING),
    _Event.PAUSED: (_ALL - _DISABLED, Value(SyncStatus.PAUSED)),
    _Event.RESUMED: (_PAUSED, _PENDING),
    _Event.RESUMED_OUT_OF_REACH: (_PAUSED, Value(SyncStatus.DISABLED)),
    _Event.ACCESS_LOST: (_ALL - _PAUSED, Value(SyncStatus.DISABLED)),
    _Event.ACCESS_REGAINED: (_DISABLED, _PENDING),
    _Event.RUN_OPENED: (_ALL - _PAUSED, Value(SyncStatus.SYNCING)),
    _Event.RUN_DONE: (_SYNCING, Value(SyncStatus.ACTIVE)),
    _Event.RUN_FAILED: (_SYNCING, Value(SyncStatus.ERROR)),
    _Event.RUN_REFUSED: (_SYNCING, Value(SyncStatus.DISABLED)),
    _Event.INTERRUPTED: (_SYNCING, _PENDING),
}
# Followed, and yet not read as it should be.
_UNWELL = Q(is_archived=True) | Q(sync_status__in=[SyncStatus.ERROR, *STOPPED])
_GLANCED = """
UPDATE integrations_githubrepository g
SET next_sync_at = r.next_look, glanced_at = coalesce(%(at)s, glanced_at)
FROM {rows}
WHERE g.id = r.id AND sync_status = 'active' AND is_due_by_time AND next_sync_at = r.as_seen
"""
_GLANCED_COLUMNS = {"id": "bigint", "as_seen": "timestamptz", "next_look": "timestamptz"}
_NEVER: dict[str, Any] = {"next_sync_at": None, "sync_requested": False}


def _happens(repositories: Repositories, event: _Event, **fields: Any) -> int:
    """Let EVENT happen to REPOSITORIES, by the statuses that they have at that moment.

    Returns: how many there are.
    """
    statuses, status = _TRANSITIONS[event]
    next_status = Case(When(sync_status__in=statuses, then=status), default=F("sync_status"))
    return repositories.update(sync_status=next_status, **fields)


def _due_with_sweep() -> dict[str, Any]:
    """Return what makes a repository due, with a sweep for what was missed if it was ever read."""
    now = timezone.now()
    is_new = When(last_synced_at=None, then=F("next_sweep_at"))
    return {**_due_now(), "next_sweep_at": Case(is_new, default=Value(now))}


def _due_now() -> dict[str, Any]:
    """Return what makes a repository due for a run, whatever a glance would show."""
    return {"next_sync_at": timezone.now(), "is_due_by_time": False}


def _lost_since() -> Coalesce:
    """Return since when access is lost: now, unless it was lost before."""
    return Coalesce("access_lost_at", Value(timezone.now()))


def _well() -> dict[str, Any]:
    """Return what says that whatever was wrong is over, as far as anybody knows."""
    return {"sync_error": "", "access_lost_at": None}


# What people do.


def repository_followed(
    installation: GitHubInstallation, source: Source, *, github_id: int, full_name: str
) -> tuple[GitHubRepository, bool]:
    """Store that a repository is followed, through INSTALLATION from now on.

    Returns: the repository, and whether it was not followed before, or not read as it should be.
    """
    known = {
        "installation": installation,
        "github_id": github_id,
        "name": full_name.rpartition("/")[2],
        "full_name": full_name,
    }
    repository, is_new = GitHubRepository.objects.update_or_create(
        source=source, defaults=known, create_defaults={**known, "next_sync_at": timezone.now()}
    )
    stopped = _one(repository).filter(_UNWELL)
    is_again = _happens(
        stopped, _Event.FOLLOWED_AGAIN, is_archived=False, **_well(), **_due_with_sweep()
    )
    if is_again:
        # What is stored of it counts again.
        summaries_due_everywhere(source.workspace_id)
    repository.refresh_from_db()
    return repository, is_new or bool(is_again)


def repositories_pause(repositories: Repositories) -> int:
    """Read REPOSITORIES no more until they are resumed.

    Returns: how many there are.
    """
    return _happens(repositories, _Event.PAUSED, **_NEVER)


@transaction.atomic
def repositories_resume(repositories: Repositories) -> int:
    """Read REPOSITORIES again, which somebody paused; the cursors say from where.

    What the App lost meanwhile stays lost until the App's list has it again: being public is not
    access. What a personal token lost is tried.

    Returns: how many there are.
    """
    locked = repositories_locked(repositories)
    lost = locked.filter(access_lost_at__isnull=False, installation__app__isnull=False)
    out_of_reach = list(lost.values_list("pk", flat=True))
    _happens(locked.exclude(pk__in=out_of_reach), _Event.RESUMED, **_well(), **_due_with_sweep())
    _happens(locked.filter(pk__in=out_of_reach), _Event.RESUMED_OUT_OF_REACH)
    return locked.count()


def sync_asked_for(repositories: Repositories) -> None:
    """Make REPOSITORIES due at once, because a person asked for it."""
    repositories.update(**_due_now(), sync_requested=True)


@transaction.atomic
def repositories_archive(repositories: Repositories) -> int:
    """Stop following REPOSITORIES, because a person wants it.

    Returns: how many there are.
    """
    locked, now = repositories_locked(repositories), timezone.now()
    locked.update(is_archived=True, **_NEVER)
    sources = Source.objects.filter(github_repository__in=locked)
    sources.update(is_archived=True)
    for workspace_id in sources.values_list("workspace", flat=True).distinct():
        summaries_due_everywhere(workspace_id)
    open_runs = SyncRun.objects.filter(
        repository__in=locked, state__in=[RunState.RUNNING, RunState.PAUSED]
    )
    open_runs.update(
        state=RunState.STOPPED,
        finished_at=now,
        error=gettext_noop("The repository was disconnected."),
        error_code="repository_disconnected",
    )
    return locked.count()


# What GitHub does.


@transaction.atomic
def access_lost(repositories: Repositories, why: str) -> int:
    """Stop reading REPOSITORIES. What a person paused stays paused.

    Returns: how many there are.
    """
    locked = repositories_locked(repositories)
    return _happens(
        locked, _Event.ACCESS_LOST, sync_error=why, access_lost_at=_lost_since(), **_NEVER
    )


@transaction.atomic
def access_regained(repositories: Repositories) -> int:
    """Make REPOSITORIES due, with a sweep for what was missed. What a person paused waits.

    Returns: how many there are.
    """
    locked = repositories_locked(repositories)
    return _happens(locked, _Event.ACCESS_REGAINED, **_well(), **_due_with_sweep())


@transaction.atomic
def changes_missed(repositories: Repositories) -> int:
    """Make REPOSITORIES due, with a sweep, because nobody can tell what happened in them.

    Returns: how many there are. What a person paused, or what cannot be read, catches up later.
    """
    read = repositories_locked(repositories.unpaused().within_reach())
    return read.update(**_due_with_sweep())


# What the engine does.


def run_opened(repository: GitHubRepository) -> bool:
    """Say that a run reads REPOSITORY from now on, unless a person paused it.

    Returns: whether a person asked for that.
    """
    one = _one(repository)
    is_asked_for = one.filter(sync_requested=True).update(sync_requested=False)
    _happens(one, _Event.RUN_OPENED)
    return bool(is_asked_for)


def page_stored(repository: GitHubRepository, fields: Iterable[str]) -> None:
    """Store FIELDS of a repository that is being read, and when it is due should its reader die."""
    repository.next_sync_at = timezone.now() + timedelta(seconds=LEASE_SECONDS)
    save_later(repository, [*fields, "next_sync_at", "updated_at"])


def run_done(
    repository: GitHubRepository,
    *,
    done_at: datetime,
    next_sync_at: datetime,
    next_sweep_at: datetime | None,
    swept_at: datetime | None,
) -> None:
    """Say that REPOSITORY was read to its end. What a person or GitHub decided meanwhile stands."""
    one = _one(repository)
    was_reading = When(sync_status=SyncStatus.SYNCING, then=Value(None))
    _happens(
        one,
        _Event.RUN_DONE,
        access_lost_at=Case(was_reading, default=F("access_lost_at")),
        last_synced_at=done_at,
        next_sweep_at=next_sweep_at,
        swept_at=swept_at,
        sync_requested=False,
    )
    one.filter(access_lost_at=None).update(
        sync_error="", next_sync_at=next_sync_at, is_due_by_time=True
    )


@transaction.atomic
def glanced_at(next_looks: Mapping[GitHubRepository, datetime], *, is_seen: bool = True) -> None:
    """Say that repositories have nothing to read. What made one due meanwhile stands.

    Args:
        next_looks: when to look again at each.
        is_seen: not so, where GitHub did not answer.
    """
    repositories_locked(GitHubRepository.objects.filter(pk__in=[one.pk for one in next_looks]))
    rows = [(one.pk, one.next_sync_at, at) for one, at in next_looks.items()]
    execute(_GLANCED, {"at": timezone.now() if is_seen else None}, Rows(_GLANCED_COLUMNS, rows))


def time_is_up(repositories: Repositories) -> None:
    """Make REPOSITORIES due now, as time would have done."""
    repositories.filter(is_due_by_time=True).update(next_sync_at=timezone.now())


def run_failed(
    repository: GitHubRepository, why: str, *, next_sync_at: datetime | None, is_refused: bool
) -> None:
    """Say why REPOSITORY could not be read. What a person decided meanwhile stands.

    Args:
        is_refused: GitHub does not let us read it, or does not know it.
    """
    _happens(
        _one(repository),
        _Event.RUN_REFUSED if is_refused else _Event.RUN_FAILED,
        sync_error=why,
        next_sync_at=next_sync_at,
        access_lost_at=_lost_since() if is_refused else F("access_lost_at"),
        sync_requested=False,
    )


def interrupted_go_on(repositories: Repositories) -> int:
    """Make REPOSITORIES due, whose reader died.

    Returns: how many there are.
    """
    return _happens(repositories, _Event.INTERRUPTED, **_due_now())


def put_off(repositories: Repositories, until: datetime) -> None:
    """Let those of REPOSITORIES that are being read go on when GitHub wants requests again."""
    repositories.filter(sync_status=SyncStatus.SYNCING).update(next_sync_at=until)


def due_at_once(repositories: Repositories) -> None:
    """Make REPOSITORIES due now."""
    repositories.update(**_due_now())


def due_by(repositories: Repositories, at: datetime) -> None:
    """Make those of REPOSITORIES due that are due later than AT, or never."""
    repositories.unpaused().within_reach().exclude(next_sync_at__lte=at).update(next_sync_at=at)


def repositories_locked(repositories: Repositories) -> Repositories:
    """Lock REPOSITORIES for the caller's transaction, behind what they are read with.

    The order of their keys keeps two that want several from waiting for each other; what is
    stored of their content goes on meanwhile.
    """
    wanted = repositories.select_for_update(of=("self",), no_key=True).order_by("pk")
    return GitHubRepository.objects.filter(pk__in=list(wanted.values_list("pk", flat=True)))


def _one(repository: GitHubRepository) -> Repositories:
    return GitHubRepository.objects.filter(pk=repository.pk)
