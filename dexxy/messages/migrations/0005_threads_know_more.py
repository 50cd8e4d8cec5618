from django.db import migrations, models

# One statement: nobody waits for a table while Django makes ready the next one.
ADD = """
ALTER TABLE messages_thread
    ADD COLUMN category text DEFAULT '' NOT NULL,
    ADD COLUMN milestone text DEFAULT '' NOT NULL,
    ADD COLUMN head_oid varchar(64) DEFAULT '' NOT NULL,
    ADD COLUMN is_locked boolean DEFAULT false NOT NULL,
    ADD COLUMN assignees jsonb DEFAULT '[]' NOT NULL,
    ADD COLUMN details jsonb DEFAULT '{}' NOT NULL
"""
DROP = """
ALTER TABLE messages_thread
    DROP COLUMN category, DROP COLUMN milestone, DROP COLUMN head_oid, DROP COLUMN is_locked,
    DROP COLUMN assignees, DROP COLUMN details
"""


class Migration(migrations.Migration):
    dependencies = [
        ("messages", "0004_commits_due"),
    ]

    operations = [
        migrations.RunSQL(
            ADD,
            DROP,
            state_operations=[
                migrations.AddField(
                    "thread", "category", models.TextField(blank=True, db_default="")
                ),
                migrations.AddField(
                    "thread", "milestone", models.TextField(blank=True, db_default="")
                ),
                migrations.AddField(
                    "thread",
                    "head_oid",
                    models.CharField(blank=True, db_default="", max_length=64),
                ),
                migrations.AddField(
                    "thread",
                    "is_locked",
                    models.BooleanField(db_default=False, default=False),
                ),
                migrations.AddField(
                    "thread",
                    "assignees",
                    models.JSONField(blank=True, db_default=[], default=list),
                ),
                migrations.AddField(
                    "thread",
                    "details",
                    models.JSONField(blank=True, db_default={}, default=dict),
                ),
            ],
        ),
    ]
