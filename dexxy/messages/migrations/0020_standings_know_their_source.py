import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

# As many rows as wait now; a row whose thread is gone tells of nothing.
FILL = """
UPDATE messages_standing s SET source_id = t.source_id, kind = t.kind
FROM messages_thread t WHERE t.id = s.thread_id;
DELETE FROM messages_standing WHERE source_id IS NULL;
"""


class Migration(migrations.Migration):
    """The queue is filtered by repository and kind without a look at each thread."""

    atomic = False

    dependencies = [
        ("sources", "0001_initial"),
        ("messages", "0019_waits_of_late"),
    ]

    operations = [
        migrations.AddField(
            "standing",
            "source",
            models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="sources.source"),
        ),
        migrations.AddField("standing", "kind", models.CharField(max_length=20, null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            "standing",
            "source",
            models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="sources.source"),
        ),
        migrations.AlterField(
            "standing",
            "kind",
            models.CharField(choices=[("issue", "Issue"), ("pull_request", "Pull Request"), ("discussion", "Discussion")], max_length=20),
        ),
        AddIndexConcurrently(
            "standing",
            models.Index(
                fields=["workspace", "side", "is_old", "others_replied", "since", "thread"],
                include=["is_first", "source", "kind"],
                name="messages_standing_order",
            ),
        ),
        RemoveIndexConcurrently("standing", "messages_standing_lists"),
    ]
