"""What nobody may ask of the API, however it is written."""

import json
from collections.abc import Callable
from time import perf_counter, process_time, time
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client, override_settings
from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    parse,
)

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import User, Workspace
from dexxy.common import api, graphql_documents, graphql_limits
from dexxy.common.api import MOST_POINTS, Caller
from dexxy.common.graphql_cost import declared_cost
from dexxy.common.graphql_limits import MOST_ALIASES
from dexxy.common.graphql_size import Measure, Size
from dexxy.common.sql import fetch_all
from dexxy.config.schema import schema

Ask = Callable[..., dict[str, Any]]
VIEWER = "{ viewer { user { id } } }"


@pytest.fixture(autouse=True)
def fresh_minute() -> None:
    cache.clear()


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer["errors"]]


def size(document: str, **variables: Any) -> Size:
    return Measure(parse(document), variables, schema._schema).size()


def test_the_size_of_a_document_is_what_it_can_return() -> None:
    page = "edges { node { id } }"

    assert size("{ viewer { tokenScope } }") == Size(2, 0, 2)
    assert size("{ x: viewer { user { id } } }") == Size(3, 1, 3)
    assert size(f"{{ threads(first: 10) {{ {page} pageInfo {{ endCursor }} }} }}").values == 33
    assert size(f"query ($n: Int) {{ threads(first: $n) {{ {page} }} }}", n=7).values == 22
    assert size(f"query ($n: Int = 3) {{ threads(first: $n) {{ {page} }} }}").values == 10
    assert size(f"{{ threads {{ {page} }} }}").values == 151
    assert size(f"{{ threads(first: -1) {{ {page} }} }}").values == 301
    assert size(f"{{ threads(first: {'9' * 5000}) {{ {page} }} }}").values == 301
    long = f"query ($n: Int = {'9' * 5000}) {{ threads(first: $n) {{ {page} }} }}"
    assert size(long).values == 301
    assert size("{ threads(first: 9) { totalCount } }").values == 1002
    assert size("{ ...F } fragment F on Query { viewer { user { id } } }") == Size(3, 0, 3)
    assert size("{ ... on Query { viewer { user { id } } } }") == Size(3, 0, 3)


def test_no_operation_makes_a_page_of_another_one_smaller() -> None:
    page = "fragment P on Query { threads(first: $n) { edges { node { id } } } }"
    dear, cheap = "query A($n: Int = 90) { ...P }", "query B($n: Int = 1) { ...P }"

    together = 1 + 90 * 3 + 1 + 1 * 3

    assert size(f"{dear} {cheap} {page}").values == together
    assert size(f"{cheap} {dear} {page}").values == together
    assert size(f"{dear} {cheap} {page}", n=2).values == 2 * (1 + 2 * 3)


@pytest.mark.parametrize(
    ("document", "values"),
    [
        ("{ mergeSuggestions(first: 100) { first { id } second { id } } }", 500),
        ("{ members(first: 100) { edges { node { id } } } }", 301),
        ("{ activityChanges(first: 10) { changes { item { id } } } }", 31),
        ("{ viewer { workspaces { id } } }", 1 + 20 * 2),
        ("{ insights { days { date } topPeople { member { id } } } }", 1 + 367 * 2 + 10 * 3),
        ("{ githubRepositories { streams { name } } }", 50 * (1 + 10 * 2)),
        ("{ member { shown { fields { others { value } } } } }", 2 + 5 * (1 + 20 * 2)),
        # The page of a fragment is that of the field in which it is spread.
        (
            "{ a: threads(first: 2) { ...P } b: threads(first: 3) { ...P } }"
            " fragment P on ThreadConnection { edges { cursor } }",
            (1 + 2 * 2) + (1 + 3 * 2),
        ),
    ],
)
def test_each_value_that_a_list_can_hold_counts_once(document: str, values: int) -> None:
    assert size(document).values == values


def test_what_is_asked_for_of_each_object_counts_too() -> None:
    messages = "messages(first: 100) {{ edges {{ {} }} }}"
    page = f"{{{{ threads(first: 100) {{{{ edges {{{{ node {{{{ {messages} }}}} }}}} }}}} }}}}"
    bodies = " ".join(f"b{n}: body" for n in range(MOST_ALIASES))

    assert size(page.format("cursor")).points < MOST_POINTS
    assert size(page.format(f"node {{ {bodies} }}")).points > MOST_POINTS


def test_what_the_schema_does_not_know_is_measured_all_the_same() -> None:
    assert size("{ x: no { such { field } } }") == Size(3, 1, 3)
    assert size("{ ...F } fragment F on Nothing { a { b } }") == Size(2, 0, 2)


def lists_of_objects() -> dict[str, GraphQLField]:
    return {
        f"{one.name}.{name}": field
        for one in schema._schema.type_map.values()
        if isinstance(one, GraphQLObjectType) and not one.name.startswith("__")
        for name, field in one.fields.items()
        if isinstance(get_nullable_type(field.type), GraphQLList)
        and isinstance(get_named_type(field.type), GraphQLObjectType)
    }


def test_every_field_that_returns_a_list_declares_how_long_it_can_be() -> None:
    undeclared = {name for name, field in lists_of_objects().items() if not declared_cost(field)}

    assert undeclared == set()
    assert len(lists_of_objects()) > 20


def test_each_field_that_asks_the_database_anew_costs_a_point() -> None:
    page = "threads(first: 1) { edges { node { id } } }"

    assert size("{ viewer { user { id } } }").points == 1
    assert size(f"{{ {page} }}").points == 2
    assert size(f"{{ {' '.join(f'a{n}: {page}' for n in range(40))} }}").points == 42
    assert size("mutation { githubConnectRepo(input: {}) { __typename } }").points == 11
    assert size("{ availableGithubRepos(workspaceId: 1) { githubId } }").points == 51
    assert size("{ insights(since: 1) { newPeople } }").points == 51
    figures = "firstResponse { medianSeconds } weeks { acts }"
    assert size(f"{{ figures(since: 1) {{ {figures} }} }}").points == 24
    # The messages of all threads of a page are one question.
    threads = (
        "{ threads(first: 50) { edges { node { messages(first: 1) { edges { cursor } } } } } }"
    )
    assert size(threads).work == 2


def test_fragments_that_double_each_other_are_measured_at_once(ask: Ask, alice: User) -> None:
    bomb = "query { ...F0 } " + " ".join(
        f"fragment F{n} on Query {{ x: viewer {{ user {{ id }} }} ...F{n + 1} ...F{n + 1} }}"
        for n in range(60)
    )
    bomb += " fragment F60 on Query { viewer { user { id } } }"
    began = perf_counter()

    answer = ask(bomb, alice)

    assert codes(answer) == ["LIMIT_EXCEEDED"]
    assert perf_counter() - began < 5


def test_fragments_that_double_each_other_below_the_schema_are_measured_at_once(
    ask: Ask, alice: User
) -> None:
    doubled = 22  # each more would take twice as long
    bomb = "{ __schema { ...F0 } } " + " ".join(
        f"fragment F{n} on __Schema {{ ...F{n + 1} ...F{n + 1} }}" for n in range(doubled)
    )
    bomb += f" fragment F{doubled} on __Schema {{ queryType {{ name }} }}"
    began = process_time()

    by_nobody, answer = ask(bomb, None), ask(bomb, alice)

    assert codes(by_nobody) == ["UNAUTHENTICATED"]
    assert answer == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
    assert size(bomb).values == 3
    assert process_time() - began < 1


def test_a_fragment_that_holds_itself_is_refused(ask: Ask, alice: User) -> None:
    cycle = """{ ...A } fragment A on Query { viewer { __typename } ...B }
               fragment B on Query { ...A }"""

    assert set(codes(ask(cycle, alice))) == {"BAD_USER_INPUT"}


def test_a_thousand_aliases_and_nested_pages_are_too_much(ask: Ask, alice: User) -> None:
    aliases = " ".join(f"a{n}: viewer {{ user {{ id }} }}" for n in range(200))
    pages = """{ activityFeed(workspaceId: "1", first: 100) { edges { node { thread {
        messages(first: 100) { edges { node { thread { messages(first: 100) {
        edges { cursor } } } } } } } } } } }"""

    assert codes(ask(f"{{ {aliases} }}", alice)) == ["LIMIT_EXCEEDED"]
    assert codes(ask(pages, alice)) == ["LIMIT_EXCEEDED"]


def test_tools_may_ask_for_the_whole_schema(ask: Ask, alice: User) -> None:
    answer = ask(get_introspection_query(input_value_deprecation=True), alice)

    assert "errors" not in answer


@override_settings(DEXXY_API_BUDGET=2)
def test_a_caller_has_a_budget_a_minute_and_hears_what_is_left(
    client: Client, alice: User, bob: User
) -> None:
    def send(viewer: User) -> Any:
        client.force_login(viewer)
        body = json.dumps({"query": VIEWER})
        return client.post("/graphql/", body, content_type="application/json")

    left = [send(alice)["RateLimit-Remaining"] for _ in range(2)]
    refused, other = send(alice), send(bob)

    assert left == ["1", "0"]
    assert codes(refused.json()) == ["RATE_LIMITED"]
    assert 0 < int(refused["RateLimit-Reset"]) <= 60
    assert "errors" not in other.json()


@override_settings(DEXXY_API_BUDGET=3)
def test_the_budget_is_the_person_s_whatever_they_come_by(
    client: Client, alice: User, workspace: Workspace
) -> None:
    body = json.dumps({"query": VIEWER})
    made = [api_token_create(viewer=alice, workspace=workspace, name=name) for name in "ab"]
    headers = [{"Authorization": f"Bearer {secret}"} for _, secret in made]
    client.force_login(alice)

    left = [
        client.post("/graphql/", body, "application/json", headers=one)["RateLimit-Remaining"]
        for one in (*headers, {})
    ]
    refused = client.post("/graphql/", body, "application/json", headers=headers[0])

    assert left == ["2", "1", "0"]
    assert codes(refused.json()) == ["RATE_LIMITED"]


@override_settings(DEXXY_API_SECONDS=1)
@pytest.mark.parametrize(
    "work", [lambda: fetch_all("SELECT pg_sleep(1.1)", {}), lambda: spin(1.1)], ids=["its", "ours"]
)
def test_what_documents_take_is_counted_when_it_is_known_and_the_next_one_refused(
    client: Client,
    alice: User,
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
    work: Callable[[], object],
) -> None:
    def send(viewer: User) -> dict[str, Any]:
        client.force_login(viewer)
        body = json.dumps({"query": VIEWER})
        answer: dict[str, Any] = client.post("/graphql/", body, "application/json").json()
        return answer

    assert "errors" not in send(alice)
    with monkeypatch.context() as patched:
        resolved, works = graphql_limits.Limits.resolve, iter([work])

        def resolve(*asked: Any, **given: Any) -> Any:
            next(works, lambda: None)()
            return resolved(*asked, **given)

        patched.setattr(graphql_limits.Limits, "resolve", resolve)
        assert "errors" not in send(alice)

    [refused] = send(alice)["errors"]
    assert refused["extensions"]["code"] == "RATE_LIMITED"
    assert "1 seconds of work" in refused["message"]
    assert "errors" not in send(bob)


@override_settings(DEXXY_API_SECONDS=1)
def test_what_a_minute_cannot_pay_the_next_ones_do(monkeypatch: pytest.MonkeyPatch) -> None:
    caller, minute = Caller("user:1"), int(time()) // 60
    clock = iter([0.0, 2.5])
    monkeypatch.setattr(api, "thread_time", lambda: next(clock))
    monkeypatch.setattr(api, "time", lambda: minute * 60.0)

    with api.timed(caller):
        pass

    def refused(later: int) -> bool:
        monkeypatch.setattr(api, "time", lambda: (minute + later) * 60.0)
        try:
            api.spend(caller, 1, HttpResponse())
        except api.BudgetSpentError:
            return True
        return False

    assert [refused(later) for later in range(4)] == [True, True, False, False]


def spin(seconds: float) -> None:
    until = process_time() + seconds
    while process_time() < until:
        pass


@pytest.mark.parametrize("text", ["a\0b", "\ud800"], ids=["null byte", "half a character"])
def test_text_that_cannot_be_stored_is_refused_wherever_it_is(
    ask: Ask, alice: User, workspace: Workspace, text: str
) -> None:
    document = """query ($workspace: ID!, $filters: ActivityFeedFilters) {
      activityFeed(workspaceId: $workspace, filters: $filters) { edges { cursor } } }"""
    escaped = json.dumps(text)

    for filters in ({"search": text}, {"labels": [text]}, {"sourceIds": [text]}):
        answer = ask(document, alice, workspace=workspace.pk, filters=filters)
        assert codes(answer) == ["BAD_USER_INPUT"]
    inline = f"{{ activityFeed(workspaceId: {escaped}) {{ edges {{ cursor }} }} }}"
    assert codes(ask(inline, alice)) == ["BAD_USER_INPUT"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (json.dumps({"query": "{" + " a" * 5_000_000 + "}"}).encode(), 413),
        (VIEWER.encode("utf-16"), 400),
        ('{"query": "{ viewer { __typename } }"}'.encode("utf-16"), 400),
        (b"[]", 400),
        (b"", 400),
    ],
    ids=["ten megabytes", "no JSON", "another encoding", "a batch", "nothing"],
)
def test_what_is_no_document_is_answered_like_any_other_error(
    client: Client, alice: User, body: bytes, status: int
) -> None:
    client.force_login(alice)

    response = client.post("/graphql/", body, content_type="application/json")

    assert response.status_code == status
    assert codes(response.json())[0] in {"BAD_USER_INPUT", "LIMIT_EXCEEDED"}


def test_a_document_is_read_once_and_what_is_wrong_with_it_is_told_every_time(
    ask: Ask, alice: User
) -> None:
    wrong, unreadable = "{ viewer { nothing } }", "{ viewer {"
    graphql_documents._read.cache_clear()

    first = [ask(document, alice) for document in (VIEWER, wrong, unreadable)]
    assert first == [ask(document) for document in (VIEWER, wrong, unreadable)]

    assert "errors" not in first[0]
    assert [codes(answer) for answer in first[1:]] == [["BAD_USER_INPUT"]] * 2
    read = graphql_documents._read.cache_info()
    assert (read.currsize, read.hits) == (2, 2)


def test_a_document_that_is_known_is_refused_to_whom_it_is_not_for(
    ask: Ask, client: Client, alice: User
) -> None:
    asked = "{ __schema { queryType { name } } }"
    assert "errors" not in ask(asked, alice)

    client.logout()

    assert codes(ask(asked)) == ["UNAUTHENTICATED"]


def test_a_document_of_many_equal_fields_is_no_work(ask: Ask, alice: User) -> None:
    began = process_time()

    ask(f"{{ viewer {{ user {{ {'id ' * 1900} }} }} }}", alice)

    assert process_time() - began < 5


@pytest.mark.parametrize(
    "piece",
    ["user { id } ", "... { user { id } } ", "... on X { user { id } }", "tokenScope(a: 1) "],
)
def test_a_field_that_is_repeated_beyond_reason_is_refused_before_it_is_validated(
    ask: Ask, alice: User, piece: str
) -> None:
    assert codes(ask(f"{{ viewer {{ {piece * 101} }} }}", alice)) == ["LIMIT_EXCEEDED"]


def test_a_forged_request_is_told_so(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    response = client.post(
        "/graphql/", json.dumps({"query": VIEWER}), content_type="application/json"
    )

    assert response.status_code == 403
    assert codes(response.json()) == ["CSRF_FAILED"]


def test_the_schema_costs_what_it_weighs() -> None:
    types = len(schema._schema.type_map)
    fields = sum(
        len(one.fields)
        for one in schema._schema.type_map.values()
        if isinstance(one, GraphQLObjectType)
    )
    whole = size(get_introspection_query(input_value_deprecation=True))

    assert size("{ __schema { types { name } } }").values == 2 * types + 1
    assert size("{ __schema { types { name } types { fields { name } } } }").values == (
        3 * types + 2 * fields + 1
    )
    assert size('{ __type(name: "ViewerInfo") { name } }').values == 2
    deep = "... { " * 40 + "name " * 2800 + "} " * 40
    assert size(f"{{ __schema {{ types {{ fields {{ {deep} }} }} }} }}").values == (
        1 + types + 2801 * fields
    )
    assert 100 < whole.points < MOST_POINTS / 2


@pytest.mark.parametrize(
    "document",
    [
        " ".join(f"a{n}: __schema {{ ...T }}" for n in range(40)),
        "__schema { types { fields { type { fields { type { fields { type { ...F } } } } } } } }",
    ],
)
def test_more_of_the_schema_than_a_document_may_cost_is_refused(
    ask: Ask, alice: User, document: str
) -> None:
    fragments = """
        fragment T on __Schema { types { ...F } }
        fragment F on __Type { fields { name args { name type { ...N } } type { ...N } } }
        fragment N on __Type { fields { type { fields { type { fields { name } } } } } }
    """

    assert codes(ask(f"{{ {document} }} {fragments}", alice)) == ["LIMIT_EXCEEDED"]


@pytest.mark.parametrize(
    "document",
    [
        "{ __schema { queryType { name } } }",
        '{ viewer { tokenScope } x: __type(name: "Query") { name } }',
        "{ ...A } fragment A on Query { ... on Query { __schema { __typename } } }",
    ],
)
def test_the_schema_is_for_who_is_signed_in(client: Client, ask: Ask, document: str) -> None:
    nobody = ask(document, None)
    harmless = ask("{ __typename }", None)

    assert codes(nobody) == ["UNAUTHENTICATED"]
    assert harmless == {"data": {"__typename": "Query"}}


def test_what_fragments_and_pages_repeat_is_not_counted_for_ever(ask: Ask) -> None:
    fields = " ".join(f"a{n}(first: {n + 1}) {{ ...F }}" for n in range(90))
    repeated = f"fragment G on Query {{ {fields} }} fragment F on Query {{ {'x ' * 1500} }}"

    [error] = ask(f"{{ ...G }} {repeated}")["errors"]

    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert "says the same too often" in error["message"]


def test_the_budget_is_a_persons_however_many_tokens_they_have(
    client: Client, alice: User, workspace: Workspace
) -> None:
    def left(name: str) -> int:
        _, secret = api_token_create(viewer=alice, workspace=workspace, name=name)
        body = json.dumps({"query": VIEWER})
        headers = {"Authorization": f"Bearer {secret}"}
        answer = client.post("/graphql/", body, content_type="application/json", headers=headers)
        return int(answer["RateLimit-Remaining"])

    assert left("one") - left("another") == 1


def test_a_document_whose_time_is_over_ends_whole_whatever_it_computes(
    ask: Ask, alice: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphql_limits, "LONGEST_QUERY_SECONDS", 0.0)
    several = "{ " + " ".join(f"a{n}: __type(name: null) {{ name }}" for n in range(9)) + " }"

    answer = ask(several.replace("null", '"Query"'), alice)
    change = ask(
        """mutation ($workspace: ID!) {
            apiTokenCreate(input: {workspaceId: $workspace, name: "x"}) { __typename } }""",
        alice,
        workspace=str(workspace.pk),
    )

    assert answer["data"] is None
    assert codes(answer) == codes(change) == ["TOO_SLOW"]
    # What was begun is finished; its answer alone is missing.
    assert workspace.api_tokens.filter(name="x").count() == 1
