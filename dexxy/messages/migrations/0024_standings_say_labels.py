import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """The queue is filtered by labels without a look at its threads."""

    dependencies = [("messages", "0023_issue_types")]

    operations = [
        migrations.AddField(
            model_name="standing",
            name="labels",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, null=True, size=None),
        ),
    ]
