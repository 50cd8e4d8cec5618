"""How large a document is, told from its text alone: before it is validated or run.

A fragment is measured once, however often it is spread: documents that name each other's
fragments twice grow twofold with each of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
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

from dexxy.common.errors import BadInputError
from dexxy.common.pages import LARGEST_PAGE, PAGE

OBJECTS_A_POINT = 100
# Braces within braces, those of fragments where they are spread: more of them than levels of
# fields, and few enough to be measured by functions that call themselves.
MOST_NESTED = 50
# To count a whole list is as much work as many pages of it.
_OBJECTS_OF_A_COUNT = 1000
# Below which names a page holds its items.
_ITEMS = {"edges", "changes"}
# Points of what is more work than it returns: it asks GitHub, or reads a year.
_WORK = {"availableGithubRepos": 50, "githubConnectRepo": 10, "insights": 50}


class LimitError(BadInputError):
    """A document asks for more than one may."""

    code = "limit_exceeded"


@dataclass(frozen=True)
class Size:
    """What a part of a document asks for.

    `objects` is how many objects it can return at most: lists are taken to be as long as a page.
    `work` is in points: one for each field with arguments, because it asks the database anew.
    """

    depth: int = 0
    aliases: int = 0
    objects: int = 0
    work: int = 0

    @property
    def points(self) -> int:
        """What it costs."""
        return max(1, ceil(self.objects / OBJECTS_A_POINT) + self.work)


class Measure:
    """Measures one document with its variables."""

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        definitions = document.definitions
        self._operations = [d for d in definitions if isinstance(d, OperationDefinitionNode)]
        self._fragments = {
            d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)
        }
        self._variables = {**self._defaults(), **variables}
        self._known: dict[tuple[str, int], Size] = {}
        self._nested = 0

    def size(self) -> Size:
        """Return the size of all operations together.

        Raises:
            LimitError: it is nested too deeply to be measured.
        """
        return _together(self._selected(operation.selection_set) for operation in self._operations)

    def _defaults(self) -> dict[str, Any]:
        return {
            one.variable.name.value: int(one.default_value.value)
            for operation in self._operations
            for one in operation.variable_definitions or ()
            if isinstance(one.default_value, IntValueNode)
        }

    def _selected(self, selections: SelectionSetNode, length: int = 1) -> Size:
        if self._nested == MOST_NESTED:
            raise LimitError(f"The document is nested more than {MOST_NESTED} levels deep.")
        self._nested += 1
        size = _together(self._selection(one, length) for one in selections.selections)
        self._nested -= 1
        return size

    def _selection(self, one: Any, length: int) -> Size:
        if isinstance(one, FieldNode):
            return self._field(one, length)
        if isinstance(one, FragmentSpreadNode):
            return self._fragment(one.name.value, length)
        return self._selected(one.selection_set, length)

    def _field(self, field: FieldNode, length: int) -> Size:
        """Measure FIELD; its page, where it stands directly below one, has LENGTH items."""
        name, aliases = field.name.value, 0 if field.alias is None else 1
        work = _WORK.get(name, 1) if field.arguments else 0
        if field.selection_set is None:
            objects = _OBJECTS_OF_A_COUNT if name == "totalCount" else 0
            return Size(1, aliases, objects, work)
        inner = self._selected(field.selection_set, self._length(field))
        objects = (1 + inner.objects) * (length if name in _ITEMS else 1)
        return Size(1 + inner.depth, aliases + inner.aliases, objects, work + inner.work)

    def _fragment(self, name: str, length: int) -> Size:
        key = name, length
        if key not in self._known:
            # Validation refuses a fragment that holds itself, or that there is none.
            self._known[key] = Size()
            if name in self._fragments:
                self._known[key] = self._selected(self._fragments[name].selection_set, length)
        return self._known[key]

    def _length(self, field: FieldNode) -> int:
        """Return how many items a page of FIELD can have, if it has pages."""
        asked: Any = PAGE
        for argument in field.arguments or ():
            if argument.name.value == "first":
                asked = self._value(argument.value)
        # What is no size of a page is refused later.
        return asked if isinstance(asked, int) and 0 < asked < LARGEST_PAGE else LARGEST_PAGE

    def _value(self, node: Any) -> Any:
        if isinstance(node, IntValueNode):
            return int(node.value)
        return self._variables.get(node.name.value) if isinstance(node, VariableNode) else None


def _together(sizes: Iterable[Size]) -> Size:
    depth = aliases = objects = work = 0
    for size in sizes:
        depth = max(depth, size.depth)
        aliases += size.aliases
        objects += size.objects
        work += size.work
    return Size(depth, aliases, objects, work)
