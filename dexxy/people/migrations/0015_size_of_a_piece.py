from django.db import migrations, models


class Migration(migrations.Migration):
    """An export can be downloaded from the middle: how long its pieces are is noted."""

    dependencies = [
        ("people", "0014_everything_is_exported_everywhere"),
    ]

    operations = [
        migrations.AddField(
            "exportpiece", "size", models.PositiveIntegerField(db_default=0, default=0)
        ),
    ]
