from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("integrations", "0002_counts_are_numbers")]

    operations = [ValidateConstraint("syncrun", "integrations_syncrun_counts")]
