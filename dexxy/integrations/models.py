"""Connections to GitHub, and how far each of them has been read."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.accounts.models import Workspace
from dexxy.common.crypto import EncryptedTextField
from dexxy.common.models import TimestampedModel, only_choices, only_numbers
from dexxy.integrations.querysets import (
    CredentialQuerySet,
    GitHubInstallationQuerySet,
    GitHubRepositoryQuerySet,
)
from dexxy.integrations.sync_status import SyncStatus as SyncStatus  # imported from here, too
from dexxy.messages.models import Thread
from dexxy.sources.models import Source


class GitHubApp(TimestampedModel):
    """A GitHub App that was registered on a server for this Dexxy."""

    server = models.CharField(max_length=255)
    app_id = models.BigIntegerField()
    # One from the environment tells neither of these: GitHub is asked when they are needed.
    slug = models.CharField(max_length=255, blank=True)
    html_url = models.URLField(max_length=500, blank=True)
    client_id = models.CharField(max_length=255)
    client_secret = EncryptedTextField()
    private_key = EncryptedTextField()
    # Without one no webhook can be believed, and none is taken.
    webhook_secret = EncryptedTextField(blank=True)
    api_url = models.URLField(max_length=500)
    graphql_url = models.URLField(max_length=500)
    web_url = models.URLField(max_length=500)
    # When to read GitHub's log of deliveries again, up to where (GitHub's clock) that was done,
    # and until when a process is doing it.
    log_due_at = models.DateTimeField(default=timezone.now)
    log_read_until = models.DateTimeField(null=True, blank=True)
    # When the log last showed a delivery that had not arrived.
    webhooks_missed_at = models.DateTimeField(null=True, blank=True)
    log_lease_until = models.DateTimeField(null=True, blank=True)
    # Where that process runs, so that one beside it can see at once that it died.
    log_lease_holder = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "GitHub App"
        constraints = [
            models.UniqueConstraint(fields=["server", "app_id"], name="integrations_githubapp_once")
        ]

    def __str__(self) -> str:
        return f"{self.slug or self.app_id} on {self.server}"


class StatePurpose(models.TextChoices):
    INSTALL = "install"
    AUTHORIZE = "authorize"
    REGISTER = "register"


class OAuthState(TimestampedModel):
    """One way to GitHub and back: what a person set out for, in which session, until when.

    The `state` itself travels through the browser; here is only its hash. It works once.
    """

    state_hash = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=20, choices=StatePurpose.choices)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    session_hash = models.CharField(max_length=64)
    # None when an App is being registered, which is for all workspaces.
    workspace = models.ForeignKey(Workspace, models.CASCADE, null=True, related_name="+")
    app = models.ForeignKey(GitHubApp, models.CASCADE, null=True, related_name="+")
    # What GitHub or the person named: a wish, and no proof of anything.
    installation_id = models.BigIntegerField(null=True, blank=True)
    code_verifier = EncryptedTextField(blank=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "OAuth state"
        constraints = [only_choices("purpose", StatePurpose)]
        indexes = [models.Index(fields=["expires_at"], name="integrations_state_expired")]

    def __str__(self) -> str:
        return f"{self.purpose} by {self.user}"


class CredentialKind(models.TextChoices):
    INSTALLATION = "installation"
    USER = "user"


class Credential(TimestampedModel):
    """What GitHub counts requests against, and the lease of the one process that may spend them.

    All tokens of one user share one credential, because GitHub counts them together.
    """

    server = models.CharField(max_length=255)
    kind = models.CharField(max_length=20, choices=CredentialKind.choices)
    # The number of the user, or of the installation: that is what GitHub counts by.
    account_id = models.BigIntegerField()
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # Where the holder runs, so that a process beside it can see at once that it died.
    lease_holder = models.CharField(max_length=500, blank=True)
    # When a worker was last woken for it, until that worker is done.
    woken_at = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    pause_reason = models.TextField(blank=True)
    # How often in a row GitHub has found too many requests at a time; an answer ends the row.
    secondary_limits = models.PositiveSmallIntegerField(default=0, db_default=0)
    requests_remaining = models.IntegerField(null=True, blank=True)
    points_remaining = models.IntegerField(null=True, blank=True)
    points_reset_at = models.DateTimeField(null=True, blank=True)
    # GitHub's name of a limit -> its size, what was left of it, and until when: see
    # services/github/reading/budgets.py.
    limits = models.JSONField(default=dict, blank=True, db_default={})
    # What sweeps have spent in the hour that ends then: see services/github/reading/budgets.py.
    sweep_points = models.PositiveIntegerField(default=0, db_default=0)
    sweep_hour_ends_at = models.DateTimeField(null=True, blank=True)
    # When it was last refused a field that newer servers have, or that wants a scope which its
    # token lacks; both may change one day.
    newer_fields_refused_at = models.DateTimeField(null=True, blank=True)
    # Their names; none where a release noted the time that did not tell them apart.
    refused_fields = models.JSONField(default=list, blank=True, db_default=[])
    # Whether GitHub shows people's public addresses with it, as far as it has told.
    shows_emails = models.BooleanField(default=True, db_default=True)

    objects = CredentialQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["server", "kind", "account_id"], name="integrations_credential_once"
            ),
            only_choices("kind", CredentialKind),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.account_id} on {self.server}"

    @property
    def is_paused(self) -> bool:
        """Whether GitHub wants no requests of it now."""
        return self.paused_until is not None and self.paused_until > timezone.now()


class AccountType(models.TextChoices):
    USER = "user"
    ORGANIZATION = "organization"


# So long before a personal access token ends its replacement is asked for.
TOKEN_WARNING = timedelta(days=14)


def ends_soon(ends_at: datetime | None) -> bool:
    """Say whether a personal token with this end has to be replaced now."""
    return ends_at is not None and ends_at <= timezone.now() + TOKEN_WARNING


class GitHubInstallation(TimestampedModel):
    """The GitHub App on one account, or a personal access token standing in for it.

    Without `app` it is a connection by personal access token. On disconnect `workspace`
    becomes NULL and the tokens are wiped; one that nobody connected yet has none either.
    `permissions` are what the account granted to the App, by name; of a token its `scopes`, as
    GitHub told them last, and null for a fine-grained one, of which GitHub tells nothing.
    """

    workspace = models.OneToOneField(
        Workspace, models.SET_NULL, null=True, blank=True, related_name="github_installation"
    )
    app = models.ForeignKey(
        GitHubApp, models.PROTECT, null=True, blank=True, related_name="installations"
    )
    credential = models.ForeignKey(
        Credential, models.PROTECT, null=True, related_name="installations"
    )
    server = models.CharField(max_length=255)
    api_url = models.URLField(max_length=500)
    graphql_url = models.URLField(max_length=500)
    web_url = models.URLField(max_length=500)
    installation_id = models.BigIntegerField(null=True, blank=True)
    account_type = models.CharField(max_length=20, choices=AccountType.choices)
    account_login = models.CharField(max_length=255)
    account_id = models.BigIntegerField()
    permissions = models.JSONField(default=dict, blank=True)
    access_token = EncryptedTextField(blank=True)
    token_expires_at = models.DateTimeField(null=True, blank=True)
    # Set while a process asks for a new token: the others leave that to it.
    token_refreshing_since = models.DateTimeField(null=True, blank=True)
    is_suspended = models.BooleanField(default=False)
    # Since when GitHub says that the App is not installed any more.
    deleted_at = models.DateTimeField(null=True, blank=True)
    # When a webhook last arrived that was about one of its repositories.
    webhook_arrived_at = models.DateTimeField(null=True, blank=True)
    # When to compare the list of its repositories with GitHub's.
    reconcile_at = models.DateTimeField(null=True, blank=True)
    # The time that was granted to the last request for it. Anybody can ask, so two of these are a
    # minute apart.
    reconcile_asked_for = models.DateTimeField(null=True, blank=True)

    objects = GitHubInstallationQuerySet.as_manager()

    class Meta:
        verbose_name = "GitHub installation"
        constraints = [
            models.UniqueConstraint(
                fields=["server", "installation_id"],
                condition=Q(installation_id__isnull=False),
                name="integrations_githubinstallation_once",
            ),
            only_choices("account_type", AccountType),
        ]
        indexes = [
            models.Index(
                fields=["reconcile_at"],
                name="integrations_installation_due",
                condition=Q(reconcile_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_login} on {self.server}"

    @property
    def is_by_app(self) -> bool:
        """Whether it is read by the App, and not by a personal access token."""
        return self.app_id is not None

    @property
    def tells_scopes(self) -> bool:
        """Whether it is known what GitHub tells of the scopes of a personal token."""
        return not self.is_by_app and "scopes" in self.permissions

    @property
    def token_scopes(self) -> list[str] | None:
        """The scopes of a classic personal token, as GitHub told them last; None of any other."""
        found: list[str] | None = None if self.is_by_app else self.permissions.get("scopes")
        return found

    @property
    def token_ends_soon(self) -> bool:
        """Whether it is read with a personal token that has ended, or does within two weeks."""
        return not self.is_by_app and ends_soon(self.token_expires_at)

    @property
    def token_is_over(self) -> bool:
        """Whether it is read with a personal token that has ended."""
        ends = self.token_expires_at
        return not self.is_by_app and ends is not None and ends <= timezone.now()

    @property
    def is_live(self) -> bool:
        """Whether a workspace reads with it, as far as GitHub has said."""
        return self.workspace_id is not None and self.deleted_at is None


class GitHubRepository(TimestampedModel):
    """A monitored repository within an installation."""

    installation = models.ForeignKey(
        GitHubInstallation, models.CASCADE, related_name="repositories"
    )
    source = models.OneToOneField(Source, models.PROTECT, related_name="github_repository")
    github_id = models.BigIntegerField()
    # Under which GraphQL finds it whatever its name; '' until its first page has told.
    node_id = models.CharField(max_length=255, blank=True, default="", db_default="")
    name = models.CharField(max_length=255)
    full_name = models.CharField(max_length=511)
    # This, `next_sync_at`, `is_due_by_time` and `sync_requested` have one writer:
    # services/github/access/repository_state.py.
    sync_status = models.CharField(
        max_length=10, choices=SyncStatus.choices, default=SyncStatus.PENDING
    )
    issues_cursor = models.CharField(max_length=1000, blank=True)
    prs_cursor = models.CharField(max_length=1000, blank=True)
    discussions_cursor = models.CharField(max_length=1000, blank=True)
    # The names of its labels and milestones, when GitHub last showed all of them at once.
    label_names = ArrayField(models.TextField(), default=list, db_default=[], blank=True)
    milestone_titles = ArrayField(models.TextField(), default=list, db_default=[], blank=True)
    # The workspace follows it no more. What its owners archived on GitHub is followed as any other.
    is_archived = models.BooleanField(default=False)
    last_synced_at = models.DateTimeField(null=True, blank=True)
    next_sync_at = models.DateTimeField(null=True, blank=True)
    # Whether nothing but time makes it due: then a glance may show that there is nothing to read.
    is_due_by_time = models.BooleanField(default=False, db_default=False)
    # When a glance last showed that.
    glanced_at = models.DateTimeField(null=True, blank=True)
    next_sweep_at = models.DateTimeField(null=True, blank=True)
    # When the sweep that is under way began, and when the last one ended.
    sweep_began_at = models.DateTimeField(null=True, blank=True)
    swept_at = models.DateTimeField(null=True, blank=True)
    sync_error = models.TextField(blank=True)
    # Since when GitHub does not let us read it, also while a person paused it.
    access_lost_at = models.DateTimeField(null=True, blank=True)
    # Whether a person asked for the next sync: its run says so.
    sync_requested = models.BooleanField(default=False)

    objects = GitHubRepositoryQuerySet.as_manager()

    class Meta:
        verbose_name = "GitHub repository"
        verbose_name_plural = "GitHub repositories"
        constraints = [
            models.UniqueConstraint(
                fields=["installation", "github_id"], name="integrations_githubrepository_once"
            ),
            only_choices("sync_status", SyncStatus),
        ]
        indexes = [
            models.Index(
                fields=["next_sync_at"],
                name="integrations_repository_due",
                condition=Q(is_archived=False),
            )
        ]

    def __str__(self) -> str:
        return self.full_name


# Why a list rests that GitHub shows.
LEFT_OUT = gettext_noop(
    "The workspace leaves it out: its admins choose that in Settings, under General."
)


class StreamName(models.TextChoices):
    ISSUES = "issues"
    PULL_REQUESTS = "pull_requests"
    DISCUSSIONS = "discussions"
    COMMENT_EDITS = "comment_edits"
    REVIEW_COMMENT_EDITS = "review_comment_edits"
    SWEEP_ISSUES = "sweep_issues"
    SWEEP_PULL_REQUESTS = "sweep_pull_requests"
    SWEEP_DISCUSSIONS = "sweep_discussions"
    RELEASES = "releases"
    COMMITS = "commits", "commits of merged pull requests"

    @classmethod
    def thread_lists(cls) -> list["StreamName"]:
        """Return the streams that a person waits for: what they read shows in the feed."""
        return [cls.ISSUES, cls.PULL_REQUESTS, cls.DISCUSSIONS]

    @classmethod
    def of_kinds(cls, kinds: Collection[str]) -> list["StreamName"]:
        """Return the lists and sweeps of threads of KINDS."""
        return [one for one in cls if one.removeprefix("sweep_").removesuffix("s") in kinds]

    @classmethod
    def shown(cls) -> list["StreamName"]:
        """Return the streams of which a person wants to know that GitHub shows nothing."""
        return [*cls.thread_lists(), cls.RELEASES, cls.COMMITS]


class LearnedSize(models.Model):
    """How much to ask GitHub for at once, as far as its answers have taught.

    `page_size` is the largest that passed lately; `failed_size` the smallest that GitHub found too
    heavy, and when. Whether `suspected_size` failed by its number is not known until the next
    `suspects` have passed: one of them may be what makes every request fail that holds it.
    """

    page_size = models.PositiveSmallIntegerField(null=True, blank=True)
    failed_size = models.PositiveSmallIntegerField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    suspects = models.PositiveSmallIntegerField(default=0, db_default=0)
    suspected_size = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        abstract = True


class SyncStream(LearnedSize, TimestampedModel):
    """One list of a repository, and how far it has been read.

    A scan goes from `scan_started_at` (the server's clock) until `cursor` reaches its end; then
    its start, less an overlap, becomes the `watermark` down to which the next scan reads.
    A sweep has no watermark; it goes up by creation, and remembers the second that it has come to
    (`swept_until`) and the numbers of the threads of that second that it has met.
    """

    repository = models.ForeignKey(GitHubRepository, models.CASCADE, related_name="streams")
    name = models.CharField(max_length=30, choices=StreamName.choices)
    cursor = models.CharField(max_length=1000, blank=True)
    watermark = models.DateTimeField(null=True, blank=True)
    scan_started_at = models.DateTimeField(null=True, blank=True)
    is_done = models.BooleanField(default=False)
    read = models.PositiveBigIntegerField(default=0)
    expected = models.PositiveBigIntegerField(null=True, blank=True)
    swept_until = models.DateTimeField(null=True, blank=True)
    swept_numbers = ArrayField(models.BigIntegerField(), default=list, blank=True)
    # Why GitHub does not show the list, although it shows the repository; '' where it does.
    refusal = models.TextField(blank=True, default="", db_default="")
    # Kind -> how many messages this sweep has met; null where it lost count.
    met = models.JSONField(null=True, blank=True, default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "name"], name="integrations_syncstream_once"
            ),
            only_choices("name", StreamName),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.repository}"


class RequestKind(models.TextChoices):
    THREADS = "threads", "threads by number"
    PARTS = "parts", "nested lists of several owners"
    PEOPLE = "people", "profiles"
    COMMITS = "commits", "commits of several pull requests"


class RequestSize(LearnedSize, TimestampedModel):
    """How many to ask for at once, of what is no list of GitHub's."""

    repository = models.ForeignKey(GitHubRepository, models.CASCADE, related_name="request_sizes")
    request = models.CharField(max_length=10, choices=RequestKind.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "request"], name="integrations_requestsize_once"
            ),
            only_choices("request", RequestKind),
        ]

    def __str__(self) -> str:
        return f"{self.request} of {self.repository}"


class RunTrigger(models.TextChoices):
    COMMAND = "command"
    MANUAL = "manual"
    SCHEDULE = "schedule"


class RunState(models.TextChoices):
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class SyncRun(TimestampedModel):
    """One sync of one repository, over as many time slices as it took."""

    repository = models.ForeignKey(GitHubRepository, models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=10, choices=RunTrigger.choices)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    requests = models.PositiveIntegerField(default=0)
    points = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    error_code = models.CharField(max_length=50, blank=True)
    receipt = models.JSONField(default=dict, blank=True)
    # How fast it reads just now: see services/github/reading/pace.py.
    pace = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository"],
                condition=Q(state__in=["running", "paused"]),
                name="integrations_syncrun_one_open",
            ),
            only_choices("trigger", RunTrigger),
            only_choices("state", RunState),
            only_numbers("counts"),
        ]
        indexes = [
            models.Index(fields=["repository", "-started_at"], name="integrations_syncrun_newest"),
            models.Index(
                fields=["finished_at"],
                name="integrations_syncrun_ended",
                condition=Q(finished_at__isnull=False),
            ),
            models.Index(
                fields=["state"],
                name="integrations_syncrun_open",
                condition=Q(state__in=["running", "paused"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} sync of {self.repository}"


class SyncPart(TimestampedModel):
    """A nested list of a thread that is still being read, because it did not fit in a page.

    `owner_id` is the node id of what has the list: the thread, or a review or comment in it,
    whose external id is `owner_external_id`;
    `seen` holds the external ids read so far, so that the last page can archive the rest.
    """

    repository = models.ForeignKey(GitHubRepository, models.CASCADE, related_name="parts")
    # Not checked: once threads are partitioned by the workspace, no table can refer to them by an
    # id alone. A part is made under the lock of its thread, and threads are archived, not deleted.
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="parts", db_constraint=False)
    connection = models.CharField(max_length=50)
    owner_id = models.CharField(max_length=255)
    owner_external_id = models.CharField(max_length=255, blank=True)
    cursor = models.CharField(max_length=1000, blank=True)
    seen = ArrayField(models.TextField(), default=list, blank=True)
    # GitHub kept back some of what was read: what is not in `seen` need not be deleted.
    has_gaps = models.BooleanField(default=False, db_default=False)
    snapshot_at = models.DateTimeField()
    # The sweep that met the thread, and counts its messages.
    sweep = models.ForeignKey(SyncStream, models.SET_NULL, null=True, related_name="parts")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["thread", "connection", "owner_id"], name="integrations_syncpart_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection} of {self.thread}"


class SyncProblem(TimestampedModel):
    """A thread that cannot be read although its neighbours can; shown, and tried again.

    `number` is 0 where GitHub shows not even that.
    """

    repository = models.ForeignKey(GitHubRepository, models.CASCADE, related_name="problems")
    thread_kind = models.CharField(max_length=20)
    number = models.BigIntegerField()
    error = models.TextField()
    attempts = models.PositiveIntegerField(default=1)
    retry_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "thread_kind", "number"],
                name="integrations_syncproblem_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.thread_kind} #{self.number} of {self.repository}"


class DeliveryState(models.TextChoices):
    PENDING = "pending"
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"


class WebhookDelivery(TimestampedModel):
    """One webhook in the durable inbox.

    `installation_id` and `repository_id` are GitHub's numbers. `next_attempt_at` says when what
    is pending is due; `error` says why it failed or was ignored; `times_received` counts
    deliveries with the same guid; `size` is the length of the body in bytes, as it was received.
    """

    # No index of its own: the constraint below begins with it.
    app = models.ForeignKey(GitHubApp, models.CASCADE, related_name="deliveries", db_index=False)
    guid = models.CharField(max_length=100)
    event = models.CharField(max_length=100)
    action = models.CharField(max_length=100, blank=True)
    installation_id = models.BigIntegerField(null=True, blank=True)
    repository_id = models.BigIntegerField(null=True, blank=True)
    payload = models.JSONField()
    size = models.PositiveIntegerField(db_default=0)
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING
    )
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    times_received = models.PositiveIntegerField(default=1)
    received_at = models.DateTimeField(auto_now_add=True)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["app", "guid"], name="integrations_webhookdelivery_once"
            ),
            only_choices("state", DeliveryState),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                name="integrations_delivery_due",
                condition=Q(state="pending"),
            ),
            models.Index(
                fields=["processed_at"],
                name="integrations_delivery_done",
                condition=Q(state__in=["done", "ignored"]),
            ),
            models.Index(
                fields=["received_at"],
                name="integrations_delivery_failed",
                condition=Q(state="failed"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.guid}"


class Drain(models.Model):
    """Somebody who works off the inbox of webhooks; the row is gone when they have come to an end.

    `holder` is the process, as `access/liveness.py` names it. Its last batch began at `seen_at`.
    """

    holder = models.TextField()
    seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"drain by {self.holder}"


class RefusedWebhooks(TimestampedModel):
    """How many requests the webhook door refused on one day (UTC) for one reason."""

    day = models.DateField()
    reason = models.CharField(max_length=50)
    count = models.PositiveBigIntegerField()

    class Meta:
        verbose_name_plural = "refused webhooks"
        constraints = [
            models.UniqueConstraint(
                fields=["day", "reason"], name="integrations_refusedwebhooks_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason} on {self.day}"
