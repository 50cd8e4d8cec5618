from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("members", "0006_accounts_by_login")]

    operations = [
        # Its notes are rows of their own since 0005. The table is not rewritten.
        migrations.RunSQL(
            "ALTER TABLE members_member DROP COLUMN notes",
            "ALTER TABLE members_member ADD COLUMN notes text NOT NULL DEFAULT ''",
        ),
    ]
