"""How large a document is, told from its text alone: before it is validated or run.

A fragment is measured once, however often it is spread: documents that name each other's
fragments twice grow twofold with each of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from dexxy.common.pages import LARGEST_PAGE, PAGE

# To count a whole list is as much work as many pages of it.
_OBJECTS_OF_A_COUNT = 1000


@dataclass(frozen=True)
class Size:
    """What a part of a document asks for.

    `objects` is how many objects it can return at most: lists are taken to be as long as a page.
    """

    depth: int = 0
    aliases: int = 0
    objects: int = 0


class Measure:
    """Measures one document with its variables."""

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        definitions = document.definitions
        self._operations = [d for d in definitions if isinstance(d, OperationDefinitionNode)]
        self._fragments = {
            d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)
        }
        self._variables = {**self._defaults(), **variables}
        self._known: dict[str, Size] = {}

    def size(self) -> Size:
        """Return the size of all operations together."""
        return _together(self._selected(operation.selection_set) for operation in self._operations)

    def _defaults(self) -> dict[str, Any]:
        return {
            one.variable.name.value: int(one.default_value.value)
            for operation in self._operations
            for one in operation.variable_definitions or ()
            if isinstance(one.default_value, IntValueNode)
        }

    def _selected(self, selections: SelectionSetNode) -> Size:
        return _together(self._selection(one) for one in selections.selections)

    def _selection(self, one: Any) -> Size:
        if isinstance(one, FieldNode):
            return self._field(one)
        if isinstance(one, FragmentSpreadNode):
            return self._fragment(one.name.value)
        return self._selected(one.selection_set)

    def _field(self, field: FieldNode) -> Size:
        aliases = 0 if field.alias is None else 1
        if field.selection_set is None:
            counts = field.name.value == "totalCount"
            return Size(1, aliases, _OBJECTS_OF_A_COUNT if counts else 0)
        inner = self._selected(field.selection_set)
        objects = 1 + inner.objects * self._length(field, field.selection_set)
        return Size(1 + inner.depth, aliases + inner.aliases, objects)

    def _fragment(self, name: str) -> Size:
        if name not in self._known:
            # Validation refuses a fragment that holds itself, or that there is none.
            self._known[name] = Size()
            if name in self._fragments:
                self._known[name] = self._selected(self._fragments[name].selection_set)
        return self._known[name]

    def _length(self, field: FieldNode, selections: SelectionSetNode) -> int:
        """Return how long the list below FIELD can be."""
        for argument in field.arguments or ():
            if argument.name.value == "first":
                asked: Any = None
                if isinstance(argument.value, IntValueNode):
                    asked = int(argument.value.value)
                elif isinstance(argument.value, VariableNode):
                    asked = self._variables.get(argument.value.name.value)
                return (
                    asked if isinstance(asked, int) and 0 < asked < LARGEST_PAGE else LARGEST_PAGE
                )
        names = {s.name.value for s in selections.selections if isinstance(s, FieldNode)}
        return PAGE if "edges" in names else 1


def _together(sizes: Iterable[Size]) -> Size:
    depth = aliases = objects = 0
    for size in sizes:
        depth = max(depth, size.depth)
        aliases += size.aliases
        objects += size.objects
    return Size(depth, aliases, objects)
