from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0009_one_selection"),
    ]

    operations = [
        ValidateConstraint("exportfile", "people_exportfile_what"),
    ]
