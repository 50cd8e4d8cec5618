import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_sessions_by_digest"),
        ("members", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="MemberSummary",
            fields=[
                (
                    "member",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="summary",
                        serialize=False,
                        to="members.member",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.workspace",
                    ),
                ),
                ("messages", models.IntegerField(db_default=0, default=0)),
                ("recent", models.IntegerField(db_default=0, default=0)),
                ("waiting", models.IntegerField(db_default=0, default=0)),
                ("regular_threads", models.IntegerField(db_default=0, default=0)),
                (
                    "weeks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), db_default=[], default=list, size=None
                    ),
                ),
                ("first_act_at", models.DateTimeField(null=True)),
                ("last_act_at", models.DateTimeField(null=True)),
                ("organization", models.TextField(db_default="", default="")),
                ("organization_key", models.TextField(db_default="", default="")),
                ("counted_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "member summaries",
                "indexes": [
                    models.Index(
                        fields=["workspace", "-messages", "-member"],
                        name="members_summary_messages",
                    ),
                    models.Index(
                        fields=["workspace", "-recent", "-member"], name="members_summary_recent"
                    ),
                    models.Index(
                        fields=["workspace", "-waiting", "-member"],
                        name="members_summary_waiting",
                    ),
                    models.Index(
                        fields=["workspace", "-first_act_at"], name="members_summary_new"
                    ),
                    models.Index(
                        condition=models.Q(("organization_key", ""), _negated=True),
                        fields=["workspace", "organization_key"],
                        name="members_summary_organization",
                    ),
                    models.Index(
                        condition=models.Q(("due_at__isnull", False)),
                        fields=["workspace", "due_at"],
                        name="members_summary_due",
                    ),
                ],
            },
        ),
    ]
