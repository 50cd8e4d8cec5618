from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0009_refused_webhooks"),
    ]

    operations = [
        migrations.AddField(
            model_name="githubapp",
            name="log_lease_holder",
            field=models.CharField(blank=True, max_length=500),
        ),
    ]
