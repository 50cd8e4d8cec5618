"""Handlers of webhooks about what a repository has beside its threads: stars, forks, releases.

Which event each handler is for stands in `events.py`.
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from django.utils import timezone

from dexxy.integrations.models import GitHubRepository, StreamName, SyncStream
from dexxy.integrations.querysets import GitHubRepositoryQuerySet
from dexxy.integrations.services.github.access.repository_state import (
    due_by,
    repositories_locked,
)
from dexxy.integrations.services.github.api.values import Payload, count_of, time
from dexxy.integrations.services.github.webhooks.handler_contract import Event
from dexxy.messages.ingest.stored_threads import HINT_SETTLES_AFTER
from dexxy.sources.growth import Counts, counts_note


def on_star(event: Event) -> bool:
    """Note how many stars a repository has, now that somebody gave one or took it back."""
    return _counts_told(event, event.payload.get("starred_at"))


def on_fork(event: Event) -> bool:
    """Note how many forks a repository has, now that there is one more."""
    return _counts_told(event, event.payload["forkee"].get("created_at"))


def on_release(event: Event) -> bool:
    """Let all releases of a repository be read again, once GitHub's replicas know of this one."""
    followed = list(_followed(event, event.payload["repository"]).order_by("pk"))
    soon = timezone.now() + HINT_SETTLES_AFTER
    wanted = repositories_locked(GitHubRepository.objects.filter(pk__in=[r.pk for r in followed]))
    due_by(wanted, soon)
    SyncStream.objects.filter(repository__in=followed, name=StreamName.RELEASES).update(
        is_done=False, watermark=None, cursor="", scan_started_at=None, updated_at=timezone.now()
    )
    return bool(followed)


def repository_counts_told(event: Event) -> bool:
    """Note how many stars and forks a webhook about a repository tells.

    Returns: whether the repository is followed.
    """
    return _counts_told(event, None)


def _counts_told(event: Event, at: str | None) -> bool:
    """Note the counts that a payload shows of its repository.

    Args:
        at: when it happened, as far as the payload tells. Where it does not, the time of the
            repository's last change stands in for it: if that is older than the last count that
            is known, the next sync tells.

    Returns: whether the repository is followed.
    """
    shown = event.payload["repository"]
    sources = list(_followed(event, shown).order_by("source").values_list("source", flat=True))
    told = at or shown.get("updated_at")
    if told and "stargazers_count" in shown:
        counts = Counts(count_of(shown["stargazers_count"]), count_of(shown["forks_count"]))
        # GitHub's clock, or ours, whichever is behind, as for any answer.
        taken_at = min(time(told), event.received_at)
        for source in sources:
            counts_note(source, counts, taken_at=taken_at, is_hint=True)
    return bool(sources)


def _followed(event: Event, shown: Payload) -> GitHubRepositoryQuerySet[GitHubRepository]:
    """Return the rows of a repository that the installation that EVENT names reads."""
    rows = GitHubRepository.objects.followed().unpaused()
    rows = rows.filter(
        installation__app=event.app,
        installation__workspace__isnull=False,
        github_id=shown["id"],
    )
    named = event.payload.get("installation")
    return rows.filter(installation__installation_id=named["id"]) if named else rows
