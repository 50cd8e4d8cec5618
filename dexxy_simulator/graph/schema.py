"""The schema with its resolvers: most fields are attributes of the same name."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from graphql import (
    GraphQLAbstractType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    extend_schema,
    is_abstract_type,
    parse,
)

from dexxy_simulator.graph.arguments import Arguments, Resolver, honouring
from dexxy_simulator.graph.connections import CONNECTIONS
from dexxy_simulator.graph.context import Info, request_of
from dexxy_simulator.graph.resolvers import RESOLVERS

SDL: Final = Path(__file__).with_name("schema.graphql")
NEWER: Final = Path(__file__).with_name("newer.graphql")
MAX_INT: Final = 2**31 - 1
ATTRIBUTES: Final = {
    "fullDatabaseId": "database_id",
    "resourcePath": "path",
    "bodyHTML": "body_html",
}
# One dialect writes a `databaseId` beyond 32 bits, which graphql-core's own Int refuses.
UNBOUNDED_INT: Final = GraphQLScalarType("UnboundedInt")
UNBOUNDED_INT.name = "Int"


def schema(*, newer: bool = True) -> GraphQLSchema:
    """Return the schema.

    Args:
        newer: with what is newer than the published one.
    """
    return _built(newer)


@cache
def _built(newer: bool) -> GraphQLSchema:  # so that it is one key of the cache
    built = build_schema(SDL.read_text(encoding="utf-8"))
    if newer:
        built = with_newer(built)
    for kind in built.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, definition in kind.fields.items():
                definition.resolve = honouring(_resolver(kind.name, name))
                if name == "databaseId":
                    definition.type = UNBOUNDED_INT
        elif is_abstract_type(kind):
            kind.resolve_type = _typename
    _bind_scalars(built)
    return built


def with_newer(older: GraphQLSchema, *, assume_valid: bool = False) -> GraphQLSchema:
    """Return a schema of GitHub's with what it has beyond the published one.

    Args:
        assume_valid: do not look for mistakes, which GitHub's own has by graphql-core's rules.
    """
    newer = parse(NEWER.read_text(encoding="utf-8"))
    return extend_schema(older, newer, assume_valid=assume_valid, assume_valid_sdl=assume_valid)


def snake_case(name: str) -> str:
    """Write a field's name as an attribute's."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _resolver(type_name: str, name: str) -> Resolver:
    bound = CONNECTIONS.get((type_name, name)) or RESOLVERS.get((type_name, name))
    if bound is not None:
        return bound
    if name == "url":
        return _url
    if name == "id":
        return _id
    if name == "databaseId":
        return _database_id
    return _attribute(ATTRIBUTES.get(name) or snake_case(name))


def _attribute(attribute: str) -> Resolver:
    def read(source: Any, _: Info, __: Arguments) -> Any:
        return getattr(source, attribute)

    return read


def _url(source: Any, info: Info, _: Arguments) -> str:
    return f"{request_of(info).base_url}{source.path}"


def _id(source: Any, info: Info, _: Arguments) -> str:
    return request_of(info).node_id(source)


def _database_id(source: Any, info: Info, _: Arguments) -> int | None:
    """GraphQL's Int has 32 bits; an id that outgrew them is only in `fullDatabaseId`."""
    number: int = source.database_id
    wide = request_of(info).dialect.wide_database_ids == "number"
    return number if wide or number <= MAX_INT else None


def _typename(value: Any, _: Info, __: GraphQLAbstractType) -> str:
    name: str = value.typename
    return name


def _bind_scalars(built: GraphQLSchema) -> None:
    moments, numbers = built.type_map["DateTime"], built.type_map["BigInt"]
    assert isinstance(moments, GraphQLScalarType)
    assert isinstance(numbers, GraphQLScalarType)
    moments.coerce_output_value = _write_moment
    moments.coerce_input_value = _read_moment
    numbers.coerce_output_value = str


def _write_moment(value: Any) -> str:
    text: str = value.isoformat()
    return text.replace("+00:00", "Z")


def _read_moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
