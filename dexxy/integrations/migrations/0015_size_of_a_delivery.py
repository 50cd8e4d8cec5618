from django.db import migrations, models


class Migration(migrations.Migration):
    """A batch fits into memory by what payloads weigh as they are read, not as they are stored."""

    dependencies = [("integrations", "0014_limits_and_suspected_sizes")]

    operations = [
        migrations.AddField(
            model_name="webhookdelivery",
            name="size",
            field=models.PositiveIntegerField(db_default=0),
        )
    ]
