"""What can become of the access to repositories: lost, regained, given up; and their names.

Nothing is ever deleted: what was read stays, with the cursors to go on from.
"""

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from dexxy.integrations.models import (
    GitHubInstallation,
    GitHubRepository,
    RunState,
    SyncRun,
    SyncStatus,
)
from dexxy.sources.models import Source


def repository_rename(repository: GitHubRepository, full_name: str, url: str = "") -> None:
    """Follow a repository to its new name.

    Args:
        url: of its page; without it the new name takes the place of the old.
    """
    url = url or repository.source.url.replace(repository.full_name, full_name)
    name = full_name.rpartition("/")[2]
    same = GitHubRepository.objects.filter(pk=repository.pk).exclude(full_name=full_name)
    same.update(name=name, full_name=full_name)
    Source.objects.filter(pk=repository.source_id).update(name=full_name, url=url)


def connected(installation: GitHubInstallation) -> QuerySet[GitHubRepository]:
    """Return the repositories that are read, or wait to be, through an installation."""
    return GitHubRepository.objects.filter(installation=installation, is_archived=False)


@transaction.atomic
def access_lost(repositories: QuerySet[GitHubRepository], why: str) -> int:
    """Stop reading REPOSITORIES, softly. What a person paused stays paused.

    Returns: how many there are.
    """
    locked = repositories_locked(repositories)
    locked.update(sync_error=why, next_sync_at=None)
    locked.filter(access_lost_at=None).update(access_lost_at=timezone.now())
    locked.exclude(sync_status=SyncStatus.PAUSED).update(sync_status=SyncStatus.DISABLED)
    return locked.count()


@transaction.atomic
def access_regained(repositories: QuerySet[GitHubRepository]) -> int:
    """Make REPOSITORIES due, with a sweep for what was missed. What a person paused waits.

    Returns: how many there are.
    """
    locked, now = repositories_locked(repositories), timezone.now()
    locked.update(sync_error="", next_sync_at=now, access_lost_at=None)
    locked.filter(last_synced_at__isnull=False).update(next_sweep_at=now)
    disabled = locked.filter(sync_status=SyncStatus.DISABLED)
    disabled.filter(last_synced_at=None).update(sync_status=SyncStatus.PENDING)
    disabled.update(sync_status=SyncStatus.ACTIVE)
    return locked.count()


@transaction.atomic
def changes_missed(repositories: QuerySet[GitHubRepository]) -> int:
    """Make REPOSITORIES due, with a sweep, because nobody can tell what happened in them.

    Returns: how many there are. What a person paused, or what cannot be read, catches up later.
    """
    unread = [SyncStatus.PAUSED, SyncStatus.DISABLED]
    locked, now = repositories_locked(repositories.exclude(sync_status__in=unread)), timezone.now()
    locked.update(next_sync_at=now)
    locked.filter(last_synced_at__isnull=False).update(next_sweep_at=now)
    return locked.count()


@transaction.atomic
def repositories_resume(repositories: QuerySet[GitHubRepository]) -> int:
    """Read REPOSITORIES again, because a person wants it; the cursors say from where.

    What the App lost meanwhile stays lost until the App's list has it again: being public is not
    access. What a personal token lost is tried.

    Returns: how many there are.
    """
    locked = repositories_locked(repositories)
    locked.update(sync_status=SyncStatus.DISABLED)
    Source.objects.filter(github_repository__in=locked).update(is_archived=False)
    access_regained(locked.filter(Q(access_lost_at=None) | Q(installation__app=None)))
    return locked.count()


@transaction.atomic
def repositories_archive(repositories: QuerySet[GitHubRepository]) -> int:
    """Stop following REPOSITORIES, because a person wants it.

    Returns: how many there are.
    """
    locked, now = repositories_locked(repositories), timezone.now()
    locked.update(is_archived=True, next_sync_at=None)
    Source.objects.filter(github_repository__in=locked).update(is_archived=True)
    open_runs = SyncRun.objects.filter(
        repository__in=locked, state__in=[RunState.RUNNING, RunState.PAUSED]
    )
    open_runs.update(
        state=RunState.STOPPED,
        finished_at=now,
        error="The repository was disconnected.",
        error_code="repository_disconnected",
    )
    return locked.count()


def repositories_locked(repositories: QuerySet[GitHubRepository]) -> QuerySet[GitHubRepository]:
    """Lock REPOSITORIES for the caller's transaction, behind what they are read with.

    The order of their keys keeps two that want several from waiting for each other; what is
    stored of their content goes on meanwhile.
    """
    wanted = repositories.select_for_update(of=("self",), no_key=True).order_by("pk")
    return GitHubRepository.objects.filter(pk__in=list(wanted.values_list("pk", flat=True)))
