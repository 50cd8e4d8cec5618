"""How large a document is, told from its text and the schema: before it is validated or run.

A fragment is measured once, however often it is spread: documents that name each other's
fragments twice grow twofold with each of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
)

from dexxy.common.errors import BadInputError
from dexxy.common.graphql_cost import Cost, cost_of
from dexxy.common.graphql_introspection import INTROSPECTION, Introspection
from dexxy.common.pages import LARGEST_PAGE, PAGE

# Each takes 40 to 80 microseconds of a processor, whether it is an object or a text: the largest
# document takes two to four seconds.
VALUES_A_POINT = 100
# Nested selection sets, counted with those of each fragment where it is spread. That is above the
# limit of nested fields, and below the depth at which Python's recursion would end.
MOST_NESTED = 50
# Fields of one name on one type, with fields below or arguments: validation compares each with all
# others, to merge them.
MOST_ALIKE = 100
# Parts of a document that are looked at to measure it: those of a fragment again below each size of
# page, and in each operation. A client's largest document has some hundred.
MOST_LOOKS = 20_000


class LimitError(BadInputError):
    """A document asks for more than one may."""

    code = "limit_exceeded"


@dataclass(frozen=True)
class Size:
    """What a part of a document asks for.

    `values` is how many it can return at most, objects and what they hold: lists of objects are
    taken to be as long as they can be. `work` is in points, for what asks the database anew.
    """

    depth: int = 0
    aliases: int = 0
    values: int = 0
    work: int = 0

    @property
    def points(self) -> int:
        """What it costs."""
        return max(1, ceil(self.values / VALUES_A_POINT) + self.work)


class Measure:
    """Measures one document with its variables.

    What the schema does not know, as in a document that will not pass validation, is taken to be
    one value without a cost of its own. What tools ask about the schema itself is counted in it.
    """

    def __init__(
        self, document: DocumentNode, variables: Mapping[str, Any], schema: GraphQLSchema
    ) -> None:
        definitions = document.definitions
        self._operations = [d for d in definitions if isinstance(d, OperationDefinitionNode)]
        self._fragments = {
            d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)
        }
        self._sent = variables
        self._variables: Mapping[str, Any] = {}
        self._schema = schema
        self._known: dict[tuple[str, int], Size] = {}
        self._introspection = Introspection(schema, self._fragments)
        self._nested = self._looks = 0
        self._alike: Counter[tuple[str, str]] = Counter()

    def size(self) -> Size:
        """Return the size of all operations together.

        Raises:
            LimitError: it is nested too deeply to be measured, or repeats a field too often.
        """
        return _together(self._operation(one) for one in self._operations)

    def _operation(self, one: OperationDefinitionNode) -> Size:
        # What a variable is where it was not sent, each operation says for itself: what another
        # one says of the same name must make no page smaller, nor what a fragment asks for.
        self._variables = {**_defaults(one), **self._sent}
        self._known.clear()
        return self._selected(one.selection_set, self._schema.get_root_type(one.operation), 1)

    def _selected(
        self, selections: SelectionSetNode, of: GraphQLNamedType | None, page: int
    ) -> Size:
        """Measure what is selected of the type OF, which is below a field with pages of PAGE."""
        if self._nested == MOST_NESTED:
            raise LimitError(f"The document is nested more than {MOST_NESTED} levels deep.")
        self._nested += 1
        size = _together(self._selection(one, of, page) for one in selections.selections)
        self._nested -= 1
        return size

    def _selection(self, one: Any, of: GraphQLNamedType | None, page: int) -> Size:
        self._looks += 1
        if self._looks > MOST_LOOKS:
            raise LimitError("The document says the same too often: ask for less at a time.")
        if isinstance(one, FieldNode):
            return self._field(one, of, page)
        if isinstance(one, FragmentSpreadNode):
            return self._fragment(one.name.value, page)
        # An inline fragment, with or without a type of its own.
        narrowed = of if one.type_condition is None else self._type(one.type_condition.name.value)
        return self._selected(one.selection_set, narrowed, page)

    def _field(self, node: FieldNode, of: GraphQLNamedType | None, page: int) -> Size:
        name, aliases = node.name.value, 0 if node.alias is None else 1
        field = of.fields.get(name) if isinstance(of, GraphQLObjectType) else None
        cost = cost_of(field) if field else Cost()
        work = cost.work if node.arguments else 0
        if node.selection_set or node.arguments:
            self._count(node, of)
        if node.selection_set is None:
            return Size(1, aliases, 1 + cost.objects, work)
        if name in INTROSPECTION:
            return self._introspected(node, aliases)
        asked = self._page(node)
        inner = self._selected(node.selection_set, field and get_named_type(field.type), asked)
        length = _length(field, cost, asked, page) if field else 1
        return Size(
            depth=1 + inner.depth,
            aliases=aliases + inner.aliases,
            values=cost.objects + (1 + inner.values) * length,
            work=work + inner.work,
        )

    def _count(self, node: FieldNode, of: GraphQLNamedType | None) -> None:
        shown = (node.alias or node.name).value
        key = of.name if of else "", shown
        self._alike[key] += 1
        if self._alike[key] > MOST_ALIKE:
            raise LimitError(f"The document asks for {shown} more than {MOST_ALIKE} times.")

    def _introspected(self, node: FieldNode, aliases: int) -> Size:
        assert node.selection_set is not None
        # What is below is measured for its depth and aliases alone; its values are known.
        inner = self._selected(node.selection_set, None, 1)
        values = self._introspection.values(node)
        return Size(1 + inner.depth, aliases + inner.aliases, values)

    def _fragment(self, name: str, page: int) -> Size:
        key = name, page
        if key not in self._known:
            # Validation refuses a fragment that holds itself, or that there is none.
            self._known[key] = Size()
            if name in self._fragments:
                fragment = self._fragments[name]
                of = self._type(fragment.type_condition.name.value)
                self._known[key] = self._selected(fragment.selection_set, of, page)
        return self._known[key]

    def _type(self, name: str) -> GraphQLNamedType | None:
        return None if name.startswith("__") else self._schema.type_map.get(name)

    def _page(self, node: FieldNode) -> int:
        """Return how many items a page of NODE can have, if it has pages."""
        asked: Any = PAGE
        for argument in node.arguments or ():
            if argument.name.value == "first":
                asked = self._value(argument.value)
        # What is no size of a page is refused later.
        return asked if isinstance(asked, int) and 0 < asked < LARGEST_PAGE else LARGEST_PAGE

    def _value(self, node: Any) -> Any:
        if isinstance(node, IntValueNode):
            return _number(node)
        return self._variables.get(node.name.value) if isinstance(node, VariableNode) else None


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        one.variable.name.value: _number(one.default_value)
        for one in operation.variable_definitions or ()
        if isinstance(one.default_value, IntValueNode)
    }


def _number(node: IntValueNode) -> int:
    # Python reads no number of thousands of digits, and GraphQL has none of more than ten.
    return int(node.value) if len(node.value) < 12 else LARGEST_PAGE


def _length(field: GraphQLField, cost: Cost, asked: int, page: int) -> int:
    """Return how many objects FIELD returns at most.

    Args:
        asked: the size of a page of this field.
        page: that of the field above it.
    """
    if not isinstance(get_nullable_type(field.type), GraphQLList):
        return 1
    if cost.items is not None:
        return cost.items
    return asked if "first" in field.args else page


def _together(sizes: Iterable[Size]) -> Size:
    depth = aliases = values = work = 0
    for size in sizes:
        depth = max(depth, size.depth)
        aliases += size.aliases
        values += size.values
        work += size.work
    return Size(depth, aliases, values, work)
