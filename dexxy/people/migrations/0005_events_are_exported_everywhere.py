from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0004_events_are_exported"),
    ]

    operations = [
        ValidateConstraint("exportfile", "people_exportfile_what"),
    ]
