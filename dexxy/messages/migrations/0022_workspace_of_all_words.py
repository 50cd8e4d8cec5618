from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

_BATCH = 20_000  # ids
_FILL = """
UPDATE messages_searchentry s SET workspace_id = m.workspace_id FROM messages_message m
WHERE m.id = s.message_id AND s.workspace_id IS NULL AND s.message_id BETWEEN %s AND %s
"""
# The words of a message that is gone: nothing finds them.
_FORGET = """
DELETE FROM messages_searchentry
WHERE workspace_id IS NULL AND message_id BETWEEN %s AND %s
"""


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Note the workspace of words that were stored before, a batch at a time."""
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT min(message_id), max(message_id) FROM messages_searchentry")
        first, last = cursor.fetchone()
        for start in range(first or 1, (last or 0) + 1, _BATCH):
            cursor.execute(_FILL, [start, start + _BATCH - 1])
            cursor.execute(_FORGET, [start, start + _BATCH - 1])


class Migration(migrations.Migration):
    """A table of words can be partitioned by the workspace."""

    atomic = False

    dependencies = [("messages", "0021_words_know_their_workspace")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
