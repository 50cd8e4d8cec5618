"""Documents for the API that ask for everything, made from its schema."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

from dexxy.config.schema import schema

ROOTS = {"query": schema._schema.query_type, "mutation": schema._schema.mutation_type}
# As deep as any type lies below a root, and far less than the API allows.
DEEP = 8


def root_fields() -> dict[str, tuple[str, GraphQLField]]:
    """Return every field of the two roots by its name, with the kind of its operation."""
    return {
        name: (kind, field)
        for kind, root in ROOTS.items()
        if root is not None
        for name, field in root.fields.items()
    }


def document(name: str, *optional: str, first: int = 2) -> str:
    """Return a document that asks the root field NAME for every field below it.

    Its variables are the arguments that it must have, and those that are named as OPTIONAL.
    """
    _, field = root_fields()[name]
    given = {"first": str(first)} if "first" in field.args else {}
    given |= {arg: f"${arg}" for arg in optional}
    return _document(name, given, " ".join(selection(field, ())))


def paged_fields() -> dict[str, list[str]]:
    """Return the way from a root to every field that has pages, by the names of its type and it."""
    found: dict[str, list[str]] = {}
    waiting = [([name], field) for name, (_, field) in root_fields().items()]
    known = {"Query", "Mutation"}
    for name, (_, field) in root_fields().items():
        if "after" in field.args:
            found[f"Query.{name}"] = [name]
    while waiting:
        way, field = waiting.pop(0)
        of = get_named_type(field.type)
        if not isinstance(of, GraphQLObjectType) or of.name in known:
            continue
        known.add(of.name)
        for name, inner in of.fields.items():
            if "after" in inner.args:
                found[f"{of.name}.{name}"] = [*way, name]
            waiting.append(([*way, name], inner))
    return found


def document_of_a_page(way: list[str], **given: str) -> str:
    """Return a document that asks the field at the end of WAY for a page.

    Args:
        given: its arguments, as they are written in a document.
    """
    if len(way) == 1:
        return _document(way[0], given, "{ __typename }")
    called = f"{way[-1]}{_arguments(given)}"
    inner = " { ".join([*way[1:-1], called, "__typename"])
    return _document(way[0], {}, f"{{ {inner} {'}' * (len(way) - 1)} }}")


def id_arguments(name: str) -> Iterator[tuple[str, ...]]:
    """Yield the ways to all ids of things of a workspace in the arguments of a root field.

    `("filters", "sourceIds")` is the list of ids inside the argument `filters`.
    """
    for arg, spec in root_fields()[name][1].args.items():
        yield from _ids((arg,), spec.type)


def _ids(way: tuple[str, ...], of: Any) -> Iterator[tuple[str, ...]]:
    one = get_named_type(of)
    if one.name == "ID" and way[-1] != "workspaceId":
        yield way
    elif isinstance(one, GraphQLInputObjectType):
        for key, inner in one.fields.items():
            # Some inputs hold another one of their own kind.
            if key not in way:
                yield from _ids((*way, key), inner.type)


def _document(name: str, given: Mapping[str, str], selected: str) -> str:
    """Return a document; arguments that are not GIVEN, and those given by `$`, are variables."""
    kind, field = root_fields()[name]
    required = [arg for arg, spec in field.args.items() if is_required_argument(spec)]
    given = {**{arg: f"${arg}" for arg in required}, **given}
    declared = {f"${arg}": str(field.args[arg].type) for arg in given if f"${arg}" == given[arg]}
    return f"{kind} {_arguments(declared)} {{ {name}{_arguments(given)} {selected} }}"


def _arguments(given: Mapping[str, str]) -> str:
    return f"({', '.join(f'{name}: {value}' for name, value in given.items())})" if given else ""


def selection(field: GraphQLField, above: tuple[str, ...]) -> Iterator[str]:
    """Yield what selects all fields of FIELD's type but those that lead back to one ABOVE."""
    of = get_named_type(field.type)
    if not isinstance(of, GraphQLObjectType):
        return
    yield "{ __typename"
    for name, inner in of.fields.items():
        below = get_named_type(inner.type)
        if isinstance(below, GraphQLObjectType) and (below.name in above or len(above) == DEEP):
            continue
        # A whole page of everything would be more than one may ask for.
        page = "(first: 2)" if "first" in inner.args else ""
        yield " ".join([f"{name}{page}", *selection(inner, (*above, of.name))])
    yield "}"


def variables(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return variables for `document(name)`, taken from VALUES by the names of the arguments."""
    _, field = root_fields()[name]
    return {
        arg: example(arg, spec.type, values)
        for arg, spec in field.args.items()
        if is_required_argument(spec)
    }


def example(name: str, of: Any, values: Mapping[str, Any]) -> Any:
    """Return a value for the argument NAME.

    Raises:
        KeyError: none is known; a new argument needs one.
    """
    if isinstance(of, GraphQLNonNull):
        of = of.of_type
    if isinstance(of, GraphQLInputObjectType):
        return {
            key: example(key, inner.type, values)
            for key, inner in of.fields.items()
            if is_required_input_field(inner)
        }
    if name not in values and isinstance(of, GraphQLEnumType):
        return next(iter(of.values))
    return values[name]


def object_fields() -> set[tuple[str, str]]:
    """Return every field of every object type of the API."""
    return {
        (name, field)
        for name, one in schema._schema.type_map.items()
        if isinstance(one, GraphQLObjectType) and not name.startswith("__")
        for field in one.fields
    }


def selected_fields(name: str) -> set[tuple[str, str]]:
    """Return the fields of object types that `document(name)` asks for."""
    kind, field = root_fields()[name]
    root = ROOTS[kind]
    assert root is not None
    return {(root.name, name), *_selected(field, ())}


def _selected(field: GraphQLField, above: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    of = get_named_type(field.type)
    if not isinstance(of, GraphQLObjectType):
        return
    for name, inner in of.fields.items():
        below = get_named_type(inner.type)
        if isinstance(below, GraphQLObjectType) and (below.name in above or len(above) == DEEP):
            continue
        yield of.name, name
        yield from _selected(inner, (*above, of.name))
