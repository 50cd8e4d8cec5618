"""Threads and messages: what was said, by whom, when and where."""

from collections.abc import Sequence
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now

from dexxy.accounts.models import User, Workspace
from dexxy.common.models import TimestampedModel, only_choices
from dexxy.members.models import Identity, Member
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
    READY = "ready"
    DRAFTED = "drafted"
    REVIEW_REQUESTED = "review_requested"
    REVIEW_UNREQUESTED = "review_unrequested"
    REVIEW_DISMISSED = "review_dismissed"
    PUSHED = "pushed"
    CONVERTED = "converted"
    DUPLICATE = "duplicate"
    UNDUPLICATE = "unduplicate"
    LABELED = "labeled"
    UNLABELED = "unlabeled"
    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"

    @classmethod
    def state_changes(cls) -> list["MessageKind"]:
        """Return the kinds that somebody did rather than wrote, and that the feed shows."""
        return [cls.CLOSED, cls.REOPENED, cls.MERGED, cls.ANSWERED]

    @classmethod
    def quiet(cls) -> list["MessageKind"]:
        """Return the kinds that no feed shows that does not ask for them, and no figure counts."""
        return list(cls)[list(cls).index(cls.READY) :]


QUIET_KINDS = frozenset(MessageKind.quiet())


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

    def live(self) -> Self:
        """Keep those that are not archived, whatever their source is."""
        return self.filter(is_archived=False)

    def shown(self) -> Self:
        """Keep those that the pages show: neither they nor their source are archived."""
        return self.live().filter(source__is_archived=False)


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
    # What only some kinds have, and lists may be asked by: '' or [] where there is none.
    category = models.TextField(blank=True, db_default="")
    milestone = models.TextField(blank=True, db_default="")
    # The name of an organization's type of issues, such as Bug.
    issue_type = models.TextField(blank=True, db_default="")
    # The id of the last commit of a pull request.
    head_oid = models.CharField(max_length=64, blank=True, db_default="")
    is_locked = models.BooleanField(default=False, db_default=False)
    # Accounts, each as `{"id": external id, "login": username}`.
    assignees = models.JSONField(default=list, blank=True, db_default=[])
    # The rest of what is known of it: see docs/reference/threads-and-messages.md.
    details = models.JSONField(default=dict, blank=True, db_default={})
    closed_at = models.DateTimeField(null=True, blank=True)
    merged_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    # When another person than its author first answered: see `answers.py`.
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
    # When the commits of a merged pull request were read, which do not change any more.
    co_authors_read_at = models.DateTimeField(null=True, blank=True)

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
            models.Index(
                fields=["workspace", "source", "-id"],
                name="messages_thread_commits_due",
                condition=Q(
                    is_archived=False, merged_at__isnull=False, co_authors_read_at__isnull=True
                ),
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
                name="messages_thread_no_response",
                # As `answers.py` says what is unanswered.
                condition=Q(is_archived=False, first_response_at__isnull=True, state="open")
                & ~Q(state_reason="draft"),
            ),
            # For the list of threads, which is read state by state.
            models.Index(
                fields=["workspace", "state", "-opened_at", "-id"],
                name="messages_thread_opened",
                condition=Q(is_archived=False),
            ),
            models.Index(
                fields=["workspace", "state", "-message_count", "-id"],
                name="messages_thread_longest",
                condition=Q(is_archived=False),
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
            # The words of titles, as those of messages are kept.
            GinIndex(
                Func(
                    F("workspace"),
                    Func(F("title"), function="messages_search_words"),
                    function="messages_word_keys",
                ),
                name="messages_thread_title",
                condition=Q(is_archived=False),
            ),
            # By whom they are assigned to on their server; most are assigned to nobody.
            GinIndex(
                Func(F("assignees"), function="messages_logins"),
                name="messages_thread_assigned",
                condition=Q(is_archived=False) & ~Q(assignees=[]),
            ),
        ]

    def __str__(self) -> str:
        return self.title if self.external_id else f"#{self.number} {self.title}"

    @property
    def platform_number(self) -> int | None:
        """Its number, if its platform numbers threads; ours is shown nowhere."""
        return None if self.external_id else self.number

    @property
    def place(self) -> str:
        """Where it is: its source, with its number if its platform numbers threads."""
        return self.source.name if self.external_id else f"{self.source.name} #{self.number}"


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

    def live(self) -> Self:
        """Keep those that are not archived, whatever their source is."""
        return self.filter(is_archived=False)

    def in_feed(self) -> Self:
        """Keep those that the feed shows, as long as their source is not archived."""
        return self.live().filter(in_feed=True)

    def with_quiet(self) -> Self:
        """Keep those that the feed shows, and those of quiet kinds that it shows if asked to."""
        return self.live().filter(Q(in_feed=True) | Q(kind__in=QUIET_KINDS))

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
    for `opened`; the node id for a timeline event. A message of a quiet kind is not in the feed.
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
            # It includes the thread, so that the thread is looked up without reading the row, and
            # what figures count, so that a year of them is read from the index alone.
            _feed_index("time", include=["thread", "author", "source", "thread_kind", "kind"]),
            # Few messages are hidden: figures look for them here, and not in each row.
            models.Index(
                fields=["workspace"],
                name="messages_message_hidden",
                condition=Q(details__has_key="minimized"),
            ),
            _feed_index("source", "source"),
            # Both kinds in one index: a filter by one of them merges a few ranges of it.
            _feed_index("kinds", "thread_kind", "kind"),
            _feed_index("source_kinds", "source", "thread_kind", "kind"),
            _feed_index("author", "author"),
            # Feeds that ask for quiet kinds read a range for each of them.
            models.Index(
                F("workspace"),
                F("kind"),
                F("occurred_at").desc(),
                F("id").desc(),
                name="messages_message_quiet",
                condition=Q(in_feed=False),
            ),
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

    # The table may be partitioned by the workspace, as that of messages: see `partitions`. So
    # whatever reads it says the workspace, too. It is never null: what is written without it, by a
    # process of an older Dexxy, gets that of the message from a trigger.
    workspace = models.ForeignKey(
        Workspace,
        models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
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


class Release(TimestampedModel):
    """A release of a source: what its owners published outside of any thread.

    `external_id` is its numeric id on the server, `listed_at` its time in the server's list, and
    `seen_at` when the last answer was asked for that had it.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="releases", db_index=False
    )
    source = models.ForeignKey(Source, models.CASCADE, related_name="releases", db_index=False)
    external_id = models.CharField(max_length=100)
    tag = models.TextField()
    name = models.TextField(blank=True)
    body = models.TextField(blank=True)
    url = models.TextField()
    author = models.ForeignKey(Identity, models.PROTECT, null=True, related_name="releases")
    is_prerelease = models.BooleanField()
    published_at = models.DateTimeField()
    listed_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    is_archived = models.BooleanField(default=False)
    archived_reason = models.CharField(
        max_length=10, choices=ArchivedReason.choices, blank=True, default=""
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "source", "external_id"], name="messages_release_once"
            ),
            _archived_with_a_reason(),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "-published_at", "-id"],
                name="messages_release_newest",
                condition=Q(is_archived=False),
            )
        ]

    def __str__(self) -> str:
        return self.name or self.tag


class CoAuthor(models.Model):
    """Who wrote commits of a merged pull request beside the one who opened it.

    Of somebody without an account on the server only the name and the address are known that their
    commits show. Of somebody with one neither is kept.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="co_authors", db_index=False
    )
    # Not checked: see `SyncPart`. A thread is archived, and never deleted.
    thread = models.ForeignKey(
        Thread, models.CASCADE, related_name="co_authors", db_constraint=False
    )
    account = models.ForeignKey(Identity, models.PROTECT, null=True, related_name="co_authored")
    name = models.TextField(blank=True)
    email = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["thread", "account"],
                name="messages_coauthor_account_once",
                condition=Q(account__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["thread", "email"],
                name="messages_coauthor_address_once",
                condition=Q(account__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(account__isnull=True) | Q(name="", email=""),
                name="messages_coauthor_known_by_account",
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "email"],
                name="messages_coauthor_by_address",
                condition=Q(account__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.account or self.name} in {self.thread}"


class ResolvedReviewThread(models.Model):
    """A comment on code and its replies that somebody marked as resolved on the server.

    There is a row as long as they are. `comment_ids` holds their external ids, once they are read.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    # Not checked: see `SyncPart`. A thread is archived, and never deleted.
    thread = models.ForeignKey(
        Thread,
        models.CASCADE,
        related_name="resolved_review_threads",
        db_index=False,
        db_constraint=False,
    )
    node_id = models.CharField(max_length=255)
    comment_ids = ArrayField(models.TextField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["thread", "node_id"], name="messages_resolvedreviewthread_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.node_id} in {self.thread}"


class TeamStint(models.Model):
    """A stretch of time in which a member did what needs a maintainer's rights.

    See `messages/team/stints.py`; what a person decided about a member (TeamDecision) comes first.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "member", "since"], name="messages_teamstint_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.member} from {self.since:%Y-%m-%d}"


class TeamDecision(TimestampedModel):
    """A person's word on whether a member belongs to the team, instead of what their acts say."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    is_on_team = models.BooleanField()
    since = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "member"], name="messages_teamdecision_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.member}: {'on' if self.is_on_team else 'not on'} the team"


class OwnMember(TimestampedModel):
    """Which member of a workspace somebody who signs in says that they are.

    They belong to the team from their first message on, and after their account here is gone.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    member = models.ForeignKey(Member, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="messages_ownmember_once"),
            models.UniqueConstraint(
                fields=["workspace", "member"], name="messages_ownmember_of_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.member}"


class Side(models.TextChoices):
    """Who owes the next word in a thread."""

    TEAM = "team", "the team"
    AUTHOR = "author", "whoever opened it"
    # The opener spoke soon after the end.
    LATE = "late", "after closing"
    # The team opened it, and somebody else has the last word.
    OURS = "ours", "the team, in a thread of its own"
    ASIDE = "aside", "nobody: a person set it aside"
    NONE = "none", "nobody"


class Reason(models.TextChoices):
    """Why it is the team's turn."""

    NO_REPLY = "no_reply", "No reply"
    REPLIED = "replied", "Replied to us"
    APPROVED = "approved", "Approved, not merged"
    MENTIONED = "mentioned", "Mentioned us"
    PUSHED = "pushed", "Pushed"
    ASKED = "asked", "Asked for review"
    READY = "ready", "Ready for review"
    REOPENED = "reopened", "Reopened"


class Standing(models.Model):
    """Whose turn it is in a thread, where somebody waits: see `messages/waiting/turns.py`.

    A follower of the log of changes keeps it. A thread in which nobody waits has no row.
    """

    thread = models.OneToOneField(
        Thread, models.CASCADE, primary_key=True, related_name="standing", db_constraint=False
    )
    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    # As the thread says them: what a queue is filtered by is told from the index of its rows alone.
    source = models.ForeignKey(
        Source, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=20, choices=ThreadKind.choices)
    side = models.CharField(max_length=10, choices=Side.choices)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    since = models.DateTimeField()
    # The opener's last turn: it ends a snooze.
    turned_at = models.DateTimeField(null=True, blank=True)
    message_id = models.BigIntegerField(null=True, blank=True)
    others_replied = models.BooleanField(default=False)
    # From long before the source was connected, and nobody has asked since.
    is_old = models.BooleanField(default=False)
    # Whoever opened it has opened no thread before.
    is_first = models.BooleanField(default=False, db_default=False)
    # As the thread says them; None if nobody noted them, and then the thread is asked.
    labels = ArrayField(models.TextField(), null=True, blank=True)

    class Meta:
        constraints = [only_choices("side", Side), only_choices("reason", Reason)]
        indexes = [
            models.Index(
                fields=["workspace", "side", "is_old", "others_replied", "since", "thread"],
                include=["is_first", "source", "kind"],
                name="messages_standing_order",
            )
        ]

    def __str__(self) -> str:
        return f"{self.side} since {self.since:%Y-%m-%d}"


class Wait(models.Model):
    """A stretch of time in which a thread was in the queue; without an end while it is.

    Who follows the log of changes for the queue keeps it, too. What was snoozed counts: for how
    long is not kept.
    """

    thread = models.ForeignKey(
        Thread, models.CASCADE, related_name="waits", db_index=False, db_constraint=False
    )
    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "thread", "since"], name="messages_wait_once"
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "since"], name="messages_wait_since"),
            models.Index(fields=["workspace", "until"], name="messages_wait_until"),
        ]

    def __str__(self) -> str:
        return f"thread {self.thread_id} since {self.since:%Y-%m-%d}"


class ThreadTimes(models.Model):
    """What figures tell of a thread: see `messages/figures/cohort.py`, which writes and reads it.

    Who follows the log of changes for the queue keeps it, too. Numbers are microseconds since the
    start of the thread.
    """

    thread = models.OneToOneField(
        Thread, models.CASCADE, primary_key=True, related_name="times", db_constraint=False
    )
    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    source = models.ForeignKey(
        Source, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=10)
    state_reason = models.CharField(max_length=50, blank=True)
    left_out = models.CharField(max_length=10, blank=True)
    opener = models.ForeignKey(
        Member, models.CASCADE, null=True, related_name="+", db_index=False, db_constraint=False
    )
    opened_at = models.DateTimeField()
    started_at = models.DateTimeField()
    closed = models.BigIntegerField(null=True)
    response = models.BigIntegerField(null=True)
    team_response = models.BigIntegerField(null=True)
    review = models.BigIntegerField(null=True)
    answer = models.BigIntegerField(null=True)
    has_own_answer = models.BooleanField()
    takes_answers = models.BooleanField(null=True)
    changes = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)
    # The newest of all that it is told from.
    last_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "times of threads"
        indexes = [
            models.Index(fields=["workspace", "opened_at"], name="messages_times_opened"),
            models.Index(fields=["workspace", "ended_at"], name="messages_times_ended"),
            models.Index(fields=["workspace", "last_at"], name="messages_times_last"),
        ]

    def __str__(self) -> str:
        return f"times of thread {self.thread_id}"


def _whoever() -> "models.ForeignKey[User | None, User | None]":
    """Return a column that names who decided something; nobody is looked for by it."""
    return models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )


class Triage(TimestampedModel):
    """What people decided about a thread that waits, in Dexxy alone.

    A thread is held while it is snoozed or set aside, until its opener says more than whoever held
    it had seen: `seen_at` is the time of the last message that they saw. Who decided a thing last
    is named where it was taken back, too: somebody may still see it as it was before.
    """

    thread = models.OneToOneField(
        Thread, models.CASCADE, primary_key=True, related_name="triage", db_constraint=False
    )
    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    assignee = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    assigned_by = _whoever()
    assigned_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    is_set_aside = models.BooleanField(default=False)
    held_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    held_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)
    noted_by = _whoever()
    noted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(is_set_aside=False) | Q(snoozed_until=None),
                name="messages_triage_one_hold",
            )
        ]
        indexes = [models.Index(fields=["workspace", "assignee"], name="messages_triage_assigned")]

    def __str__(self) -> str:
        return f"triage of thread {self.thread_id}"

    @property
    def is_held(self) -> bool:
        """Whether it is snoozed or set aside, whatever its opener has said since."""
        return self.is_set_aside or self.snoozed_until is not None


class Recount(models.Model):
    """Who is of the team has changed for the past: threads are looked at again.

    First those that are open, for the queue, and then the others, for its history. The row is there
    while that goes on; `done_to` is the last thread that was looked at.
    """

    workspace = models.OneToOneField(Workspace, models.CASCADE, primary_key=True, related_name="+")
    is_of_queue = models.BooleanField(default=True, db_default=True)
    done_to = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"recount of {self.workspace}"


class ThreadRead(models.Model):
    """How far somebody has read a thread; what is older is read, too (see `FeedRead`)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    # Not checked: see `SyncPart`. A thread is archived, and never deleted.
    thread = models.ForeignKey(
        Thread, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "workspace", "thread"], name="messages_threadread_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} read thread {self.thread_id} to {self.read_at:%Y-%m-%d}"


class FeedRead(models.Model):
    """Up to when somebody has read all of a workspace's feed: since they joined, without a row."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "workspace"], name="messages_feedread_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} read the feed to {self.read_at:%Y-%m-%d}"
