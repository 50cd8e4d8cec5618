from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_first_run"),
    ]

    operations = [
        migrations.AddField(
            "workspace", "delete_at", models.DateTimeField(blank=True, null=True)
        ),
    ]
