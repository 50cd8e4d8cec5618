"""A database of its own with many messages of many workspaces, to partition."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from pytest_django import DjangoDbBlocker

from tests.servers import migrated_database, new_database, using

WORKSPACES = 40
MESSAGES = 2_000  # where nobody asks for more

# Threads have five messages, and every message its words; workspace 1 has half of everything.
_FILL = """
INSERT INTO accounts_workspace (id, name, slug, created_at, updated_at)
SELECT i, 'Workspace ' || i, 'workspace-' || i, now(), now()
FROM generate_series(1, {workspaces}) i;
INSERT INTO sources_source (id, workspace_id, kind, server, external_id, name, url, is_archived,
    created_at, updated_at)
SELECT i, i, 'github_repository', 'github', i, 'owner/name-' || i, 'https://github.com/owner/' || i,
       false, now(), now()
FROM generate_series(1, {workspaces}) i;
INSERT INTO members_member (id, workspace_id, display_name, avatar_url, bio, company, location,
    is_bot, tags, created_at, updated_at)
SELECT i, i, 'Person ' || i, '', '', '', '', false, '{{}}', now(), now()
FROM generate_series(1, {workspaces}) i;
INSERT INTO members_identity (id, workspace_id, provider, external_id, node_id, kind, username,
    name, email, avatar_url, url, member_id, home_member_id, version_at, message_count,
    created_at, updated_at)
SELECT i, i, 'github', i, '', 'user', 'person' || i, '', '', '', '', i, i, now(), 0, now(), now()
FROM generate_series(1, {workspaces}) i;
INSERT INTO messages_thread (workspace_id, source_id, kind, number, node_id, title, state,
    state_reason, labels, url, author_id, opened_at, first_activity_at, last_activity_at,
    message_count, version_at, is_archived, archived_reason, moved_to_url, created_at, updated_at)
SELECT w, w, 'issue', i, '', 'Thread ' || i, 'open', '', '{{}}', '', w, at, at, at, 5, at, false,
       '', '', now(), now()
FROM (SELECT i, CASE WHEN i % 2 = 0 THEN 1 ELSE 1 + i % {workspaces} END AS w,
             now() - i * interval '1 minute' AS at
      FROM generate_series(1, {threads}) i) t;
INSERT INTO messages_message (workspace_id, source_id, thread_id, thread_kind, kind, external_id,
    author_id, body, url, occurred_at, version_at, details, in_feed, is_archived, archived_reason,
    created_at, updated_at)
SELECT workspace_id, source_id, id, kind, CASE n WHEN 0 THEN 'opened' ELSE 'comment' END,
       'filled ' || n, author_id, 'Message ' || n || ' about something', '',
       opened_at + n * interval '1 second', opened_at, '{{}}', true, false, '', now(), now()
FROM messages_thread CROSS JOIN generate_series(0, 4) n;
INSERT INTO messages_searchentry (workspace_id, message_id, occurred_at, words)
SELECT workspace_id, id, occurred_at, messages_word_keys(workspace_id, messages_search_words(body))
FROM messages_message;
INSERT INTO messages_standing (thread_id, workspace_id, source_id, kind, side, reason, since,
    turned_at, message_id, others_replied, is_old)
SELECT id, workspace_id, source_id, kind, 'team', 'no_reply', opened_at, opened_at,
       (SELECT max(m.id) FROM messages_message m WHERE m.thread_id = t.id), false, false
FROM messages_thread t ORDER BY id LIMIT 100;
SELECT setval(pg_get_serial_sequence('accounts_workspace', 'id'), {workspaces});
ANALYZE;
"""


@contextmanager
def filled_database(messages: int) -> Iterator[str]:
    """Yield the address of a database with so many MESSAGES, a multiple of five."""
    template = migrated_database()
    if template is None:
        pytest.skip("the server of DATABASE_URL has no migrated database to copy")
    fill = _FILL.format(workspaces=WORKSPACES, threads=messages // 5)
    with new_database(f"partitioned_{os.getpid()}", template=template) as url:
        with closing(psycopg.connect(url, autocommit=True)) as database:
            database.execute(fill)
            # Before autovacuum comes, which adds its maps to what the tables take.
            database.execute("VACUUM")
        yield url


@pytest.fixture
def database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Work on a filled database of the test's own; yields its address."""
    with django_db_blocker.unblock(), filled_database(MESSAGES) as url, using(url):
        yield url
