"""What a browser finds at the address of the API."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from dexxy.accounts.models import User, Workspace
from dexxy.sources.models import Source
from dexxy.web.api.examples import EXAMPLES
from tests.factories import make_message, make_thread

HTML = {"accept": "text/html,application/xhtml+xml"}


@pytest.mark.django_db
def test_a_stranger_reads_what_it_is_and_how_to_get_a_token(client: Client) -> None:
    response = client.get("/graphql/", headers=HTML)

    page = response.content.decode()
    assert response.status_code == 200
    assert "Settings &gt; API tokens" in page
    assert "curl -s http://localhost:8000/graphql/" in page
    assert 'href="/accounts/login/?next=/graphql/"' in page
    assert "Accept" in response["Vary"]
    assert client.head("/graphql/", headers=HTML).status_code == 200


def test_who_is_signed_in_finds_examples_for_their_workspaces(
    client: Client, alice: User, workspace: Workspace
) -> None:
    client.force_login(alice)

    response = client.get("/graphql/", headers=HTML)

    page = response.content.decode()
    assert f'<option value="{workspace.pk}">Team</option>' in page
    assert page.count("<option") == len(EXAMPLES) + 1
    loaded = re.findall(r'(?:src="|<link [^>]*href=")([^"]*)"', page)
    # Each has the digest of what it holds in its name.
    names = [re.sub(r"\.[0-9a-f]{10}\.", ".", path.removeprefix("/static/")) for path in loaded]
    assert "dexxy/workbench.js" in names
    for name in names:
        assert finders.find(name), name
    assert "default-src 'self'" in response["Content-Security-Policy"]


def test_somebody_else_s_workspace_is_not_offered(
    client: Client, charlie: User, workspace: Workspace
) -> None:
    client.force_login(charlie)

    page = client.get("/graphql/", headers=HTML).content.decode()

    assert "Charlie&#x27;s own" in page
    assert "Team" not in page


@pytest.mark.django_db
def test_a_program_that_asks_by_get_hears_what_to_do(client: Client) -> None:
    for accept in ("*/*", "application/json"):
        response = client.get("/graphql/", headers={"accept": accept})

        assert (response.status_code, response["Allow"]) == (405, "POST")


def test_the_schema_is_for_who_is_signed_in(client: Client, alice: User) -> None:
    assert client.get("/graphql/schema.graphql").status_code == 302

    client.force_login(alice)
    response = client.get("/graphql/schema.graphql")

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert b"type Query {" in response.content


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: str(one.name))
def test_each_example_is_answered(
    ask: Callable[..., dict[str, Any]],
    alice: User,
    workspace: Workspace,
    source: Source,
    example: Any,
) -> None:
    make_message(thread=make_thread(source=source))
    variables = {"workspace": str(workspace.pk)} if example.needs_workspace else {}

    answer = ask(example.document, alice, **variables)

    assert "errors" not in answer, json.dumps(answer)
