"""What is due: a column says so, and everybody asks here."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from dexxy.integrations.models import (
    Credential,
    GitHubInstallation,
    GitHubRepository,
    SyncStatus,
)
from dexxy.integrations.services.github.access.readable import connected
from dexxy.messages.models import Thread


def due() -> QuerySet[GitHubRepository]:
    """Return the repositories that should be read now, the longest waiting first."""
    return _readable().filter(next_sync_at__lte=timezone.now()).order_by("next_sync_at", "pk")


def marked() -> QuerySet[GitHubRepository]:
    """Return the repositories with threads that should be read again now."""
    threads = Thread.objects.filter(
        workspace=OuterRef("source__workspace"),
        source=OuterRef("source"),
        refetch_at__lte=timezone.now(),
    )
    # A repository that cannot be read is tried by its own syncs.
    return _readable().exclude(sync_status=SyncStatus.DISABLED).filter(Exists(threads))


def _readable() -> QuerySet[GitHubRepository]:
    """Return the repositories that GitHub can be asked about now."""
    return connected().filter(
        Q(installation__credential__paused_until=None)
        | Q(installation__credential__paused_until__lte=timezone.now())
    )


def reconciles() -> QuerySet[GitHubInstallation]:
    """Return the installations that should be compared with GitHub now."""
    return GitHubInstallation.objects.filter(
        Q(credential__paused_until=None) | Q(credential__paused_until__lte=timezone.now()),
        credential__isnull=False,
        reconcile_at__lte=timezone.now(),
    )


def repositories_due(credential: Credential, *, besides: Sequence[int]) -> list[GitHubRepository]:
    """Return the repositories of CREDENTIAL that are due, without those of BESIDES."""
    return _of(credential, due().exclude(pk__in=besides))


def repositories_marked(credential: Credential) -> list[GitHubRepository]:
    """Return the repositories of CREDENTIAL with threads that should be read again now."""
    return _of(credential, marked().order_by("pk"))


def _of(credential: Credential, repositories: QuerySet[GitHubRepository]) -> list[GitHubRepository]:
    found = repositories.filter(installation__credential=credential)
    found = found.select_related("source", "installation__workspace")
    # A token that cannot be decrypted is the failure of one run, not of the list.
    return list(found.defer("installation__access_token"))
