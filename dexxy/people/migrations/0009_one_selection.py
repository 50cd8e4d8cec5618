from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

KINDS = ["threads", "messages", "events", "members", "growth", "releases", "person"]
LABELS = ["Threads", "Messages", "Events", "Members", "Growth", "Releases", "One person"]
MEMBERS = """
UPDATE people_exportfile SET selection = jsonb_build_object('members', member_ids)
WHERE member_ids IS NOT NULL
"""


class Migration(migrations.Migration):
    """Who was selected stands where chosen threads do; one person can be exported."""

    dependencies = [
        ("people", "0008_bulk_tasks"),
    ]

    operations = [
        migrations.RunSQL(MEMBERS, migrations.RunSQL.noop),
        migrations.RemoveField("exportfile", "member_ids"),
        migrations.AlterField(
            "exportfile",
            "what",
            models.CharField(choices=list(zip(KINDS, LABELS, strict=True)), max_length=10),
        ),
        migrations.RemoveConstraint("exportfile", "people_exportfile_what"),
        AddConstraintNotValid(
            "exportfile",
            models.CheckConstraint(
                condition=models.Q(what__in=KINDS), name="people_exportfile_what"
            ),
        ),
    ]
