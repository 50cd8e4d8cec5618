"""What holds for the whole API, whichever app a field comes from."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings
from strawberry.printer import print_schema

from dexxy.accounts.models import User
from dexxy.config.schema import schema

ROOT = Path(__file__).resolve().parent.parent
Ask = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("number", ["x", 1.5, True, 2**63, [1]])
def test_a_big_number_that_is_none_is_refused(ask: Ask, alice: User, number: object) -> None:
    document = """mutation ($number: BigInt!) {
      githubConnectRepo(input: {workspaceId: "1", githubId: $number}) { __typename } }"""

    answer = ask(document, alice, number=number)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


def test_the_committed_schema_is_what_the_code_exports() -> None:
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == print_schema(schema)


def test_no_field_of_the_api_is_named_like_a_secret() -> None:
    text = print_schema(schema).lower()

    for word in ("accesstoken", "privatekey", "secret", "tokenhash", "password"):
        assert word not in text


def test_a_query_without_the_token_of_the_page_is_refused(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    body = json.dumps({"query": "{ workspaces { id } }"})

    response = client.post("/graphql/", body, content_type="application/json")

    assert response.status_code == 403


@pytest.mark.django_db
def test_no_query_is_served_by_get(client: Client) -> None:
    asked = client.get("/graphql/", {"query": "{ workspaces { id } }"})

    assert (asked.status_code, asked["Allow"]) == (405, "POST")
    assert asked.json()["errors"][0]["message"].startswith("Send documents by POST")
    assert client.delete("/graphql/").status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [b"null", b"1", b'"x"', b"true", b"[]", b"[null]", b"{", b"\xff", b"[" * 100_000, b"9" * 5000],
)
def test_a_body_that_is_no_request_is_refused(client: Client, body: bytes) -> None:
    response = client.post("/graphql/", body, content_type="application/json")

    assert response.status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        {"query": 1},
        {"query": "{ workspaces { id } }", "operationName": 1},
        {"query": "{ workspaces { id } }", "operationName": {}},
        {"query": "{ workspaces { id } }", "operationName": []},
        {"query": "{ workspaces { id } }", "variables": 1},
        {"query": "{ workspaces { id } }", "extensions": 1},
        {"query": "\ud800"},
        {"query": "{" * 4000},
        {},
    ],
)
def test_a_request_of_the_wrong_shape_is_no_failure_of_ours(client: Client, body: object) -> None:
    response = client.post("/graphql/", json.dumps(body), content_type="application/json")

    assert response.status_code < 500
    assert b"INTERNAL_ERROR" not in response.content


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        (f"{{ {' '.join(f'a{n}: workspaces {{ id }}' for n in range(51))} }}", "aliases"),
        (f"{{ workspaces {{ {'id ' * 5001} }} }}", "tokens"),
        (f"{{ workspaces {{ id {'... on Workspace {' * 20} id {'}' * 20} }} }}", None),
    ],
)
def test_a_document_without_bounds_is_refused(
    ask: Ask, alice: User, query: str, complaint: str | None
) -> None:
    answer = ask(query, alice)

    if complaint is None:
        assert "errors" not in answer
    else:
        assert complaint in answer["errors"][0]["message"]
        codes = [error["extensions"]["code"] for error in answer["errors"]]
        assert codes in (["LIMIT_EXCEEDED"], ["BAD_USER_INPUT"])


def test_a_document_that_goes_too_deep_is_refused(ask: Ask, alice: User) -> None:
    nested = "thread { messages { edges { node { " * 5 + "id" + " } } } }" * 5
    answer = ask(f'{{ activityItem(workspaceId: "1", itemId: "1") {{ {nested} }} }}', alice)

    assert "levels deep, up to 15" in answer["errors"][0]["message"].replace(";", ",")
    assert answer["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED"}


def test_a_viewer_finds_the_workspaces_they_are_in(ask: Ask, alice: User, charlie: User) -> None:
    answer = ask("{ workspaces { name } }", charlie)

    assert answer == {"data": {"workspaces": [{"name": "Charlie's own"}]}}


@override_settings(DEBUG=True)
def test_an_error_stays_closed_when_debugging(ask: Ask, alice: User) -> None:
    answer = ask('{ activityFeed(workspaceId: "1") { edges { cursor } } }', alice)

    assert set(answer["errors"][0]) == {"message", "locations", "path", "extensions"}
    assert answer["errors"][0]["extensions"] == {"code": "NOT_FOUND"}
