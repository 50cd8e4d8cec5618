"""What is kept for a while: pieces of exports, and pictures."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from dexxy.common.models import TimestampedModel, only_choices


class KeptFile(models.Model):
    """A file of a few megabytes at most, where no other storage is configured."""

    name = models.TextField(unique=True)
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


class PictureState(models.TextChoices):
    WANTED = "wanted"
    KEPT = "kept"
    REFUSED = "refused"


class PictureQuerySet(models.QuerySet["Picture"]):
    """Sets of pictures."""

    def current(self) -> Self:
        """Keep those whose time is not over."""
        return self.filter(expires_at__gt=timezone.now())

    def due(self) -> Self:
        """Keep those that nobody loads although somebody wants to see them."""
        now = timezone.now()
        is_free = Q(held_until=None) | Q(held_until__lte=now)
        return self.current().filter(is_free, state=PictureState.WANTED)


class Picture(TimestampedModel):
    """A picture at an address that somebody wrote, as a worker loaded it."""

    address = models.TextField()
    # Of the address, which may be too long for an index.
    digest = models.CharField(max_length=64, unique=True)
    state = models.CharField(
        max_length=10, choices=PictureState.choices, default=PictureState.WANTED
    )
    content_type = models.CharField(max_length=50, blank=True)
    size = models.PositiveIntegerField(default=0)
    # Of the file that it is kept in.
    name = models.TextField(blank=True)
    held_until = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    objects = PictureQuerySet.as_manager()

    class Meta:
        constraints = [only_choices("state", PictureState)]
        indexes = [models.Index(fields=["expires_at"], name="kept_picture_expires")]

    def __str__(self) -> str:
        return self.address
