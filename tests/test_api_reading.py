"""What the API does with a document before it is run: no more than its length is worth."""

from itertools import chain, repeat
from time import process_time
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client, override_settings
from graphql import Source, get_introspection_query

from conftest import Ask
from dexxy.accounts.models import User, Workspace
from dexxy.common import api, graphql_documents
from dexxy.common.api import BudgetSpentError, Caller, timed
from dexxy.common.graphql_documents import MOST_ERRORS, Lines
from dexxy.common.graphql_limits import LONGEST_DOCUMENT, LONGEST_OF_STRANGERS, MOST_VALUES
from dexxy.common.graphql_view import LARGEST_OF_STRANGERS
from dexxy.web.api.examples import EXAMPLES

VIEWER = "{ viewer { user { id } } }"
FEED = """query ($workspace: ID!, $filters: ActivityFeedFilters) {
  activityFeed(workspaceId: $workspace, filters: $filters) { edges { cursor } } }"""


@pytest.fixture(autouse=True)
def fresh_minute() -> None:
    cache.clear()


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer["errors"]]


def send(client: Client, body: str | bytes) -> Any:
    return client.post("/graphql/", body, content_type="application/json")


def nothing_has_this_field(number: int) -> str:
    return " ".join(f"x{n}" for n in range(number))


def test_mistakes_behind_empty_lines_cost_what_the_lines_do(ask: Ask, alice: User) -> None:
    lines = LONGEST_DOCUMENT - 2000
    document = f"{{{chr(10) * lines}{nothing_has_this_field(150)}}}"
    began = process_time()

    answer = ask(document, alice)

    assert process_time() - began < 2
    assert answer["errors"][1]["locations"] == [{"line": lines + 1, "column": 4}]
    assert [error["message"] for error in answer["errors"]] == [
        *(f"Cannot query field 'x{n}' on type 'Query'." for n in range(MOST_ERRORS)),
        "Too many validation errors, error limit reached. Validation aborted.",
    ]
    assert set(codes(answer)) == {"BAD_USER_INPUT"}


def test_lines_are_counted_as_the_library_counts_them() -> None:
    text = "{\n\r\n a\r\r  b\n\n}\n"
    written = [number for number, one in enumerate(text) if one not in "\r\n"]

    ours = [Lines(text).get_location(number) for number in written]

    assert ours == [Source(text).get_location(number) for number in written]
    assert (ours[0], ours[-1]) == ((1, 1), (7, 1))


@pytest.mark.parametrize("filling", ["#", " ", "\n", 'a(b: "'])
def test_a_document_that_is_too_long_is_refused_before_it_is_read(
    ask: Ask, alice: User, filling: str
) -> None:
    def unreadable(length: int) -> str:
        return ("{" + filling * length)[:length]

    stranger = ask(unreadable(LONGEST_OF_STRANGERS + 1), None)
    person = ask(unreadable(LONGEST_DOCUMENT + 1), alice)

    assert codes(stranger) == codes(person) == ["LIMIT_EXCEEDED"]
    assert stranger["errors"][0]["message"] == (
        "The document has 20001 characters; up to 20000 are allowed: sign in, or send an API token,"
        " for a longer one."
    )
    assert person["errors"][0]["message"] == (
        "The document has 100001 characters; up to 100000 are allowed: send long texts and lists as"
        " variables."
    )
    assert codes(ask(unreadable(LONGEST_DOCUMENT), alice)) == ["BAD_USER_INPUT"]


def test_what_tools_and_our_own_pages_send_is_far_from_too_long() -> None:
    sent = [get_introspection_query(input_value_deprecation=True), *(e.document for e in EXAMPLES)]

    assert max(map(len, sent)) < LONGEST_OF_STRANGERS / 4


@pytest.mark.django_db
def test_a_request_of_a_stranger_that_is_too_large_is_refused_before_it_is_read(
    client: Client, alice: User
) -> None:
    body = b"[" * (LARGEST_OF_STRANGERS + 1)

    refused, read = send(client, body), send(client, body[1:])
    client.force_login(alice)
    of_a_person = send(client, body)

    assert (refused.status_code, codes(refused.json())) == (413, ["LIMIT_EXCEEDED"])
    assert refused.json()["errors"][0]["message"] == (
        "Sign in, or send an API token, for more than 150000 bytes."
    )
    assert (read.status_code, of_a_person.status_code) == (400, 400)


def test_variables_of_more_values_than_anybody_needs_are_refused(ask: Ask, alice: User) -> None:
    def answer(**variables: Any) -> dict[str, Any]:
        return ask("{ __typename }", alice, **variables)

    assert "errors" not in answer(a=[""] * (MOST_VALUES - 1))
    for many in ([""] * MOST_VALUES, [[[""] * 100] * 100], {str(n): 1 for n in range(MOST_VALUES)}):
        assert answer(a=many)["errors"][0] == {
            "message": "The variables hold more than 10000 values: send fewer at a time.",
            "extensions": {"code": "LIMIT_EXCEEDED"},
        }


def test_nothing_is_compared_with_a_wrong_name_but_equality(
    ask: Ask, alice: User, workspace: Workspace
) -> None:
    wrong_kinds = {"threadKinds": ["ISSU"] * 90, "sorce": 1}

    mistakes = [
        error["message"]
        for answer in (
            ask("{ viewr { user { id } } ... on Qery { a } }", alice),
            ask("{ viewer { user { id(nam: 1) } } }", alice),
            ask("{ threads(filter: {kinds: [ISSU]}, workspaceI: 1) { totalCount } }", alice),
            ask(FEED, alice, workspace=workspace.pk, filters=wrong_kinds),
        )
        for error in answer["errors"]
    ]

    assert "Cannot query field 'viewr' on type 'Query'." in mistakes
    assert "Unknown type 'Qery'." in mistakes
    assert not [one for one in mistakes if "Did you mean" in one]
    assert len(mistakes) <= 4 * (MOST_ERRORS + 1)


def test_fragments_on_types_that_there_are_not_are_no_work(ask: Ask) -> None:
    began = process_time()

    ask(f"{{ {' '.join(f'... on Idontexistanywhere{n} {{ a }}' for n in range(480))} }}")

    assert process_time() - began < 1


@pytest.mark.django_db
@override_settings(DEXXY_API_SECONDS=1)
def test_who_has_no_time_left_is_refused_before_anything_is_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 1.5])
    monkeypatch.setattr(api, "thread_time", lambda: next(clock))
    unreadable = '{"query": "{'

    first, second = send(client, unreadable), send(client, unreadable)

    assert (first.status_code, codes(first.json())) == (400, ["BAD_USER_INPUT"])
    assert (second.status_code, codes(second.json())) == (200, ["RATE_LIMITED"])
    assert "1 seconds of work" in second.json()["errors"][0]["message"]


@override_settings(DEXXY_API_SECONDS=2)
def test_documents_that_come_together_do_not_all_begin(
    ask: Ask, client: Client, alice: User, bob: User
) -> None:
    mine = Caller(f"user:{alice.pk}")

    with timed(mine):
        assert "errors" not in ask(VIEWER, alice)
        with timed(mine):
            refused = ask(VIEWER, alice)
            of_another = ask(VIEWER, bob)
        again = [ask(VIEWER, alice) for _ in range(5)]

    assert codes(refused) == ["RATE_LIMITED"]
    assert refused["errors"][0]["message"] == (
        "What you asked and is not answered yet may take all that is left of this minute's"
        " 2 seconds of work: ask again when it is answered."
    )
    assert not [answer for answer in (of_another, *again) if "errors" in answer]


@override_settings(DEXXY_API_SECONDS=3)
def test_the_less_time_is_left_the_fewer_documents_begin_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caller, clock = Caller("user:1"), chain([0.0, 1.5], repeat(0.0))
    monkeypatch.setattr(api, "thread_time", lambda: next(clock))

    def together(number: int) -> int:
        try:
            with timed(caller):
                return together(number + 1)
        except BudgetSpentError:
            return number

    before = 3
    with timed(caller):
        pass

    assert together(0) == together(0) == before - 1
    api.spend(caller, 1, HttpResponse())


def test_a_document_is_read_and_validated_in_time_or_not_at_all(
    ask: Ask, alice: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = f"""mutation {{ apiTokenCreate(input: {{workspaceId: "{workspace.pk}", name: "x"}})
        {{ __typename }} }}"""

    def answered(looks_in_time: int) -> dict[str, Any]:
        graphql_documents._read.cache_clear()
        clock = chain([0.0] * looks_in_time, repeat(60.0))
        monkeypatch.setattr(graphql_documents, "monotonic", lambda: next(clock))
        return ask(change, alice)

    # When it begins, when it is parsed, before it is validated, and at each of its nodes.
    assert [codes(answered(looks)) for looks in (1, 2, 3, 9)] == [["TOO_SLOW"]] * 4
    assert not workspace.api_tokens.filter(name="x").exists()
    assert "errors" not in answered(1000)
