from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Indexes for the orders of the list of threads, which is read state by state."""

    atomic = False

    dependencies = [
        ("messages", "0009_titles_are_found"),
    ]

    operations = [
        AddIndexConcurrently(
            "thread",
            models.Index(
                fields=["workspace", "state", "-opened_at", "-id"],
                condition=models.Q(("is_archived", False)),
                name="messages_thread_opened",
            ),
        ),
        AddIndexConcurrently(
            "thread",
            models.Index(
                fields=["workspace", "state", "-message_count", "-id"],
                condition=models.Q(("is_archived", False)),
                name="messages_thread_longest",
            ),
        ),
    ]
