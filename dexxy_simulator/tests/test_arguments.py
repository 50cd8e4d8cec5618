"""Whatever a client may ask for, the simulator looks at: no argument is ignored."""

import pytest
from graphql import (
    GraphQLInputType,
    GraphQLObjectType,
    get_named_type,
    is_composite_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)

from dexxy_simulator.graph import execution, schema
from dexxy_simulator.graph.arguments import Arguments, IgnoredArgumentError, honouring
from dexxy_simulator.graph.context import Info
from dexxy_simulator.graph.cost import Cost
from dexxy_simulator.graph.pages import encode
from dexxy_simulator.model import Repository
from dexxy_simulator.tests.conftest import Clock, GitHub
from dexxy_simulator.tests.history import make_history
from dexxy_simulator.tests.test_limits import cost
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World

OF_ANTS = 'repository(owner: "panjf2000", name: "ants")'
WITH_ARGUMENTS = [
    (kind.name, name)
    for kind in schema.schema().type_map.values()
    if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
    for name, field in kind.fields.items()
    if field.args
]
# Where what has no id is found: a type that has one, and its field.
FOUND_IN = {"ReactionGroup": ("Issue", "reactionGroups")}


def value(kind: GraphQLInputType, known: str | None = None) -> str:
    """Write a value of a type."""
    if is_non_null_type(kind):
        return value(kind.of_type, known)
    if is_list_type(kind):
        return f"[{value(kind.of_type, known)}]"
    if known is not None:
        return known
    if is_enum_type(kind):
        return str(next(iter(kind.values)))
    if is_input_object_type(kind):
        inside = (f"{name}: {value(field.type)}" for name, field in kind.fields.items())
        return f"{{{', '.join(inside)}}}"
    simple = {"Int": "1", "Boolean": "true", "DateTime": '"2020-01-01T00:00:00Z"'}
    return simple.get(str(kind), '"x"')


def with_all_arguments(type_name: str, name: str, known: dict[str, str]) -> str:
    """Ask for a field with every argument that it has."""
    kind = schema.schema().type_map[type_name]
    assert isinstance(kind, GraphQLObjectType)
    field = kind.fields[name]
    values = {one: value(argument.type, known.get(one)) for one, argument in field.args.items()}
    inside = " { __typename }" if is_composite_type(get_named_type(field.type)) else ""
    given = ", ".join(f"{one}: {text}" for one, text in values.items())
    return f"{name}({given}){inside}"


@pytest.mark.parametrize(("type_name", "name"), WITH_ARGUMENTS)
def test_every_argument_of_a_field_is_looked_at(
    github: GitHub, world: World, clock: Clock, ants: Repository, type_name: str, name: str
) -> None:
    make_history(world, clock, ants)
    cursor = f'"{encode((0, 0))}"'
    known = {"owner": '"panjf2000"', "name": '"ants"', "after": cursor, "before": cursor}
    known |= dict.fromkeys(("id", "ids"), f'"{ants.node_id}"')
    field = with_all_arguments(type_name, name, known)
    if type_name in FOUND_IN:
        type_name, place = FOUND_IN[type_name]
        field = f"{place} {{ {field} }}"
    if type_name != "Query":
        some = next(one for one in world.nodes.values() if one.typename == type_name)
        field = f'node(id: "{some.node_id}") {{ ... on {type_name} {{ {field} }} }}'

    answer = github.query(f"{{ {field} }}")

    # A number or a login of nobody; what is ignored is a server error.
    assert {one["type"] for one in answer.get("errors", ())} <= {"NOT_FOUND"}


@pytest.mark.parametrize(
    ("read", "ignored"),
    [
        ((), "Repository.issues ignores filterBy, first"),
        (("first",), "Repository.issues ignores filterBy"),
        (("first", "filterBy"), "Repository.issues ignores filterBy.since"),
    ],
)
def test_an_argument_that_is_ignored_ends_the_request(
    world: World, monkeypatch: pytest.MonkeyPatch, read: tuple[str, ...], ignored: str
) -> None:
    def careless(source: object, info: Info, arguments: Arguments) -> None:
        for name in read:
            assert arguments[name]

    repository = schema.schema().type_map["Repository"]
    assert isinstance(repository, GraphQLObjectType)
    monkeypatch.setattr(repository.fields["issues"], "resolve", honouring(careless))
    since = '{since: "2020-01-01T00:00:00Z"}'
    document = f"{{ {OF_ANTS} {{ issues(first: 1, filterBy: {since}) {{ totalCount }} }} }}"

    with pytest.raises(IgnoredArgumentError, match=f"^{ignored}$"):
        execution.answer(world, world.tokens[DEMO_TOKEN], "http://x", document, {})


def test_a_mistake_of_the_simulator_is_no_error_of_githubs(
    github: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = f"{{ {OF_ANTS} {{ issue(number: 5) {{ stateReason }} }} }}"
    issue = schema.schema().type_map["Issue"]
    assert isinstance(issue, GraphQLObjectType)
    monkeypatch.setattr(issue.fields["stateReason"], "resolve", honouring(lambda *_: None))

    response = github.http.post(github.server.graphql_url, json={"query": document})

    assert response.status_code == 500


def test_a_default_counts_as_given(github: GitHub, world: World, ants: Repository) -> None:
    issue = ants.issues[5]
    world.close(issue, ants.owner, "DUPLICATE")
    reasons = "usual: stateReason told: stateReason(enableDuplicate: true)"

    shown = github.data(f"{{ {OF_ANTS} {{ issue(number: 5) {{ {reasons} }} }} }}")

    assert shown["repository"]["issue"] == {"usual": "NOT_PLANNED", "told": "DUPLICATE"}


def test_a_page_may_skip_items_and_labels_may_be_the_other_way_round(
    github: GitHub, world: World, ants: Repository
) -> None:
    issue = world.open_issue(ants, ants.owner, "New")
    world.set_labels(issue, ants.owner, ["one", "two", "three"])
    document = f"""{{ {OF_ANTS} {{ issue(number: {issue.number}) {{
      timelineItems(first: 1, skip: 1) {{ nodes {{ ... on LabeledEvent {{ label {{ name }} }} }} }}
      labels(first: 9, orderBy: {{field: CREATED_AT, direction: DESC}}) {{ nodes {{ name }} }}
      author {{ avatarUrl(size: 40) }} }} }} }}"""

    shown = github.data(document)["repository"]["issue"]

    assert shown["timelineItems"]["nodes"] == [{"label": {"name": "two"}}]
    assert [one["name"] for one in shown["labels"]["nodes"]] == ["three", "two", "one"]
    assert shown["author"]["avatarUrl"].endswith("&s=40")


def test_what_a_directive_leaves_out_costs_nothing() -> None:
    document = f"""query($with: Boolean!) {{ {OF_ANTS} {{ issues(first: 100) {{ nodes {{
      comments(first: 100) @include(if: $with) {{ nodes {{ id }} }} }} }} }} }}"""

    assert cost(document, **{"with": True}) == Cost(requests=101, nodes=10_100)
    assert cost(document, **{"with": False}) == Cost(requests=1, nodes=100)
