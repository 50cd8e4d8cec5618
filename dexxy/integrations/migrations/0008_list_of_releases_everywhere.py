from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("integrations", "0007_list_of_releases")]

    operations = [ValidateConstraint("syncstream", "integrations_syncstream_name")]
