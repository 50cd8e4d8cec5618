"""Pauses that GitHub wants: they are the credential's, and everything that uses it keeps them."""

from datetime import timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from dexxy.integrations.models import Credential, GitHubRepository, RunState, SyncRun
from dexxy.integrations.services.github.access.repository_state import (
    put_off,
    repositories_locked,
)
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.refusals import too_many_at_once

log = structlog.get_logger()

# A minute's wait after a secondary limit that names none becomes twice as long with each further
# one in a row. GitHub wants that, and bans who goes on as before:
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
BACK_OFF = timedelta(minutes=1)
BACK_OFF_AT_MOST = timedelta(hours=1)


@transaction.atomic
def credential_pause(credential: Credential, error: errors.RateLimitedError) -> None:
    """Leave GitHub alone with CREDENTIAL for as long as it wants, and show that at its runs."""
    locked = Credential.objects.select_for_update(no_key=True)
    credential.refresh_from_db(fields=["paused_until", "secondary_limits"], from_queryset=locked)
    if error.is_secondary:
        error = _backed_off(credential, error)
    credential.paused_until = error.retry_at
    credential.pause_reason = str(error)
    credential.save(
        update_fields=["paused_until", "pause_reason", "secondary_limits", "updated_at"]
    )
    repositories = repositories_locked(
        GitHubRepository.objects.filter(installation__credential=credential)
    )
    put_off(repositories, error.retry_at)
    open_runs = SyncRun.objects.filter(repository__in=repositories, state=RunState.RUNNING)
    open_runs.update(state=RunState.PAUSED)
    log.info("sync paused", credential=str(credential), until=str(error.retry_at))


def require_unpaused(credential: Credential) -> None:
    """Look whether GitHub wants requests of CREDENTIAL.

    Raises:
        RateLimitedError: not now.
    """
    if credential.is_paused and credential.paused_until:
        raise errors.RateLimitedError(credential.pause_reason, credential.paused_until)


def _backed_off(credential: Credential, error: errors.RateLimitedError) -> errors.RateLimitedError:
    """Return ERROR with the longer of two waits: GitHub's, and ours after so many in a row.

    Of two processes that are told so at once, one has counted it.
    """
    if not credential.is_paused:
        credential.secondary_limits += 1
    if credential.secondary_limits <= 1:
        return error  # It has said how long, or a minute is meant.
    doubled = BACK_OFF * 2 ** min(credential.secondary_limits - 1, 10)
    until = timezone.now() + min(doubled, BACK_OFF_AT_MOST)
    return too_many_at_once(max(until, error.retry_at))
