import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


# Which threads are the first of their openers is told with everybody's standing: by a recount.
RECOUNT = """
INSERT INTO messages_recount (workspace_id, done_to) SELECT id, 0 FROM accounts_workspace
ON CONFLICT (workspace_id) DO UPDATE SET done_to = 0
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0004_saved_views"),
        ("members", "0001_initial"),
        ("messages", "0011_what_is_read"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OwnMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("member", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="members.member")),
                ("user", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("workspace", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["workspace", "user"], name="messages_ownmember_once"),
                    models.UniqueConstraint(fields=["workspace", "member"], name="messages_ownmember_of_one"),
                ],
            },
        ),
        migrations.AddField("standing", "is_first", models.BooleanField(db_default=False, default=False)),
        AddIndexConcurrently(
            "standing",
            models.Index(
                fields=["workspace", "side", "is_old", "others_replied", "since", "thread"],
                include=["is_first"],
                name="messages_standing_lists",
            ),
        ),
        RemoveIndexConcurrently("standing", "messages_standing_queue"),
        migrations.RunSQL(RECOUNT, migrations.RunSQL.noop),
    ]
