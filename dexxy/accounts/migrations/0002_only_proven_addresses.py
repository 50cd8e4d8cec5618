from django.db import migrations


class Migration(migrations.Migration):
    """Take back what people typed on a page that is off now: it signed them in."""

    dependencies = [
        ("account", "0009_emailaddress_unique_primary_email"),
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            "DELETE FROM account_emailaddress WHERE NOT verified", migrations.RunSQL.noop
        )
    ]
