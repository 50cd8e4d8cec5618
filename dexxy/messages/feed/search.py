"""Words of messages: made ready to be found after a message is stored, and asked for.

Storing a message does not wait for this. A job reads what was written since it last ran, as any
follower of the feed does, so that nothing is missed whatever order transactions end in.
"""

from time import monotonic

from django.db import transaction

from dexxy.accounts.models import Workspace
from dexxy.common.queue import worker_wake
from dexxy.common.sql import fetch_all
from dexxy.messages.models import SearchProgress

JOB = "dexxy.messages.tasks.index_messages"
# Messages whose words are stored in one transaction: about a tenth of a second of work.
_BATCH = 1000

_BEHIND = """
SELECT w.id FROM accounts_workspace w
LEFT JOIN messages_searchprogress p ON p.workspace_id = w.id
WHERE EXISTS (
    SELECT FROM messages_message m
    WHERE m.workspace_id = w.id
      AND (m.transaction_id, m.id) > (coalesce(p.transaction_id, 0), coalesce(p.message_id, 0))
      AND m.transaction_id < pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
ORDER BY w.id
"""

# An opening is found by the title of its thread, too: its version moves with the thread's.
_INDEX = """
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
    SELECT id, occurred_at, array_to_tsvector(messages_search_words(text) || %(own)s::text)
    FROM batch
    ON CONFLICT (message_id) DO UPDATE
    SET occurred_at = excluded.occurred_at, document = excluded.document
    WHERE (s.occurred_at, s.document) IS DISTINCT FROM (excluded.occurred_at, excluded.document)
)
SELECT transaction_id, id FROM batch ORDER BY transaction_id DESC, id DESC LIMIT 1
"""


def search_wake() -> None:
    """Wake a worker where messages wait to be found. If the queue is down that is logged."""
    if fetch_all(f"{_BEHIND} LIMIT 1", {}):
        worker_wake("search", JOB, only_if_empty=True)


def search_catch_up(*, seconds: float) -> int:
    """Make messages findable, those of each workspace in turns, for at most SECONDS.

    Returns: how many workspaces still have some waiting.
    """
    until = monotonic() + seconds
    while True:
        behind = [pk for (pk,) in fetch_all(_BEHIND, {})]
        moved = [pk for pk in behind if monotonic() < until and _index_some(pk)]
        if not moved or monotonic() >= until:
            return len(behind)


def search_words(workspace: Workspace, text: str) -> str:
    """Return TEXT as a condition on documents of WORKSPACE; empty where it holds no word."""
    [(found,)] = fetch_all("SELECT messages_search_words(%(text)s)", {"text": text})
    words = set(found)
    # The last character of a run stands alone, too; the pair before it says more.
    alone = {word for word in words if len(word) == 1 and not word.isascii()}
    words -= {a for a in alone if any(w != a and w.endswith(a) for w in words)}
    if not words:
        return ""
    # Words hold no quotes: `messages_search_words` splits at them.
    asked = [f"'{word}'{':*' if word in alone else ''}" for word in sorted(words)]
    return " & ".join([f"'{_own(workspace.pk)}'", *asked])


@transaction.atomic
def _index_some(workspace_id: int) -> bool:
    """Index a batch; False where another worker is at it."""
    SearchProgress.objects.get_or_create(workspace_id=workspace_id)
    progress = (
        SearchProgress.objects.select_for_update(skip_locked=True)
        .filter(workspace_id=workspace_id)
        .first()
    )
    if progress is None:
        return False
    place = {"transaction": progress.transaction_id, "message": progress.message_id}
    params = {"workspace": workspace_id, "own": _own(workspace_id), "limit": _BATCH, **place}
    for transaction_id, message_id in fetch_all(_INDEX, params):
        progress.transaction_id, progress.message_id = transaction_id, message_id
        progress.save()
    return True


def _own(workspace_id: int) -> str:
    # No text holds it: words are split at this character.
    return f"@{workspace_id}"
