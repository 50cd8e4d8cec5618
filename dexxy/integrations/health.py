"""Whether the copy of a workspace is kept up to date: every page says it.

One query, and a second one where no repository is connected.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, memberships_of
from dexxy.integrations.models import GitHubRepository, SyncStatus, ends_soon
from dexxy.integrations.querysets import is_paused, is_unpaused
from dexxy.integrations.sync_status import STOPPED
from dexxy.sources.models import Source

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
        token_ends_at: until when the personal token lasts that they are read with, if one ends.
        fed: how many sources are fed by scripts, counted only where no repository is connected.
        fed_at: when the last of those was fed.
    """

    repositories: int
    failing: int
    reading: int
    overdue: int
    paused_until: datetime | None
    synced_at: datetime | None
    token_ends_at: datetime | None = None
    fed: int = 0
    fed_at: datetime | None = None

    @property
    def stands_still(self) -> bool:
        """Whether what is shown may be out of date, until a person or time mends it."""
        return bool(self.failing or self.overdue or self.paused_until)

    @property
    def trouble(self) -> str:
        """Name what keeps it from being up to date; another name for another trouble."""
        if self.failing:
            return f"failing {self.failing}"
        if self.overdue:
            return "overdue"
        return f"paused {self.paused_until:%Y%m%d%H%M}" if self.paused_until else ""

    @property
    def token_ends_soon(self) -> bool:
        """Whether the personal token has to be replaced now."""
        return ends_soon(self.token_ends_at)


def sync_health(viewer: Viewer, workspace: Workspace) -> SyncHealth:
    """Sum up the connected repositories of WORKSPACE; to whom it is not open there are none.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    now = timezone.now()
    connected = GitHubRepository.objects.followed().of_workspace(workspace)
    credential = "installation__credential__"
    is_stopped = Q(sync_status__in=STOPPED)
    is_limited = is_paused(credential) & ~is_stopped
    is_overdue = is_unpaused(credential) & ~is_stopped & Q(next_sync_at__lt=now - OVERDUE)
    mine = memberships_of(viewer)
    health = SyncHealth(
        **connected.seen_by(mine).aggregate(
            repositories=Count("pk"),
            failing=Count("pk", Q(sync_status__in=[SyncStatus.ERROR, SyncStatus.DISABLED])),
            reading=Count("pk", Q(sync_status__in=[SyncStatus.PENDING, SyncStatus.SYNCING])),
            overdue=Count("pk", is_overdue),
            paused_until=Max(f"{credential}paused_until", filter=is_limited),
            synced_at=Min("last_synced_at", filter=~is_stopped),
            token_ends_at=Min("installation__token_expires_at", filter=Q(installation__app=None)),
        )
    )
    if health.repositories:
        return health
    # A team may have no repository at all: what its scripts feed is then all that there is.
    fed = Source.objects.shown().fed().filter(workspace=workspace, workspace__memberships__in=mine)
    return replace(health, **fed.aggregate(fed=Count("pk"), fed_at=Max("fed_at")))
