"""Who may sign in, and what they may see."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from dexxy.common.models import TimestampedModel, only_choices


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in here; not a member of a community (see members.Member)."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)
    language = models.CharField(
        max_length=10, blank=True, db_default=""
    )  # '' is what the browser asks for
    time_zone = models.CharField(
        max_length=64, blank=True, db_default=""
    )  # '' until the browser tells it

    # Of the list of threads; none where they have chosen nothing.
    thread_columns = ArrayField(models.CharField(max_length=20), null=True, blank=True)

    # Where in the log of the database what they last wrote ends; kept where there is a replica.
    last_write = models.BigIntegerField(default=0, db_default=0)

    # Whether nobody but who invited them says that the address is theirs: they had the link, too.
    is_vouched = models.BooleanField(default=False, db_default=False)

    # The token by which this request came, if it was one: it opens one workspace.
    via_token: "ApiToken | None" = None
    # Whether many people are this one: those who visit the public demo. Nothing is kept of them.
    is_shared: bool = False

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_case_insensitive")
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @classmethod
    def normalize_username(cls, username: str) -> str:
        """Return it as it is: Django's own folds letters of an address."""
        return username


class Workspace(TimestampedModel):
    """A tenant: one team and everything it may see."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=63, unique=True)
    # For days and weeks that everybody sees alike, and for who has not chosen for themselves.
    time_zone = models.CharField(max_length=64, default="UTC", db_default="UTC")
    language = models.CharField(
        max_length=10, blank=True, db_default=""
    )  # '' is what each browser asks for
    # After how many days a wait is to be seen to, and after how many it is late.
    attention_after = models.PositiveSmallIntegerField(default=7, db_default=7)
    late_after = models.PositiveSmallIntegerField(default=30, db_default=30)
    # Until then its admins are reminded of what is left of the first run.
    is_set_up = models.BooleanField(default=True, db_default=True)
    # The kinds of threads that are read of GitHub for it; None for all, also those of tomorrow.
    thread_kinds = ArrayField(models.CharField(max_length=20), null=True, blank=True)
    # When it is deleted with all that it has; None where nobody asked for that.
    delete_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    def takes(self, kind: str) -> bool:
        """Say whether threads of KIND are read of GitHub for it."""
        return self.thread_kinds is None or kind in self.thread_kinds


class FormerAddress(TimestampedModel):
    """What a workspace was called in addresses before: those lead on, and nobody else gets them."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="former_addresses")
    slug = models.SlugField(max_length=63, unique=True)

    class Meta:
        verbose_name_plural = "former addresses"

    def __str__(self) -> str:
        return f"{self.slug} of {self.workspace}"


class Role(models.TextChoices):
    ADMIN = "admin", pgettext_lazy("role", "Admin")
    MEMBER = "member", pgettext_lazy("role", "Member")


class Membership(TimestampedModel):
    """A user's role in a workspace."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="accounts_membership_once"),
            only_choices("role", Role),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.workspace} ({self.role})"


class Invitation(TimestampedModel):
    """A link that lets one person join a workspace; only its hash is kept."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invitations")
    email = models.EmailField(blank=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [only_choices("role", Role)]

    def __str__(self) -> str:
        return f"{self.email or 'anyone'} to {self.workspace}"


class SignInRule(TimestampedModel):
    """What lets people into a workspace who sign in elsewhere.

    It is about a proven address of a domain; or, where that is '', about the members of an
    organization on GitHub, which its server and number there name.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="sign_in_rules")
    domain = models.CharField(max_length=253, blank=True)
    server = models.CharField(max_length=255, blank=True, db_default="")
    account_id = models.BigIntegerField(null=True, blank=True)
    # What the organization was called when the rule was made: to be read, and no proof.
    account_login = models.CharField(max_length=255, blank=True, db_default="")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # Each comes in by it once: who is sent away or leaves does not come back with the next sign-in.
    used_by = models.ManyToManyField(User, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "domain"], name="accounts_signinrule_domain_once"
            ),
            only_choices("role", Role),
        ]

    def __str__(self) -> str:
        return f"{self.whom} into {self.workspace}"

    @property
    def whom(self) -> str:
        """The domain, or the organization, whose people it lets in."""
        return self.domain or self.account_login


class TokenScope(models.TextChoices):
    READ = "read"
    FULL = "full"


class ApiToken(TimestampedModel):
    """A user's key to one workspace's API; shown once, kept as a hash."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="api_tokens")
    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    token_hash = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=10, choices=TokenScope.choices, default=TokenScope.READ)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [only_choices("scope", TokenScope)]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= timezone.now()


class BrowserSession(models.Model):
    """A browser in which somebody is signed in: what they see of it, beside Django's own row.

    That row is found by a digest of the key (`sessions.py`), and so is this one. It has no
    constraint in the database: what is written down while a session ends makes no error, and is
    seen by nobody.
    """

    session = models.OneToOneField(
        Session, models.CASCADE, related_name="browser", db_constraint=False
    )
    user = models.ForeignKey(User, models.CASCADE, related_name="browser_sessions")
    user_agent = models.CharField(max_length=300, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    begun_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.user} since {self.begun_at:%Y-%m-%d}"


class AuditEntry(models.Model):
    """Who did what to which thing, and when."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="audit_entries")
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    action = models.CharField(max_length=100)
    target_type = models.CharField(max_length=100)
    target_id = models.CharField(max_length=100)
    details = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["workspace", "-created_at"], name="accounts_audit_newest")]

    def __str__(self) -> str:
        return f"{self.action} {self.target_type} {self.target_id}"


class ListPage(models.TextChoices):
    """The pages whose filters and order can be kept as a view."""

    WAITING = "waiting"
    FEED = "feed"
    THREADS = "threads"
    PEOPLE = "people"


class ThreadColumn(models.TextChoices):
    """What the list of threads can show of each beside its title, in this order."""

    LABELS = "labels"
    STATE = "state"
    WHERE = "where"
    AUTHOR = "author"
    ASSIGNEE = "assignee"
    MESSAGES = "messages"
    PEOPLE = "people"
    OPENED = "opened"
    ACTIVITY = "activity"


class SavedView(TimestampedModel):
    """A filter and order of a page with a name: of one person, or of everybody in the workspace.

    `query` is the query of the page's address, as it was when the view was kept. What it names
    may be gone since: the page says so.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="saved_views")
    # Of everybody in the workspace where there is none.
    owner = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="+")
    made_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    page = models.CharField(max_length=20, choices=ListPage.choices)
    name = models.CharField(max_length=60)
    query = models.TextField(blank=True)
    is_pinned = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "owner", "page", "name"],
                name="accounts_savedview_name_once",
                nulls_distinct=False,
            ),
            only_choices("page", ListPage),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_shared(self) -> bool:
        """Whether everybody in the workspace has it."""
        return self.owner_id is None
