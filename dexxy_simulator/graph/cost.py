"""What a query costs, before it runs.

https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api: the
points are the number of requests needed to fill every connection, if each parent's page is
full, divided by 100; so the innermost page sizes cost nothing. The nodes are what all pages can
hold together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    value_from_ast_untyped,
)

NODE_LIMIT: Final = 500_000
PAGE_LIMIT: Final = 100


@dataclass
class Cost:
    """The requests and nodes of a query."""

    requests: int = 0
    nodes: int = 0

    @property
    def points(self) -> int:
        """What is taken from the rate limit; at least one."""
        return max(1, int(self.requests / 100 + 0.5))


class CostCounter:
    """Walks through one operation, multiplying the page sizes on the way down."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._variables = dict(variables)
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self.cost = Cost()

    def count(self, operation: OperationDefinitionNode) -> Cost:
        """Count a whole operation."""
        assert self._schema.query_type is not None
        self._defaults(operation)
        self._walk(operation.selection_set, self._schema.query_type, 1)
        return self.cost

    def _defaults(self, operation: OperationDefinitionNode) -> None:
        for definition in operation.variable_definitions or ():
            if definition.default_value is not None:
                value = value_from_ast_untyped(definition.default_value)
                self._variables.setdefault(definition.variable.name.value, value)

    def _walk(self, selections: SelectionSetNode, parent: GraphQLNamedType, factor: int) -> None:
        for selection in selections.selections:
            if not self._is_included(selection):
                continue
            if isinstance(selection, FieldNode):
                self._field(selection, parent, factor)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self._schema.type_map[condition.name.value] if condition else parent
                self._walk(selection.selection_set, inner, factor)
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self._fragments[selection.name.value]
                inner = self._schema.type_map[fragment.type_condition.name.value]
                self._walk(fragment.selection_set, inner, factor)

    def _is_included(self, selection: SelectionNode) -> bool:
        asked = {one.name.value: self._argument(one, "if") for one in selection.directives or ()}
        return bool(asked.get("include", True)) and not asked.get("skip", False)

    def _field(self, field: FieldNode, parent: GraphQLNamedType, factor: int) -> None:
        definition = getattr(parent, "fields", {}).get(field.name.value)
        if definition is None or field.selection_set is None:
            return
        kind = get_named_type(definition.type)
        if kind.name.endswith("Connection"):
            size = self._argument(field, "first") or self._argument(field, "last")
            if isinstance(size, int):
                size = max(0, min(size, PAGE_LIMIT))  # any other is refused later
                self.cost.requests += factor
                factor *= size
                self.cost.nodes += factor
        elif field.name.value == "nodes" and "ids" in definition.args:
            ids = self._argument(field, "ids")
            factor *= len(ids) if isinstance(ids, list) else 1
            self.cost.nodes += factor
        self._walk(field.selection_set, kind, factor)

    def _argument(self, field: FieldNode | DirectiveNode, name: str) -> Any:
        for argument in field.arguments or ():
            if argument.name.value == name:
                if isinstance(argument.value, VariableNode):
                    return self._variables.get(argument.value.name.value)
                if isinstance(argument.value, ListValueNode):
                    return list(argument.value.values)
                return value_from_ast_untyped(argument.value, self._variables)
        return None
