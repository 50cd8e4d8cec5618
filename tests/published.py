"""GitHub's published schemas, to check queries, answers and webhooks against.

They are fetched, never committed: `tests/needs.py` says what happens without them. They are older
than the service, and the head of each report says by how much: a field that they lack may exist.
Those that are known are in `dexxy_simulator/graph/newer.graphql`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    build_schema,
    get_operation_ast,
    is_abstract_type,
    is_composite_type,
    is_enum_type,
    is_list_type,
    is_non_null_type,
    parse,
    validate,
)
from jsonschema import Draft7Validator

from dexxy_simulator.graph.schema import with_newer
from tests import needs
from tools.fetch_published_schema import GRAPHQL, WEBHOOKS

TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def pytest_report_header() -> str:
    """Say how old the published schemas are, which are all that GitHub's answers are checked by."""
    today = datetime.now(UTC).date()
    ages = (
        f"{one.package} is of {one.taken_on}, {(today - one.taken_on).days} days old"
        for one in (GRAPHQL, WEBHOOKS)
    )
    return f"GitHub's published schemas: {'; '.join(ages)}"


@cache
def published_alone() -> GraphQLSchema:
    """Return GitHub's schema; skip the test, or fail it in CI, where it is not at hand."""
    return build_schema(needs.published_schema(), assume_valid=True)


@cache
def published_schema() -> GraphQLSchema:
    """Return GitHub's schema with what is known of it and not published yet."""
    return with_newer(published_alone(), assume_valid=True)


def assert_valid_document(document: str) -> None:
    """Assert that GitHub would accept a query."""
    errors = validate(published_schema(), parse(document))
    assert not errors, "\n".join(error.message for error in errors)


def assert_valid_answer(document: str, answer: Mapping[str, Any]) -> None:
    """Assert that a JSON answer has exactly the fields, types and nulls that GitHub's schema
    promises for a query."""
    assert_valid_document(document)
    if answer.get("data") is None:
        assert answer.get("errors"), "an answer without data needs errors"
        return
    problems = list(_Checker(parse(document)).problems(answer["data"]))
    assert not problems, "\n".join(problems)


@cache
def _published_webhook(event: str) -> Draft7Validator | None:
    """Return what checks the payloads of an event, without refusing fields that came later."""
    whole = _open_to_more(json.loads(needs.published_webhooks()))
    if event not in whole["definitions"]:
        return None
    only = {"allOf": [{"$ref": f"#/definitions/{event}"}]}
    return Draft7Validator({"definitions": whole["definitions"], **only})


def assert_valid_webhook(event: str, payload: Mapping[str, Any]) -> None:
    """Assert that a payload is what GitHub's published schema promises, as far as it goes."""
    schema = _published_webhook(f"{event}${payload.get('action', 'event')}")
    problems = [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for whole in (schema.iter_errors(payload) if schema else ())
        for error in (whole.context or [whole])
    ]
    assert not problems, f"{event} {payload.get('action')}:\n" + "\n".join(problems)


def _open_to_more(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_open_to_more(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    # Without the closed sets of fields several of the alternatives may fit.
    names = {"oneOf": "anyOf"}
    return {
        names.get(name, name): _open_to_more(value)
        for name, value in schema.items()
        if not (name == "additionalProperties" and value is False)
    }


class _Checker:
    """Walks through an answer and its query together."""

    def __init__(self, document: DocumentNode) -> None:
        self._schema = published_schema()
        self._fragments = {
            one.name.value: one
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }
        operation = get_operation_ast(document)
        assert operation is not None, "the document has one operation"
        self._operation: OperationDefinitionNode = operation

    def problems(self, data: Any) -> Iterator[str]:
        root = self._schema.query_type
        assert root is not None
        yield from self._object(data, root, self._operation.selection_set.selections, "data")

    def _value(
        self, value: Any, kind: GraphQLOutputType, fields: Sequence[FieldNode], path: str
    ) -> Iterator[str]:
        if is_non_null_type(kind):
            if value is None:
                yield f"{path}: null, but {kind}"
                return
            kind = kind.of_type
        if value is None:
            return
        if is_list_type(kind):
            if not isinstance(value, list):
                yield f"{path}: {value!r} is no list"
                return
            for index, item in enumerate(value):
                yield from self._value(item, kind.of_type, fields, f"{path}.{index}")
        elif is_composite_type(kind):
            selections = [
                selection
                for field in fields
                if field.selection_set
                for selection in field.selection_set.selections
            ]
            yield from self._composite(value, kind, selections, path)
        elif is_enum_type(kind):
            if value not in kind.values:
                yield f"{path}: {value!r} is no {kind.name}"
        elif not _is_scalar(value, str(kind)):
            yield f"{path}: {value!r} is no {kind}"

    def _composite(
        self, value: Any, kind: Any, selections: Sequence[SelectionNode], path: str
    ) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no object"
            return
        possible = list(self._schema.get_possible_types(kind)) if is_abstract_type(kind) else [kind]
        if value.get("__typename") is not None:
            possible = [one for one in possible if one.name == value["__typename"]]
        found = [list(self._object(value, one, selections, path)) for one in possible]
        if not found:
            yield f"{path}: {value['__typename']} is no {kind}"
        elif all(found):
            yield from min(found, key=len)

    def _object(
        self,
        value: Mapping[str, Any],
        kind: GraphQLObjectType,
        selections: Sequence[SelectionNode],
        path: str,
    ) -> Iterator[str]:
        wanted: dict[str, list[FieldNode]] = {}
        for field in self._fields(selections, kind):
            key = field.alias.value if field.alias else field.name.value
            wanted.setdefault(key, []).append(field)
        optional = {key for key, fields in wanted.items() if all(one.directives for one in fields)}
        if missing := wanted.keys() - value.keys() - optional:
            yield f"{path}: {kind.name} lacks {sorted(missing)}"
        if surplus := value.keys() - wanted.keys():
            yield f"{path}: {kind.name} has {sorted(surplus)} that nobody asked for"
        for key, fields in wanted.items():
            name = fields[0].name.value
            if name != "__typename" and key in value:
                here = f"{path}.{key}"
                yield from self._value(value[key], kind.fields[name].type, fields, here)

    def _fields(
        self, selections: Sequence[SelectionNode], kind: GraphQLObjectType
    ) -> Iterator[FieldNode]:
        for selection in selections:
            if isinstance(selection, FieldNode):
                yield selection
                continue
            if isinstance(selection, FragmentSpreadNode):
                fragment: Any = self._fragments[selection.name.value]
            else:
                assert isinstance(selection, InlineFragmentNode)
                fragment = selection
            if self._applies(fragment.type_condition, kind):
                yield from self._fields(fragment.selection_set.selections, kind)

    def _applies(self, condition: Any, kind: GraphQLObjectType) -> bool:
        if condition is None or condition.name.value == kind.name:
            return True
        other: Any = self._schema.type_map[condition.name.value]
        return is_abstract_type(other) and self._schema.is_sub_type(other, kind)


def _is_scalar(value: Any, name: str) -> bool:
    if name == "Int":
        return type(value) is int and -(2**31) <= value < 2**31
    if name == "Boolean":
        return type(value) is bool
    if not isinstance(value, str):
        return name not in ("String", "ID", "URI", "DateTime", "BigInt", "HTML", "GitObjectID")
    if name == "DateTime":
        return TIME.fullmatch(value) is not None
    if name == "BigInt":
        return value.isdecimal()
    return name != "Float"
