"""Adds to a filled database what searches ask about beside words of messages.

Words in titles, drafts, whom threads are assigned to, who waits, and what somebody has read.
"""
# ruff: noqa: S608
# Only the numbers below stand in the statements.

from django.db import connection

from benchmarks.feed_rows import without_indexes
from dexxy.messages.models import SearchEntry, Thread

# Of the first workspace: threads that its reader has opened.
READ = 2000

_TITLES = """
UPDATE messages_thread SET title = 'Thread ' || id
    || CASE WHEN id % 10 = 3 THEN ' crashes' ELSE '' END
    || CASE WHEN id % 100 = 4 THEN ' sometimes' ELSE '' END
    || CASE WHEN id % 1000 = 5 THEN ' seldom' ELSE '' END
    || CASE WHEN id % 50021 = 6 THEN ' xylophone' ELSE '' END
    || CASE WHEN id < (SELECT max(id) FROM messages_thread) / 10 THEN ' once' ELSE '' END,
  state_reason = CASE WHEN state = 'open' AND kind = 'pull_request' AND id % 500 = 1 THEN 'draft'
                      ELSE '' END,
  assignees = CASE WHEN id % 20 = 0 THEN '[{"id": "7", "login": "Often"}]'::jsonb
                   WHEN id % 5000 = 1 THEN '[{"id": "8", "login": "Seldom"}]'
                   WHEN id < 5000 AND id % 100 = 2 THEN '[{"id": "9", "login": "Once"}]'
                   ELSE '[]' END
"""
_WORDS = """
UPDATE messages_searchentry s
SET words = messages_word_keys(m.workspace_id, messages_search_words(t.title || ' ' || m.body))
FROM messages_message m JOIN messages_thread t ON t.id = m.thread_id
WHERE m.id = s.message_id AND m.kind = 'opened' AND m.in_feed
"""
_OTHERS = f"""
INSERT INTO messages_standing (thread_id, workspace_id, source_id, kind, side, reason, since,
    turned_at, others_replied, is_old)
SELECT id, workspace_id, source_id, kind, 'team', 'no_reply', opened_at, opened_at, FALSE, FALSE
FROM messages_thread WHERE state = 'open' AND id % 3 = 0;
INSERT INTO messages_triage (thread_id, workspace_id, assignee_id, snoozed_until, is_set_aside,
    seen_at, note, created_at, updated_at)
SELECT thread_id, workspace_id, %(user)s, CASE WHEN thread_id % 60 = 0 THEN now() + interval '1 d'
    END, FALSE, now(), '', now(), now()
FROM messages_standing WHERE thread_id % 20 = 0;
INSERT INTO messages_threadread (user_id, workspace_id, thread_id, read_at)
SELECT %(user)s, 1, id, last_activity_at FROM messages_thread
WHERE workspace_id = 1 ORDER BY last_activity_at DESC LIMIT {READ}
""".replace("% ", "%% ")


def add(user_id: int) -> None:
    """Add to what `feed_rows.fill` has filled; some of it is of the user with the id USER_ID."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE messages_standing, messages_triage, messages_threadread")
        with without_indexes(Thread, SearchEntry):
            cursor.execute(_TITLES)
            cursor.execute(_WORDS)
        cursor.execute(_OTHERS, {"user": user_id})
        cursor.execute("VACUUM (FULL, ANALYZE) messages_thread")
        cursor.execute("VACUUM ANALYZE")
