"""What is due: a column says so, and everybody asks here."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.utils import timezone

from dexxy.integrations.models import Credential, GitHubRepository
from dexxy.integrations.services.github_readable import connected


def due() -> QuerySet[GitHubRepository]:
    """Return the repositories that should be read now, the longest waiting first."""
    now = timezone.now()
    return (
        connected()
        .filter(
            Q(installation__credential__paused_until=None)
            | Q(installation__credential__paused_until__lte=now),
            next_sync_at__lte=now,
        )
        .order_by("next_sync_at", "pk")
    )


def repositories_due(credential: Credential, *, besides: Sequence[int]) -> list[GitHubRepository]:
    """Return the repositories of CREDENTIAL that are due, without those of BESIDES."""
    found = due().filter(installation__credential=credential).exclude(pk__in=besides)
    found = found.select_related("source", "installation__workspace")
    # A token that cannot be decrypted is the failure of one run, not of the list.
    return list(found.defer("installation__access_token"))
