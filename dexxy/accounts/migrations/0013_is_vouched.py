from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_last_write")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_vouched",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
