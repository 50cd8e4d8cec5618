"""Which threads are snoozed: until then, or until their opener speaks again.

One rule, as SQL, as a query of Django and in Python, for lists that can use only one of these.
"""

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from dexxy.messages.models import Standing, Triage


def snoozed_in(workspace: str) -> str:
    """Return a statement with the ids of those of WORKSPACE, SQL of its id, at the time `now`."""
    return f"""
SELECT tr.thread_id FROM messages_triage tr JOIN messages_standing st USING (thread_id)
WHERE tr.workspace_id = {workspace} AND tr.snoozed_until > %(now)s
  AND (st.turned_at IS NULL OR tr.seen_at IS NULL OR st.turned_at <= tr.seen_at)
"""  # noqa: S608


SNOOZED = snoozed_in("%(workspace)s")


def is_snoozed() -> Exists:
    """Return the condition that a thread of a query is snoozed now."""
    unheard = Q(thread__standing__turned_at=None) | Q(seen_at=None)
    unheard |= Q(seen_at__gte=F("thread__standing__turned_at"))
    later = Q(snoozed_until__gt=timezone.now())
    return Exists(Triage.objects.filter(unheard, later, thread=OuterRef("pk")))


def snoozed_until(
    triage: Triage | None, standing: Standing | None, now: datetime
) -> datetime | None:
    """Return until when a thread is snoozed; None where it is not."""
    if triage is None or standing is None:
        return None
    turned, seen = standing.turned_at, triage.seen_at
    is_over = turned is not None and seen is not None and turned > seen
    until = triage.snoozed_until
    return None if until is None or until <= now or is_over else until
