from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("messages", "0003_co_authors")]

    operations = [
        AddIndexConcurrently(
            "thread",
            models.Index(
                fields=["workspace", "source", "-id"],
                name="messages_thread_commits_due",
                condition=models.Q(
                    is_archived=False, merged_at__isnull=False, co_authors_read_at__isnull=True
                ),
            ),
        )
    ]
