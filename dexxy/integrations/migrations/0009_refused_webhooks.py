from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0008_reconciles_that_people_ask_for"),
    ]

    operations = [
        migrations.CreateModel(
            name="RefusedWebhooks",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("day", models.DateField()),
                ("reason", models.CharField(max_length=50)),
                ("count", models.PositiveBigIntegerField()),
            ],
            options={
                "verbose_name_plural": "refused webhooks",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "reason"), name="integrations_refusedwebhooks_once"
                    )
                ],
            },
        ),
    ]
