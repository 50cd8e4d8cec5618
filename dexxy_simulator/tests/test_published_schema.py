"""What the simulator says is what GitHub's published GraphQL schema promises."""

from itertools import chain
from typing import Any

import pytest
from graphql import (
    GraphQLNamedType,
    GraphQLSchema,
    TypeDefinitionNode,
    TypeExtensionNode,
    is_abstract_type,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
    is_specified_scalar_type,
    is_union_type,
    parse,
    print_ast,
)

from dexxy_simulator.dialects import Dialect
from dexxy_simulator.generated import generated_world
from dexxy_simulator.graph import execution
from dexxy_simulator.graph.schema import NEWER, schema
from dexxy_simulator.model import Repository
from dexxy_simulator.tests.conftest import Clock, GitHub
from dexxy_simulator.tests.documents import DOCUMENTS
from dexxy_simulator.tests.history import make_history
from dexxy_simulator.world import World
from tests.published import (
    assert_valid_answer,
    assert_valid_document,
    published_alone,
    published_schema,
)

OF_ANTS = 'repository(owner: "panjf2000", name: "ants")'
MORE = "fragment more on Repository { is: hasPullRequestsEnabled }"
OURS = {
    name: kind
    for name, kind in schema().type_map.items()
    if not name.startswith("__") and not is_specified_scalar_type(kind)
}


@pytest.mark.parametrize("name", OURS)
def test_a_type_of_ours_is_a_part_of_githubs(name: str) -> None:
    ours, theirs = OURS[name], published_schema().type_map[name]

    assert type(ours) is type(theirs)
    assert set(_parts(ours)) - set(_parts(theirs)) == set()


@pytest.mark.parametrize("name", [name for name, kind in OURS.items() if is_enum_type(kind)])
def test_an_enumeration_of_ours_has_all_values_of_githubs(name: str) -> None:
    assert _parts(OURS[name]) == _parts(published_schema().type_map[name])


# GitHub's root is a Node too, of no use to anybody; ours is not. A single reaction has no id here:
# who gave it is not modelled.
@pytest.mark.parametrize("name", sorted(OURS.keys() - {"Query", "Reaction"}))
def test_a_fragment_applies_here_to_every_type_that_it_applies_to_there(name: str) -> None:
    theirs = published_schema()

    ours = {one.name for one in schema().type_map.values() if _applies(schema(), name, one.name)}

    assert ours == {one for one in OURS if _applies(theirs, name, one)}


def test_no_argument_that_github_requires_is_optional_here() -> None:
    theirs = published_schema().type_map
    fields = (
        (ours.name, name, field)
        for ours in OURS.values()
        if is_object_type(ours) or is_interface_type(ours)
        for name, field in ours.fields.items()
    )

    lacking = [
        f"{kind}.{name}({argument})"
        for kind, name, field in fields
        for argument, definition in theirs[kind].fields[name].args.items()  # type: ignore[attr-defined]
        if str(definition.type).endswith("!") and argument not in field.args
    ]

    assert lacking == []


def additions() -> list[tuple[str, str, str]]:
    """Return what is newer than the published schema: a type, what it gets, and why."""
    return [
        (definition.name.value, one.name.value, one.description.value if one.description else "")
        for definition in parse(NEWER.read_text()).definitions
        if isinstance(definition, TypeDefinitionNode | TypeExtensionNode)
        for one in getattr(definition, "fields", None) or getattr(definition, "values", None) or ()
    ]


def test_what_is_newer_than_the_published_schema_is_not_published_yet() -> None:
    published = published_alone().type_map

    known = [
        f"{kind}.{name}"
        for kind, name, _ in additions()
        if kind in published and name in getattr(published[kind], "fields", ())
    ]

    assert additions()
    assert known == []


def test_what_is_newer_than_the_published_schema_says_where_github_documents_it() -> None:
    assert [name for *name, why in additions() if "https://docs.github.com/" not in why] == []


def test_an_older_server_refuses_a_query_for_what_is_newer(
    github: GitHub, world: World, ants: Repository
) -> None:
    document = f"query Ask {{ {OF_ANTS} {{ ...more }} }} {MORE}"
    assert github.data(document) == {"repository": {"is": True}}
    assert github.get("/repos/panjf2000/ants").json()["has_pull_requests"] is True
    world.dialect = Dialect(newer_fields=False)

    assert "has_pull_requests" not in github.get("/repos/panjf2000/ants").json()
    assert github.query(document) == {
        "errors": [
            {
                "path": ["fragment more", "is"],
                "extensions": {
                    "code": "undefinedField",
                    "typeName": "Repository",
                    "fieldName": "hasPullRequestsEnabled",
                },
                "locations": [{"line": 1, "column": document.index("is: has") + 1}],
                "message": "Field 'hasPullRequestsEnabled' doesn't exist on type 'Repository'",
            }
        ]
    }


@pytest.mark.parametrize("name", DOCUMENTS)
def test_github_would_accept_the_documents_of_these_tests(name: str) -> None:
    assert_valid_document(DOCUMENTS[name])


@pytest.mark.parametrize("name", sorted(DOCUMENTS.keys() - {"nodes"}))
def test_an_answer_about_the_recording_is_one_of_githubs(name: str, github: GitHub) -> None:
    answer = github.query(DOCUMENTS[name])

    assert "errors" not in answer
    assert_valid_answer(DOCUMENTS[name], answer)


@pytest.mark.parametrize("name", sorted(DOCUMENTS.keys() - {"nodes"}))
def test_an_answer_about_an_eventful_history_is_one_of_githubs(
    name: str, github: GitHub, world: World, clock: Clock, ants: Repository
) -> None:
    make_history(world, clock, ants)

    answer = github.query(DOCUMENTS[name])

    assert "errors" not in answer
    assert_valid_answer(DOCUMENTS[name], answer)


def test_every_object_of_an_eventful_history_can_be_asked_for_by_its_id(
    github: GitHub, world: World, clock: Clock, ants: Repository
) -> None:
    make_history(world, clock, ants)
    ids = list(world.nodes)

    answers = [
        github.query(DOCUMENTS["nodes"], ids=ids[start : start + 100])
        for start in range(0, len(ids), 100)
    ]

    for answer in answers:
        assert "errors" not in answer
        assert_valid_answer(DOCUMENTS["nodes"], answer)
    shown = chain.from_iterable(answer["data"]["nodes"] for answer in answers)
    assert [node["id"] for node in shown] == ids


@pytest.mark.parametrize("name", sorted(DOCUMENTS.keys() - {"nodes", "single"}))
def test_an_answer_about_a_generated_repository_is_one_of_githubs(name: str) -> None:
    world = generated_world(4, threads=60)
    document = DOCUMENTS[name].replace('"panjf2000"', '"colony"').replace('"ants"', '"generated"')

    token = next(iter(world.tokens.values()))
    found = execution.answer(world, token, "http://x", document, {}).body

    assert "errors" not in found
    assert_valid_answer(document, found)


def test_an_answer_with_a_refusal_is_one_of_githubs(github: GitHub) -> None:
    document = 'query { repository(owner: "nobody", name: "nothing") { id } }'

    assert_valid_answer(document, github.query(document))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"login": None}, "data.viewer.login: null, but String!"),
        ({"login": 1}, "data.viewer.login: 1 is no String"),
        ({"databaseId": 2**31}, "data.viewer.databaseId: 2147483648 is no Int"),
        ({"createdAt": "2026-11-23"}, "data.viewer.createdAt: '2026-11-23' is no DateTime"),
        ({"bio": "x"}, "data.viewer: User has ['bio'] that nobody asked for"),
    ],
)
def test_the_check_of_answers_notices(change: dict[str, Any], problem: str) -> None:
    viewer = {"login": "a", "databaseId": 1, "createdAt": "2026-11-23T12:00:00Z"}
    document = "{ viewer { login databaseId createdAt } }"
    assert_valid_answer(document, {"data": {"viewer": viewer}})

    with pytest.raises(AssertionError) as failure:
        assert_valid_answer(document, {"data": {"viewer": {**viewer, **change}}})

    assert problem in str(failure.value)


def _applies(whole: GraphQLSchema, name: str, condition: str) -> bool:
    kind, abstract = whole.type_map[name], whole.type_map[condition]
    return (
        is_abstract_type(abstract)
        and (is_object_type(kind) or is_interface_type(kind))
        and whole.is_sub_type(abstract, kind)
    )


def _parts(kind: GraphQLNamedType) -> list[str]:
    """Everything of a type that a client can rely on, one line each."""
    if is_enum_type(kind):
        return sorted(kind.values)
    if is_union_type(kind):
        return [member.name for member in kind.types]
    if is_input_object_type(kind):
        return [f"{name}: {_typed(field)}" for name, field in kind.fields.items()]
    if not (is_object_type(kind) or is_interface_type(kind)):
        return []
    lines = [f"implements {interface.name}" for interface in kind.interfaces]
    for name, field in kind.fields.items():
        lines.append(f"{name}: {field.type}")
        lines += [f"{name}({one}: {_typed(argument)})" for one, argument in field.args.items()]
    return lines


def _typed(value: Any) -> str:
    default = value.ast_node.default_value
    return f"{value.type} = {print_ast(default)}" if default else str(value.type)
