"""Note in the log what a transaction changes: called by all who write, inside their transaction.

What a statement changes is told from the rows as it finds them. So their threads are locked by a
statement before it.
"""
# ruff: noqa: S608
# The statements are put together from constants of our own alone; values are parameters.

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from dexxy.common.sql import execute, execute_later
from dexxy.messages.models import ChangeKind

_COLUMNS = "workspace_id, epoch, transaction_id, kind, thread_id, message_id, member_id"
# Both are asked once a statement, not once a row.
_WHEN = "(SELECT messages_epoch_now()), (SELECT pg_current_xact_id()::text::bigint)"

# What readers can see. A newer version of the same is no change.
_OF_MESSAGE = (
    *("author_id", "body", "url", "occurred_at", "edited_at", "details", "in_feed"),
    "is_archived",
)
_OF_THREAD = (
    *("title", "state", "state_reason", "labels", "url", "author_id", "closed_at", "merged_at"),
    *("answered_at", "is_archived", "category", "milestone", "head_oid", "is_locked", "assignees"),
    *("issue_type", "details"),
)

_NOTE_MEMBERS = f"""
INSERT INTO messages_change ({_COLUMNS})
SELECT %(workspace)s, {_WHEN}, %(kind)s, NULL, NULL, member_id
FROM (
    SELECT DISTINCT member_id FROM members_identity WHERE id = ANY(%(accounts)s) ORDER BY 1
) m
"""

_NOTE_NEW_MESSAGES = f"""
INSERT INTO messages_change ({_COLUMNS}, last_message_id)
SELECT %(workspace)s, {_WHEN}, 'written', thread_id, min(id), NULL, nullif(max(id), min(id))
FROM messages_message
WHERE workspace_id = %(workspace)s AND thread_id = ANY(%(threads)s) AND created_at = %(created_at)s
GROUP BY thread_id ORDER BY min(id)
"""


def messages_noted(statement: str) -> str:
    """Return STATEMENT with notes of each message that it writes, edits or removes.

    Messages that are new in a thread are one note.

    Args:
        statement: an INSERT or UPDATE of `messages_message m`, without RETURNING.
    """
    returned = _columns("m", "id", "workspace_id", "thread_id", *_OF_MESSAGE)
    return f"""
WITH written AS ({statement} RETURNING {returned}), changed AS (
    SELECT w.id, w.workspace_id, w.thread_id,
           CASE WHEN w.is_archived THEN 'removed'
                WHEN stored.id IS NULL OR stored.is_archived THEN 'written'
                ELSE 'edited' END AS kind,
           CASE WHEN stored.id IS NOT NULL OR w.is_archived THEN w.id END AS single
    FROM written w LEFT JOIN {_stored("messages_message")} ON true
    WHERE {_differ(_OF_MESSAGE)}
)
INSERT INTO messages_change ({_COLUMNS}, last_message_id)
SELECT workspace_id, {_WHEN}, kind, thread_id, min(id), NULL, nullif(max(id), min(id))
FROM changed GROUP BY workspace_id, thread_id, kind, single ORDER BY min(id)"""


def new_messages_note(workspace_id: int, thread_ids: Sequence[int], created_at: datetime) -> None:
    """Note messages that were copied into threads: those that are new in a thread are one note.

    Args:
        thread_ids: of locked threads.
        created_at: of the new messages, and of no others in these threads.
    """
    params = {"workspace": workspace_id, "threads": thread_ids, "created_at": created_at}
    execute_later(_NOTE_NEW_MESSAGES, params)


def links_noted(statement: str) -> str:
    """Return STATEMENT with notes of the answers that point to another message now, or to none.

    Those that this transaction has written first are noted already.

    Args:
        statement: an UPDATE of `parent_id` in `messages_message m`, without RETURNING.
    """
    returned = _columns("m", "id", "workspace_id", "thread_id", "is_archived", "created_at")
    return f"""
WITH written AS ({statement} RETURNING {returned})
INSERT INTO messages_change ({_COLUMNS})
SELECT w.workspace_id, {_WHEN}, 'edited', w.thread_id, w.id, NULL
FROM written w JOIN {_stored("messages_message")} ON true
WHERE NOT w.is_archived AND (stored.parent_id IS NOT NULL OR w.created_at < now())
ORDER BY w.id"""


def threads_noted(statement: str, returns: Mapping[str, str]) -> str:
    """Return STATEMENT with notes of each thread that it writes or edits.

    Args:
        statement: an INSERT or UPDATE of `messages_thread t`, without RETURNING.
        returns: what the statement returns of each row: name -> expression.
    """
    returned = ", ".join(f"{expression} AS _{name}" for name, expression in returns.items())
    names = ", ".join(f"_{name}" for name in returns)
    return f"""
WITH written AS (
    {statement} RETURNING {_columns("t", "id", "workspace_id", *_OF_THREAD)}, {returned}
), noted AS (
    INSERT INTO messages_change ({_COLUMNS})
    SELECT w.workspace_id, {_WHEN}, CASE WHEN stored.id IS NULL THEN 'written' ELSE 'edited' END,
           w.id, NULL, NULL
    FROM written w LEFT JOIN {_stored("messages_thread")} ON true
    WHERE {_differ(_OF_THREAD)}
    ORDER BY w.id
)
SELECT {names} FROM written"""


def resolved_noted(statement: str) -> str:
    """Return STATEMENT with one note of each thread in which it changes what is resolved.

    Args:
        statement: a statement of `messages_resolvedreviewthread w`, without RETURNING.
    """
    return f"""
WITH written AS ({statement} RETURNING w.workspace_id, w.thread_id)
INSERT INTO messages_change ({_COLUMNS})
SELECT DISTINCT workspace_id, {_WHEN}, 'edited', thread_id, NULL::bigint, NULL::bigint
FROM written"""


def threads_removed(statement: str) -> str:
    """Return STATEMENT with one note of each thread whose messages it removes.

    Args:
        statement: an UPDATE of `messages_message m`, without RETURNING.
    """
    return f"""
WITH written AS ({statement} RETURNING m.workspace_id, m.thread_id)
INSERT INTO messages_change ({_COLUMNS})
SELECT DISTINCT workspace_id, {_WHEN}, 'removed', thread_id, NULL::bigint, NULL::bigint
FROM written"""


def members_note(workspace_id: int, kind: ChangeKind, account_ids: Iterable[int]) -> None:
    """Note what happened to the members of a workspace to whom these accounts belong now."""
    accounts = list(account_ids)
    if accounts:
        params = {"workspace": workspace_id, "kind": str(kind), "accounts": accounts}
        execute(_NOTE_MEMBERS, params)


def _columns(row: str, *names: str) -> str:
    return ", ".join(f"{row}.{name}" for name in names)


def _stored(table: str) -> str:
    """Return the row of TABLE that `w` was before, looked up by its key.

    OFFSET 0 keeps it that way: for a plain join PostgreSQL reads the whole table, as long as it has
    no statistics of a table that grows.
    """
    return f"LATERAL (SELECT * FROM {table} s WHERE s.id = w.id OFFSET 0) stored"


def _differ(names: tuple[str, ...]) -> str:
    return f"({_columns('stored', *names)}) IS DISTINCT FROM ({_columns('w', *names)})"
