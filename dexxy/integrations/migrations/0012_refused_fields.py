from django.db import migrations, models


class Migration(migrations.Migration):
    """Which fields a server does not know is remembered, and not only that it lacks one."""

    dependencies = [("integrations", "0011_watched")]

    operations = [
        migrations.AddField(
            model_name="credential",
            name="refused_fields",
            field=models.JSONField(blank=True, db_default=[], default=list),
        ),
    ]
