"""Which threads are held: snoozed, and their opener has not spoken since."""

from datetime import datetime

from dexxy.messages.models import Standing, Triage


def held_in(workspace: str) -> str:
    """Return a statement with the ids of those of WORKSPACE, SQL of its id, at the time `now`."""
    return f"""
SELECT tr.thread_id FROM messages_triage tr JOIN messages_standing st USING (thread_id)
WHERE tr.workspace_id = {workspace} AND tr.snoozed_until > %(now)s
  AND (st.turned_at IS NULL OR tr.seen_at IS NULL OR st.turned_at <= tr.seen_at)
"""  # noqa: S608


HELD = held_in("%(workspace)s")


def held_until(triage: Triage | None, standing: Standing | None, now: datetime) -> datetime | None:
    """Return until when a thread is held, by the same rule; None where it is not."""
    if triage is None or standing is None:
        return None
    turned, seen = standing.turned_at, triage.seen_at
    is_over = turned is not None and seen is not None and turned > seen
    until = triage.snoozed_until
    return None if until is None or until <= now or is_over else until
