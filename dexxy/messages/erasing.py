"""Take away the words of people who were erased; that they said something stays."""

from collections.abc import Sequence

from dexxy.common.sql import execute
from dexxy.messages.changes.noting import messages_noted
from dexxy.messages.ingest.stored_threads import threads_lock
from dexxy.messages.models import Message

# Followers of the feed hear of it, and the words are indexed anew.
_EMPTY = messages_noted("""
UPDATE messages_message m
SET body = '', updated_at = now()
WHERE workspace_id = %(workspace)s AND author_id = ANY(%(authors)s) AND body <> ''
""")
_FORGET_WORDS = """
DELETE FROM messages_searchentry s USING messages_message m
WHERE m.id = s.message_id AND m.workspace_id = %(workspace)s AND m.author_id = ANY(%(authors)s)
"""


def bodies_erase(workspace_id: int, identity_ids: Sequence[int]) -> int:
    """Empty all that accounts wrote, inside the caller's transaction.

    Returns: how many messages that were.
    """
    params = {"workspace": workspace_id, "authors": list(identity_ids)}
    written = Message.objects.filter(workspace=workspace_id, author__in=identity_ids)
    threads_lock(written.exclude(body="").values_list("thread_id", flat=True).distinct())
    execute(_FORGET_WORDS, params)
    return execute(_EMPTY, params)
