"""What people asked a worker for: exports, and what is done with many people at once."""

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dexxy.accounts.models import Workspace
from dexxy.common.models import TimestampedModel, only_choices


class Export(models.TextChoices):
    THREADS = "threads", _("Threads")
    MESSAGES = "messages", _("Messages")
    EVENTS = "events", _("Events")
    MEMBERS = "members", _("Members")
    GROWTH = "growth", _("Growth")
    RELEASES = "releases", _("Releases")
    PERSON = "person", _("One person")
    AUDIT = "audit", _("Audit log")
    ALL = "all", _("Everything")

    @classmethod
    def of_all(cls) -> "list[Export]":
        """Return those that everybody in a workspace may have whole."""
        return [one for one in cls if not one.is_for_admins]

    @property
    def is_for_admins(self) -> bool:
        """Whether nobody else may have it."""
        return self in (Export.PERSON, Export.AUDIT, Export.ALL)

    @property
    def forms(self) -> "list[Format]":
        """In what it can be written: what is known of a person is no table."""
        if self is Export.ALL:
            return [Format.ZIP]
        return [Format.JSON_LINES] if self is Export.PERSON else [Format.JSON_LINES, Format.CSV]


class Format(models.TextChoices):
    JSON_LINES = "jsonl", "JSON Lines"
    CSV = "csv", "CSV"
    ZIP = "zip", "ZIP"

    @property
    def content_type(self) -> str:
        if self is Format.ZIP:
            return "application/zip"
        return f"{'text/csv' if self is Format.CSV else 'application/jsonl'}; charset=utf-8"


class ExportState(models.TextChoices):
    WAITING = "waiting"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


UNFINISHED = (ExportState.WAITING, ExportState.MAKING)


class ExportFileQuerySet(models.QuerySet["ExportFile"]):
    """Sets of exports."""

    def kept(self) -> Self:
        """Keep those that can still be seen."""
        return self.filter(expires_at__gt=timezone.now())

    def unfinished(self) -> Self:
        """Keep those that a worker has not finished."""
        return self.filter(state__in=UNFINISHED)

    def newest_first(self) -> Self:
        """Order them."""
        return self.order_by(F("created_at").desc(), "-pk")


class ExportFile(TimestampedModel):
    """What a workspace has of one kind as a file, made piece by piece."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="export_files")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="export_files"
    )
    what = models.CharField(max_length=10, choices=Export.choices)
    form = models.CharField(max_length=10, choices=Format.choices)
    with_bom = models.BooleanField(default=False)
    # Which rows, as `Selection` writes it; of an empty one all.
    selection = models.JSONField(default=dict, blank=True, db_default={})
    state = models.CharField(
        max_length=10, choices=ExportState.choices, default=ExportState.WAITING
    )
    rows_done = models.BigIntegerField(default=0)
    # None until a worker has begun; afterwards about how many there are.
    rows_expected = models.BigIntegerField(null=True)
    size = models.BigIntegerField(default=0)
    # Behind which row to go on, as `Cursor` writes it.
    cursor = models.TextField(blank=True)
    # Who makes it writes a random value here; whoever finds another one there has lost it.
    holder = models.CharField(max_length=32, blank=True)
    held_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()

    objects = ExportFileQuerySet.as_manager()

    class Meta:
        constraints = [
            only_choices("what", Export),
            only_choices("form", Format),
            only_choices("state", ExportState),
        ]
        indexes = [models.Index(fields=["expires_at"], name="people_exportfile_expires")]

    def __str__(self) -> str:
        return f"{self.file_name} for {self.requested_by}"

    @property
    def file_name(self) -> str:
        parts = [self.workspace.slug, self.what]
        if self.what == Export.PERSON:
            parts.append(str(self.selection["person"]))
        elif self.selection:
            parts.insert(1, "selected")
        return f"{'-'.join(parts)}.{self.form}"

    @property
    def is_ready(self) -> bool:
        return self.state == ExportState.READY

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def content_type(self) -> str:
        return Format(self.form).content_type


class ExportPiece(models.Model):
    """A piece of an export, as long as a download has in memory."""

    export = models.ForeignKey(ExportFile, models.CASCADE, related_name="pieces", db_index=False)
    number = models.PositiveIntegerField()
    # Of the file that it is kept in. Nobody can guess it, and no two workers write the same one.
    name = models.TextField(unique=True)
    # Bytes; 0 of one that was made before they were noted.
    size = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["export", "number"], name="people_exportpiece_once")
        ]

    def __str__(self) -> str:
        return self.name


class BulkKind(models.TextChoices):
    TAG = "tag"
    REHEARSAL = "rehearsal"
    IMPORT = "import"


class BulkState(models.TextChoices):
    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"


class BulkTask(TimestampedModel):
    """Something with so many people that a worker does it, piece by piece, for who asked.

    `arguments` are those of its service, and `outcome` is what that returned. A piece is written in
    one transaction with `steps_done`: whoever goes on after a worker that died begins behind it.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="bulk_tasks")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="bulk_tasks"
    )
    kind = models.CharField(max_length=10, choices=BulkKind.choices)
    state = models.CharField(max_length=10, choices=BulkState.choices, default=BulkState.WAITING)
    arguments = models.JSONField(default=dict)
    # Whom it is about; None where a file says that.
    member_ids = ArrayField(models.BigIntegerField(), null=True)
    steps_expected = models.BigIntegerField(default=0)
    steps_done = models.BigIntegerField(default=0)
    outcome = models.JSONField(default=dict)
    # Why it could not be done, for people to read.
    problem = models.TextField(blank=True)
    # As of an export.
    holder = models.CharField(max_length=32, blank=True)
    held_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [only_choices("kind", BulkKind), only_choices("state", BulkState)]
        indexes = [models.Index(fields=["expires_at"], name="people_bulktask_expires")]

    def __str__(self) -> str:
        return f"{self.kind} for {self.requested_by}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in (BulkState.WAITING, BulkState.WORKING)

    @property
    def percent(self) -> int:
        """How much is done; less than 100 until everything is."""
        if self.state == BulkState.DONE:
            return 100
        return min(99, 100 * self.steps_done // max(1, self.steps_expected))

    @property
    def members(self) -> int | None:
        """How many have other tags now, or were imported or known; None until it is done."""
        if self.state != BulkState.DONE:
            return None
        if self.kind == BulkKind.TAG:
            return int(self.outcome["members"])
        counts: dict[str, int] = self.outcome["counts"]
        return counts.get("added", 0) + counts.get("known", 0)
