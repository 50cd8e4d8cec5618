"""What counts as an answer has changed: the column follows, and the index of what has none.

The index is built beside its predecessor, and threads are told anew in batches, each a transaction
of its own, which may be interrupted and repeated.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import connection, migrations, models, transaction

BATCH = 1000
NEXT = "SELECT id FROM messages_thread WHERE id > %s ORDER BY id LIMIT %s"
# In the order in which all writers lock threads.
LOCK = """
SELECT FROM messages_thread WHERE id = ANY(%s)
ORDER BY source_id, kind, number FOR NO KEY UPDATE
"""
TELL = """
UPDATE messages_thread t
SET first_response_at = c.response_at
FROM (
    SELECT t.id, live.response_at
    FROM messages_thread t
    LEFT JOIN members_identity opener ON opener.id = t.author_id
    CROSS JOIN LATERAL (
        SELECT min(m.occurred_at) FILTER (
                   WHERE NOT member.is_bot AND member.id IS DISTINCT FROM opener.member_id
                     AND (m.kind = 'merged'
                          OR (m.kind IN ('comment', 'reply', 'review', 'review_comment')
                              AND coalesce(lower(m.details->>'minimized')
                                           IN ('resolved', 'outdated', 'duplicate'), true)))
               ) AS response_at
        FROM messages_message m
        JOIN members_identity author ON author.id = m.author_id
        JOIN members_member member ON member.id = author.member_id
        WHERE m.workspace_id = t.workspace_id AND m.thread_id = t.id
          AND NOT m.is_archived AND m.in_feed
    ) live
    WHERE t.id = ANY(%s)
) c
WHERE t.id = c.id AND t.first_response_at IS DISTINCT FROM c.response_at
"""


def tell_anew(apps: object, schema_editor: object) -> None:
    last = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(NEXT, [last, BATCH])
            threads = [pk for (pk,) in cursor.fetchall()]
            if not threads:
                return
            with transaction.atomic():
                cursor.execute(LOCK, [threads])
                cursor.execute(TELL, [threads])
            last = threads[-1]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("messages", "0012_own_members_and_first_threads"),
    ]

    operations = [
        AddIndexConcurrently(
            "thread",
            models.Index(
                fields=["workspace", "-last_activity_at", "-id", "first_activity_at"],
                name="messages_thread_no_response",
                condition=models.Q(
                    ("first_response_at__isnull", True), ("is_archived", False), ("state", "open")
                )
                & ~models.Q(state_reason="draft"),
            ),
        ),
        migrations.RunPython(tell_anew, migrations.RunPython.noop),
        RemoveIndexConcurrently("thread", "messages_thread_unanswered"),
    ]
