"""The statements of `ingest`. `{rows}` is the batch, as a FROM item `r`."""
# ruff: noqa: S608
# The statements are put together from the pieces of this file alone; values are parameters.

THREAD_COLUMNS = {
    "kind": "text",
    "number": "bigint",
    "node_id": "text",
    "title": "text",
    "state": "text",
    "state_reason": "text",
    "labels": "jsonb",
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
    "said": "jsonb",
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
    "is_truth": "boolean",
    "is_deleted": "boolean",
}

# The first response is the first live message by a person other than the author's member.
_IS_RESPONSE = "NOT member.is_bot AND member.id IS DISTINCT FROM opener.member_id"

# A thread that is new knows at once what settling would tell it of the messages that it came with:
# `said` holds when each account first said something that may be a response.
#
# A snapshot is the truth where the thread's last webhook came before %(settled)s: it overwrites
# whatever the versions, and revives. Before that it obeys `version_at` (on a tie it wins),
# revives nothing, and leaves the thread marked. A mark that is younger than the request stays.
# No version lies in the future.
UPSERT_THREADS = f"""
INSERT INTO messages_thread AS t (
    workspace_id, source_id, kind, number, node_id, title, state, state_reason, labels, url,
    author_id, opened_at, closed_at, merged_at, answered_at, version_at, message_count,
    first_activity_at, last_activity_at, first_response_at, is_archived, archived_reason,
    moved_to_url, created_at, updated_at)
SELECT %(workspace)s, %(source)s, kind, number, node_id, title, state, state_reason,
       ARRAY(SELECT jsonb_array_elements_text(labels)), url, author_id, opened_at, closed_at,
       merged_at, answered_at, least(version_at, clock_timestamp()), message_count,
       first_activity_at, last_activity_at, (
           SELECT min(said.at)
           FROM jsonb_to_recordset(r.said) AS said(author_id bigint, at timestamptz)
           WHERE (
               SELECT {_IS_RESPONSE}
               FROM members_identity author
               JOIN members_member member ON member.id = author.member_id
               LEFT JOIN members_identity opener ON opener.id = r.author_id
               WHERE author.id = said.author_id)),
       false, '', '', now(), now()
FROM {{rows}}
ON CONFLICT (workspace_id, source_id, kind, number) DO UPDATE SET
    node_id = excluded.node_id, title = excluded.title, state = excluded.state,
    state_reason = excluded.state_reason, labels = excluded.labels, url = excluded.url,
    author_id = excluded.author_id, opened_at = excluded.opened_at,
    closed_at = excluded.closed_at, merged_at = excluded.merged_at,
    answered_at = excluded.answered_at, version_at = excluded.version_at,
    is_archived = t.is_archived AND coalesce(t.hinted_at > %(settled)s, false),
    archived_reason = CASE WHEN t.hinted_at > %(settled)s THEN t.archived_reason ELSE '' END,
    moved_to_url = CASE WHEN t.hinted_at > %(settled)s THEN t.moved_to_url ELSE '' END,
    refetch_at = CASE WHEN t.hinted_at > %(settled)s OR t.refetch_at > %(asked_at)s
                      THEN t.refetch_at END,
    updated_at = now()
WHERE (t.hinted_at IS NULL OR t.hinted_at <= %(settled)s OR excluded.version_at >= t.version_at)
  AND (t.node_id, t.title, t.state, t.state_reason, t.labels, t.url, t.author_id, t.opened_at,
       t.closed_at, t.merged_at, t.answered_at, t.version_at, t.is_archived, t.refetch_at)
      IS DISTINCT FROM
      (excluded.node_id, excluded.title, excluded.state, excluded.state_reason, excluded.labels,
       excluded.url, excluded.author_id, excluded.opened_at, excluded.closed_at,
       excluded.merged_at, excluded.answered_at, excluded.version_at, false, NULL::timestamptz)
RETURNING t.kind, t.number, t.id, t.hinted_at IS NULL OR t.hinted_at <= %(settled)s, t.xmax = 0
"""

# What the upsert did not change it does not return, but it has locked it: a webhook that arrives
# meanwhile waits, and finds the thread as this batch left it.
FIND_THREADS = """
SELECT t.kind, t.number, t.id, t.hinted_at IS NULL OR t.hinted_at <= %(settled)s, false
FROM {rows}
JOIN messages_thread t ON t.workspace_id = %(workspace)s AND t.source_id = %(source)s
                      AND t.kind = r.kind AND t.number = r.number
"""
THREAD_KEY_COLUMNS = {"kind": "text", "number": "bigint"}

UPSERT_MESSAGES = """
INSERT INTO messages_message AS m (
    workspace_id, source_id, thread_id, thread_kind, kind, external_id, author_id, body, url,
    occurred_at, edited_at, details, in_feed, version_at, is_archived, archived_reason,
    transaction_id, created_at, updated_at)
SELECT %(workspace)s, %(source)s, thread_id, thread_kind, kind, external_id, author_id, body, url,
       occurred_at, edited_at, details, in_feed, least(version_at, clock_timestamp()), is_deleted,
       CASE WHEN is_deleted THEN 'deleted' ELSE '' END,
       pg_current_xact_id()::text::bigint, now(), now()
FROM {rows}
WHERE r.is_truth = %(truth)s
ON CONFLICT (workspace_id, thread_id, kind, external_id) DO UPDATE SET
    author_id = excluded.author_id, body = excluded.body, url = excluded.url,
    occurred_at = excluded.occurred_at, edited_at = excluded.edited_at,
    version_at = excluded.version_at, details = excluded.details, in_feed = excluded.in_feed,
    is_archived = CASE WHEN %(truth)s THEN excluded.is_archived ELSE m.is_archived END,
    archived_reason = CASE WHEN %(truth)s THEN excluded.archived_reason ELSE m.archived_reason END,
    transaction_id = excluded.transaction_id, updated_at = now()
WHERE (%(truth)s OR excluded.version_at >= m.version_at)
  AND (m.author_id, m.body, m.url, m.occurred_at, m.edited_at, m.version_at, m.details,
       m.in_feed, CASE WHEN %(truth)s THEN m.archived_reason END)
      IS DISTINCT FROM
      (excluded.author_id, excluded.body, excluded.url, excluded.occurred_at, excluded.edited_at,
       excluded.version_at, excluded.details, excluded.in_feed,
       CASE WHEN %(truth)s THEN excluded.archived_reason END)
"""
# What a new message's row holds; its `transaction_id` is there by default.
NEW_MESSAGE = (
    *list(MESSAGE_COLUMNS)[:-2],
    "is_archived",
    "archived_reason",
    "workspace_id",
    "source_id",
    "created_at",
    "updated_at",
)

# `{rows}` is what each list that was read to its end did hold.
ARCHIVE_REST = """
UPDATE messages_message m
SET is_archived = true, archived_reason = 'missing',
    transaction_id = pg_current_xact_id()::text::bigint, updated_at = now()
FROM {rows} JOIN messages_thread t ON t.id = r.thread_id
WHERE m.workspace_id = t.workspace_id AND m.thread_id = t.id AND m.kind = r.kind
  AND NOT m.is_archived
  AND (r.owner_id = '' OR r.owner_id =
       m.details->>CASE m.kind WHEN 'reply' THEN 'in_reply_to' ELSE 'review_id' END)
  AND NOT r.seen ? m.external_id
"""
SCOPE_COLUMNS = {"thread_id": "bigint", "kind": "text", "owner_id": "text", "seen": "jsonb"}

# By their key, which begins with the workspace. Not by a join: a planner that knows little yet
# would read all messages for the few of some threads.
_IN_THREADS = """m.workspace_id = ANY(ARRAY(
    SELECT workspace_id FROM messages_thread WHERE id = ANY(%(threads)s)))
  AND m.thread_id = ANY(%(threads)s)"""

# A review that is gone took its comments with it, and so did a comment its replies. One that was
# deleted and still stands there as a tombstone did not.
ARCHIVE_ORPHANS = f"""
UPDATE messages_message m
SET is_archived = true, archived_reason = 'missing',
    transaction_id = pg_current_xact_id()::text::bigint, updated_at = now()
WHERE {_IN_THREADS} AND m.kind IN ('review_comment', 'reply')
  AND NOT m.is_archived
  AND m.details ? CASE m.kind WHEN 'reply' THEN 'in_reply_to' ELSE 'review_id' END
  AND NOT EXISTS (
      SELECT FROM messages_message owner
      WHERE owner.workspace_id = m.workspace_id AND owner.thread_id = m.thread_id
        AND owner.kind = CASE m.kind WHEN 'reply' THEN 'comment' ELSE 'review' END
        AND owner.external_id =
            m.details->>CASE m.kind WHEN 'reply' THEN 'in_reply_to' ELSE 'review_id' END
        AND owner.archived_reason <> 'missing')
"""

LINK_REPLIES = f"""
UPDATE messages_message m
SET parent_id = p.id
FROM messages_message p
WHERE {_IN_THREADS} AND m.details ? 'in_reply_to'
  AND p.workspace_id = m.workspace_id AND p.thread_id = m.thread_id
  AND p.external_id = m.details->>'in_reply_to'
  AND p.kind = CASE m.kind WHEN 'reply' THEN 'comment' ELSE m.kind END
  AND m.parent_id IS DISTINCT FROM p.id
"""

# Thread by thread, for the same reason.
SETTLE_THREADS = f"""
UPDATE messages_thread t
SET message_count = c.messages, first_activity_at = coalesce(c.first_at, t.opened_at),
    last_activity_at = coalesce(c.last_at, t.opened_at), first_response_at = c.response_at
FROM (
    SELECT t.id, said.*
    FROM messages_thread t
    LEFT JOIN members_identity opener ON opener.id = t.author_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS messages, min(m.occurred_at) AS first_at,
               max(m.occurred_at) AS last_at,
               min(m.occurred_at) FILTER (
                   WHERE m.kind <> 'opened' AND NOT m.kind = ANY(%(state_changes)s)
                     AND member.id IS NOT NULL AND {_IS_RESPONSE}) AS response_at
        FROM messages_message m
        LEFT JOIN members_identity author ON author.id = m.author_id
        LEFT JOIN members_member member ON member.id = author.member_id
        WHERE m.workspace_id = t.workspace_id AND m.thread_id = t.id
          AND NOT m.is_archived AND m.in_feed
    ) said
    WHERE t.id = ANY(%(threads)s)
) c
WHERE t.id = c.id
  AND (t.message_count, t.first_activity_at, t.last_activity_at, t.first_response_at)
      IS DISTINCT FROM (c.messages, coalesce(c.first_at, t.opened_at),
                        coalesce(c.last_at, t.opened_at), c.response_at)
"""

# A snapshot that came too soon after a webhook leaves the thread marked. What was marked since it
# was asked for is due already, and stays so: the snapshot cannot show it.
POSTPONE_REFETCH = """
UPDATE messages_thread SET refetch_at = hinted_at + make_interval(secs => %(settles)s)
WHERE id = ANY(%(threads)s)
  AND (refetch_at > %(asked_at)s AND refetch_at <= clock_timestamp()) IS NOT TRUE
"""

CLEAR_MARKS = """
UPDATE messages_thread
SET refetch_at = CASE
    WHEN refetch_at > %(asked_at)s AND refetch_at <= clock_timestamp() THEN refetch_at
    WHEN hinted_at > %(asked_at)s - make_interval(secs => %(settles)s)
    THEN hinted_at + make_interval(secs => %(settles)s)
    WHEN refetch_at > %(asked_at)s THEN refetch_at END
WHERE id = ANY(%(threads)s)
"""

MARK_COMMENTS_CHANGED = """
UPDATE messages_thread t
SET refetch_at = %(now)s
FROM (
    SELECT t.id
    FROM {rows}
    JOIN messages_thread t ON t.workspace_id = %(workspace)s AND t.source_id = %(source)s
                          AND t.number = r.number AND t.kind = ANY(%(thread_kinds)s)
    WHERE t.refetch_at IS NULL
      AND NOT EXISTS (
          SELECT FROM messages_message m
          WHERE m.workspace_id = t.workspace_id AND m.thread_id = t.id AND m.kind = %(kind)s
            AND m.external_id = r.external_id AND m.version_at = r.version_at
            AND NOT m.is_archived)
    ORDER BY t.kind, t.number
    FOR UPDATE OF t
) changed
WHERE t.id = changed.id
"""
CHANGED_COLUMNS = {"number": "bigint", "external_id": "text", "version_at": "timestamptz"}

# Of the threads opened in a stretch of time, those that a list of all of them did not hold.
MARK_MISSING = """
UPDATE messages_thread t
SET refetch_at = %(now)s
FROM (
    SELECT id FROM messages_thread t
    WHERE t.workspace_id = %(workspace)s AND t.source_id = %(source)s AND t.kind = %(kind)s
      AND NOT t.is_archived AND t.refetch_at IS NULL
      AND (%(since)s::timestamptz IS NULL OR t.opened_at >= %(since)s)
      AND (%(before)s::timestamptz IS NULL OR t.opened_at < %(before)s)
      AND NOT t.number = ANY(%(numbers)s)
    ORDER BY t.number
    FOR UPDATE
) missing
WHERE t.id = missing.id
"""

# What a webhook said of why a thread is gone is kept: that GitHub does not show it fits that, too.
ARCHIVE_THREADS = """
UPDATE messages_thread t
SET is_archived = true, archived_reason = r.reason, moved_to_url = r.moved_to_url,
    updated_at = now()
FROM {rows}
WHERE t.id = r.thread_id AND NOT (t.is_archived AND r.reason = 'missing')
"""
ARCHIVE_MESSAGES_OF = """
UPDATE messages_message m
SET is_archived = true, archived_reason = r.reason,
    transaction_id = pg_current_xact_id()::text::bigint, updated_at = now()
FROM {rows} JOIN messages_thread t ON t.id = r.thread_id
WHERE m.workspace_id = t.workspace_id AND m.thread_id = t.id AND NOT m.is_archived
"""
GONE_COLUMNS = {"thread_id": "bigint", "reason": "text", "moved_to_url": "text"}
