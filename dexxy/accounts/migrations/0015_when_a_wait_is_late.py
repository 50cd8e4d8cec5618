from django.db import migrations, models


class Migration(migrations.Migration):
    """A workspace says after how many days a wait is to be seen to, and after how many it is late."""

    dependencies = [("accounts", "0014_is_vouched")]

    operations = [
        migrations.AddField("workspace", "attention_after", models.PositiveSmallIntegerField(db_default=7, default=7)),
        migrations.AddField("workspace", "late_after", models.PositiveSmallIntegerField(db_default=30, default=30)),
    ]
