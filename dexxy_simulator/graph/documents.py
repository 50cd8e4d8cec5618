"""Reading documents: what is wrong with one, GitHub says in a shape of its own.

https://github.com/rmosolgo/graphql-ruby is what it runs: its static errors have a `code` in
`extensions` and a path through the document, not through the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSyntaxError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    parse,
    validate,
)

from dexxy_simulator.graph.schema import schema

Step: TypeAlias = tuple[Node, list[str]]
UNDEFINED: Final = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'\.")


class UndefinedFieldError(GraphQLError):
    """A document asks for a field that a type does not have."""

    def __init__(self, error: GraphQLError, path: list[str], field: str, kind: str) -> None:
        code = {"code": "undefinedField", "typeName": kind, "fieldName": field}
        super().__init__(
            f"Field '{field}' doesn't exist on type '{kind}'", error.nodes, extensions=code
        )
        self.document_path = path


@lru_cache(maxsize=256)
def checked(
    document: str, *, newer: bool = True
) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    """Parse and validate a document; clients send the same few again and again.

    Args:
        newer: whether the server knows what is newer than the published schema.
    """
    try:
        parsed = parse(document)
    except GraphQLSyntaxError as error:
        return None, (error,)
    return parsed, tuple(_as_github(parsed, one) for one in validate(schema(newer=newer), parsed))


def _as_github(document: DocumentNode, error: GraphQLError) -> GraphQLError:
    undefined = UNDEFINED.match(error.message)
    if undefined is None or not error.nodes:
        return error
    path = next(path for node, path in _steps(document) if node is error.nodes[0])
    return UndefinedFieldError(error, path, *undefined.groups())


def _steps(node: Any, path: list[str] | None = None) -> Iterator[Step]:
    """Return every field of a document with the names that lead to it."""
    here = path or []
    for child in getattr(node, "definitions", None) or node.selection_set.selections:
        below = [*here, *_name(child)]
        yield child, below
        if getattr(child, "selection_set", None) is not None:
            yield from _steps(child, below)


def _name(node: Node) -> list[str]:
    if isinstance(node, OperationDefinitionNode):
        return [f"{node.operation.value} {node.name.value}" if node.name else node.operation.value]
    if isinstance(node, FragmentDefinitionNode):
        return [f"fragment {node.name.value}"]
    if isinstance(node, InlineFragmentNode):
        condition = node.type_condition
        return [f"... on {condition.name.value}" if condition else "..."]
    if isinstance(node, FragmentSpreadNode):
        return [f"...{node.name.value}"]
    assert isinstance(node, FieldNode)
    return [node.alias.value if node.alias else node.name.value]
