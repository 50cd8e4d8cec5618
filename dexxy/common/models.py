"""Base classes, constraints and lookups that many models share."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.fields.related import ForeignObject
from django.db.models.sql.compiler import SQLCompiler


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


def only_numbers(field: str) -> models.CheckConstraint:
    """Return a constraint by which the database refuses a FIELD of JSON that holds more than names
    with numbers: so it can be handed out as such."""
    other = models.Func(
        models.F(field),
        template="jsonb_path_exists(%(expressions)s, '$.* ? (@.type() <> \"number\")')",
        output_field=models.BooleanField(),
    )
    return models.CheckConstraint(
        condition=~models.Q(other), name=f"%(app_label)s_%(class)s_{field}"
    )


class AnyOf(models.Lookup):
    """`field__any=values`: as `__in`, for any number of values.

    `IN` has a parameter for each value: to write out a hundred thousand takes seconds. Here they
    are one array, of the column's own type so that they are looked up in a hash.
    """

    lookup_name = "any"

    def get_prep_lookup(self) -> list[Any]:
        return list(self.rhs)

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        type_of_column = self.lhs.output_field.db_type(connection)
        return f"{column} = ANY(%s::{type_of_column}[])", (*params, self.rhs)


models.Field.register_lookup(AnyOf)
ForeignObject.register_lookup(AnyOf)
