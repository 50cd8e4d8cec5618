"""What rows derive from other rows of their thread: links from answers, counts, times.

Whoever writes messages of a thread calls this at the end of the transaction. It is idempotent.
"""

from collections.abc import Collection, Iterable

from dexxy.common.sql import execute_later
from dexxy.messages.answers import IS_ANSWER, by_another_person
from dexxy.messages.changes.noting import links_noted

# `member` is the member who wrote a message, `opener` the identity that opened the thread.
IS_BY_ANOTHER = by_another_person(
    member="member.id", is_bot="member.is_bot", opener="opener.member_id"
)

# The messages `m` of threads, by their key, which begins with the workspace. Not by a join: before
# its statistics are collected, PostgreSQL would read the whole table for a few threads.
IN_THREADS = """m.workspace_id = ANY(ARRAY(
    SELECT workspace_id FROM messages_thread WHERE id = ANY(%(threads)s)))
  AND m.thread_id = ANY(%(threads)s)"""

# What an answer points to is told by the stored messages alone, whatever it pointed to before: the
# live message that it answers, or none.
_ANSWERED = """(
    SELECT p.id FROM messages_message p
    WHERE p.workspace_id = m.workspace_id AND p.thread_id = m.thread_id AND NOT p.is_archived
      AND p.external_id = m.details->>'in_reply_to'
      AND p.kind = CASE m.kind WHEN 'reply' THEN 'comment' ELSE m.kind END)"""
_LINK_REPLIES = links_noted(f"""
UPDATE messages_message m
SET parent_id = {_ANSWERED}
WHERE {IN_THREADS} AND (m.details ? 'in_reply_to' OR m.parent_id IS NOT NULL)
  AND m.parent_id IS DISTINCT FROM {_ANSWERED}
""")  # noqa: S608

# LATERAL makes it go thread by thread, for the same reason.
_SETTLE_THREADS = f"""
UPDATE messages_thread t
SET message_count = c.messages, first_activity_at = coalesce(c.first_at, t.opened_at),
    last_activity_at = coalesce(c.last_at, t.opened_at), first_response_at = c.response_at
FROM (
    SELECT t.id, live.*
    FROM messages_thread t
    LEFT JOIN members_identity opener ON opener.id = t.author_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS messages, min(m.occurred_at) AS first_at,
               max(m.occurred_at) AS last_at,
               min(m.occurred_at) FILTER (
                   WHERE {IS_BY_ANOTHER} AND {IS_ANSWER}) AS response_at
        FROM messages_message m
        LEFT JOIN members_identity author ON author.id = m.author_id
        LEFT JOIN members_member member ON member.id = author.member_id
        WHERE m.workspace_id = t.workspace_id AND m.thread_id = t.id
          AND NOT m.is_archived AND m.in_feed
    ) live
    WHERE t.id = ANY(%(threads)s)
) c
WHERE t.id = c.id
  AND (t.message_count, t.first_activity_at, t.last_activity_at, t.first_response_at)
      IS DISTINCT FROM (c.messages, coalesce(c.first_at, t.opened_at),
                        coalesce(c.last_at, t.opened_at), c.response_at)
"""  # noqa: S608


def replies_link(thread_ids: Iterable[int]) -> None:
    """Point each answer in locked threads to the live message that it answers, if it is stored."""
    if threads := list(thread_ids):
        execute_later(_LINK_REPLIES, {"threads": threads})


def threads_settle(thread_ids: Collection[int]) -> None:
    """Recompute what locked threads know about their own messages.

    That is: how many are in the feed, when the first, the last and the first response came.
    """
    if thread_ids:
        execute_later(_SETTLE_THREADS, {"threads": list(thread_ids)})
