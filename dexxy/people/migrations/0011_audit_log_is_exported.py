from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

KINDS = ["threads", "messages", "events", "members", "growth", "releases", "person", "audit"]
LABELS = [*("Threads", "Messages", "Events", "Members", "Growth", "Releases"), "One person"]


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0010_one_person_everywhere"),
    ]

    operations = [
        migrations.AlterField(
            "exportfile",
            "what",
            models.CharField(
                choices=list(zip(KINDS, [*LABELS, "Audit log"], strict=True)), max_length=10
            ),
        ),
        migrations.RemoveConstraint("exportfile", "people_exportfile_what"),
        AddConstraintNotValid(
            "exportfile",
            models.CheckConstraint(
                condition=models.Q(what__in=KINDS), name="people_exportfile_what"
            ),
        ),
    ]
