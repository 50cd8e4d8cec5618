from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_addresses_and_kinds")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="last_write",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
