import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Which comments on code are resolved."""

    dependencies = [
        ("accounts", "0001_initial"),
        ("messages", "0017_what_figures_tell_of_threads"),
    ]

    operations = [
        migrations.CreateModel(
            name="ResolvedReviewThread",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("node_id", models.CharField(max_length=255)),
                ("comment_ids", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None)),
                ("thread", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="resolved_review_threads", to="messages.thread")),
                ("workspace", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("thread", "node_id"), name="messages_resolvedreviewthread_once"),
                ],
            },
        ),
    ]
