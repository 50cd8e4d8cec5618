"""Who hears what of a workspace, what was sent to them, and what never leaves."""

from urllib.parse import urlsplit

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from dexxy.accounts.models import ListPage, Membership, SavedView, User, Workspace
from dexxy.common.crypto import EncryptedTextField
from dexxy.common.models import TimestampedModel, only_choices
from dexxy.outgoing.events import EventType
from dexxy.sources.models import Source


class EndpointKind(models.TextChoices):
    WEBHOOK = "webhook", "Webhook"
    SLACK = "slack", "Slack"
    DISCORD = "discord", "Discord"
    MATTERMOST = "mattermost", "Mattermost"


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    """Sets of endpoints."""

    def listening(self) -> "EndpointQuerySet":
        """Keep those that hear what happens: neither paused nor disabled."""
        return self.filter(is_paused=False, disabled_at=None)


class Endpoint(TimestampedModel):
    """An address that hears what happens in a workspace: of a program, or of a chat.

    Its address is a secret, too: whoever knows that of a chat can write there.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="endpoints")
    kind = models.CharField(max_length=12, choices=EndpointKind.choices)
    name = models.CharField(max_length=100)
    url = EncryptedTextField()
    # With which what is sent is signed; a chat takes no signature.
    secret = EncryptedTextField(blank=True)
    # The one before, with which what is sent is signed, too, until that time.
    previous_secret = EncryptedTextField(blank=True)
    previous_until = models.DateTimeField(null=True, blank=True)
    events = ArrayField(models.CharField(max_length=30, choices=EventType.choices))
    # From how many hours on somebody has waited for too long.
    late_hours = models.PositiveIntegerField(default=24)
    # Which messages are told of, as `kept_filters` writes it; {} is all. What they were called.
    filters = models.JSONField(default=dict, blank=True)
    view_name = models.CharField(max_length=60, blank=True)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    is_paused = models.BooleanField(default=False)
    # When it began to listen, or to listen again: what happened before is never told.
    began_at = models.DateTimeField()
    # One worker sends to it at a time: who holds it, and until when.
    holder = models.CharField(max_length=32, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    # How long answers take of late, the slow ones longest; None before the first attempt.
    milliseconds = models.PositiveIntegerField(null=True, blank=True)
    # How often it failed in a row, since when, and until when it is left alone.
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_because = models.TextField(blank=True)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        constraints = [only_choices("kind", EndpointKind)]

    def __str__(self) -> str:
        return self.name

    @property
    def is_chat(self) -> bool:
        """Whether people read what is sent there."""
        return self.kind != EndpointKind.WEBHOOK

    @property
    def is_listening(self) -> bool:
        """Whether it hears what happens: it is neither paused nor disabled."""
        return not self.is_paused and self.disabled_at is None

    @property
    def shown_address(self) -> str:
        """Its address without what opens something: that of a chat is a secret behind the host.

        It is '' where none of the keys that are known fits.
        """
        if not self.url.is_readable:
            return ""
        parts = urlsplit(self.url.read())
        path = "/…" if self.is_chat else f"{parts.path}{'?…' if parts.query else ''}"
        return f"{parts.scheme}://{parts.netloc}{path}"


class DeliveryState(models.TextChoices):
    PENDING = "pending"
    DONE = "done"
    # Tried to the end, or taken back.
    FAILED = "failed"


class Delivery(models.Model):
    """One event for one endpoint, and how the last attempt to send it went.

    `webhook_id` is made of what happened, so that the same is never told twice under two ids.
    """

    endpoint = models.ForeignKey(
        Endpoint, models.CASCADE, related_name="deliveries", db_index=False
    )
    webhook_id = models.CharField(max_length=40)
    event = models.CharField(max_length=30, choices=EventType.choices)
    payload = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING
    )
    next_attempt_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # Of the last attempt: what it answered and how long that took, or why there was no answer.
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.TextField(blank=True)
    error = models.TextField(blank=True)
    milliseconds = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "webhook_id"], name="outgoing_delivery_once"
            ),
            only_choices("state", DeliveryState),
        ]
        indexes = [
            models.Index(fields=["endpoint", "-id"], name="outgoing_delivery_log"),
            models.Index(
                fields=["endpoint", "next_attempt_at"],
                name="outgoing_delivery_due",
                condition=Q(state=DeliveryState.PENDING),
            ),
            models.Index(fields=["created_at"], name="outgoing_delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.webhook_id}"


class KnownWait(models.Model):
    """A wait that an endpoint knows of: it hears when it is too long, and when it ends."""

    endpoint = models.ForeignKey(
        Endpoint, models.CASCADE, related_name="known_waits", db_index=False
    )
    # Not checked: a thread is archived, and never deleted.
    thread_id = models.BigIntegerField()
    since = models.DateTimeField()
    is_late = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "thread_id", "since"], name="outgoing_knownwait_once"
            )
        ]

    def __str__(self) -> str:
        return f"thread {self.thread_id} since {self.since:%Y-%m-%d}"


class FeedAddress(TimestampedModel):
    """A secret address at which a feed reader sees what a member of the workspace sees.

    It belongs to the membership, and ends with it. It is shown once, and kept as a hash.
    """

    membership = models.ForeignKey(Membership, models.CASCADE, related_name="feed_addresses")
    page = models.CharField(max_length=20, choices=ListPage.choices)
    # All that the page shows where there is none.
    view = models.ForeignKey(SavedView, models.CASCADE, null=True, blank=True, related_name="+")
    secret_hash = models.CharField(max_length=64, unique=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "feed addresses"
        constraints = [only_choices("page", ListPage)]

    def __str__(self) -> str:
        return f"{self.view or self.page} of {self.membership.user}"


class LeavingRule(TimestampedModel):
    """What never leaves a workspace, neither by mail and feeds nor by webhooks and chats."""

    workspace = models.OneToOneField(
        Workspace, models.CASCADE, primary_key=True, related_name="leaving_rule"
    )
    keeps_private_in = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"rule of {self.workspace}"


class SourceVisibility(models.Model):
    """Whether a source is private on its server; one without a row may be."""

    source = models.OneToOneField(
        Source, models.CASCADE, primary_key=True, related_name="visibility"
    )
    is_private = models.BooleanField()

    class Meta:
        verbose_name_plural = "source visibilities"

    def __str__(self) -> str:
        return f"{self.source}: {'private' if self.is_private else 'public'}"
