from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The index of the feed by time has what figures count, so that they read no row."""

    atomic = False

    dependencies = [
        ("messages", "0014_threads_by_assignee"),
    ]

    operations = [
        AddIndexConcurrently(
            "message",
            models.Index(
                models.F("workspace"),
                models.F("occurred_at").desc(),
                models.F("id").desc(),
                condition=models.Q(("in_feed", True), ("is_archived", False)),
                include=["thread", "author", "source", "thread_kind", "kind"],
                name="messages_feed_time",
            ),
        ),
        RemoveIndexConcurrently("message", "messages_feed_all"),
        AddIndexConcurrently(
            "message",
            models.Index(
                fields=["workspace"],
                condition=models.Q(("details__has_key", "minimized")),
                name="messages_message_hidden",
            ),
        ),
    ]
