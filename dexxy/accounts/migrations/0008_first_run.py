from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_sign_in_rules"),
    ]

    operations = [
        migrations.AddField(
            "workspace",
            "is_set_up",
            models.BooleanField(default=True, db_default=True),
        ),
    ]
