from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dexxy.accounts.models import User, Workspace
from dexxy.messages import selectors
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_source, make_thread, make_workspace

Ask = Callable[..., dict[str, Any]]

FEED = """
query Feed($workspace: ID!, $filters: ActivityFeedFilters, $first: Int! = 50, $after: String) {
  activityFeed(workspaceId: $workspace, filters: $filters, first: $first, after: $after) {
    edges { cursor node { body author { username member { displayName } }
                          source { name } thread { title source { name } author { username } } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
ITEM = """
query Item($workspace: ID!, $item: ID!) {
  activityItem(workspaceId: $workspace, itemId: $item) {
    id kind threadKind body author { username } reviewState path line occurredAt
    thread { kind number title state labels messages { edges { node { body } } } }
  }
}
"""
# Sessions and users cost two, the workspace and the membership two, the transaction with its time
# limit three, the sources one, the page two.
FEED_QUERIES = 10
# An item needs no such transaction, and is found by its key.
ITEM_QUERIES = 5


def code(answer: dict[str, Any]) -> str:
    assert answer["data"] is None
    [error] = answer["errors"]
    found: str = error["extensions"]["code"]
    return found


def bodies(answer: dict[str, Any]) -> list[str]:
    return [edge["node"]["body"] for edge in answer["data"]["activityFeed"]["edges"]]


def test_the_feed_is_a_connection_that_can_be_followed(
    ask: Ask, bob: User, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source)
    for body in ("first", "second", "third"):
        make_message(thread=thread, body=body)

    page = ask(FEED, bob, workspace=workspace.pk, first=2)
    info = page["data"]["activityFeed"]["pageInfo"]
    rest = ask(FEED, bob, workspace=workspace.pk, first=2, after=info["endCursor"])

    assert bodies(page) == ["third", "second"]
    assert info["hasNextPage"] is True
    assert bodies(rest) == ["first"]
    assert rest["data"]["activityFeed"]["pageInfo"]["hasNextPage"] is False


@pytest.mark.parametrize("size", [1, 30])
def test_the_feed_costs_the_same_queries_whatever_its_size(
    ask: Ask,
    bob: User,
    workspace: Workspace,
    source: Source,
    size: int,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(size):
        author = make_identity(workspace=workspace)
        make_message(thread=make_thread(source=source, author=author), author=author)
    client.force_login(bob)

    with django_assert_num_queries(FEED_QUERIES):
        answer = ask(FEED, workspace=workspace.pk)

    assert len(bodies(answer)) == size


def test_the_messages_of_all_threads_of_a_page_cost_one_query_more(
    ask: Ask,
    bob: User,
    workspace: Workspace,
    source: Source,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(5):
        thread = make_thread(source=source)
        make_message(thread=thread, body=f"{number} a")
        make_message(thread=thread, body=f"{number} b", in_feed=True)
    client.force_login(bob)
    document = """query ($workspace: ID!) { activityFeed(workspaceId: $workspace, first: 10) {
        edges { node { thread { messages(first: 5) { edges { node { body } } } } } } } }"""

    with django_assert_num_queries(FEED_QUERIES + 1):
        answer = ask(document, workspace=workspace.pk)

    newest = answer["data"]["activityFeed"]["edges"][0]["node"]["thread"]["messages"]["edges"]
    assert [edge["node"]["body"] for edge in newest] == ["4 a", "4 b"]


def test_an_item_comes_with_its_thread(
    ask: Ask, bob: User, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(
        source=source,
        kind=ThreadKind.PULL_REQUEST,
        number=7,
        title="Faster",
        state=ThreadState.MERGED,
        labels=["good"],
    )
    make_message(thread=thread, kind=MessageKind.OPENED, body="please")
    review = make_message(
        thread=thread, kind=MessageKind.REVIEW, body="fine", details={"state": "APPROVED"}
    )

    answer = ask(ITEM, bob, workspace=workspace.pk, item=str(review.pk))

    assert answer == {
        "data": {
            "activityItem": {
                "id": str(review.pk),
                "kind": "REVIEW",
                "threadKind": "PULL_REQUEST",
                "body": "fine",
                "author": None,
                "reviewState": "APPROVED",
                "path": None,
                "line": None,
                "occurredAt": review.occurred_at.isoformat(),
                "thread": {
                    "kind": "PULL_REQUEST",
                    "number": 7,
                    "title": "Faster",
                    "state": "MERGED",
                    "labels": ["good"],
                    "messages": {
                        "edges": [{"node": {"body": "please"}}, {"node": {"body": "fine"}}]
                    },
                },
            }
        }
    }


def test_nobody_is_told_to_sign_in(ask: Ask, workspace: Workspace) -> None:
    assert code(ask(FEED, workspace=workspace.pk)) == "UNAUTHENTICATED"
    assert code(ask(FEED, workspace="nonsense")) == "UNAUTHENTICATED"
    assert code(ask(ITEM, workspace=workspace.pk, item="1")) == "UNAUTHENTICATED"


def test_an_outsider_learns_no_more_than_that_nothing_is_there(
    ask: Ask, charlie: User, workspace: Workspace, source: Source
) -> None:
    message = make_message(thread=make_thread(source=source))
    foreign = ask(FEED, charlie, workspace=workspace.pk)

    assert code(foreign) == "NOT_FOUND"
    for missing in ("999999", "nonsense", "", "-1", "9" * 30, "１"):
        assert ask(FEED, charlie, workspace=missing)["errors"] == foreign["errors"]
    assert code(ask(ITEM, charlie, workspace=workspace.pk, item=message.pk)) == "NOT_FOUND"


def test_an_item_of_another_workspace_is_not_found(
    ask: Ask, alice: User, workspace: Workspace
) -> None:
    other = make_message(
        thread=make_thread(source=make_source(workspace=make_workspace(admin=alice)))
    )

    for item in (str(other.pk), "0", "nonsense", "9" * 30):
        assert code(ask(ITEM, alice, workspace=workspace.pk, item=item)) == "NOT_FOUND"


@pytest.mark.parametrize(
    "arguments",
    [
        {"first": 101},
        {"first": 0},
        {"first": "many"},
        {"after": "nonsense"},
        {"filters": {"sourceIds": ["x"]}},
        {"filters": {"threadKinds": ["POEM"]}},
    ],
)
def test_a_bad_argument_is_named_as_one(
    ask: Ask, bob: User, workspace: Workspace, arguments: dict[str, Any]
) -> None:
    answer = ask(FEED, bob, workspace=workspace.pk, **arguments)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


def test_a_failure_of_ours_shows_nothing_of_our_insides(
    ask: Ask, bob: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("the password is swordfish")

    monkeypatch.setattr(selectors, "feed_page", fail)
    answer = ask(FEED, bob, workspace=workspace.pk)

    assert code(answer) == "INTERNAL_ERROR"
    assert "swordfish" not in str(answer)


def test_an_item_costs_few_queries(
    ask: Ask,
    bob: User,
    workspace: Workspace,
    source: Source,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    thread = make_thread(source=source)
    items = [
        make_message(thread=thread, author=make_identity(workspace=workspace)) for _ in range(20)
    ]
    client.force_login(bob)

    with django_assert_num_queries(ITEM_QUERIES + 1):
        answer = ask(ITEM, workspace=workspace.pk, item=str(items[0].pk))

    assert len(answer["data"]["activityItem"]["thread"]["messages"]["edges"]) == 20


WHOLE = """
query Whole($workspace: ID!, $thread: ID!) {
  thread(workspaceId: $workspace, threadId: $thread) {
    category milestone issueType isLocked headOid assignees { id login }
    details {
      association lockReason isAnswerable upvotes reactions { name count } headCommittedAt
      parent { type number url } subIssues closedSubIssues
    }
    messages { totalCount edges { node { kind } } }
    whole: messages(withQuiet: true) {
      totalCount
      edges { node { kind association minimizedReason subject { type id name number oid url } } }
    }
  }
}
"""
NOTHING = {"id": None, "name": None, "number": None, "oid": None, "url": None}


def test_a_thread_shows_what_it_is_and_on_demand_what_somebody_did(
    ask: Ask, bob: User, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source)
    thread.category, thread.milestone, thread.is_locked = "Ideas", "1.0", True
    thread.issue_type = "Bug"
    thread.assignees = [{"id": "5", "login": "jo"}]
    thread.details = {
        "association": "member",
        "lock_reason": "spam",
        "reactions": {"heart": 2, "+1": 3},
        "parent": {"type": "issue", "number": 3, "url": "https://github.com/o/r/issues/3"},
        "sub_issues": {"total": 2, "closed": 1},
    }
    thread.message_count = 1
    thread.save()
    make_message(thread=thread, details={"association": "owner", "minimized": "spam"})
    asked = {"subject": {"type": "account", "id": "5", "login": "jo"}}
    make_message(thread=thread, kind=MessageKind.ASSIGNED, details=asked, in_feed=False)

    shown = ask(WHOLE, bob, workspace=workspace.pk, thread=thread.pk)["data"]["thread"]

    assert shown.pop("details") == {
        "association": "member",
        "lockReason": "spam",
        "isAnswerable": None,
        "upvotes": None,
        "reactions": [{"name": "+1", "count": 3}, {"name": "heart", "count": 2}],
        "headCommittedAt": None,
        "parent": {"type": "issue", "number": 3, "url": "https://github.com/o/r/issues/3"},
        "subIssues": 2,
        "closedSubIssues": 1,
    }
    subject = {**NOTHING, "type": "account", "id": "5", "name": "jo"}
    written = {"association": "owner", "minimizedReason": "spam"}
    acted = {"association": None, "minimizedReason": None}
    assert shown == {
        "category": "Ideas",
        "milestone": "1.0",
        "issueType": "Bug",
        "isLocked": True,
        "headOid": "",
        "assignees": [{"id": "5", "login": "jo"}],
        "messages": {"totalCount": 1, "edges": [{"node": {"kind": "COMMENT"}}]},
        "whole": {
            "totalCount": 2,
            "edges": [
                {"node": {"kind": "COMMENT", **written, "subject": None}},
                {"node": {"kind": "ASSIGNED", **acted, "subject": subject}},
            ],
        },
    }
