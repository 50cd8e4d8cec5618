from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("messages", "0018_what_is_resolved")]

    operations = [
        AddIndexConcurrently(
            "wait", models.Index(fields=["workspace", "since"], name="messages_wait_since")
        ),
        AddIndexConcurrently(
            "wait", models.Index(fields=["workspace", "until"], name="messages_wait_until")
        ),
    ]
