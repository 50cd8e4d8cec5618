"""The upserts of snapshots. `{rows}` is the batch, as a FROM item `r`.

The WHEN, WHERE and CASE below are the rules T1 to T4, M1 to M3 and R1 of
docs/explanation/what-wins-when.md, which is to be read first.
"""
# ruff: noqa: S608
# The statements are put together from constants of this package alone; values are parameters.

from dexxy.messages.changes.noting import messages_noted, threads_noted
from dexxy.messages.ingest.settling import IS_BY_ANOTHER

THREAD_COLUMNS = {
    "kind": "text",
    "number": "bigint",
    "external_id": "text",
    "node_id": "text",
    "title": "text",
    "state": "text",
    "state_reason": "text",
    "labels": "jsonb",
    "category": "text",
    "milestone": "text",
    "issue_type": "text",
    "head_oid": "text",
    "is_locked": "boolean",
    "assignees": "jsonb",
    "details": "jsonb",
    "url": "text",
    "author_id": "bigint",
    "opened_at": "timestamptz",
    "closed_at": "timestamptz",
    "merged_at": "timestamptz",
    "answered_at": "timestamptz",
    "version_at": "timestamptz",
    "message_count": "bigint",
    "first_activity_at": "timestamptz",
    "last_activity_at": "timestamptz",
    "first_responses": "jsonb",
}
MESSAGE_COLUMNS = {
    "thread_id": "bigint",
    "thread_kind": "text",
    "kind": "text",
    "external_id": "text",
    "author_id": "bigint",
    "body": "text",
    "url": "text",
    "occurred_at": "timestamptz",
    "edited_at": "timestamptz",
    "details": "jsonb",
    "in_feed": "boolean",
    "version_at": "timestamptz",
    "is_authoritative": "boolean",
    "is_deleted": "boolean",
}

# Whether the snapshot is authoritative for the stored thread `t`: %(settled)s is when its request
# left, less the time in which a hint settles.
_IS_AUTHORITATIVE = "t.hinted_at IS NULL OR t.hinted_at <= %(settled)s"

# Before the upsert, in a statement of its own: what that one finds stored, to tell what changes, is
# then what the writer before has left.
LOCK_THREADS = """
SELECT FROM {rows}
JOIN messages_thread t ON t.workspace_id = %(workspace)s AND t.source_id = %(source)s
                      AND t.kind = r.kind AND t.number = r.number
ORDER BY t.kind, t.number FOR NO KEY UPDATE OF t
"""


def _or_stored(column: str, shown: str, empty: str) -> str:
    """Return the SQL of a column of a thread: what is stored, where the platform keeps it back.

    Args:
        shown: what the snapshot says; NULL where it is kept back.
        empty: what a new thread has then.
    """
    return f"""coalesce({shown}, (
    SELECT kept.{column} FROM messages_thread kept
    WHERE kept.workspace_id = %(workspace)s AND kept.source_id = %(source)s
      AND kept.kind = r.kind AND kept.number = r.number), {empty})"""


_SHOWN_LABELS = """
CASE WHEN r.labels IS NOT NULL THEN ARRAY(SELECT jsonb_array_elements_text(r.labels)) END"""
_LABELS = _or_stored("labels", _SHOWN_LABELS, "'{}'")
_ASSIGNEES = _or_stored("assignees", "r.assignees", "'[]'")
_CATEGORY = _or_stored("category", "r.category", "''")

# An INSERT sets what `threads_settle` would compute from the messages that come with the thread.
# For the first response, `first_responses` holds when each account first did what may be one.
UPSERT_THREADS = threads_noted(
    f"""
INSERT INTO messages_thread AS t (
    workspace_id, source_id, kind, number, external_id, node_id, title, state, state_reason, labels,
    category, milestone, issue_type, head_oid, is_locked, assignees, details, url,
    author_id, opened_at, closed_at, merged_at, answered_at, version_at, message_count,
    first_activity_at, last_activity_at, first_response_at, is_archived, archived_reason,
    moved_to_url, created_at, updated_at)
SELECT %(workspace)s, %(source)s, kind, number, external_id, node_id, title, state, state_reason,
       {_LABELS}, {_CATEGORY}, milestone, issue_type, head_oid,
       is_locked, {_ASSIGNEES}, details, url, author_id, opened_at, closed_at,
       merged_at, answered_at, least(version_at, clock_timestamp()), message_count,
       first_activity_at, last_activity_at, (
           SELECT min(wrote.at)
           FROM jsonb_to_recordset(r.first_responses) AS wrote(author_id bigint, at timestamptz)
           WHERE (
               SELECT {IS_BY_ANOTHER}
               FROM members_identity author
               JOIN members_member member ON member.id = author.member_id
               LEFT JOIN members_identity opener ON opener.id = r.author_id
               WHERE author.id = wrote.author_id)),
       false, '', '', now(), now()
FROM {{rows}}
ON CONFLICT (workspace_id, source_id, kind, number) DO UPDATE SET
    node_id = excluded.node_id, title = excluded.title, state = excluded.state,
    state_reason = excluded.state_reason, labels = excluded.labels,
    category = excluded.category, milestone = excluded.milestone,
    issue_type = excluded.issue_type, head_oid = excluded.head_oid,
    is_locked = excluded.is_locked, assignees = excluded.assignees, details = excluded.details,
    url = excluded.url, author_id = excluded.author_id, opened_at = excluded.opened_at,
    closed_at = excluded.closed_at, merged_at = excluded.merged_at,
    answered_at = excluded.answered_at, version_at = excluded.version_at,
    is_archived = NOT ({_IS_AUTHORITATIVE}) AND t.is_archived,
    archived_reason = CASE WHEN {_IS_AUTHORITATIVE} THEN '' ELSE t.archived_reason END,
    moved_to_url = CASE WHEN {_IS_AUTHORITATIVE} THEN '' ELSE t.moved_to_url END,
    refetch_at = CASE WHEN t.refetch_at > %(asked_at)s OR NOT ({_IS_AUTHORITATIVE})
                      THEN t.refetch_at END,
    updated_at = now()
WHERE ({_IS_AUTHORITATIVE} OR excluded.version_at >= t.version_at)
  AND (t.node_id, t.title, t.state, t.state_reason, t.labels, t.category, t.milestone,
       t.issue_type, t.head_oid, t.is_locked, t.assignees, t.details, t.url, t.author_id,
       t.opened_at, t.closed_at, t.merged_at, t.answered_at, t.version_at, t.is_archived,
       t.refetch_at)
      IS DISTINCT FROM
      (excluded.node_id, excluded.title, excluded.state, excluded.state_reason, excluded.labels,
       excluded.category, excluded.milestone, excluded.issue_type, excluded.head_oid,
       excluded.is_locked, excluded.assignees, excluded.details, excluded.url, excluded.author_id,
       excluded.opened_at, excluded.closed_at, excluded.merged_at, excluded.answered_at,
       excluded.version_at, false, NULL::timestamptz)
""",
    {
        "kind": "t.kind",
        "number": "t.number",
        "id": "t.id",
        "is_authoritative": _IS_AUTHORITATIVE,
        "is_new": "t.xmax = 0",
    },
)

# The upsert returns only the threads that it changed, but it has locked the others, too: a webhook
# that arrives meanwhile waits, and finds the thread as this batch left it.
FIND_THREADS = f"""
SELECT t.kind, t.number, t.id, {_IS_AUTHORITATIVE}, false
FROM {{rows}}
JOIN messages_thread t ON t.workspace_id = %(workspace)s AND t.source_id = %(source)s
                      AND t.kind = r.kind AND t.number = r.number
"""
THREAD_KEY_COLUMNS = {"kind": "text", "number": "bigint"}

UPSERT_MESSAGES = messages_noted("""
INSERT INTO messages_message AS m (
    workspace_id, source_id, thread_id, thread_kind, kind, external_id, author_id, body, url,
    occurred_at, edited_at, details, in_feed, version_at, is_archived, archived_reason,
    created_at, updated_at)
SELECT %(workspace)s, %(source)s, thread_id, thread_kind, kind, external_id, author_id, body, url,
       occurred_at, edited_at, details, in_feed, least(version_at, clock_timestamp()), is_deleted,
       CASE WHEN is_deleted THEN 'deleted' ELSE '' END,
       now(), now()
FROM {rows}
WHERE r.is_authoritative = %(authoritative)s
ON CONFLICT (workspace_id, thread_id, kind, external_id) DO UPDATE SET
    author_id = excluded.author_id, body = excluded.body, url = excluded.url,
    occurred_at = excluded.occurred_at, edited_at = excluded.edited_at,
    version_at = excluded.version_at, details = excluded.details, in_feed = excluded.in_feed,
    is_archived = CASE WHEN %(authoritative)s
                       THEN excluded.is_archived ELSE m.is_archived END,
    archived_reason = CASE WHEN %(authoritative)s
                           THEN excluded.archived_reason ELSE m.archived_reason END,
    updated_at = now()
WHERE (%(authoritative)s OR excluded.version_at >= m.version_at)
  AND (m.author_id, m.body, m.url, m.occurred_at, m.edited_at, m.version_at, m.details,
       m.in_feed, CASE WHEN %(authoritative)s THEN m.archived_reason END)
      IS DISTINCT FROM
      (excluded.author_id, excluded.body, excluded.url, excluded.occurred_at, excluded.edited_at,
       excluded.version_at, excluded.details, excluded.in_feed,
       CASE WHEN %(authoritative)s THEN excluded.archived_reason END)
""")
# Which of some messages are stored. LATERAL goes from one to the next: before its statistics are
# collected, PostgreSQL would read the whole table.
FIND_MESSAGES = """
SELECT r.thread_id, r.kind, r.external_id
FROM {rows}
CROSS JOIN LATERAL (
    SELECT FROM messages_message m
    WHERE m.workspace_id = %(workspace)s AND m.thread_id = r.thread_id AND m.kind = r.kind
      AND m.external_id = r.external_id
    LIMIT 1) stored
"""
MESSAGE_KEY_COLUMNS = {"thread_id": "bigint", "kind": "text", "external_id": "text"}
# The columns of a new message in the COPY.
NEW_MESSAGE = (
    *list(MESSAGE_COLUMNS)[:-2],
    "is_archived",
    "archived_reason",
    "workspace_id",
    "source_id",
    "created_at",
    "updated_at",
)
