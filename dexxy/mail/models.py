"""What somebody wants to be told by mail, and each mail with what became of it."""

import hashlib
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dexxy.accounts.models import Invitation, Membership, User, Workspace
from dexxy.common.crypto import EncryptedTextField
from dexxy.common.models import TimestampedModel, only_choices
from dexxy.messages.models import Thread

LONGEST_WAIT = 24 * 365


class MailSecurity(models.TextChoices):
    """How the connection to a mail server is kept from being read."""

    STARTTLS = "starttls", _("STARTTLS (usually port 587)")
    TLS = "tls", _("TLS from the beginning (usually port 465)")
    NONE = "none", _("None (only on a network of your own)")


class MailServer(TimestampedModel):
    """The server that takes our mails, where no setting names one: there is one at most.

    `sender` is whom mails are from, an address that may have a name before it.
    """

    ONLY = 1

    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(2**16 - 1)]
    )
    security = models.CharField(max_length=10, choices=MailSecurity.choices)
    username = models.CharField(max_length=254, blank=True)
    password = EncryptedTextField(blank=True, default="")
    sender = models.CharField(max_length=320)

    class Meta:
        constraints = [
            only_choices("security", MailSecurity),
            models.CheckConstraint(condition=Q(id=1), name="mail_server_only_one"),
            models.CheckConstraint(
                condition=Q(port__gte=1, port__lt=2**16), name="mail_server_port"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Digest(models.TextChoices):
    """How often somebody gets the digest."""

    NEVER = "never", _("Never")
    DAILY = "daily", _("Every day")
    WEEKLY = "weekly", _("Once a week")


class MailPreference(TimestampedModel):
    """What somebody wants to be told by mail of a workspace; it ends with their membership.

    Digests of moments up to `digest_after` are not sent any more, and nobody is told of waits that
    were too long before `alerts_after`: what was chosen just now says nothing of before.
    """

    membership = models.OneToOneField(Membership, models.CASCADE, related_name="mail_preference")
    digest = models.CharField(max_length=10, choices=Digest.choices, default=Digest.NEVER)
    # Monday is 0, of a weekly digest.
    weekday = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(6)])
    hour = models.PositiveSmallIntegerField(default=8, validators=[MaxValueValidator(23)])
    digest_after = models.DateTimeField(default=timezone.now)
    tells_assigned = models.BooleanField(default=False)
    waits_hours = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(LONGEST_WAIT)]
    )
    alerts_after = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            only_choices("digest", Digest),
            models.CheckConstraint(
                condition=Q(weekday__lte=6, hour__lte=23), name="mail_preference_time"
            ),
        ]

    def __str__(self) -> str:
        return f"mail to {self.membership}"

    @property
    def has_alerts(self) -> bool:
        """Whether anything is told at once."""
        return self.tells_assigned or self.waits_hours is not None


class MailKind(models.TextChoices):
    DIGEST = "digest", _("Digest")
    ALERT = "alert", _("Alert")
    TEST = "test", _("Test")
    INVITATION = "invitation", _("Invitation")
    SIGN_IN = "sign_in", _("Link to sign in")
    FORGOTTEN = "password", _("Link to a new password")
    ADDRESS = "address", _("Proof of a new address")
    ADDRESS_CHANGED = "moved", _("News of a new address")
    DISABLED = "disabled", _("Disabled endpoint")


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    """Sets of mails."""

    def unsent(self) -> Self:
        """Keep those that are to be sent."""
        return self.filter(sent_at=None, given_up_at=None)

    def refused(self) -> Self:
        """Keep those that a server refused for good, or that could not be sent for too long."""
        return self.filter(given_up_at__isnull=False).exclude(error="")


class OutgoingMail(TimestampedModel):
    """A mail: there is one of each kind to somebody about one period.

    Whoever sends it claims it first, so that nobody else does; what it says is written then and not
    kept. `next_attempt_at` is when it may be claimed, again if its claimer was killed.

    `period` is the local day of a digest, and of others what makes them one of their kind.
    `link` is what an invitation leads to, until it is sent. `address` is what was typed by who
    wants to sign in or another address, or what they had before, until it is settled; such a mail
    is of no workspace.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, null=True, blank=True, related_name="+"
    )
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="+")
    invitation = models.ForeignKey(
        Invitation, models.CASCADE, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=20, choices=MailKind.choices)
    period = models.CharField(max_length=40)
    # From when on a digest tells what is new.
    since = models.DateTimeField(null=True, blank=True)
    link = EncryptedTextField(blank=True, default="")
    address = models.CharField(max_length=254, blank=True, default="", db_default="")
    next_attempt_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, default="")

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "user", "kind", "period"],
                name="mail_outgoingmail_once",
                nulls_distinct=False,
            ),
            only_choices("kind", MailKind),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="mail_outgoingmail_unsent",
                condition=Q(sent_at=None, given_up_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period} to {self.user or 'somebody invited'}"

    @property
    def message_id(self) -> str:
        """The `Message-ID`: the same each time that this mail is sent, also after a restore."""
        named = f"{self.workspace_id} {self.user_id} {self.kind} {self.period}"
        digest = hashlib.sha256(named.encode()).hexdigest()[:32]
        return f"<{self.kind}.{digest}@{settings.DEXXY_MAIL_DOMAIN}>"


class Told(models.Model):
    """A thread of which somebody was told at once, or is to be: of each wait once.

    `since` is when the wait began; None where they were told that the thread is theirs.
    """

    preference = models.ForeignKey(MailPreference, models.CASCADE, related_name="told")
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="+", db_constraint=False)
    since = models.DateTimeField(null=True, blank=True)
    # None where there was nothing to say: they had assigned it to themselves.
    mail = models.ForeignKey(
        OutgoingMail, models.SET_NULL, null=True, blank=True, related_name="told"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["preference", "thread", "since"],
                name="mail_told_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"told of thread {self.thread_id}"
