"""Which rows are meant by a word: each word is defined here once, and everybody asks here."""

from typing import Self, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from dexxy.accounts.models import Membership, Workspace
from dexxy.integrations.sync_status import SyncStatus
from dexxy.messages.models import Thread

# Which model it is, the models say: they import this file, and not the other way round.
RowT = TypeVar("RowT", bound=Model, covariant=True)


def is_paused(credential: str = "") -> Q:
    """Say of which credentials GitHub wants no requests now.

    Args:
        credential: the path to it, with `__` at its end.
    """
    return Q(**{f"{credential}paused_until__gt": timezone.now()})


def is_unpaused(credential: str = "") -> Q:
    """Say of which credentials GitHub wants requests now, as `is_paused` takes them."""
    until = f"{credential}paused_until"
    return Q(**{until: None}) | Q(**{f"{until}__lte": timezone.now()})


class CredentialQuerySet(QuerySet[RowT]):
    """Credentials by what GitHub lets us spend."""

    def paused(self) -> Self:
        """Return those of which GitHub wants no requests now."""
        return self.filter(is_paused())

    def unpaused(self) -> Self:
        """Return those of which GitHub wants requests now."""
        return self.filter(is_unpaused())


class GitHubInstallationQuerySet(QuerySet[RowT]):
    """Installations by who reads with them."""

    def linked(self) -> Self:
        """Return those that a workspace is connected with, whatever GitHub says of them."""
        return self.filter(workspace__isnull=False)

    def live(self) -> Self:
        """Return those that a workspace reads with, as far as GitHub has said."""
        return self.linked().filter(deleted_at=None)

    def due(self) -> Self:
        """Return those that should be compared with GitHub now."""
        return self.filter(
            is_unpaused("credential__"), credential__isnull=False, reconcile_at__lte=timezone.now()
        )


class GitHubRepositoryQuerySet(QuerySet[RowT]):
    """Repositories by whether, and when, they are read."""

    def followed(self) -> Self:
        """Return those that a workspace follows, whether they can be read or not."""
        return self.filter(is_archived=False)

    def of_workspace(self, workspace: Workspace) -> Self:
        """Return those that WORKSPACE follows, or did."""
        return self.filter(source__workspace=workspace)

    def seen_by(self, memberships: QuerySet[Membership]) -> Self:
        """Return those of the workspaces that MEMBERSHIPS are of."""
        return self.filter(source__workspace__memberships__in=memberships)

    def read_with(self, credential_id: int) -> Self:
        """Return those that a credential is spent on, with all that a reader needs of them."""
        theirs = self.filter(installation__credential=credential_id)
        return theirs.select_related("source", "installation__workspace")

    def unpaused(self) -> Self:
        """Return those that no person paused."""
        return self.exclude(sync_status=SyncStatus.PAUSED)

    def readable(self) -> Self:
        """Return those that people let us read, with a connection that GitHub lets us use."""
        return (
            self.followed()
            .unpaused()
            .filter(
                installation__workspace__isnull=False,
                installation__credential__isnull=False,
                installation__deleted_at=None,
                installation__is_suspended=False,
            )
            # The App gets its tokens when they are needed.
            .exclude(installation__app=None, installation__access_token="")
        )

    def within_reach(self) -> Self:
        """Return those that GitHub lets us read, as far as it has said."""
        return self.exclude(sync_status=SyncStatus.DISABLED)

    def due(self) -> Self:
        """Return those that should be read now, the longest waiting first."""
        waiting = self._askable().filter(next_sync_at__lte=timezone.now())
        return waiting.order_by("next_sync_at", "pk")

    def glanceable(self) -> Self:
        """Return those of which a glance can show that there is nothing to read.

        They were read to their end, nothing of them is left over, and time alone makes them due.
        """
        return (
            self._askable()
            .filter(sync_status=SyncStatus.ACTIVE, is_due_by_time=True, parts=None)
            .exclude(node_id="")
        )

    def marked(self) -> Self:
        """Return those with threads that should be read again now."""
        threads = Thread.objects.filter(
            workspace=OuterRef("source__workspace"),
            source=OuterRef("source"),
            refetch_at__lte=timezone.now(),
        )
        # A repository that cannot be read is tried by its own syncs.
        return self._askable().within_reach().filter(Exists(threads))

    def _askable(self) -> Self:
        """Return those that GitHub can be asked about now."""
        return self.readable().filter(is_unpaused("installation__credential__"))
