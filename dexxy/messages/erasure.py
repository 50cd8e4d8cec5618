"""Take away the words of people who were erased, and where others name them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import orjson
from django.utils import timezone

from dexxy.common.sql import execute, fetch_all
from dexxy.members.models import Identity
from dexxy.messages.changes.noting import messages_noted, threads_noted
from dexxy.messages.co_authors import co_authors_at
from dexxy.messages.ingest.named_accounts import NOBODY
from dexxy.messages.ingest.stored_threads import threads_lock
from dexxy.messages.models import CoAuthor, Message, Release
from dexxy.sources.models import Source

# Followers of the feed hear of it, and the words are indexed anew.
_EMPTY = messages_noted("""
UPDATE messages_message m
SET body = '', updated_at = now()
WHERE workspace_id = %(workspace)s AND author_id = ANY(%(authors)s) AND body <> ''
""")
# An account is named beside an author by these kinds, and as somebody who is to work on a thread.
_NAMING = ("review_requested", "review_unrequested", "assigned", "unassigned")
_IN_MESSAGES = """
m.workspace_id = %(workspace)s AND NOT m.in_feed AND m.kind = ANY(%(naming)s)
  AND m.source_id = ANY(%(sources)s) AND m.details->'subject'->>'type' = 'account'
  AND m.details->'subject'->>'id' = ANY(%(accounts)s)
"""
_IN_THREADS = """
t.workspace_id = %(workspace)s AND t.source_id = ANY(%(sources)s) AND EXISTS (
    SELECT FROM jsonb_array_elements(t.assignees) named WHERE named->>'id' = ANY(%(accounts)s))
"""
_NAMED_IN = f"""
SELECT thread_id FROM messages_message m WHERE {_IN_MESSAGES}
UNION SELECT id FROM messages_thread t WHERE {_IN_THREADS}
"""  # noqa: S608
_FORGET_SUBJECTS = messages_noted(f"""
UPDATE messages_message m
SET details = jsonb_set(m.details, '{{subject}}', m.details->'subject' || %(nobody)s::jsonb),
    updated_at = now()
WHERE {_IN_MESSAGES}
""")  # noqa: S608
_FORGET_ASSIGNEES = threads_noted(
    f"""
UPDATE messages_thread t
SET assignees = (
        SELECT jsonb_agg(CASE WHEN named.one->>'id' = ANY(%(accounts)s)
                              THEN %(nobody)s::jsonb ELSE named.one END ORDER BY named.place)
        FROM jsonb_array_elements(t.assignees) WITH ORDINALITY named(one, place)),
    updated_at = now()
WHERE {_IN_THREADS}
""",  # noqa: S608
    {"id": "t.id"},
)
_FORGET_WORDS = """
DELETE FROM messages_searchentry s USING messages_message m
WHERE m.id = s.message_id AND s.workspace_id = %(workspace)s
  AND m.workspace_id = %(workspace)s AND m.author_id = ANY(%(authors)s)
"""


def co_authors_erase(workspace_id: int, emails: Iterable[str]) -> int:
    """Forget whom commits name by EMAILS and by no account, inside the caller's transaction.

    Returns: how often they were named.
    """
    named = CoAuthor.objects.filter(pk__in=co_authors_at(workspace_id, emails))
    return named.delete()[0]


def bodies_erase(workspace_id: int, identity_ids: Sequence[int]) -> int:
    """Empty all that accounts wrote, inside the caller's transaction.

    Returns: how many messages that were.
    """
    params = {"workspace": workspace_id, "authors": list(identity_ids)}
    written = Message.objects.filter(workspace=workspace_id, author__in=identity_ids)
    threads_lock(written.exclude(body="").values_list("thread_id", flat=True).distinct())
    execute(_FORGET_WORDS, params)
    releases = Release.objects.filter(workspace=workspace_id, author__in=identity_ids)
    releases.update(name="", body="", updated_at=timezone.now())
    return execute(_EMPTY, params)


def accounts_unname(workspace_id: int, accounts: Iterable[Identity]) -> None:
    """Name nobody where threads and messages name accounts, inside the caller's transaction.

    Args:
        accounts: as they were before they were emptied.
    """
    by_provider: defaultdict[str, list[str]] = defaultdict(list)
    for account in accounts:
        by_provider[account.provider].append(account.external_id)
    for provider, ids in sorted(by_provider.items()):
        params = {
            "workspace": workspace_id,
            "sources": list(
                Source.objects.filter(workspace=workspace_id, server=provider).values_list(
                    "pk", flat=True
                )
            ),
            "accounts": ids,
            "naming": list(_NAMING),
            "nobody": orjson.dumps(NOBODY).decode(),
        }
        threads_lock(pk for (pk,) in fetch_all(_NAMED_IN, params))
        execute(_FORGET_SUBJECTS, params)
        execute(_FORGET_ASSIGNEES, params)
