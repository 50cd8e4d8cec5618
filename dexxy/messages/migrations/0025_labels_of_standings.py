from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_BATCH = 2_000  # rows
# A row that a follower is writing is left out: without labels it is looked up, as before.
_FILL = """
WITH next AS (
    SELECT thread_id FROM messages_standing WHERE thread_id > %s ORDER BY thread_id LIMIT %s
), held AS (
    SELECT thread_id FROM messages_standing
    WHERE thread_id IN (SELECT thread_id FROM next) AND labels IS NULL FOR UPDATE SKIP LOCKED
), filled AS (
    UPDATE messages_standing s SET labels = t.labels FROM messages_thread t
    WHERE t.id = s.thread_id AND s.thread_id IN (SELECT thread_id FROM held)
)
SELECT max(thread_id) FROM next
"""


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Note the labels of threads in which somebody waits already, a batch at a time."""
    last: int | None = 0
    with editor.connection.cursor() as cursor:
        while last is not None:
            cursor.execute(_FILL, [last, _BATCH])
            [(last,)] = cursor.fetchall()


class Migration(migrations.Migration):
    """Threads in which somebody waits say their labels."""

    atomic = False

    dependencies = [("messages", "0024_standings_say_labels")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
