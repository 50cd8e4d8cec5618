import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """When each thread was in the queue."""

    dependencies = [
        ("accounts", "0001_initial"),
        ("messages", "0015_figures_read_an_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="Wait",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("thread", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="waits", to="messages.thread")),
                ("workspace", models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("workspace", "thread", "since"), name="messages_wait_once")],
            },
        ),
        migrations.AddField(
            model_name="recount",
            name="is_of_queue",
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
