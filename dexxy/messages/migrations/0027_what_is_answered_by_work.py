"""An issue is answered by the commit or pull request that closes it, and figures know of categories.

Issues are told anew in batches, each a transaction of its own, which may be interrupted and
repeated. What is kept of each thread is told anew by the job that counts who waits.
"""

from django.db import connection, migrations, models, transaction

BATCH = 1000
NEXT = "SELECT id FROM messages_thread WHERE id > %s AND kind = 'issue' ORDER BY id LIMIT %s"
# In the order in which all writers lock threads.
LOCK = """
SELECT FROM messages_thread WHERE id = ANY(%s)
ORDER BY source_id, kind, number FOR NO KEY UPDATE
"""
# Whoever answered before that closing did is still the first.
TELL = """
UPDATE messages_thread t
SET first_response_at = c.response_at
FROM (
    SELECT t.id, min(m.occurred_at) AS response_at
    FROM messages_thread t
    LEFT JOIN members_identity opener ON opener.id = t.author_id
    JOIN messages_message m ON m.workspace_id = t.workspace_id AND m.thread_id = t.id
         AND m.kind = 'closed' AND m.in_feed AND NOT m.is_archived
         AND m.details->'subject'->>'type' IN ('commit', 'pull_request')
    JOIN members_identity author ON author.id = m.author_id
    JOIN members_member member ON member.id = author.member_id AND NOT member.is_bot
    WHERE t.id = ANY(%s) AND member.id IS DISTINCT FROM opener.member_id
    GROUP BY t.id
) c
WHERE t.id = c.id AND (t.first_response_at IS NULL OR t.first_response_at > c.response_at)
"""
# Of each workspace in which something was kept.
TELL_THE_REST = """
INSERT INTO messages_recount (workspace_id, is_of_queue, done_to)
SELECT workspace_id, true, 0 FROM messages_follower WHERE name = 'waiting'
ON CONFLICT (workspace_id) DO UPDATE SET is_of_queue = true, done_to = 0
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
        ("messages", "0026_who_decided_about_threads"),
    ]

    operations = [
        migrations.AddField(
            model_name="threadtimes",
            name="takes_answers",
            field=models.BooleanField(null=True),
        ),
        migrations.RunPython(tell_anew, migrations.RunPython.noop),
        migrations.RunSQL(TELL_THE_REST, migrations.RunSQL.noop),
    ]
