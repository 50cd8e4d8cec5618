import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """An account is found by its login, on whatever server, and by its name, without a scan."""

    atomic = False

    dependencies = [("members", "0007_notes_column_is_gone")]

    operations = [
        AddIndexConcurrently(
            "identity",
            models.Index(
                models.F("workspace"),
                django.db.models.functions.text.Left(
                    django.db.models.functions.text.Lower("username"), 100
                ),
                models.F("provider"),
                name="members_identity_called",
            ),
        ),
        RemoveIndexConcurrently("identity", "members_identity_login"),
        AddIndexConcurrently(
            "identity",
            models.Index(
                models.F("workspace"),
                django.db.models.functions.text.Left(
                    django.db.models.functions.text.Lower("name"), 100
                ),
                condition=models.Q(("name", ""), _negated=True),
                name="members_identity_by_name",
            ),
        ),
    ]
