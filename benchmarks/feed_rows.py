"""Fills the tables with a skewed community, straight in the database.

One busy source and a hundred silent ones; discussions, and one label, used only in the first
years; labels on one thread in a hundred, in a thousand, and on three; a person with five accounts;
bots; a thousand workspaces, of which one has nine tenths of everything. Threads come in the order
of their opening, their messages beside each other.
"""
# ruff: noqa: S608
# Only the numbers below stand in the statements.

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Model

from dexxy.messages.models import Message, SearchEntry, Thread

OTHER_WORKSPACES = 999
SILENT_SOURCES = 100
PEOPLE = 20_000
BOTS = 10
PERSON_WITH_FIVE = 101
# Messages of a thread, on average.
LENGTH = 5

_EMPTY = """
TRUNCATE accounts_workspace, sources_source, members_member, members_identity, messages_thread,
    messages_message, messages_searchentry, messages_change, messages_follower
    RESTART IDENTITY CASCADE;
SELECT setseed(0.42);
"""
# The rows refer to each other rightly; each check of that would double the time.
_UNCHECKED = """
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT conrelid::regclass AS place, conname FROM pg_constraint WHERE contype = 'f'
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.place, one.conname); END LOOP;
END $$
"""
_PLACES = f"""
INSERT INTO accounts_workspace (id, name, slug, created_at, updated_at)
SELECT i, 'Workspace ' || i, 'workspace-' || i, now(), now()
FROM generate_series(1, {OTHER_WORKSPACES + 1}) i;

-- Sources 1 to 101 are the first workspace's; the first of them is the busy one.
INSERT INTO sources_source (id, workspace_id, kind, server, external_id, name, url, is_archived,
    created_at, updated_at)
SELECT i, greatest(1, i - {SILENT_SOURCES}), 'github_repository', 'github', i, 'owner/name-' || i,
       'https://github.com/owner/name-' || i, false, now(), now()
FROM generate_series(1, {SILENT_SOURCES + OTHER_WORKSPACES + 1}) i;
"""
# People of the first workspace, bots first, and then one of each other workspace.
_PEOPLE = f"""
INSERT INTO members_member (id, workspace_id, display_name, avatar_url, bio, company, location,
    is_bot, tags, created_at, updated_at)
SELECT i, greatest(1, i - {PEOPLE - 1}), 'Person ' || i, '', '', '', '', i <= {BOTS}, '{{}}',
       now(), now()
FROM generate_series(1, {PEOPLE + OTHER_WORKSPACES}) i;

INSERT INTO members_identity (id, workspace_id, provider, external_id, node_id, kind, username,
    name, email, avatar_url, url, member_id, home_member_id, version_at, message_count,
    created_at, updated_at)
SELECT id, workspace_id, 'github', id, '', CASE WHEN is_bot THEN 'bot' ELSE 'user' END,
       'person' || id, '', '', '', '',
       CASE WHEN id BETWEEN {PERSON_WITH_FIVE} AND {PERSON_WITH_FIVE + 4}
            THEN {PERSON_WITH_FIVE} ELSE id END,
       id, now(), 0, now(), now()
FROM members_member;
"""
# `age` goes from 0, ten years ago, to 1, now.
_THREADS = f"""
INSERT INTO messages_thread (id, workspace_id, source_id, kind, number, node_id, title, state,
    state_reason, labels, url, author_id, opened_at, first_response_at, first_activity_at,
    last_activity_at, message_count, version_at, is_archived, archived_reason, moved_to_url,
    created_at, updated_at)
SELECT i, workspace, source, kind, i, '', 'Thread ' || i,
       CASE WHEN luck < 0.05 + 0.3 * age ^ 8 THEN 'open'
            WHEN kind = 'pull_request' AND luck < 0.9 THEN 'merged' ELSE 'closed' END,
       '', labels, '', person, opened, CASE WHEN luck > 0.15 THEN opened + interval '1 hour' END,
       opened, opened, 0, opened, false, '', '', now(), now()
FROM (
    SELECT i, luck, age, workspace,
           CASE WHEN workspace > 1 THEN workspace + {SILENT_SOURCES}
                WHEN random() < 0.99 THEN 1
                ELSE 2 + floor({SILENT_SOURCES} * random() ^ 2) END AS source,
           CASE WHEN age < 0.1 AND random() < 0.3 THEN 'discussion'
                WHEN random() < 0.5 THEN 'pull_request' ELSE 'issue' END AS kind,
           CASE WHEN i IN (1000, 5000, 9000) THEN '{{rare}}'::text[]
                WHEN i %% 1000 = 7 THEN '{{thousandth}}'
                WHEN i %% 100 = 8 THEN '{{hundredth}}'
                WHEN age < 0.2 AND random() < 0.3 THEN '{{legacy,bug}}'
                WHEN random() < 0.2 THEN '{{bug}}' ELSE '{{}}' END AS labels,
           CASE WHEN workspace = 1 THEN 1 + floor({PEOPLE} * random() ^ 3)
                ELSE workspace + {PEOPLE - 1} END AS person,
           now() - interval '10 years' * (1 - age) AS opened
    FROM (
        SELECT i, random() AS luck, i::float / %(threads)s AS age,
               CASE WHEN random() < 0.9 THEN 1
                    ELSE 2 + floor({OTHER_WORKSPACES} * random()) END AS workspace
        FROM generate_series(1, %(threads)s) i
    ) a
) b
"""
# The first is the opening; an unanswered thread has nothing but its author's words. One of thirty
# goes on for up to four years.
_MESSAGES = f"""
INSERT INTO messages_message (id, workspace_id, source_id, thread_id, thread_kind, kind,
    external_id, author_id, body, url, occurred_at, version_at, details, in_feed, is_archived,
    archived_reason, created_at, updated_at)
SELECT row_number() OVER (), workspace_id, source_id, id, kind,
       CASE WHEN n = 0 THEN 'opened' WHEN n = last AND state <> 'open' THEN
                CASE state WHEN 'merged' THEN 'merged' ELSE 'closed' END
            WHEN kind = 'pull_request' AND luck < 0.5 THEN
                CASE WHEN luck < 0.3 THEN 'review_comment' ELSE 'review' END
            WHEN kind = 'discussion' AND luck < 0.5 THEN 'reply'
            ELSE 'comment' END,
       n, CASE WHEN n = 0 OR first_response_at IS NULL THEN author_id
               WHEN workspace_id > 1 THEN author_id WHEN luck < 0.01 THEN NULL
               WHEN luck < 0.15 THEN 1 + floor({BOTS} * random())
               ELSE 1 + floor({PEOPLE} * random() ^ 3) END,
       'Message about ' || CASE WHEN luck < 0.1 THEN 'an error' ELSE 'something' END
           || CASE WHEN luck > 0.9 THEN ' 内存泄漏' ELSE '' END
           || CASE WHEN (id * 8 + n) %% 101 = 0 THEN ' hundredth' ELSE '' END
           || CASE WHEN (id * 8 + n) %% 997 = 0 THEN ' thousandth' ELSE '' END
           || CASE WHEN (id * 8 + n) %% 50021 = 0 THEN ' xylophone 鲸鱼' ELSE '' END
           || ' number ' || id,
       '', opened_at + n * interval '8 hours' * luck
           * CASE WHEN id %% 30 = 0 AND opened_at < now() - interval '4 years' THEN 500 ELSE 1 END,
       opened_at, '{{}}', true, false, '',
       now(), now()
FROM (
    SELECT t.*, n, random() AS luck
    FROM (SELECT *, floor({2 * LENGTH - 1} * random())::int AS last FROM messages_thread) t
    CROSS JOIN LATERAL generate_series(0, last) n
) m
"""
# Half of the threads are labelled when they are opened, and most pull requests ask for a review.
_QUIET = """
INSERT INTO messages_message (id, workspace_id, source_id, thread_id, thread_kind, kind,
    external_id, author_id, body, url, occurred_at, version_at, details, in_feed, is_archived,
    archived_reason, created_at, updated_at)
SELECT (SELECT max(id) FROM messages_message) + row_number() OVER (), workspace_id, source_id, id,
       t.kind, did.kind, did.kind, author_id, '', '', opened_at + interval '1 minute', opened_at,
       '{}', false, false, '', now(), now()
FROM messages_thread t
CROSS JOIN (VALUES ('labeled', 0.5), ('review_requested', 0.8)) did(kind, chance)
WHERE random() < did.chance AND (did.kind = 'labeled' OR t.kind = 'pull_request')
"""
_SETTLE = """
UPDATE messages_thread t SET last_activity_at = m.last_at, message_count = m.messages
FROM (SELECT thread_id, max(occurred_at) AS last_at, count(*) AS messages
      FROM messages_message WHERE in_feed GROUP BY thread_id) m
WHERE m.thread_id = t.id
"""
WORDS = """
INSERT INTO messages_searchentry (workspace_id, message_id, occurred_at, words)
SELECT workspace_id, id, occurred_at, messages_word_keys(workspace_id, messages_search_words(body))
FROM messages_message WHERE in_feed
"""


def fill(messages: int, *, with_words: bool) -> None:
    """Replace everything that is stored with about so many MESSAGES."""
    with connection.cursor() as cursor:
        cursor.execute(_EMPTY)
        cursor.execute(_UNCHECKED)
        cursor.execute(_PLACES)
        cursor.execute(_PEOPLE)
        with without_indexes(Thread, Message, SearchEntry):
            cursor.execute(_THREADS, {"threads": messages // LENGTH})
            cursor.execute(_MESSAGES, {})
            cursor.execute(_QUIET)
            cursor.execute("ANALYZE messages_message")
            cursor.execute(_SETTLE)
            if with_words:
                cursor.execute(WORDS)
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def without_indexes(*models: type[Model]) -> Iterator[None]:
    """Drop the indexes of some tables while they are filled."""
    indexes = [(model, index) for model in models for index in model._meta.indexes]
    with connection.schema_editor() as editor:
        for model, index in indexes:
            editor.remove_index(model, index)
    yield
    with connection.schema_editor() as editor:
        for model, index in indexes:
            editor.add_index(model, index)
