from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0013_everything_is_exported"),
    ]

    operations = [
        ValidateConstraint("exportfile", "people_exportfile_what"),
        ValidateConstraint("exportfile", "people_exportfile_form"),
    ]
