"""Full-text search: index the words of messages, and turn a search into a `tsquery`.

A job indexes messages some seconds after they are stored, so that storing them does not wait for
it. It is a follower of the log of changes (see `messages/changes`), so that it misses no message.
"""

from functools import partial
from time import monotonic

from dexxy.accounts.models import Workspace
from dexxy.common.queue import worker_wake
from dexxy.common.sql import execute, fetch_all
from dexxy.messages.changes.followers import follow, followers_behind
from dexxy.messages.changes.reading import Reading

JOB = "dexxy.messages.tasks.index_messages"
FOLLOWER = "search"
# Messages indexed in one transaction, which takes about a tenth of a second.
_BATCH = 1000

# An opening message is found by the title of its thread, too.
_INDEX = """
INSERT INTO messages_searchentry AS s (message_id, occurred_at, document)
SELECT m.id, m.occurred_at,
       array_to_tsvector(messages_search_words(
           CASE m.kind WHEN 'opened' THEN t.title || ' ' || m.body ELSE m.body END)
           || %(workspace_word)s::text)
FROM messages_message m JOIN messages_thread t ON t.id = m.thread_id
WHERE m.id = ANY(%(messages)s)
ON CONFLICT (message_id) DO UPDATE
SET occurred_at = excluded.occurred_at, document = excluded.document
WHERE (s.occurred_at, s.document) IS DISTINCT FROM (excluded.occurred_at, excluded.document)
"""


def search_wake() -> None:
    """Enqueue the job if messages wait to be indexed. If the queue is down, that is logged."""
    if followers_behind(FOLLOWER):
        worker_wake("search", JOB, only_if_empty=True)


def search_catch_up(*, seconds: float) -> int:
    """Index messages for at most SECONDS, a batch of each workspace in turn.

    Returns: how many workspaces had messages left when last looked at.
    """
    until = monotonic() + seconds
    while True:
        waiting = followers_behind(FOLLOWER)
        indexed = [pk for pk in waiting if monotonic() < until and _index_batch(pk)]
        if not indexed or monotonic() >= until:
            return len(waiting)


def search_words(workspace: Workspace, text: str) -> str:
    """Return the `tsquery` for messages of WORKSPACE with all words of TEXT; "" if it has none."""
    [(words,)] = fetch_all("SELECT messages_search_words(%(text)s)", {"text": text})
    terms = _terms(set(words))
    # No word contains a quotation mark: `messages_search_words` splits at them.
    return " & ".join([f"'{_workspace_word(workspace.pk)}'", *terms]) if terms else ""


def _terms(words: set[str]) -> list[str]:
    """Return the terms of a `tsquery` for WORDS.

    Chinese, Japanese and Korean are indexed as pairs of characters, and the last character of a
    text alone. So a single character is searched as the beginning of a word; it is left out where
    a pair ends with it.
    """
    single = {word for word in words if len(word) == 1 and not word.isascii()}
    covered = {one for one in single if any(word != one and word.endswith(one) for word in words)}
    return [f"'{word}'{':*' if word in single else ''}" for word in sorted(words - covered)]


def _index_batch(workspace_id: int) -> bool:
    """Index the next batch of a workspace; return False if another worker does so just now."""
    return follow(workspace_id, FOLLOWER, partial(_index, workspace_id), limit=_BATCH)


def _index(workspace_id: int, changed: Reading) -> None:
    word = _workspace_word(workspace_id)
    execute(_INDEX, {"messages": changed.messages, "workspace_word": word})


def _workspace_word(workspace_id: int) -> str:
    """Return the word that each entry of a workspace has, so that a search reads no other ones.

    No text can contain it: `messages_search_words` splits words at "@".
    """
    return f"@{workspace_id}"
