"""Which threads are held: snoozed, and their opener has not spoken since."""

# The ids of those of a workspace at the time `now`.
HELD = """
SELECT tr.thread_id FROM messages_triage tr JOIN messages_standing st USING (thread_id)
WHERE tr.workspace_id = %(workspace)s AND tr.snoozed_until > %(now)s
  AND (st.turned_at IS NULL OR tr.seen_at IS NULL OR st.turned_at <= tr.seen_at)
"""
