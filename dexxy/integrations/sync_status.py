"""How a repository's sync is doing."""

from django.db import models


class SyncStatus(models.TextChoices):
    """Where a repository is in its life.

    What leads from one to another is in `services/github/access/repository_state.py`.
    """

    PENDING = "pending", "Awaiting initial sync"
    SYNCING = "syncing", "Sync in progress"
    ACTIVE = "active", "Synced and receiving updates"
    ERROR = "error", "Sync failed"
    PAUSED = "paused", "User paused sync"
    DISABLED = "disabled", "Repository access lost"


# Nothing is read until a person goes on with it, or GitHub gives access back.
STOPPED = frozenset({SyncStatus.PAUSED, SyncStatus.DISABLED})
