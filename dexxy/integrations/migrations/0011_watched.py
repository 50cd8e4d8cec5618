from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """What is told to whoever watches is found without a look at each run and webhook."""

    atomic = False

    dependencies = [("integrations", "0010_commits_everywhere")]

    operations = [
        AddIndexConcurrently(
            "syncrun",
            models.Index(
                fields=["finished_at"],
                name="integrations_syncrun_ended",
                condition=Q(finished_at__isnull=False),
            ),
        ),
        AddIndexConcurrently(
            "syncrun",
            models.Index(
                fields=["state"],
                name="integrations_syncrun_open",
                condition=Q(state__in=["running", "paused"]),
            ),
        ),
        AddIndexConcurrently(
            "webhookdelivery",
            models.Index(
                fields=["received_at"],
                name="integrations_delivery_failed",
                condition=Q(state="failed"),
            ),
        ),
    ]
