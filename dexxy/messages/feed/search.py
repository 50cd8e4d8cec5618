"""Full-text search: index the words of messages, and turn a search into their keys.

A job indexes messages some seconds after they are stored, so that storing them does not wait for
it. It is a follower of the log of changes (see `messages/changes`), so that it misses no message.
"""

import re
import unicodedata
from functools import partial
from time import monotonic

from dexxy.accounts.models import Workspace
from dexxy.common.queue import worker_wake
from dexxy.common.sql import execute, fetch_all
from dexxy.common.stopping import asked_to_stop
from dexxy.messages.changes.followers import follow, followers_behind
from dexxy.messages.changes.reading import Reading

JOB = "dexxy.messages.tasks.index_messages"
FOLLOWER = "search"
# Scripts without spaces: their words are indexed as pairs of characters, and as single ones.
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "MYANMAR", "KHMER")
# Messages indexed in one transaction, which takes about a tenth of a second.
_BATCH = 1000

# An opening message is found by the title of its thread, too. Whether the table is partitioned
# decides which columns its key has, so no conflict names them. One worker at a time does this for a
# workspace.
_INDEX = """
WITH read AS (
    SELECT m.id, m.workspace_id, m.occurred_at,
           messages_word_keys(m.workspace_id, messages_search_words(
               CASE m.kind WHEN 'opened' THEN t.title || ' ' || m.body ELSE m.body END)) AS words
    FROM messages_message m JOIN messages_thread t ON t.id = m.thread_id
    WHERE m.id = ANY(%(messages)s) AND m.workspace_id = %(workspace)s
      AND (m.in_feed OR m.body <> '')
), written AS (
    UPDATE messages_searchentry s SET occurred_at = read.occurred_at, words = read.words
    FROM read WHERE s.message_id = read.id AND s.workspace_id = %(workspace)s
      AND (s.occurred_at, s.words) IS DISTINCT FROM (read.occurred_at, read.words)
)
INSERT INTO messages_searchentry (workspace_id, message_id, occurred_at, words)
SELECT workspace_id, id, occurred_at, words FROM read ORDER BY id
ON CONFLICT DO NOTHING
"""
_KEYS = "SELECT messages_word_keys(%(workspace)s, %(words)s)"


def search_wake() -> None:
    """Enqueue the job if messages wait to be indexed. If the queue is down, that is logged."""
    if followers_behind(FOLLOWER):
        worker_wake("search", JOB)


def search_catch_up(*, seconds: float) -> int:
    """Index messages for at most SECONDS, a batch of each workspace in turn.

    Returns: how many workspaces had messages left when last looked at.
    """
    until = monotonic() + seconds
    while True:
        waiting = followers_behind(FOLLOWER)
        indexed = [
            pk
            for pk in waiting
            if monotonic() < until and not asked_to_stop.is_set() and _index_batch(pk)
        ]
        if not indexed or monotonic() >= until or asked_to_stop.is_set():
            return len(waiting)


def search_words(workspace: Workspace, text: str) -> list[int]:
    """Return what an entry of WORKSPACE has if its message has all words of TEXT."""
    [(words,)] = fetch_all("SELECT messages_search_words(%(text)s)", {"text": text})
    params = {"workspace": workspace.pk, "words": _without_covered(set(words))}
    [(keys,)] = fetch_all(_KEYS, params)
    return list(keys)


def split_phrases(text: str) -> tuple[str, list[str]]:
    """Return the words of a search, and what stands in quotes; a quote that is not closed does."""
    parts = text.split('"')
    phrases = [" ".join(part.split()) for part in parts[1::2]]
    return " ".join(parts[::2]).strip(), [phrase for phrase in phrases if phrase]


def one_by_one(search: str) -> list[str]:
    """Return each word of a search, and each phrase in its quotes."""
    words, phrases = split_phrases(search)
    return [*words.split(), *(f'"{phrase}"' for phrase in phrases)]


def phrase_pattern(phrase: str) -> str:
    """Return the regular expression of PostgreSQL that finds PHRASE, whatever space is in it."""
    return r"\s+".join(re.escape(word) for word in phrase.split())


def _without_covered(words: set[str]) -> list[str]:
    """Leave characters out that are in a pair: whatever has the pair has them, too."""
    pairs = [word for word in words if len(word) == 2]
    return [
        word
        for word in words
        if not (
            unicodedata.name(word[0], "").startswith(_UNSPACED)
            and any(word in pair and word != pair for pair in pairs)
        )
    ]


def _index_batch(workspace_id: int) -> bool:
    """Index the next batch of a workspace; return False if another worker does so just now."""
    return follow(workspace_id, FOLLOWER, partial(_index, workspace_id), limit=_BATCH)


def _index(workspace_id: int, changed: Reading) -> None:
    execute(_INDEX, {"workspace": workspace_id, "messages": changed.messages})
