"""The statements of `feeding`. `{rows}` is the batch, as a FROM item `r`.

What wins: rules F1 to F5 of docs/explanation/what-wins-when.md, which is to be read first.
"""
# ruff: noqa: S608
# The statements are put together from constants of this package alone; values are parameters.

from dexxy.messages.changes.noting import messages_noted, threads_noted

# One batch of a workspace after the other: the numbers of new threads are given by counting.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('fed', %(workspace)s))"

# The threads that are stored, by their names on the platform, whatever their kind.
FIND_THREADS = """
SELECT t.external_id, t.id, t.kind, t.is_archived
FROM messages_thread t
WHERE t.workspace_id = %(workspace)s AND t.source_id = %(source)s AND t.kind = ANY(%(kinds)s)
  AND t.external_id <> '' AND t.external_id = ANY(%(ids)s)
"""
LOCK_THREADS = f"{FIND_THREADS} ORDER BY t.kind, t.number FOR NO KEY UPDATE OF t"
# By the key, kind by kind.
LAST_NUMBER = """
SELECT max(last.number) FROM unnest(%(kinds)s::text[]) k(kind) CROSS JOIN LATERAL (
    SELECT t.number FROM messages_thread t
    WHERE t.workspace_id = %(workspace)s AND t.source_id = %(source)s AND t.kind = k.kind
    ORDER BY t.number DESC LIMIT 1
) last
"""

# Whether what is told of a stored row `{row}` is newer; a row that is gone stays so on a tie.
_IS_NEWER = """({told}.version_at > {row}.version_at
       OR ({told}.version_at = {row}.version_at AND {row}.archived_reason <> 'deleted'))"""

THREAD_COLUMNS = {
    "thread_id": "bigint",
    "title": "text",
    "state": "text",
    "labels": "jsonb",
    "category": "text",
    "url": "text",
    "author_id": "bigint",
    "opened_at": "timestamptz",
    "closed_at": "timestamptz",
    "answered_at": "timestamptz",
    "version_at": "timestamptz",
}
UPDATE_THREADS = threads_noted(
    f"""
UPDATE messages_thread t
SET title = r.title, state = r.state, labels = ARRAY(SELECT jsonb_array_elements_text(r.labels)),
    category = r.category, url = r.url, author_id = r.author_id, opened_at = r.opened_at,
    closed_at = r.closed_at, answered_at = r.answered_at, version_at = r.version_at,
    is_archived = false, archived_reason = '', updated_at = now()
FROM {{rows}}
WHERE t.id = r.thread_id AND {_IS_NEWER.format(told="r", row="t")}
  AND (t.title, t.state, t.labels, t.category, t.url, t.author_id, t.opened_at, t.closed_at,
       t.answered_at, t.version_at, t.is_archived)
      IS DISTINCT FROM
      (r.title, r.state, ARRAY(SELECT jsonb_array_elements_text(r.labels)), r.category, r.url,
       r.author_id, r.opened_at, r.closed_at, r.answered_at, r.version_at, false)
""",
    {"id": "t.id"},
)

GONE_COLUMNS = {"thread_id": "bigint", "version_at": "timestamptz"}
ARCHIVE_THREADS = """
UPDATE messages_thread t
SET is_archived = true, archived_reason = 'deleted', version_at = r.version_at, updated_at = now()
FROM {rows}
WHERE t.id = r.thread_id AND NOT t.is_archived AND r.version_at >= t.version_at
RETURNING t.id
"""
# Those that went with their thread come back with it; what was deleted by itself stays so.
REVIVE_MESSAGES = messages_noted("""
UPDATE messages_message m
SET is_archived = false, archived_reason = '', updated_at = now()
FROM messages_thread t
WHERE t.id = ANY(%(threads)s) AND NOT t.is_archived AND m.workspace_id = t.workspace_id
  AND m.thread_id = t.id AND m.archived_reason = 'missing'
""")

MESSAGE_COLUMNS = {
    "thread_id": "bigint",
    "kind": "text",
    "external_id": "text",
    "author_id": "bigint",
    "body": "text",
    "url": "text",
    "occurred_at": "timestamptz",
    "edited_at": "timestamptz",
    "details": "jsonb",
    "version_at": "timestamptz",
}
COUNT_KNOWN = """
SELECT count(*) FROM {rows} JOIN messages_thread t ON t.id = r.thread_id
JOIN messages_message m ON m.workspace_id = t.workspace_id AND m.thread_id = t.id
                       AND m.kind = r.kind AND m.external_id = r.external_id
"""
UPSERT_MESSAGES = messages_noted(f"""
INSERT INTO messages_message AS m (
    workspace_id, source_id, thread_id, thread_kind, kind, external_id, author_id, body, url,
    occurred_at, edited_at, details, in_feed, version_at, is_archived, archived_reason,
    created_at, updated_at)
SELECT t.workspace_id, t.source_id, t.id, t.kind, r.kind, r.external_id, r.author_id, r.body,
       r.url, r.occurred_at, r.edited_at, r.details, true, r.version_at, t.is_archived,
       CASE WHEN t.is_archived THEN 'missing' ELSE '' END, now(), now()
FROM {{rows}} JOIN messages_thread t ON t.id = r.thread_id
ON CONFLICT (workspace_id, thread_id, kind, external_id) DO UPDATE SET
    author_id = excluded.author_id, body = excluded.body, url = excluded.url,
    occurred_at = excluded.occurred_at, edited_at = excluded.edited_at,
    details = excluded.details, version_at = excluded.version_at,
    is_archived = excluded.is_archived, archived_reason = excluded.archived_reason,
    updated_at = now()
WHERE {_IS_NEWER.format(told="excluded", row="m")}
  AND (m.author_id, m.body, m.url, m.occurred_at, m.edited_at, m.details, m.version_at,
       m.archived_reason)
      IS DISTINCT FROM
      (excluded.author_id, excluded.body, excluded.url, excluded.occurred_at, excluded.edited_at,
       excluded.details, excluded.version_at, excluded.archived_reason)
""")
ARCHIVE_COLUMNS = {
    "thread_id": "bigint",
    "kind": "text",
    "external_id": "text",
    "version_at": "timestamptz",
}
ARCHIVE_MESSAGES = messages_noted("""
UPDATE messages_message m
SET is_archived = true, archived_reason = 'deleted', version_at = r.version_at, updated_at = now()
FROM {rows} JOIN messages_thread t ON t.id = r.thread_id
WHERE m.workspace_id = t.workspace_id AND m.thread_id = t.id AND m.kind = r.kind
  AND m.external_id = r.external_id AND m.archived_reason <> 'deleted'
  AND r.version_at >= m.version_at
""")

SOURCES_DATE = """
UPDATE sources_source s
SET last_activity_at = (
        SELECT max(t.last_activity_at) FROM messages_thread t
        WHERE t.workspace_id = s.workspace_id AND t.source_id = s.id AND NOT t.is_archived),
    fed_at = %(fed_at)s, updated_at = now()
WHERE s.id = ANY(%(sources)s)
"""
