from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("messages", "0006_kinds_that_are_quiet"),
    ]

    operations = [
        AddIndexConcurrently(
            "message",
            models.Index(
                models.F("workspace"),
                models.F("kind"),
                models.OrderBy(models.F("occurred_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("in_feed", False)),
                name="messages_message_quiet",
            ),
        ),
        ValidateConstraint("message", "messages_message_kind"),
    ]
