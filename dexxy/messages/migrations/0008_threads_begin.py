from django.db import migrations, models
from django.db.models import F, Func, Q

# Messages that the feed shows, as settling a thread counts them.
FILL = """
UPDATE messages_thread t SET first_activity_at = least(t.opened_at, (
    SELECT min(m.occurred_at) FROM messages_message m
    WHERE m.workspace_id = t.workspace_id AND m.thread_id = t.id
      AND NOT m.is_archived AND m.in_feed))
"""


class Migration(migrations.Migration):
    dependencies = [("messages", "0007_feed_with_threads")]

    operations = [
        migrations.RemoveIndex(model_name="thread", name="messages_thread_by_life"),
        migrations.AddField(
            model_name="thread", name="first_activity_at", field=models.DateTimeField(null=True)
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="thread", name="first_activity_at", field=models.DateTimeField()
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(
                F("workspace"),
                F("state"),
                Func(F("first_activity_at"), F("last_activity_at"), function="messages_life"),
                F("last_activity_at"),
                condition=Q(is_archived=False),
                name="messages_thread_by_life",
            ),
        ),
    ]
