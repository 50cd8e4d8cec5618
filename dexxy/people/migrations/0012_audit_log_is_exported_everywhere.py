from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0011_audit_log_is_exported"),
    ]

    operations = [
        ValidateConstraint("exportfile", "people_exportfile_what"),
    ]
