"""What a field of the API may cost, declared where the field is defined."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLField
from strawberry.schema.schema_converter import GraphQLCoreConverter

_KEY = "dexxy cost"


@dataclass(frozen=True)
class Cost:
    """What a field may cost beyond the object that it returns.

    Args:
        items: how many objects its list holds at most. None: as many as `first` asks for, an
            argument of the field or, where it has none, of the field above it.
        objects: how many objects more it is worth, because it is as much work to find as those.
        work: points for asking it with arguments, which asks the database anew.
    """

    items: int | None = None
    objects: int = 0
    work: int = 1


def cost(*, items: int | None = None, objects: int = 0, work: int = 1) -> Mapping[str, Cost]:
    """Return the `metadata` of a field that costs what the arguments say, which are those of Cost.

    A list without pages may be longer than `items`, but hardly ever is: it is counted as that.
    """
    return {_KEY: Cost(items, objects, work)}


PAGED = cost()
_UNDECLARED = Cost()


def cost_of(field: GraphQLField) -> Cost:
    """Return what FIELD may cost; of a list that does not say it, a page."""
    return declared_cost(field) or _UNDECLARED


def declared_cost(field: GraphQLField) -> Cost | None:
    """Return what FIELD declares that it may cost, or None."""
    definition: Any = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    found: Cost | None = None if definition is None else definition.metadata.get(_KEY)
    return found
