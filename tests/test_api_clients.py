"""Programs that are not ours use the API."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.test import Client
from gql import Client as GraphQLClient
from gql import gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport
from hypothesis import HealthCheck, settings
from pytest_django.live_server_helper import LiveServer

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import TokenScope, User, Workspace
from dexxy.integrations.models import GitHubRepository, RunTrigger
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.messages.models import Message, Thread
from tests.factories import make_message

SCHEMA = (Path(__file__).resolve().parent.parent / "schema.graphql").read_text("utf-8")
FEED = gql(
    """query Feed($workspace: ID!, $after: String) {
      activityFeed(workspaceId: $workspace, first: 25, after: $after) {
        edges { node { id } } pageInfo { hasNextPage endCursor } } }"""
)
CHANGES = gql(
    """query Changes($workspace: ID!, $after: String) {
      activityChanges(workspaceId: $workspace, first: 10, after: $after) {
        changes { id isRemoved item { body } } endCursor hasMore } }"""
)
made_up = schemathesis.graphql.from_file(SCHEMA)


@pytest.fixture
def secret(alice: User, workspace: Workspace) -> str:
    _, secret = api_token_create(
        viewer=alice, workspace=workspace, name="test", scope=TokenScope.FULL
    )
    return secret


@pytest.fixture
def outside(live_server: LiveServer, secret: str) -> GraphQLClient:
    """Return a client that knows nothing of us but the schema and a token."""
    transport = HTTPXTransport(
        url=f"{live_server.url}/graphql/", headers={"Authorization": f"Bearer {secret}"}
    )
    return GraphQLClient(transport=transport, schema=SCHEMA)


def pages(client: GraphQLClient, workspace: Workspace) -> Iterator[list[str]]:
    after = None
    while True:
        FEED.variable_values = {"workspace": str(workspace.pk), "after": after}
        feed = client.execute(FEED)["activityFeed"]
        yield [edge["node"]["id"] for edge in feed["edges"]]
        after = feed["pageInfo"]["endCursor"]
        if not feed["pageInfo"]["hasNextPage"]:
            return


def changes(client: GraphQLClient, workspace: Workspace, after: str | None) -> dict[str, Any]:
    CHANGES.variable_values = {"workspace": str(workspace.pk), "after": after}
    found: dict[str, Any] = client.execute(CHANGES)["activityChanges"]
    return found


@pytest.mark.slow
def test_a_client_reads_the_whole_feed_once_while_new_messages_arrive(
    outside: GraphQLClient, workspace: Workspace, connected: GitHubRepository
) -> None:
    repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND)
    thread = Thread.objects.filter(is_archived=False).latest("last_activity_at")
    newest = Message.objects.latest("occurred_at").occurred_at
    shown = Message.objects.filter(is_archived=False, in_feed=True)
    stored = [str(pk) for pk in shown.values_list("pk", flat=True)]
    place = changes(outside, workspace, None)["endCursor"]

    seen, arrived = [], []
    for number, page in enumerate(pages(outside, workspace)):
        seen += page
        later = newest + timedelta(seconds=number + 1)
        arrived.append(str(make_message(thread=thread, occurred_at=later).pk))

    assert sorted(seen) == sorted(stored)
    followed = []
    while True:
        found = changes(outside, workspace, place)
        followed += [change["id"] for change in found["changes"]]
        place = found["endCursor"]
        if not found["hasMore"]:
            break
    assert followed == arrived
    assert len(arrived) > 5


def test_a_client_hears_what_is_wrong_with_its_code(
    outside: GraphQLClient, workspace: Workspace
) -> None:
    CHANGES.variable_values = {"workspace": "999", "after": None}
    with pytest.raises(TransportQueryError) as caught:
        outside.execute(CHANGES)

    assert caught.value.errors is not None
    assert caught.value.errors[0]["extensions"] == {"code": "NOT_FOUND"}


@pytest.mark.in_turns(6)
@made_up.parametrize()
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_what_a_machine_makes_up_is_no_failure_of_ours(
    case: schemathesis.Case[Any], client: Client, secret: str
) -> None:
    body = json.dumps({"query": case.body})

    response = client.post(
        "/graphql/",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )

    assert response.status_code in {200, 400}
    answer = response.json()
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    assert "INTERNAL_ERROR" not in codes, body
