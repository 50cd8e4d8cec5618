"""Conversations on code: a comment on the diff with the replies to it, resolved or not.

What is resolved is stored as the server tells it: which comments belong together there. A comment
that is not among them belongs to the one that it answers.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from dexxy.common.sql import fetch_all
from dexxy.messages.models import Message, MessageKind, ResolvedReviewThread, Thread, ThreadKind

# A resolved review thread, by the external ids of its comments.
Resolved = Mapping[str, int]

# The first comment of each conversation, by its key: the resolved review thread to which the
# comment, or what it answers, belongs; else what it answers; else itself.
_COUNTS = """
WITH resolved AS MATERIALIZED (
    SELECT w.thread_id, comment_id, min(w.id) AS id
    FROM messages_resolvedreviewthread w, unnest(w.comment_ids) comment_id
    WHERE w.thread_id = ANY(%(threads)s)
    GROUP BY w.thread_id, comment_id
)
SELECT thread_id, count(*) FILTER (WHERE resolved IS NULL),
       count(*) FILTER (WHERE resolved IS NOT NULL),
       (array_agg(first_id ORDER BY first_at, first_id) FILTER (WHERE resolved IS NULL))[1]
FROM (
    SELECT m.thread_id, coalesce(own.id, answered.id) AS resolved, min(m.occurred_at) AS first_at,
           (array_agg(m.id ORDER BY m.occurred_at, m.id))[1] AS first_id
    FROM messages_message m
    LEFT JOIN resolved own ON own.thread_id = m.thread_id AND own.comment_id = m.external_id
    LEFT JOIN resolved answered
        ON answered.thread_id = m.thread_id AND answered.comment_id = m.details->>'in_reply_to'
    WHERE m.workspace_id = ANY(%(workspaces)s) AND m.thread_id = ANY(%(threads)s)
      AND m.kind = %(kind)s AND NOT m.is_archived
    GROUP BY m.thread_id, coalesce(own.id, answered.id),
             CASE WHEN coalesce(own.id, answered.id) IS NULL
                  THEN coalesce(m.details->>'in_reply_to', m.external_id) END
) conversations
GROUP BY thread_id
"""


@dataclass(frozen=True, slots=True)
class CodeCounts:
    """How many conversations on code a thread has.

    Args:
        first_unresolved: the id of the message that begins the first of those.
    """

    unresolved: int = 0
    resolved: int = 0
    first_unresolved: int | None = None


NO_CODE = CodeCounts()


def code_counts(threads: Iterable[Thread]) -> dict[int, CodeCounts]:
    """Count the conversations on code of those THREADS that have any."""
    pulls = [thread for thread in threads if thread.kind == ThreadKind.PULL_REQUEST]
    if not pulls:
        return {}
    params = {
        "workspaces": sorted({pull.workspace_id for pull in pulls}),
        "threads": [pull.pk for pull in pulls],
        "kind": str(MessageKind.REVIEW_COMMENT),
    }
    return {pk: CodeCounts(*counts) for pk, *counts in fetch_all(_COUNTS, params)}


def resolved_in(thread_ids: Collection[int]) -> dict[int, Resolved]:
    """Return what is resolved in some threads."""
    found: dict[int, dict[str, int]] = {pk: {} for pk in thread_ids}
    # A comment belongs to the oldest row that has it, as in _COUNTS.
    rows = ResolvedReviewThread.objects.filter(thread__in=thread_ids).order_by("-pk")
    for thread_id, pk, ids in rows.values_list("thread_id", "pk", "comment_ids"):
        found[thread_id].update(dict.fromkeys(ids, pk))
    return dict(found)


def resolved_as(message: Message, resolved: Resolved) -> int | None:
    """Return the resolved review thread to which a comment on code belongs, if it is resolved."""
    if message.kind != MessageKind.REVIEW_COMMENT:
        return None
    answered = message.details.get("in_reply_to", "")
    return resolved.get(message.external_id) or resolved.get(answered)


def conversation_key(message: Message, resolved: Resolved) -> str:
    """Return what a comment on code and its replies have in common; '' for other messages."""
    if message.kind != MessageKind.REVIEW_COMMENT:
        return ""
    found = resolved_as(message, resolved)
    if found is not None:
        return f"resolved {found}"
    return str(message.details.get("in_reply_to") or message.external_id)
