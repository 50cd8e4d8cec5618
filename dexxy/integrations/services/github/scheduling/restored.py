"""After the database was replaced by a backup: nobody reads, and everything is read again."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.integrations.models import (
    Credential,
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    OAuthState,
    RunState,
    SyncRun,
)
from dexxy.integrations.services.github.access.lost_secrets import lost_secrets_mark
from dexxy.integrations.services.github.access.repository_state import (
    changes_missed,
    interrupted_go_on,
)


@transaction.atomic
def engine_restored() -> list[str]:
    """Free what processes of the time of the backup held, and let everything be compared again.

    Webhooks that waited in the inbox, and threads that were marked, still are.

    Returns: a sentence for each token and App that must be given again.
    """
    now = timezone.now()
    Credential.objects.update(lease_token=None, lease_until=None, lease_holder="", woken_at=None)
    GitHubApp.objects.update(log_lease_until=None, log_lease_holder="", log_due_at=now)
    GitHubInstallation.objects.update(token_refreshing_since=None)
    live = GitHubInstallation.objects.live().filter(app__isnull=False)
    live.update(reconcile_at=now)
    # Whoever was on the way to GitHub sets out again.
    OAuthState.objects.all().delete()
    interrupted_go_on(GitHubRepository.objects.all())
    open_runs = SyncRun.objects.filter(state__in=[RunState.RUNNING, RunState.PAUSED])
    open_runs.update(
        state=RunState.STOPPED,
        finished_at=now,
        error=gettext_noop("A backup was restored while this ran."),
        error_code="restored",
    )
    # What vanished since the backup no list shows.
    changes_missed(GitHubRepository.objects.followed())
    return lost_secrets_mark()
