"""A generated community as large as one likes, straight in the database.

People of whom few do most, some with two accounts; bots, accounts that are gone, drafts, threads
that are closed, opened again and closed, hidden and deleted words; approvals, issues that a commit
closes, discussions in three categories with chosen answers.
"""
# ruff: noqa: S608
# Only numbers stand in the statements.

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from dexxy.accounts.models import Workspace
from dexxy.messages.models import TeamDecision
from dexxy.sources.models import Source

BOTS, TEAM = 6, 5

# Each tenth person has a second account, whose home member is one more.
_PEOPLE = f"""
SELECT setseed(0.42);
WITH home AS (
    INSERT INTO members_member (workspace_id, display_name, avatar_url, bio, company, location,
        is_bot, tags, created_at, updated_at)
    SELECT %(workspace)s, 'Person ' || i, '', '', CASE WHEN i %% 3 = 0 THEN 'Company ' || i %% 20
           ELSE '' END, '', i <= {BOTS}, '{{}}', now(), now()
    FROM generate_series(1, %(people)s + %(people)s / 10) i
    RETURNING id, is_bot
), numbered AS (SELECT id, is_bot, row_number() OVER (ORDER BY id) AS i FROM home)
INSERT INTO members_identity (workspace_id, provider, external_id, node_id, kind, username, name,
    email, avatar_url, url, member_id, home_member_id, version_at, message_count, created_at,
    updated_at)
SELECT %(workspace)s, 'github', h.id, '', CASE WHEN person.is_bot THEN 'bot' ELSE 'user' END,
       'person-' || h.id, '', '', '', '', person.id, h.id, now(), 0, now(), now()
FROM numbered h
JOIN numbered person
  ON person.i = CASE WHEN h.i > %(people)s THEN 10 * (h.i - %(people)s) ELSE h.i END
"""
# People come all the time: who is drawn grows with it.
_THREADS = """
INSERT INTO messages_thread (workspace_id, source_id, kind, number, node_id, title, state,
    state_reason, labels, url, author_id, opened_at, first_activity_at, last_activity_at,
    message_count, version_at, details, is_archived, archived_reason, moved_to_url, created_at,
    updated_at)
SELECT %(workspace)s, (%(sources)s::bigint[])[1 + i %% 2], kind, i, '', 'Thread ' || i,
       CASE WHEN luck < 0.3 THEN 'open' WHEN kind = 'pull_request' AND luck < 0.8 THEN 'merged'
            ELSE 'closed' END,
       '', '{}', '', CASE WHEN luck BETWEEN 0.5 AND 0.52 THEN NULL ELSE
           (%(accounts)s::bigint[])[
               1 + floor((0.3 + 0.7 * age) * random() ^ 2 * cardinality(%(accounts)s))::int] END,
       opened, opened, opened, 0, opened,
       CASE WHEN kind <> 'discussion' OR i %% 3 = 0 THEN '{}'
            ELSE jsonb_build_object('is_answerable', i %% 3 = 1) END,
       false, '', '', now(), now()
FROM (SELECT i, i::float / %(threads)s AS age, random() AS luck,
             (ARRAY['issue', 'issue', 'pull_request', 'discussion'])[1 + floor(4 * random())::int]
                 AS kind,
             %(begin)s + i * %(lasting)s / %(threads)s AS opened
      FROM generate_series(1, %(threads)s) i) t
"""
# Bots, the team and openers change states, so that it is the team by its acts, too.
_MESSAGES = f"""
INSERT INTO messages_message (workspace_id, source_id, thread_id, thread_kind, kind, external_id,
    author_id, body, url, occurred_at, version_at, details, in_feed, is_archived, archived_reason,
    created_at, updated_at)
SELECT workspace_id, source_id, id, kind, did,
       -- Whatever was said last is the answer that was chosen.
       CASE WHEN did = 'answered' THEN n - 1 ELSE n END,
       CASE WHEN n = 0 THEN author_id WHEN luck < 0.02 OR (did = 'closed' AND kind = 'discussion')
            THEN NULL
            WHEN did IN ('closed', 'reopened', 'merged', 'answered') AND luck < 0.1
            THEN (%(accounts)s::bigint[])[1]
            WHEN did IN ('closed', 'reopened', 'merged', 'answered') AND luck < 0.3 THEN author_id
            WHEN did IN ('closed', 'reopened', 'merged', 'answered')
            THEN (%(accounts)s::bigint[])[{BOTS} + 1 + floor({TEAM} * random())::int]
            ELSE (%(accounts)s::bigint[])[
                1 + floor((0.3 + 0.7 * age) * random() ^ 2 * cardinality(%(accounts)s))::int] END,
       repeat('word ', %(words)s), '',
       opened_at + n * interval '5 hours' + luck * interval '4 hours' * least(n, 1),
       opened_at,
       CASE WHEN luck > 0.98 THEN '{{"minimized": "spam"}}'::jsonb
            WHEN did = 'review' AND luck < 0.1 THEN '{{"state": "APPROVED"}}'
            WHEN did = 'closed' AND luck > 0.6 THEN '{{"subject": {{"type": "commit"}}}}'
            ELSE '{{}}' END,
       did NOT IN ('ready', 'drafted'), luck BETWEEN 0.6 AND 0.61 AND did = 'comment',
       CASE WHEN luck BETWEEN 0.6 AND 0.61 AND did = 'comment' THEN 'deleted' ELSE '' END,
       now(), now()
FROM (
    SELECT t.*, n, luck,
           CASE WHEN n = 0 THEN 'opened'
                WHEN n = last AND state <> 'open' AND last > 0
                     THEN CASE state WHEN 'merged' THEN 'merged' ELSE 'closed' END
                WHEN kind = 'pull_request' AND n = 1 AND luck < 0.1 THEN 'ready'
                WHEN kind = 'pull_request' AND luck < 0.4 THEN 'review'
                WHEN kind = 'discussion' AND n = 3 AND luck < 0.5 THEN 'answered'
                WHEN kind <> 'discussion' AND n = last - 1 AND n > 1 AND luck < 0.2 THEN 'reopened'
                WHEN kind <> 'discussion' AND n = last - 2 AND n > 0 AND luck < 0.2 THEN 'closed'
                ELSE 'comment' END AS did
    FROM (SELECT t.*, floor(9 * random())::int + 1 AS last,
                 date_part('epoch', opened_at - %(begin)s)
                     / date_part('epoch', %(lasting)s::interval) AS age
          FROM messages_thread t
          WHERE t.workspace_id = %(workspace)s) t
    CROSS JOIN LATERAL (SELECT n, random() AS luck FROM generate_series(0, last) n) m
) m
"""
_ENDS = """
UPDATE messages_thread t
SET closed_at = CASE WHEN state <> 'open' THEN m.closed_at END,
    merged_at = CASE state WHEN 'merged' THEN m.closed_at END, answered_at = m.answered_at,
    message_count = m.messages, first_activity_at = m.first_at, last_activity_at = m.last_at
FROM (SELECT thread_id, count(*) AS messages, min(occurred_at) AS first_at,
             max(occurred_at) AS last_at,
             max(occurred_at) FILTER (WHERE kind = 'answered') AS answered_at,
             max(occurred_at) FILTER (WHERE kind IN ('closed', 'merged')) AS closed_at
      FROM messages_message
      WHERE workspace_id = %(workspace)s AND in_feed AND NOT is_archived GROUP BY 1) m
WHERE m.thread_id = t.id
"""


def community_fill(
    workspace: Workspace,
    sources: Sequence[Source],
    *,
    begin: datetime,
    lasting: timedelta,
    threads: int,
    people: int,
    words: int = 0,
) -> None:
    """Fill a workspace without people and threads; a thread has six messages on average.

    Args:
        sources: two of them.
        begin, lasting: the time in which the threads were opened, one after the other.
        words: how many words each message has.
    """
    params: dict[str, Any] = {
        "workspace": workspace.pk,
        "sources": [source.pk for source in sources],
        "begin": begin,
        "lasting": lasting,
        "threads": threads,
        "people": people,
        "words": words,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, params)
        params["accounts"] = list(workspace.identities.order_by("pk").values_list("pk", flat=True))
        for statement in (_THREADS, _MESSAGES, _ENDS):
            cursor.execute(statement, params)
        cursor.execute("ANALYZE")
    for member in workspace.members.filter(is_bot=False).order_by("pk")[:TEAM]:
        TeamDecision.objects.create(
            workspace=workspace, member=member, is_on_team=True, since=begin
        )
