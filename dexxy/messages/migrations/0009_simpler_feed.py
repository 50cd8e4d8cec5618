from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("messages", "0008_threads_begin")]

    operations = [
        migrations.RemoveIndex(model_name="thread", name="messages_thread_by_life"),
        migrations.RemoveIndex(model_name="thread", name="messages_thread_by_state"),
        migrations.RemoveIndex(model_name="thread", name="messages_thread_unanswered"),
        migrations.RunSQL("DROP FUNCTION messages_life(timestamptz, timestamptz)"),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(
                fields=["workspace", "state", "-last_activity_at", "-id", "first_activity_at"],
                name="messages_thread_by_state",
                condition=Q(is_archived=False),
            ),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(
                fields=["workspace", "-last_activity_at", "-id", "first_activity_at"],
                name="messages_thread_unanswered",
                condition=Q(is_archived=False, first_response_at__isnull=True),
            ),
        ),
    ]
