from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_rules_about_organizations")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_vouched",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
