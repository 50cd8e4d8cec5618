from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("integrations", "0009_commits")]

    operations = [
        ValidateConstraint("requestsize", "integrations_requestsize_request"),
        ValidateConstraint("syncstream", "integrations_syncstream_name"),
    ]
