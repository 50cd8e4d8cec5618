"""Full-text search: index the words of messages, and turn a search into a `tsquery`.

A job indexes messages some seconds after they are stored, so that storing them does not wait for
it. It reads what was written since it last ran as any follower of the feed does (see
`following.py`), so that it misses no message.
"""

from time import monotonic

from django.db import transaction

from dexxy.accounts.models import Workspace
from dexxy.common.queue import workers_wake
from dexxy.common.sql import fetch_all
from dexxy.common.stopping import asked_to_stop
from dexxy.messages.models import SearchProgress

JOB = "dexxy.messages.tasks.index_messages"
# Messages indexed in one transaction, which takes about a tenth of a second.
_BATCH = 1000

_WORKSPACES_TO_INDEX = """
SELECT w.id FROM accounts_workspace w
LEFT JOIN messages_searchprogress p ON p.workspace_id = w.id
WHERE EXISTS (
    SELECT FROM messages_message m
    WHERE m.workspace_id = w.id
      AND (m.transaction_id, m.id) > (coalesce(p.transaction_id, 0), coalesce(p.message_id, 0))
      AND m.transaction_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
ORDER BY w.id
"""

# An opening message is found by the title of its thread, too. It is written again whenever the
# thread is, so it is indexed again when the title changes.
_INDEX_BATCH = """
WITH batch AS MATERIALIZED (
    SELECT m.id, m.transaction_id, m.occurred_at,
           CASE m.kind WHEN 'opened' THEN t.title || ' ' || m.body ELSE m.body END AS text
    FROM messages_message m JOIN messages_thread t ON t.id = m.thread_id
    WHERE m.workspace_id = %(workspace)s
      AND (m.transaction_id, m.id) > (%(transaction)s, %(message)s)
      AND m.transaction_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY m.transaction_id, m.id LIMIT %(limit)s
), stored AS (
    INSERT INTO messages_searchentry AS s (message_id, occurred_at, document)
    SELECT id, occurred_at,
           array_to_tsvector(messages_search_words(text) || %(workspace_word)s::text)
    FROM batch
    ON CONFLICT (message_id) DO UPDATE
    SET occurred_at = excluded.occurred_at, document = excluded.document
    WHERE (s.occurred_at, s.document) IS DISTINCT FROM (excluded.occurred_at, excluded.document)
)
SELECT transaction_id, id FROM batch ORDER BY transaction_id DESC, id DESC LIMIT 1
"""


def search_wake() -> None:
    """Enqueue the job if messages wait to be indexed. If the queue is down, that is logged."""
    if fetch_all(f"{_WORKSPACES_TO_INDEX} LIMIT 1", {}):
        workers_wake("search", {"search": (JOB,)})


def search_catch_up(*, seconds: float) -> int:
    """Index messages for at most SECONDS, a batch of each workspace in turn.

    Returns: how many workspaces had messages left when last looked at.
    """
    until = monotonic() + seconds
    while True:
        waiting = [pk for (pk,) in fetch_all(_WORKSPACES_TO_INDEX, {})]
        indexed = [
            pk
            for pk in waiting
            if monotonic() < until and not asked_to_stop.is_set() and _index_batch(pk)
        ]
        if not indexed or monotonic() >= until or asked_to_stop.is_set():
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


@transaction.atomic
def _index_batch(workspace_id: int) -> bool:
    """Index the next batch of a workspace; return False if another worker does so just now."""
    SearchProgress.objects.get_or_create(workspace_id=workspace_id)
    progress = (
        SearchProgress.objects.select_for_update(skip_locked=True)
        .filter(workspace_id=workspace_id)
        .first()
    )
    if progress is None:
        return False
    params = {
        "workspace": workspace_id,
        "workspace_word": _workspace_word(workspace_id),
        "transaction": progress.transaction_id,
        "message": progress.message_id,
        "limit": _BATCH,
    }
    for transaction_id, message_id in fetch_all(_INDEX_BATCH, params):
        progress.transaction_id, progress.message_id = transaction_id, message_id
        progress.save()
    return True


def _workspace_word(workspace_id: int) -> str:
    """Return the word that each entry of a workspace has, so that a search reads no other ones.

    No text can contain it: `messages_search_words` splits words at "@".
    """
    return f"@{workspace_id}"
