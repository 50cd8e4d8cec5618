from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Look at the kinds of all sources, while readers and writers go on."""

    dependencies = [
        ("sources", "0003_fed"),
    ]

    operations = [
        ValidateConstraint(model_name="source", name="sources_source_kind"),
    ]
