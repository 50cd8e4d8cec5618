"""How long a repository is left alone: by what happens in it, and by whether webhooks tell of it.

Why these figures: docs/adr/0033-time-alone-costs-a-glance.md.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import uniform

from django.conf import settings
from django.utils import timezone

from dexxy.integrations.models import GitHubInstallation, GitHubRepository


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often GitHub is asked about a repository.

    Args:
        quiet_for: the time since the newest activity, for which it is the rhythm at most.
        look: between two looks at its lists, where no webhooks tell what happens.
        look_with_webhooks: the same where they arrive.
        edits: between two looks at the lists of edited comments, which cost two requests of their
            own: no list of threads shows an edited comment for sure.
    """

    quiet_for: timedelta
    look: timedelta
    look_with_webhooks: timedelta
    edits: timedelta


_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RHYTHMS = (
    Rhythm(_DAY, 10 * _MINUTE, 1 * _HOUR, 1 * _HOUR),
    Rhythm(30 * _DAY, 20 * _MINUTE, 2 * _HOUR, 6 * _HOUR),
    Rhythm(timedelta.max, 30 * _MINUTE, 3 * _HOUR, 24 * _HOUR),
)
# Each wait is shorter by chance, by up to so much: what began together does not stay together.
JITTER = 0.2
# How long one webhook that arrived shows that others do, unless one was missed lately.
ARRIVED_FOR, MISSED_FOR = timedelta(days=3), timedelta(days=1)


def next_look(repository: GitHubRepository, *, is_wanted_soon: bool = False) -> datetime:
    """Return when to look at a repository again that was read to its end.

    Args:
        is_wanted_soon: something is left for the next run, such as a sweep.
    """
    rhythm = _rhythm(repository)
    has_webhooks = webhooks_arrive(repository.installation) and not is_wanted_soon
    wait = rhythm.look_with_webhooks if has_webhooks else rhythm.look
    if is_wanted_soon:
        wait = RHYTHMS[0].look
    return timezone.now() + at_most_as_set(wait) * uniform(1 - JITTER, 1)  # noqa: S311


def are_edits_due(repository: GitHubRepository) -> bool:
    """Say whether it is time for the lists of edited comments, which each run reads."""
    last = repository.last_synced_at
    return last is None or timezone.now() - last >= at_most_as_set(_rhythm(repository).edits)


def webhooks_arrive(installation: GitHubInstallation) -> bool:
    """Say whether webhooks about an installation's repositories arrive."""
    app, arrived = installation.app, installation.webhook_arrived_at
    if app is None or arrived is None or timezone.now() - arrived > ARRIVED_FOR:
        return False
    missed = app.webhooks_missed_at
    return missed is None or timezone.now() - missed > MISSED_FOR


def at_most_as_set(wait: timedelta) -> timedelta:
    """Return WAIT, or the longest that the settings allow."""
    return min(wait, timedelta(seconds=settings.DEXXY_SYNC_INTERVAL))


def _rhythm(repository: GitHubRepository) -> Rhythm:
    newest = repository.source.last_activity_at
    if newest is None:
        return RHYTHMS[-1]
    quiet_for = timezone.now() - newest
    return next(one for one in RHYTHMS if quiet_for <= one.quiet_for)
