import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_only_proven_addresses"),
        ("members", "0001_initial"),
        ("messages", "0002_releases"),
    ]

    operations = [
        migrations.AddField(
            model_name="thread",
            name="co_authors_read_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="CoAuthor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField(blank=True)),
                ("email", models.TextField(blank=True)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="co_authored",
                        to="members.identity",
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="co_authors",
                        to="messages.thread",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="co_authors",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("account__isnull", True)),
                        fields=["workspace", "email"],
                        name="messages_coauthor_by_address",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("account__isnull", False)),
                        fields=("thread", "account"),
                        name="messages_coauthor_account_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("account__isnull", True)),
                        fields=("thread", "email"),
                        name="messages_coauthor_address_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("account__isnull", True),
                            models.Q(("email", ""), ("name", "")),
                            _connector="OR",
                        ),
                        name="messages_coauthor_known_by_account",
                    ),
                ],
            },
        ),
    ]
