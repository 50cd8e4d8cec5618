import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    """Who works off the inbox is written down, so that a drain that was cut short is noticed."""

    dependencies = [("integrations", "0015_size_of_a_delivery")]

    operations = [
        migrations.CreateModel(
            name="Drain",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("holder", models.TextField()),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        )
    ]
