import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("members", "0005_notes_are_copied")]

    operations = [
        AddIndexConcurrently(
            "identity",
            models.Index(
                models.F("workspace"),
                models.F("provider"),
                django.db.models.functions.text.Left(
                    django.db.models.functions.text.Lower("username"), 100
                ),
                name="members_identity_login",
            ),
        ),
    ]
