"""What many models share."""

from django.db import models


class TimestampedModel(models.Model):
    """When the row was made and last written, by our clock."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


def only_choices(field: str, choices: type[models.TextChoices]) -> models.CheckConstraint:
    """Let the database refuse any value of FIELD outside CHOICES."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__in": choices.values}),
        name=f"%(app_label)s_%(class)s_{field}",
    )
