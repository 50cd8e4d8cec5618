from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("messages", "0006_threads_by_life")]

    operations = [
        migrations.RemoveIndex(model_name="message", name="messages_feed_all"),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                F("workspace"),
                F("occurred_at").desc(),
                F("id").desc(),
                condition=Q(is_archived=False, in_feed=True),
                include=["thread"],
                name="messages_feed_all",
            ),
        ),
    ]
