"""The people of a community, and their accounts."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left, Lower, Now
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.common.crypto import EncryptedTextField
from dexxy.common.models import TimestampedModel, only_choices

# By what names are sorted: a name may be longer than an index takes.
SORTED_NAME = Left(Lower("display_name"), 100)
# What an account is looked up by: a server says how its users are called, and for how long.
LOGIN = Left(Lower("username"), 100)
FULL_NAME = Left(Lower("name"), 100)


class Member(TimestampedModel):
    """A person, with any number of accounts.

    The fields are those of this member alone: what is shown of a member that others were merged
    into is computed from all of them (profile.py). `tags` are the team's, as MemberNote is.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="members", db_index=False)
    display_name = models.TextField(blank=True)
    avatar_url = models.TextField(blank=True)
    bio = models.TextField(blank=True)
    company = models.TextField(blank=True)
    location = models.TextField(blank=True)
    is_bot = models.BooleanField(default=False)
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    is_locked = models.BooleanField(default=False, db_default=False)
    first_seen_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "-last_seen_at", "-id"], name="members_member_recent"
            ),
            models.Index(
                fields=["workspace", "-first_seen_at", "-id"], name="members_member_newest"
            ),
            models.Index(
                fields=["workspace"], name="members_member_bots", condition=Q(is_bot=True)
            ),
            models.Index(fields=["workspace"], name="members_member_tagged", condition=~Q(tags=[])),
            models.Index(
                fields=["workspace"], name="members_member_locked", condition=Q(is_locked=True)
            ),
            models.Index(F("workspace"), SORTED_NAME, F("id"), name="members_member_alphabet"),
        ]

    def __str__(self) -> str:
        return self.display_name or f"Member {self.pk}"


class MemberNote(TimestampedModel):
    """What somebody of the team wrote about a member, kept with the home member it was about.

    Nobody knows the `author` of a note that a file brought (`is_imported`), or who has left.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(Member, models.CASCADE, related_name="notes")
    author = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    is_imported = models.BooleanField(default=False, db_default=False)
    text = models.TextField()
    written_at = models.DateTimeField(default=timezone.now, db_default=Now())
    edited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    edited_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"note about {self.member}"


class IdentityKind(models.TextChoices):
    USER = "user"
    BOT = "bot"
    ORGANIZATION = "organization"
    MANNEQUIN = "mannequin"


# Compared as a version, not as a time: every writer of an identity changes `updated_at`, so a wrong
# clock does no harm.
COMPARE_DUE = Q(compared_at__isnull=True) | ~Q(compared_at=F("updated_at"))


class Identity(TimestampedModel):
    """One account of a person on one server.

    `provider` names the server, as Source.server does; `external_id` is the account's numeric id
    there. `member` is the person today; `home_member` is the member that this account would have if
    no merge existed. `links` are web addresses in its profile. `version_at` is a high-water mark:
    when the answer was asked for that the names are from; older answers do not overwrite them.
    `compared_at` is a copy of `updated_at`, made when stitching last compared the row. While the
    two differ, the row is due to be compared.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="identities", db_index=False
    )
    provider = models.CharField(max_length=255)
    external_id = models.CharField(max_length=100)
    node_id = models.CharField(max_length=255, blank=True)
    kind = models.CharField(max_length=20, choices=IdentityKind.choices, default=IdentityKind.USER)
    username = models.TextField()
    name = models.TextField(blank=True)
    email = models.TextField(blank=True)
    is_email_verified = models.BooleanField(default=False, db_default=False)
    avatar_url = models.TextField(blank=True)
    url = models.TextField(blank=True)
    links = ArrayField(models.TextField(), default=list, blank=True, db_default=[])
    member = models.ForeignKey(Member, models.PROTECT, related_name="identities")
    home_member = models.OneToOneField(Member, models.PROTECT, related_name="home_identity")
    version_at = models.DateTimeField()
    profile_read_at = models.DateTimeField(null=True, blank=True)
    compared_at = models.DateTimeField(null=True, blank=True)
    message_count = models.PositiveBigIntegerField(default=0)
    first_seen_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    # Messages of this account are stored without their text (the person was erased with them).
    is_silenced = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "provider", "external_id"], name="members_identity_once"
            ),
            only_choices("kind", IdentityKind),
        ]
        indexes = [
            models.Index(
                F("workspace"),
                F("provider"),
                F("profile_read_at").asc(nulls_first=True),
                name="members_identity_profile_due",
            ),
            models.Index(
                fields=["workspace", "id"],
                name="members_identity_compare_due",
                condition=COMPARE_DUE,
            ),
            models.Index(
                fields=["workspace", "id"],
                name="members_identity_silenced",
                condition=Q(is_silenced=True),
            ),
            # The server behind the login: a search knows the login alone.
            models.Index(F("workspace"), LOGIN, F("provider"), name="members_identity_called"),
            models.Index(
                F("workspace"), FULL_NAME, name="members_identity_by_name", condition=~Q(name="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.username} on {self.provider}"


class MatchKey(models.Model):
    """A value that an account shows, as a hash; accounts with an equal key are compared.

    Record linkage calls it a blocking key. A hash is stored and not the value, because values are
    personal (addresses, names) and long.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    key = models.BigIntegerField()
    identity = models.ForeignKey(
        Identity, models.CASCADE, related_name="match_keys", db_constraint=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "key", "identity"], name="members_matchkey_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.identity_id}"


class ErasureSecret(models.Model):
    """The HMAC key of a workspace's ErasedKey digests.

    It is a key of its own, because the secret key of the installation can be replaced and digests
    cannot be computed again.
    """

    workspace = models.OneToOneField(Workspace, models.CASCADE, primary_key=True, related_name="+")
    secret = EncryptedTextField()

    def __str__(self) -> str:
        return f"of {self.workspace}"


class ErasedKey(models.Model):
    """A digest of a key, login or address of an erased person, so that they stay erased.

    If a sync or an import meets the same key, login or address again, it stores nothing personal.
    `identity` is the emptied account if the digest is of an account's key, else None.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    identity = models.ForeignKey(Identity, models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "digest"], name="members_erasedkey_once")
        ]

    def __str__(self) -> str:
        return self.digest


class StatedAccount(models.Model):
    """A statement of an import: the account with this username belongs to this person.

    `identity` is the imported person's; `username` is lower-case. `account` is the account that had
    the username when it was first met, and None until then: a later owner of the username is
    somebody else.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)
    identity = models.ForeignKey(Identity, models.CASCADE, related_name="stated")
    provider = models.CharField(max_length=255)
    username = models.TextField()
    account = models.ForeignKey(Identity, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "provider", "username"], name="members_statedaccount_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.username} on {self.provider}"


class MemberMerge(TimestampedModel):
    """An edge between two home members that makes them one member.

    Today's members are the connected components of the live edges. An edge is only made between two
    components, so the live edges are a forest, and undoing one splits its component into exactly
    two members. An undone edge is kept (`undone_at`): no rule joins these two again.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="member_merges", db_index=False
    )
    kept = models.ForeignKey(Member, models.CASCADE, related_name="merges_kept")
    merged = models.ForeignKey(Member, models.CASCADE, related_name="merges_lost")
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    is_automatic = models.BooleanField(default=False)
    evidence = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kept", "merged"],
                condition=Q(undone_at__isnull=True),
                name="members_membermerge_once",
            ),
            models.CheckConstraint(
                condition=~Q(kept=F("merged")), name="members_membermerge_two_members"
            ),
        ]
        indexes = [
            models.Index(
                fields=["workspace"],
                name="members_membermerge_undone",
                condition=Q(undone_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.merged} into {self.kept}"


class SuggestionState(models.TextChoices):
    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class MergeSuggestion(TimestampedModel):
    """Two home members who may be one person.

    `score` is the confidence, from 0 to 1. `evidence` is a list of objects with `rule`, `weight`
    and `sentence`, as in MemberMerge. A rejected suggestion is kept: no rule joins these two.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="merge_suggestions", db_index=False
    )
    first = models.ForeignKey(Member, models.CASCADE, related_name="+")
    second = models.ForeignKey(Member, models.CASCADE, related_name="+")
    evidence = models.JSONField(default=list)
    score = models.FloatField()
    state = models.CharField(
        max_length=10, choices=SuggestionState.choices, default=SuggestionState.OPEN
    )
    decided_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "first", "second"], name="members_mergesuggestion_once"
            ),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="members_mergesuggestion_ordered"
            ),
            only_choices("state", SuggestionState),
        ]
        indexes = [
            models.Index(
                fields=["workspace"],
                name="members_mergesuggestion_apart",
                condition=Q(state="rejected"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.first} and {self.second}"


class OrganizationMerge(TimestampedModel):
    """Two names of one organization that have nothing in common: who is of `merged` is of `kept`.

    Both are keys, as `organization_key` tells them from names. Live merges are a forest: only what
    is merged into nothing yet is merged, into something that is not. An undone one is kept.
    """

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="organization_merges", db_index=False
    )
    kept = models.TextField()
    kept_name = models.TextField()
    merged = models.TextField()
    merged_name = models.TextField()
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "merged"],
                condition=Q(undone_at__isnull=True),
                name="members_organizationmerge_once",
            ),
            models.CheckConstraint(
                condition=~Q(kept=F("merged")), name="members_organizationmerge_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merged_name} into {self.kept_name}"


class MemberSummary(models.Model):
    """What lists of people show, sort and filter of a member: counted, and put together.

    A follower of the log of changes keeps it. `weeks` counts acts in each of the last twelve times
    seven days, the oldest first. `regular_threads` is in how many threads they took part in the
    year before the last 90 days: from three on, somebody is a regular. `due_at` is when to count
    again: at once where something has changed, else when time alone changes a count.

    `details` is what the page of a member counts, kept for those who said so much that it cannot
    count that each time; with when that was done, and when it is to be done again.
    """

    member = models.OneToOneField(
        Member, models.CASCADE, primary_key=True, related_name="summary", db_constraint=False
    )
    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    messages = models.IntegerField(default=0, db_default=0)
    recent = models.IntegerField(default=0, db_default=0)
    waiting = models.IntegerField(default=0, db_default=0)
    regular_threads = models.IntegerField(default=0, db_default=0)
    weeks = ArrayField(models.IntegerField(), default=list, db_default=[])
    first_act_at = models.DateTimeField(null=True)
    last_act_at = models.DateTimeField(null=True)
    organization = models.TextField(default="", db_default="")
    organization_key = models.TextField(default="", db_default="")
    counted_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    details = models.JSONField(null=True)
    details_at = models.DateTimeField(null=True)
    details_due_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "member summaries"
        indexes = [
            models.Index(
                fields=["workspace", "-messages", "-member"], name="members_summary_messages"
            ),
            models.Index(fields=["workspace", "-recent", "-member"], name="members_summary_recent"),
            models.Index(
                fields=["workspace", "-waiting", "-member"], name="members_summary_waiting"
            ),
            models.Index(fields=["workspace", "-first_act_at"], name="members_summary_new"),
            models.Index(
                fields=["workspace", "organization_key"],
                name="members_summary_organization",
                condition=~Q(organization_key=""),
            ),
            models.Index(
                fields=["workspace", "due_at"],
                name="members_summary_due",
                condition=Q(due_at__isnull=False),
            ),
            models.Index(
                fields=["workspace", "details_due_at"],
                name="members_summary_details_due",
                condition=Q(details_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"summary of member {self.member_id}"
