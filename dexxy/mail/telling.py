"""What is told at once: threads that are somebody's, and waits that are too long; each once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from dexxy.accounts.models import AuditEntry
from dexxy.accounts.selectors import WorkspaceNotFoundError
from dexxy.common.errors import DexxyError
from dexxy.common.pages import LARGEST_PAGE
from dexxy.mail.models import MailKind, MailPreference, OutgoingMail, Told
from dexxy.mail.privacy import sources_for_mail
from dexxy.messages.feed.filters import ThreadFilters
from dexxy.messages.waiting.lists import QueueFilters, Tab
from dexxy.messages.waiting.queue import WaitingThread, queue_page

# Whose wait became too long before that is told of no more, such as somebody who was snoozed.
LOOKS_BACK = timedelta(days=7)
# Between two alerts to somebody: whoever may open an issue decides when somebody waits. What comes
# up meanwhile is told together.
APART = timedelta(minutes=15)

log = structlog.get_logger()


def alerts_queue(now: datetime | None = None) -> int:
    """Make an alert for each person who is to be told something, of all that there is.

    Returns: how many.
    """
    now = now or timezone.now()
    wanted = MailPreference.objects.filter(membership__user__is_active=True)
    wanted = wanted.exclude(tells_assigned=False, waits_hours=None)
    known = wanted.select_related("membership__user", "membership__workspace")
    return sum(_queue(preference, now) for preference in known.iterator())


def assigned_note(preference: MailPreference) -> None:
    """Take what is assigned to somebody now as told: they know."""
    mine = [Told(preference=preference, thread=row.thread) for row in _assigned(preference)]
    Told.objects.bulk_create(mine, ignore_conflicts=True)


def threads_told(mail: OutgoingMail) -> dict[int, bool]:
    """Return of each thread that MAIL tells of whether it is told as the reader's own."""
    told = mail.told.values_list("thread", "since")
    own = {thread for thread, since in told if since is None}
    return {thread: thread in own for thread, _since in told}


def _queue(preference: MailPreference, now: datetime) -> bool:
    if _was_told(preference, now - APART):
        return False
    _what_went_to_others_forget(preference)
    try:
        found = [(row, None) for row in _assigned(preference)] if preference.tells_assigned else []
        late = [(row, row.standing.since) for row in _late(preference, now)]
    except WorkspaceNotFoundError:  # they have left in between
        return False
    except DexxyError as error:  # such as a database that takes too long: the next look tells it
        log.warning("alerts not told", preference=preference.pk, error=str(error))
        return False
    known = set(Told.objects.filter(preference=preference).values_list("thread", "since"))
    new = [(row, since) for row, since in [*found, *late] if (row.pk, since) not in known]
    if not new:
        return False
    return _tell(preference, new, now)


@transaction.atomic
def _tell(
    preference: MailPreference, new: Sequence[tuple[WaitingThread, datetime | None]], now: datetime
) -> bool:
    """Queue one mail for NEW threads, and remember each of them; say whether there is a mail."""
    # Of two workers, the second finds what the first has told.
    MailPreference.objects.select_for_update().get(pk=preference.pk)
    known = set(Told.objects.filter(preference=preference).values_list("thread", "since"))
    new = [(row, since) for row, since in new if (row.pk, since) not in known]
    own = {row.pk for row, since in new if since is None and _is_own_doing(preference, row)}
    told = [
        Told(preference=preference, thread=row.thread, since=since)
        for row, since in new
        if since is not None or row.pk not in own
    ]
    silent = [Told(preference=preference, thread_id=pk) for pk in own]
    Told.objects.bulk_create(silent)
    if not told:
        return False
    mail = OutgoingMail.objects.create(
        workspace=preference.membership.workspace,
        user=preference.membership.user,
        kind=MailKind.ALERT,
        period=now.isoformat(),
    )
    for one in told:
        one.mail = mail
    Told.objects.bulk_create(told)
    return True


def _what_went_to_others_forget(preference: MailPreference) -> None:
    """Let what somebody was told is theirs be told again, once it was another's meanwhile."""
    told = Told.objects.filter(preference=preference, since=None)
    told.exclude(thread__triage__assignee=preference.membership.user).delete()


def _was_told(preference: MailPreference, since: datetime) -> bool:
    member = preference.membership
    alerts = OutgoingMail.objects.filter(kind=MailKind.ALERT, created_at__gt=since)
    return alerts.filter(workspace=member.workspace_id, user=member.user_id).exists()


def _assigned(preference: MailPreference) -> list[WaitingThread]:
    return _rows(preference, QueueFilters(tab=Tab.MINE))


def _late(preference: MailPreference, now: datetime) -> list[WaitingThread]:
    if preference.waits_hours is None:
        return []
    longest = timedelta(hours=preference.waits_hours)
    since = max(preference.alerts_after, now - LOOKS_BACK) - longest
    until = now - longest
    return _rows(preference, QueueFilters(since=since, until=until)) if since < until else []


def _rows(preference: MailPreference, filters: QueueFilters) -> list[WaitingThread]:
    user, workspace = preference.membership.user, preference.membership.workspace
    sources = sources_for_mail(workspace)
    if sources is not None and not sources:
        return []
    kept = QueueFilters(
        tab=filters.tab,
        since=filters.since,
        until=filters.until,
        threads=ThreadFilters(source_ids=sources or ()),
    )
    found: list[WaitingThread] = []
    after: str | None = None
    while True:
        page = queue_page(user, workspace, kept, LARGEST_PAGE, after)
        found += page.items
        if not page.has_more:
            return found
        after = page.end


def _is_own_doing(preference: MailPreference, row: WaitingThread) -> bool:
    """Say whether whom a thread is assigned to did that themselves."""
    entries = AuditEntry.objects.filter(
        workspace=preference.membership.workspace,
        action="thread.assigned",
        target_id=str(row.pk),
    )
    last = entries.order_by("-pk").values_list("actor", flat=True).first()
    return last == preference.membership.user_id
