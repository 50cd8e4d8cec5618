"""The statements of `hints`. `{rows}` is the batch, as a FROM item `r`.

What wins where a hint differs from what is stored: rules T5 to T8, M4 to M6 and R2 to R3 of
docs/explanation/what-wins-when.md, which is to be read first.
"""

from dexxy.messages.changes.noting import messages_noted, threads_noted

# `fields` holds the columns that the payload carries: `jsonb_populate_record` keeps the others.
THREAD_COLUMNS = {
    "workspace_id": "bigint",
    "source_id": "bigint",
    "kind": "text",
    "number": "bigint",
    "fields": "jsonb",
}
KNOWN_COLUMNS = {"thread_id": "bigint", "fields": "jsonb"}
MESSAGE_COLUMNS = {
    "thread_id": "bigint",
    "kind": "text",
    "external_id": "text",
    "author_id": "bigint",
    "body": "text",
    "url": "text",
    "occurred_at": "timestamptz",
    "version_at": "timestamptz",
    "details": "jsonb",
    "in_feed": "boolean",
    "is_deleted": "boolean",
}

# Locks every thread, in the order of the keys, and marks it. The mark is a debounce: a thread that
# waits for a refetch already keeps its earlier mark, so a busy thread is read once a minute, when
# the first hints have settled. No mark may be later than when this hint has settled: the stored one
# may have been put off before there was news.
MARK_THREADS = threads_noted(
    """
INSERT INTO messages_thread AS t (
    workspace_id, source_id, kind, number, node_id, title, state, state_reason, labels,
    category, milestone, issue_type, head_oid, is_locked, assignees, details, url,
    author_id, opened_at, closed_at, merged_at, answered_at, version_at, first_activity_at,
    last_activity_at, message_count, is_archived, archived_reason, moved_to_url, hinted_at,
    refetch_at, created_at, updated_at)
SELECT r.workspace_id, r.source_id, r.kind, r.number, coalesce(n.node_id, ''), n.title,
       coalesce(n.state, 'open'), coalesce(n.state_reason, ''), coalesce(n.labels, '{}'),
       coalesce(n.category, ''), coalesce(n.milestone, ''), coalesce(n.issue_type, ''),
       coalesce(n.head_oid, ''),
       coalesce(n.is_locked, false), coalesce(n.assignees, '[]'),
       jsonb_strip_nulls(coalesce(n.details, '{}')), n.url,
       n.author_id, n.opened_at, n.closed_at, n.merged_at, n.answered_at,
       least(n.version_at, clock_timestamp()), n.opened_at, n.opened_at, 0, false, '', '',
       clock_timestamp(), clock_timestamp(), now(), now()
FROM {rows}, jsonb_populate_record(NULL::messages_thread, r.fields) n
ORDER BY r.source_id, r.kind, r.number
ON CONFLICT (workspace_id, source_id, kind, number) DO UPDATE SET
    hinted_at = clock_timestamp(),
    refetch_at = least(coalesce(t.refetch_at, clock_timestamp()),
                       clock_timestamp() + make_interval(secs => %(settles)s))
""",
    {
        "source": "t.source_id",
        "kind": "t.kind",
        "number": "t.number",
        "id": "t.id",
        "is_new": "t.xmax = 0",
    },
)

UPDATE_THREADS = threads_noted(
    """
UPDATE messages_thread t
SET (node_id, title, state, state_reason, labels, category, milestone, issue_type,
     head_oid, is_locked, assignees, details, url, author_id, opened_at, closed_at, merged_at,
     answered_at, version_at) = (
        SELECT n.node_id, n.title, n.state, n.state_reason, n.labels, n.category, n.milestone,
               n.issue_type, n.head_oid, n.is_locked, n.assignees,
               jsonb_strip_nulls(t.details || n.details), n.url, n.author_id,
               n.opened_at, n.closed_at, n.merged_at, n.answered_at,
               least(n.version_at, clock_timestamp())
        FROM jsonb_populate_record(t, r.fields) n),
    updated_at = now()
FROM {rows}
WHERE t.id = r.thread_id AND (r.fields->>'version_at')::timestamptz >= t.version_at
""",
    {"id": "t.id"},
)

# A webhook may follow that the thread was deleted where it was: where it moved to is kept.
ARCHIVE_THREADS = """
UPDATE messages_thread t
SET is_archived = true, archived_reason = r.reason, moved_to_url = r.moved_to_url,
    updated_at = now()
FROM {rows}
WHERE t.id = r.thread_id AND t.archived_reason <> 'moved'
"""

# A message that comes late to an archived thread is archived with it. A stored message stays
# archived, or live: only a snapshot revives.
UPSERT_MESSAGES = messages_noted("""
INSERT INTO messages_message AS m (
    workspace_id, source_id, thread_id, thread_kind, kind, external_id, author_id, body, url,
    occurred_at, edited_at, version_at, details, in_feed, is_archived, archived_reason,
    created_at, updated_at)
SELECT t.workspace_id, t.source_id, t.id, t.kind, r.kind, r.external_id, r.author_id, r.body,
       r.url, r.occurred_at, NULL, least(r.version_at, clock_timestamp()), r.details, r.in_feed,
       t.is_archived OR r.is_deleted,
       CASE WHEN t.is_archived THEN t.archived_reason WHEN r.is_deleted THEN 'deleted' ELSE '' END,
       now(), now()
FROM {rows} JOIN messages_thread t ON t.id = r.thread_id
ON CONFLICT (workspace_id, thread_id, kind, external_id) DO UPDATE SET
    author_id = excluded.author_id, body = excluded.body, url = excluded.url,
    occurred_at = excluded.occurred_at, version_at = excluded.version_at,
    details = m.details || excluded.details, in_feed = excluded.in_feed,
    updated_at = now()
WHERE excluded.version_at >= m.version_at
  AND (m.author_id, m.body, m.url, m.occurred_at, m.version_at, m.details, m.in_feed)
      IS DISTINCT FROM
      (excluded.author_id, excluded.body, excluded.url, excluded.occurred_at, excluded.version_at,
       m.details || excluded.details, excluded.in_feed)
""")

# A comment on code is as old as the submission of its review, as in a snapshot: the payload only
# has when it was drafted. Either of the two may come first.
DATE_REVIEW_COMMENTS = messages_noted("""
UPDATE messages_message m
SET occurred_at = review.occurred_at, updated_at = now()
FROM messages_message review
WHERE m.workspace_id = ANY(%(workspaces)s) AND m.thread_id = ANY(%(threads)s)
  AND m.kind = 'review_comment' AND review.workspace_id = m.workspace_id
  AND review.thread_id = m.thread_id AND review.kind = 'review'
  AND review.external_id = m.details->>'review_id' AND m.occurred_at < review.occurred_at
""")

# A deletion wins over any version: GitHub never uses an id again.
ARCHIVE_MESSAGES = messages_noted("""
UPDATE messages_message m
SET is_archived = true, archived_reason = 'deleted', updated_at = now()
FROM {rows} JOIN messages_thread t ON t.id = r.thread_id
WHERE r.is_deleted AND m.workspace_id = t.workspace_id AND m.thread_id = t.id AND m.kind = r.kind
  AND m.external_id = r.external_id AND NOT m.is_archived
""")
