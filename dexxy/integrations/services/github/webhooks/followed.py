"""Which repositories that workspaces follow a webhook is about."""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from dexxy.integrations.models import GitHubInstallation, GitHubRepository
from dexxy.integrations.services.github.mapping.webhooks import RepositoryHint
from dexxy.integrations.services.github.webhooks.handler_contract import Event
from dexxy.messages.ingest.hints import SourceHint
from dexxy.messages.ingest.records import SourceKey

# So seldom that busy repositories do not write it with each webhook.
NOTED_EVERY = timedelta(hours=1)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Followed:
    """The repositories that workspaces follow, among those that some events are about.

    Args:
        github_ids: GitHub's numbers of them.
    """

    def __init__(self, events: Iterable[Event], github_ids: Collection[int]) -> None:
        repositories = (
            GitHubRepository.objects.followed()
            .unpaused()
            .filter(
                installation__app__in={event.app.pk for event in events},
                github_id__in=github_ids,
                installation__workspace__isnull=False,
            )
        )
        self._found: dict[tuple[int | None, int], list[GitHubRepository]] = {}
        for repository in repositories.select_related("installation", "source__workspace"):
            key = repository.installation.app_id, repository.github_id
            self._found.setdefault(key, []).append(repository)

    def arrivals_note(self, arrived: Iterable[RepositoryHint]) -> None:
        """Note of their installations that webhooks arrive, once an hour."""
        now = timezone.now()
        told = {hint.repository_id for hint in arrived}
        every = (one for key, rows in self._found.items() if key[1] in told for one in rows)
        stale = {
            one.installation_id
            for one in every
            if (one.installation.webhook_arrived_at or _LONG_AGO) < now - NOTED_EVERY
        }
        for pk in sorted(stale):
            GitHubInstallation.objects.filter(pk=pk).update(webhook_arrived_at=now)

    def hints(self, event: Event, found: Iterable[RepositoryHint]) -> Iterator[SourceHint]:
        """Yield hints of EVENT for the sources of the installation that it names."""
        for hint in found:
            for repository in self.repositories(event, hint.repository_id):
                if repository.source.workspace.takes(hint.hint.thread.kind):
                    yield SourceHint(source_key(repository), hint.hint)

    def repositories(self, event: Event, github_id: int) -> Iterator[GitHubRepository]:
        """Yield the rows of a repository that the installation that EVENT names reads.

        Not every payload names one: that of `discussion.unanswered` does not.
        """
        named = (event.payload.get("installation") or {}).get("id")
        for repository in self._found.get((event.app.pk, github_id), ()):
            if named in (None, repository.installation.installation_id):
                yield repository


def source_key(repository: GitHubRepository) -> SourceKey:
    """Return what the records of a repository are stored under."""
    source = repository.source
    return SourceKey(source.workspace_id, source.pk, source.server)
