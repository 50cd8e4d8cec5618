"""Threads and messages: what was said, by whom, when and where."""

from collections.abc import Sequence
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now

from dexxy.accounts.models import Workspace
from dexxy.common.models import TimestampedModel, only_choices
from dexxy.members.models import Identity
from dexxy.sources.models import Source


class ThreadKind(models.TextChoices):
    ISSUE = "issue"
    PULL_REQUEST = "pull_request"
    DISCUSSION = "discussion"


class ThreadState(models.TextChoices):
    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class MessageKind(models.TextChoices):
    OPENED = "opened"
    COMMENT = "comment"
    REVIEW = "review"
    REVIEW_COMMENT = "review_comment"
    REPLY = "reply"
    CLOSED = "closed"
    REOPENED = "reopened"
    MERGED = "merged"
    ANSWERED = "answered"

    @classmethod
    def state_changes(cls) -> list["MessageKind"]:
        """Return the kinds that somebody did rather than wrote."""
        return [cls.CLOSED, cls.REOPENED, cls.MERGED, cls.ANSWERED]


class ArchivedReason(models.TextChoices):
    DELETED = "deleted", "deleted: the server said so"
    MISSING = "missing", "missing: the server no longer shows it"
    MOVED = "moved", "moved: it went to another place"


def _archived_with_a_reason() -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(is_archived=False, archived_reason="")
        | Q(is_archived=True, archived_reason__in=ArchivedReason.values),
        name="%(app_label)s_%(class)s_archived_reason",
    )


class ThreadQuerySet(models.QuerySet["Thread"]):
    """Sets of threads."""

    def shown(self) -> Self:
        """Keep those that the pages show: neither they nor their source are archived."""
        return self.filter(is_archived=False, source__is_archived=False)


class Thread(TimestampedModel):
    """An issue, a pull request or a discussion. Its key is its number.

    A platform that numbers nothing names it by an `external_id`, which is the key there; the
    number is then ours.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="threads", db_index=False)
    source = models.ForeignKey(Source, models.CASCADE, related_name="threads", db_index=False)
    kind = models.CharField(max_length=20, choices=ThreadKind.choices)
    number = models.BigIntegerField()
    external_id = models.TextField(blank=True, db_default="")
    node_id = models.CharField(max_length=255, blank=True)
    title = models.TextField()
    state = models.CharField(max_length=10, choices=ThreadState.choices)
    state_reason = models.CharField(max_length=50, blank=True)
    labels = ArrayField(models.TextField(), default=list, blank=True)
    url = models.TextField()
    author = models.ForeignKey(
        Identity, models.PROTECT, null=True, related_name="threads", db_index=False
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    merged_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    first_response_at = models.DateTimeField(null=True, blank=True)
    # The times of the oldest and the newest message in the feed. A message that was imported into
    # GitHub from elsewhere may be older than the opening of its thread.
    first_activity_at = models.DateTimeField()
    last_activity_at = models.DateTimeField()
    message_count = models.PositiveBigIntegerField(default=0)
    version_at = models.DateTimeField()
    hinted_at = models.DateTimeField(null=True, blank=True)
    refetch_at = models.DateTimeField(null=True, blank=True)
    is_archived = models.BooleanField(default=False)
    archived_reason = models.CharField(
        max_length=10, choices=ArchivedReason.choices, blank=True, default=""
    )
    moved_to_url = models.TextField(blank=True, default="")

    objects = ThreadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "source", "kind", "number"], name="messages_thread_once"
            ),
            models.UniqueConstraint(
                fields=["workspace", "source", "kind", "external_id"],
                name="messages_thread_once_by_id",
                condition=~Q(external_id=""),
            ),
            only_choices("kind", ThreadKind),
            only_choices("state", ThreadState),
            _archived_with_a_reason(),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "-last_activity_at", "-id"],
                name="messages_thread_recent",
                condition=Q(is_archived=False),
            ),
            models.Index(
                fields=["workspace", "source", "-last_activity_at", "-id"],
                name="messages_thread_by_source",
                condition=Q(is_archived=False),
            ),
            models.Index(fields=["workspace", "author"], name="messages_thread_by_author"),
            models.Index(
                fields=["workspace", "source", "kind", "opened_at"],
                name="messages_thread_by_opening",
                condition=Q(is_archived=False),
            ),
            models.Index(
                fields=["workspace", "source", "refetch_at"],
                name="messages_thread_refetch",
                condition=Q(refetch_at__isnull=False),
            ),
            # These end with the first activity, so that a feed that is read far down can skip all
            # threads that began later without reading their rows.
            models.Index(
                fields=["workspace", "state", "-last_activity_at", "-id", "first_activity_at"],
                name="messages_thread_by_state",
                condition=Q(is_archived=False),
            ),
            models.Index(
                fields=["workspace", "-last_activity_at", "-id", "first_activity_at"],
                name="messages_thread_unanswered",
                condition=Q(is_archived=False, first_response_at__isnull=True),
            ),
            GinIndex(
                fields=["labels"],
                name="messages_thread_by_label",
                condition=Q(is_archived=False),
            ),
            # An inverted index returns threads in no order. So its keys name the month, too: the
            # feed reads it month by month.
            GinIndex(
                Func(
                    F("workspace"),
                    F("labels"),
                    Func(F("last_activity_at"), function="messages_month"),
                    function="messages_label_keys",
                ),
                name="messages_thread_label_months",
                condition=Q(is_archived=False) & ~Q(labels=[]),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"


def _feed_index(name: str, *behind: str, include: Sequence[str] = ()) -> models.Index:
    return models.Index(
        F("workspace"),
        *(F(field) for field in behind),
        F("occurred_at").desc(),
        F("id").desc(),
        name=f"messages_feed_{name}",
        condition=Q(is_archived=False, in_feed=True),
        include=include,
    )


class MessageQuerySet(models.QuerySet["Message"]):
    """Sets of messages."""

    def in_feed(self) -> Self:
        """Keep those that the feed shows, as long as their source is not archived."""
        return self.filter(is_archived=False, in_feed=True)

    def for_display(self) -> list["Message"]:
        """Read them with all that a page or a field of the API shows of them, in one query."""
        found = list(self.select_related("source", "author__member", "thread__author__member"))
        for message in found:
            # A message is in the source of its thread; to join that twice makes planning slower.
            message.thread.source = message.source
        return found


class Message(TimestampedModel):
    """One thing somebody said or did in a thread, at one moment.

    Its key is its kind and `external_id` inside its thread: the decimal id; the thread's number
    for `opened`; the node id for a timeline event.
    """

    # A message is written under the lock of its thread, behind its author in one transaction, and
    # says of workspace and source what its thread says: to check each row of the largest table
    # against four more would cost as much as to store it. Nor could a table refer to this one by an
    # id alone, once it is partitioned by the workspace. The messages of a thread are found by
    # their key, which begins with the workspace.
    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="messages", db_index=False, db_constraint=False
    )
    source = models.ForeignKey(
        Source, models.CASCADE, related_name="messages", db_index=False, db_constraint=False
    )
    thread = models.ForeignKey(
        Thread, models.CASCADE, related_name="messages", db_index=False, db_constraint=False
    )
    author = models.ForeignKey(
        Identity,
        models.PROTECT,
        null=True,
        related_name="messages",
        db_index=False,
        db_constraint=False,
    )
    parent = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="replies",
        db_index=False,
        db_constraint=False,
    )
    # What has a fixed width comes first, so that nothing is padded.
    occurred_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    version_at = models.DateTimeField()
    in_feed = models.BooleanField(default=True)
    is_archived = models.BooleanField(default=False)
    thread_kind = models.CharField(max_length=20, choices=ThreadKind.choices)
    kind = models.CharField(max_length=20, choices=MessageKind.choices)
    external_id = models.CharField(max_length=255)
    url = models.TextField(blank=True)
    body = models.TextField(blank=True)
    details = models.JSONField(default=dict, blank=True)
    archived_reason = models.CharField(
        max_length=10, choices=ArchivedReason.choices, blank=True, default=""
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "thread", "kind", "external_id"], name="messages_message_once"
            ),
            only_choices("thread_kind", ThreadKind),
            only_choices("kind", MessageKind),
            _archived_with_a_reason(),
        ]
        indexes = [
            # It includes the thread, so that the thread is looked up without reading the row.
            _feed_index("all", include=["thread"]),
            _feed_index("source", "source"),
            # Both kinds in one index: a filter by one of them merges a few ranges of it.
            _feed_index("kinds", "thread_kind", "kind"),
            _feed_index("source_kinds", "source", "thread_kind", "kind"),
            _feed_index("author", "author"),
            models.Index(
                fields=["parent"],
                name="messages_message_replies",
                condition=Q(parent__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"


class SearchEntry(models.Model):
    """The words of a message, in a table of their own so that storing messages need not wait.

    Each word is a number that only its workspace has for it.
    """

    message = models.OneToOneField(
        Message,
        models.CASCADE,
        primary_key=True,
        related_name="search_entry",
        db_constraint=False,
    )
    occurred_at = models.DateTimeField()
    words = ArrayField(models.IntegerField())

    class Meta:
        verbose_name_plural = "search entries"
        indexes = [GinIndex(fields=["words"], name="messages_search_words")]

    def __str__(self) -> str:
        return f"words of message {self.message_id}"


class Epoch(models.Model):
    """One life of this database in one cluster; its number comes before all transaction ids.

    A dump that is restored begins another life: transactions are counted anew there. The function
    `messages_epoch_now` notices that, and begins the epoch.
    """

    id = models.AutoField(primary_key=True)
    # What the cluster calls itself; empty where the server does not tell.
    cluster = models.TextField()
    # The id of the transaction that wrote the row, as the row itself knew it: in a restored row,
    # which another transaction wrote, they differ.
    written_by = models.BigIntegerField(null=True)
    began_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"epoch {self.pk}"


class ChangeKind(models.TextChoices):
    WRITTEN = "written"
    EDITED = "edited"
    REMOVED = "removed"
    MERGED = "merged"
    UNMERGED = "unmerged"
    ERASED = "erased"


class Change(models.Model):
    """Something happened to a message, a thread or a member: one line of the log of changes.

    It is written in the transaction that it tells of, and never changed. Many messages that were
    written at once are one change: those of the thread from the first to the last. A thread without
    a message that was written or removed stands for all of its messages. The ids are plain numbers:
    the log may name what is gone, and is written too often to be checked.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    epoch = models.IntegerField()
    transaction_id = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=ChangeKind.choices)
    thread_id = models.BigIntegerField(null=True)
    message_id = models.BigIntegerField(null=True)
    last_message_id = models.BigIntegerField(null=True)
    member_id = models.BigIntegerField(null=True)
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [only_choices("kind", ChangeKind)]
        indexes = [
            models.Index(
                fields=["workspace", "epoch", "transaction_id", "id"],
                name="messages_change_in_order",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class Follower(models.Model):
    """Somebody who reads a workspace's log of changes, and how far: see `messages/changes`."""

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="followers", db_index=False
    )
    name = models.CharField(max_length=100)
    # A position in the log: of the last change that was read, and of the last message in it.
    epoch = models.IntegerField(default=0)
    transaction_id = models.BigIntegerField(default=0)
    change_id = models.BigIntegerField(default=0)
    message_id = models.BigIntegerField(default=0)
    # While it starts, it reads all threads by their ids: the last one that it has read.
    started_to = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="messages_follower_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.workspace}"
