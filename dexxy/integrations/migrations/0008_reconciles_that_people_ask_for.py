from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0007_access_lost_while_paused"),
    ]

    operations = [
        migrations.AddField(
            model_name="githubinstallation",
            name="reconcile_asked_for",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
