from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

KINDS = [
    "opened",
    "comment",
    "review",
    "review_comment",
    "reply",
    "closed",
    "reopened",
    "merged",
    "answered",
    "ready",
    "drafted",
    "review_requested",
    "review_unrequested",
    "review_dismissed",
    "pushed",
    "converted",
    "duplicate",
    "unduplicate",
    "labeled",
    "unlabeled",
    "assigned",
    "unassigned",
]
LABELS = [
    "Opened",
    "Comment",
    "Review",
    "Review Comment",
    "Reply",
    "Closed",
    "Reopened",
    "Merged",
    "Answered",
    "Ready",
    "Drafted",
    "Review Requested",
    "Review Unrequested",
    "Review Dismissed",
    "Pushed",
    "Converted",
    "Duplicate",
    "Unduplicate",
    "Labeled",
    "Unlabeled",
    "Assigned",
    "Unassigned",
]


class Migration(migrations.Migration):
    dependencies = [
        ("messages", "0005_threads_know_more"),
    ]

    operations = [
        migrations.AlterField(
            "message",
            "kind",
            models.CharField(choices=list(zip(KINDS, LABELS, strict=True)), max_length=20),
        ),
        migrations.RemoveConstraint("message", "messages_message_kind"),
        AddConstraintNotValid(
            "message",
            models.CheckConstraint(
                condition=models.Q(kind__in=KINDS), name="messages_message_kind"
            ),
        ),
    ]
