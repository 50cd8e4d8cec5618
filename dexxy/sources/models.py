"""Where messages come from."""

from typing import Self

from django.db import models

from dexxy.accounts.models import Workspace
from dexxy.common.models import TimestampedModel, only_choices


class SourceKind(models.TextChoices):
    GITHUB_REPOSITORY = "github_repository"
    FED = "fed"


class SourceQuerySet(models.QuerySet["Source"]):
    """Sources by whether they are shown, and by who reads them."""

    def shown(self) -> Self:
        """Return those that pages and the API show: followed, or fed."""
        return self.filter(is_archived=False)

    def fed(self) -> Self:
        """Return those that scripts feed."""
        return self.filter(kind=SourceKind.FED)

    def read_here(self) -> Self:
        """Return those that Dexxy reads by itself."""
        return self.exclude(kind=SourceKind.FED)


class Source(TimestampedModel):
    """A repository on one server whose threads a workspace follows, or something that is fed.

    `server` names the server (`github` for github.com, `github:HOST` for any other), and
    `external_id` is the repository's numeric id there: names change, ids do not. What is fed
    (SourceKind.FED) is read by a script of the team's own: `server` is then the provider that the
    script names, and `external_id` any text. `fed_at` is when it was last fed.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="sources", db_index=False)
    kind = models.CharField(max_length=30, choices=SourceKind.choices)
    server = models.CharField(max_length=255)
    external_id = models.CharField(max_length=100)
    name = models.CharField(max_length=255)
    url = models.URLField(max_length=500, blank=True)
    last_activity_at = models.DateTimeField(null=True, blank=True)
    fed_at = models.DateTimeField(null=True, blank=True)
    is_archived = models.BooleanField(default=False)

    objects = SourceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "server", "external_id"], name="sources_source_once"
            ),
            only_choices("kind", SourceKind),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_fed(self) -> bool:
        """Whether a script feeds it, and Dexxy does not read it by itself."""
        return self.kind == SourceKind.FED


class DailyCounts(models.Model):
    """How many stars and forks a source had on one day (UTC): the last count that was seen then.

    `taken_at` is the time of that count by the server's clock; older counts never overwrite newer
    ones.
    """

    source = models.ForeignKey(Source, models.CASCADE, related_name="daily_counts", db_index=False)
    date = models.DateField()
    stars = models.PositiveBigIntegerField()
    forks = models.PositiveBigIntegerField()
    taken_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "daily counts"
        constraints = [
            models.UniqueConstraint(fields=["source", "date"], name="sources_dailycounts_once")
        ]

    def __str__(self) -> str:
        return f"{self.source} on {self.date}"
