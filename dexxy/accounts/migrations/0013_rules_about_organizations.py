from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_last_write")]

    operations = [
        migrations.AlterField(
            model_name="signinrule",
            name="domain",
            field=models.CharField(blank=True, max_length=253),
        ),
        migrations.AddField(
            model_name="signinrule",
            name="server",
            field=models.CharField(blank=True, db_default="", max_length=255),
        ),
        migrations.AddField(
            model_name="signinrule",
            name="account_id",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="signinrule",
            name="account_login",
            field=models.CharField(blank=True, db_default="", max_length=255),
        ),
    ]
