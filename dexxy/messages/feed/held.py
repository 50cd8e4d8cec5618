"""Which threads are held: snoozed, and their opener has not spoken since."""

from datetime import datetime

from dexxy.messages.models import Standing, Triage

# The ids of those of a workspace at the time `now`.
HELD = """
SELECT tr.thread_id FROM messages_triage tr JOIN messages_standing st USING (thread_id)
WHERE tr.workspace_id = %(workspace)s AND tr.snoozed_until > %(now)s
  AND (st.turned_at IS NULL OR tr.seen_at IS NULL OR st.turned_at <= tr.seen_at)
"""


def held_until(triage: Triage | None, standing: Standing | None, now: datetime) -> datetime | None:
    """Return until when a thread is held, by the same rule; None where it is not."""
    if triage is None or standing is None:
        return None
    turned, seen = standing.turned_at, triage.seen_at
    is_over = turned is not None and seen is not None and turned > seen
    until = triage.snoozed_until
    return None if until is None or until <= now or is_over else until
