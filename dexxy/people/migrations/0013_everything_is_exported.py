from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

KINDS = ["threads", "messages", "events", "members", "growth", "releases", "person", "audit", "all"]
LABELS = [
    *("Threads", "Messages", "Events", "Members", "Growth", "Releases"),
    *("One person", "Audit log", "Everything"),
]
FORMS = ["jsonl", "csv", "zip"]


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0012_audit_log_is_exported_everywhere"),
    ]

    operations = [
        migrations.AlterField(
            "exportfile",
            "what",
            models.CharField(choices=list(zip(KINDS, LABELS, strict=True)), max_length=10),
        ),
        migrations.AlterField(
            "exportfile",
            "form",
            models.CharField(
                choices=list(zip(FORMS, ["JSON Lines", "CSV", "ZIP"], strict=True)), max_length=10
            ),
        ),
        migrations.RemoveConstraint("exportfile", "people_exportfile_what"),
        migrations.RemoveConstraint("exportfile", "people_exportfile_form"),
        AddConstraintNotValid(
            "exportfile",
            models.CheckConstraint(
                condition=models.Q(what__in=KINDS), name="people_exportfile_what"
            ),
        ),
        AddConstraintNotValid(
            "exportfile",
            models.CheckConstraint(
                condition=models.Q(form__in=FORMS), name="people_exportfile_form"
            ),
        ),
    ]
