import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Which milestones a repository had is remembered, as it is of labels."""

    dependencies = [("integrations", "0012_refused_fields")]

    operations = [
        migrations.AddField(
            model_name="githubrepository",
            name="milestone_titles",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), blank=True, db_default=[], default=list, size=None
            ),
        ),
    ]
