from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.invitations import invitation_create
from dexxy.accounts.models import User, Workspace
from tests.factories import make_user

Ask = Callable[..., dict[str, Any]]

LISTS = ["memberships", "apiTokens", "invitations", "auditLog"]
# The session and the user, the workspace, the membership (twice for administrators), the page; and
# where that has a limit of time, the three statements around it.
MOST_QUERIES = 9


def fill(workspace: Workspace, alice: User, number: int) -> None:
    for _ in range(number):
        workspace.memberships.create(user=make_user())
        api_token_create(viewer=alice, workspace=workspace, name="script")
        invitation_create(viewer=alice, workspace=workspace)


def page(ask: Ask, name: str, workspace: Workspace, **given: Any) -> Any:
    fields = "edges { node { id } } pageInfo { hasNextPage endCursor } totalCount"
    answer = ask(
        f"""query ($workspace: ID!, $first: Int!, $after: String) {{
          {name}(workspaceId: $workspace, first: $first, after: $after) {{ {fields} }} }}""",
        workspace=workspace.pk,
        **given,
    )
    return answer["data"][name]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_page_by_page_the_newest_first(
    ask: Ask, client: Client, alice: User, workspace: Workspace, name: str
) -> None:
    fill(workspace, alice, 3)
    client.force_login(alice)

    seen, after = [], None
    while True:
        found = page(ask, name, workspace, first=2, after=after)
        seen += [int(edge["node"]["id"]) for edge in found["edges"]]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break

    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == found["totalCount"] >= 3


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("size", [1, 20])
def test_a_page_costs_the_same_queries_whatever_its_size(
    ask: Ask,
    client: Client,
    alice: User,
    workspace: Workspace,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    name: str,
    size: int,
) -> None:
    fill(workspace, alice, size)
    client.force_login(alice)
    people = "user { name }" if name in {"memberships", "apiTokens"} else ""
    document = f"""query ($workspace: ID!) {{
      {name}(workspaceId: $workspace) {{ edges {{ node {{ id {people} }} }} }} }}"""

    with django_assert_max_num_queries(MOST_QUERIES):
        answer = ask(document, workspace=workspace.pk)

    assert len(answer["data"][name]["edges"]) >= size
