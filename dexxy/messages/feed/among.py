"""Tell which of some messages a feed with filters would show, before their words are indexed."""
# ruff: noqa: S608
# The statement is put together from conditions of this package alone; values are parameters.

from collections.abc import Collection

from dexxy.accounts.models import Workspace
from dexxy.common.sql import fetch_all
from dexxy.messages.feed.conditions import where
from dexxy.messages.feed.filters import FeedFilters
from dexxy.messages.feed.query import feed_query

# As `search.py` indexes them.
_HAS_WORDS = """
messages_word_keys(m.workspace_id, messages_search_words(
    CASE m.kind WHEN 'opened' THEN t.title || ' ' || m.body ELSE m.body END))
@> %(words)s::integer[]
"""


def feed_keeps(
    workspace: Workspace, filters: FeedFilters, message_ids: Collection[int]
) -> set[int]:
    """Return those of some messages of WORKSPACE that FILTERS keep, archived or not.

    Nobody asks: nothing is unread, and `me` is nobody. Whoever calls this has asked for the viewer.
    """
    query = feed_query(workspace, filters)
    if query.is_empty or not message_ids:
        return set()
    words = "" if query.words is None else f" AND {_HAS_WORDS}"
    statement = (
        "SELECT m.id FROM messages_message m JOIN messages_thread t ON t.id = m.thread_id"
        " WHERE m.id = ANY(%(among)s) AND m.workspace_id = %(workspace)s"
        f" AND {where('m', [*query.of_message(), *query.phrases])}"
        f" AND {where('t', query.thread)}{words}"
    )
    found = fetch_all(statement, {**query.params, "among": list(message_ids)})
    return {pk for (pk,) in found}
