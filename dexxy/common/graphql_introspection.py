"""How much of the schema a document asks for: counted in the schema itself, which is known."""

from collections.abc import Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    StringValueNode,
    get_named_type,
    get_nullable_type,
    introspection_types,
)

# The root fields by which a document asks for the schema, and what they return.
INTROSPECTION = {"__schema": "__Schema", "__type": "__Type"}


class Introspection:
    """Counts the values that fields of the schema about itself return, objects among them.

    A part of a document is counted once for each object of the schema, however often it is reached.
    """

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        self._info: Any = SimpleNamespace(schema=schema)
        self._fragments = fragments
        self._known: dict[tuple[int, int], int] = {}
        self._read: dict[int, tuple[int, list[FieldNode]]] = {}

    def values(self, node: FieldNode) -> int:
        """Return how many values a field of `INTROSPECTION` returns; of `__type`, at most."""
        of: Any = introspection_types[INTROSPECTION[node.name.value]]
        return max(self._counted(one, of, node.selection_set) for one in self._roots(node))

    def _roots(self, node: FieldNode) -> Iterable[Any]:
        schema: GraphQLSchema = self._info.schema
        if node.name.value == "__schema":
            return [schema]
        for argument in node.arguments or ():
            if argument.name.value == "name" and isinstance(argument.value, StringValueNode):
                return [schema.type_map.get(argument.value.value)]
        return schema.type_map.values()

    def _counted(
        self, value: Any, of: GraphQLObjectType, selections: SelectionSetNode | None
    ) -> int:
        """Count VALUE, an object of the type OF, with all that is selected below it."""
        if value is None or selections is None:
            return 1
        # The library names a field, argument or value by a new pair each time.
        key = id(value[1] if isinstance(value, tuple) else value), id(selections)
        if key not in self._known:
            # Validation refuses a fragment that holds itself.
            self._known[key] = 1
            plain, nodes = self._parts(selections)
            self._known[key] += plain + sum(
                self._counted(one, get_named_type(field.type), node.selection_set)
                for node in nodes
                if (field := of.fields.get(node.name.value))
                for one in self._inside(value, field)
            )
        return self._known[key]

    def _parts(self, selections: SelectionSetNode) -> tuple[int, list[FieldNode]]:
        """Return how many plain fields are selected, and those with fields below; read once."""
        if id(selections) not in self._read:
            nodes = list(self._fields(selections, set()))
            below = [node for node in nodes if node.selection_set]
            self._read[id(selections)] = len(nodes) - len(below), below
        return self._read[id(selections)]

    def _inside(self, value: Any, field: GraphQLField) -> Iterable[Any]:
        assert field.resolve is not None
        everything = {name: True for name in field.args if name == "includeDeprecated"}
        found = field.resolve(value, self._info, **everything)
        is_list = isinstance(get_nullable_type(field.type), GraphQLList)
        return (found or ()) if is_list else (found,)

    def _fields(self, selections: SelectionSetNode, spread: set[str]) -> Iterator[FieldNode]:
        """Yield the fields of a selection set; of a fragment that is spread twice, once, as who
        runs it does.

        Args:
            spread: the fragments that were looked into; fragments that double each other would
                else take for ever.
        """
        for one in selections.selections:
            if isinstance(one, FieldNode):
                yield one
            elif isinstance(one, InlineFragmentNode):
                yield from self._fields(one.selection_set, spread)
            elif isinstance(one, FragmentSpreadNode) and one.name.value not in spread:
                spread.add(one.name.value)
                fragment = self._fragments.get(one.name.value)
                yield from self._fields(fragment.selection_set, spread) if fragment else ()
