"""Base classes and constraints that many models share."""

from django.db import models


class TimestampedModel(models.Model):
    """Adds the times, by our clock, when a row was made and last saved.

    SQL of our own sets `updated_at` itself.
    """

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


def only_choices(field: str, choices: type[models.TextChoices]) -> models.CheckConstraint:
    """Return a constraint by which the database refuses values of FIELD that are not in CHOICES."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__in": choices.values}),
        name=f"%(app_label)s_%(class)s_{field}",
    )
