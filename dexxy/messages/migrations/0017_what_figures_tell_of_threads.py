import django.db.models.deletion
from django.db import migrations, models

# The follower that keeps the queue looks at all threads once more, for what it did not keep yet.
_READ_ANEW = "UPDATE messages_follower SET started_to = 0 WHERE name = 'waiting'"


class Migration(migrations.Migration):
    """What figures tell of each thread is kept."""

    dependencies = [
        ("accounts", "0001_initial"),
        ("members", "0001_initial"),
        ("messages", "0016_how_long_they_waited"),
        ("sources", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="ThreadTimes",
            fields=[
                ("thread", models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="times", serialize=False, to="messages.thread")),
                ("kind", models.CharField(max_length=20)),
                ("state", models.CharField(max_length=10)),
                ("state_reason", models.CharField(blank=True, max_length=50)),
                ("left_out", models.CharField(blank=True, max_length=10)),
                ("opened_at", models.DateTimeField()),
                ("started_at", models.DateTimeField()),
                ("closed", models.BigIntegerField(null=True)),
                ("response", models.BigIntegerField(null=True)),
                ("team_response", models.BigIntegerField(null=True)),
                ("review", models.BigIntegerField(null=True)),
                ("answer", models.BigIntegerField(null=True)),
                ("has_own_answer", models.BooleanField()),
                ("changes", models.TextField(blank=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("last_at", models.DateTimeField()),
                ("opener", models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="members.member")),
                ("source", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="sources.source")),
                ("workspace", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace")),
            ],
            options={
                "verbose_name_plural": "times of threads",
                "indexes": [
                    models.Index(fields=["workspace", "opened_at"], name="messages_times_opened"),
                    models.Index(fields=["workspace", "ended_at"], name="messages_times_ended"),
                    models.Index(fields=["workspace", "last_at"], name="messages_times_last"),
                ],
            },
        ),
        migrations.RunSQL(_READ_ANEW, migrations.RunSQL.noop),
    ]
