"""Whether the copy of a workspace is kept up to date, in one query: every page says it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, memberships_of
from dexxy.integrations.models import GitHubRepository, SyncStatus

# A repository that is due for so long is read by nobody: no worker, or no scheduler.
OVERDUE = timedelta(minutes=15)


@dataclass(frozen=True)
class SyncHealth:
    """How the connected repositories of a workspace are doing, all together.

    Args:
        repositories: how many are connected.
        failing: how many of them need a person: their sync failed, or access is lost.
        reading: how many are read for the first time, or right now.
        overdue: how many nobody reads although they are due.
        paused_until: until when GitHub's rate limit keeps us from reading, where it does.
        synced_at: when the one was synced that was so the longest ago, or None before the first.
    """

    repositories: int
    failing: int
    reading: int
    overdue: int
    paused_until: datetime | None
    synced_at: datetime | None

    @property
    def stands_still(self) -> bool:
        """Whether what is shown may be out of date, until a person or time mends it."""
        return bool(self.failing or self.overdue or self.paused_until)


def sync_health(viewer: Viewer, workspace: Workspace) -> SyncHealth:
    """Sum up the connected repositories of WORKSPACE; to whom it is not open there are none.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    now = timezone.now()
    connected = GitHubRepository.objects.followed().of_workspace(workspace)
    pause = "installation__credential__paused_until"
    is_stopped = Q(sync_status__in=[SyncStatus.PAUSED, SyncStatus.DISABLED])
    is_unpaused = Q(**{pause: None}) | Q(**{f"{pause}__lte": now})
    return SyncHealth(
        **connected.seen_by(memberships_of(viewer)).aggregate(
            repositories=Count("pk"),
            failing=Count("pk", Q(sync_status__in=[SyncStatus.ERROR, SyncStatus.DISABLED])),
            reading=Count("pk", Q(sync_status__in=[SyncStatus.PENDING, SyncStatus.SYNCING])),
            overdue=Count("pk", is_unpaused & ~is_stopped & Q(next_sync_at__lt=now - OVERDUE)),
            paused_until=Max(pause, filter=~is_stopped & Q(**{f"{pause}__gt": now})),
            synced_at=Min("last_synced_at", filter=~is_stopped),
        )
    )
