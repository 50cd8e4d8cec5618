import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("members", "0002_summaries")]

    operations = [
        AddIndexConcurrently(
            "member",
            models.Index(
                models.F("workspace"),
                django.db.models.functions.text.Left(
                    django.db.models.functions.text.Lower("display_name"), 100
                ),
                models.F("id"),
                name="members_member_alphabet",
            ),
        ),
    ]
