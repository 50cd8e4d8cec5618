"""The messages of one thread in the API: around any of them, and before a cursor."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from dexxy.accounts.models import User, Workspace
from dexxy.messages.models import (
    Message,
    MessageKind,
    ResolvedReviewThread,
    Thread,
    ThreadKind,
)
from dexxy.sources.models import Source
from tests.factories import make_message, make_source, make_thread, make_workspace

Ask = Callable[..., dict[str, Any]]

QUERIES = 37
CODE = """
query ($workspace: ID!, $thread: ID!) {
  thread(workspaceId: $workspace, threadId: $thread) {
    codeConversations { resolved unresolved }
    messages { edges { node { body isResolved } } }
  }
}
"""
CODE_OF_MANY = """
query ($workspace: ID!) {
  threads(workspaceId: $workspace) {
    edges { node { codeConversations { resolved unresolved } } }
  }
  activityFeed(workspaceId: $workspace) { edges { node { isResolved } } }
}
"""

MESSAGES = """
query ($workspace: ID!, $thread: ID!, $first: Int! = 4, $after: String, $before: String,
       $around: ID, $quiet: Boolean! = false) {
  thread(workspaceId: $workspace, threadId: $thread) {
    messages(first: $first, after: $after, before: $before, around: $around, withQuiet: $quiet) {
      edges { cursor node { body path line diffHunk isOutdated } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""


@pytest.fixture
def thread(source: Source) -> Thread:
    return make_thread(source=source)


@pytest.fixture
def messages(thread: Thread) -> list[Message]:
    return [make_message(thread=thread, body=str(n)) for n in range(10)]


def read(answer: dict[str, Any]) -> tuple[str, bool, bool]:
    """Return the bodies, and whether there are messages before and behind them."""
    page = answer["data"]["thread"]["messages"]
    info = page["pageInfo"]
    bodies = "".join(edge["node"]["body"] for edge in page["edges"])
    return bodies, info["hasPreviousPage"], info["hasNextPage"]


@pytest.mark.parametrize(
    ("place", "first", "shown"),
    [
        (5, 4, ("3456", True, True)),
        (0, 4, ("0123", False, True)),
        (9, 4, ("789", True, False)),
        (5, 1, ("5", True, True)),
        (4, 100, ("0123456789", False, False)),
    ],
)
def test_the_messages_around_one_are_found_by_its_id(
    ask: Ask,
    bob: User,
    workspace: Workspace,
    thread: Thread,
    messages: list[Message],
    place: int,
    first: int,
    shown: tuple[str, bool, bool],
) -> None:
    given = {"workspace": workspace.pk, "thread": thread.pk, "first": first}

    assert read(ask(MESSAGES, bob, **given, around=messages[place].pk)) == shown


def test_pages_lead_forwards_and_backwards(
    ask: Ask, bob: User, workspace: Workspace, thread: Thread, messages: list[Message]
) -> None:
    given = {"workspace": workspace.pk, "thread": thread.pk}
    page = ask(MESSAGES, bob, **given, around=messages[6].pk)
    info = page["data"]["thread"]["messages"]["pageInfo"]

    assert read(page) == ("4567", True, True)
    assert read(ask(MESSAGES, bob, **given, before=info["startCursor"])) == ("0123", False, True)
    assert read(ask(MESSAGES, bob, **given, after=info["endCursor"])) == ("89", True, False)


def test_a_message_that_is_not_there_and_two_places_are_refused(
    ask: Ask, bob: User, workspace: Workspace, thread: Thread, messages: list[Message]
) -> None:
    given = {"workspace": workspace.pk, "thread": thread.pk}
    elsewhere = make_message(thread=make_thread(source=thread.source))

    def refused(**place: Any) -> str:
        [error] = ask(MESSAGES, bob, **given, **place)["errors"]
        return str(error["extensions"]["code"])

    for pk in (elsewhere.pk, 0, 10**18, 10**30, "x"):
        assert refused(around=pk) == "NOT_FOUND"
    assert refused(around=messages[0].pk, after="x") == "BAD_USER_INPUT"
    assert refused(before="x") == "BAD_USER_INPUT"


def test_a_comment_on_code_tells_the_lines_that_it_is_about(
    ask: Ask, bob: User, workspace: Workspace, thread: Thread
) -> None:
    details = {"path": "pool.go", "line": 1, "diff_hunk": "-a\n+b", "outdated": True}
    make_message(thread=thread, kind=MessageKind.REVIEW_COMMENT, body="Why?", details=details)

    answer = ask(MESSAGES, bob, workspace=workspace.pk, thread=thread.pk)

    [edge] = answer["data"]["thread"]["messages"]["edges"]
    assert edge["node"] == {
        "body": "Why?",
        "path": "pool.go",
        "line": 1,
        "diffHunk": "-a\n+b",
        "isOutdated": True,
    }


def on_code(thread: Thread, body: str, answers: Message | None = None) -> Message:
    details = {"in_reply_to": answers.external_id} if answers else {}
    kind = MessageKind.REVIEW_COMMENT
    return make_message(thread=thread, kind=kind, body=body, details=details)


def resolve(thread: Thread, *comments: Message) -> None:
    ResolvedReviewThread.objects.create(
        workspace=thread.workspace,
        thread=thread,
        node_id="PRRT_1",
        comment_ids=[one.external_id for one in comments],
    )


def test_what_is_resolved_is_said_of_each_comment_and_counted(
    ask: Ask, bob: User, workspace: Workspace, source: Source
) -> None:
    pull = make_thread(source=source, kind=ThreadKind.PULL_REQUEST)
    make_message(thread=pull, body="opened")
    done, _ = on_code(pull, "done"), on_code(pull, "open")
    on_code(pull, "reply", done)
    resolve(pull, done)

    shown = ask(CODE, bob, workspace=workspace.pk, thread=pull.pk)["data"]["thread"]

    assert shown["codeConversations"] == {"resolved": 1, "unresolved": 1}
    nodes = (edge["node"] for edge in shown["messages"]["edges"])
    assert {node["body"]: node["isResolved"] for node in nodes} == {
        "opened": None,
        "done": True,
        "open": False,
        "reply": True,
    }


@pytest.mark.parametrize("size", [1, 5])
def test_what_is_resolved_in_many_threads_is_read_at_once(
    ask: Ask,
    bob: User,
    workspace: Workspace,
    source: Source,
    size: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(size):
        pull = make_thread(source=source, kind=ThreadKind.PULL_REQUEST)
        resolve(pull, on_code(pull, "done"))

    with django_assert_num_queries(QUERIES):
        shown = ask(CODE_OF_MANY, bob, workspace=workspace.pk)["data"]

    threads = [edge["node"]["codeConversations"] for edge in shown["threads"]["edges"]]
    assert threads == [{"resolved": 1, "unresolved": 0}] * size
    items = [edge["node"]["isResolved"] for edge in shown["activityFeed"]["edges"]]
    assert items == [True] * size


def test_nobody_learns_what_is_resolved_in_another_workspace(
    ask: Ask, bob: User, workspace: Workspace
) -> None:
    elsewhere = make_source(workspace=make_workspace())
    pull = make_thread(source=elsewhere, kind=ThreadKind.PULL_REQUEST)
    resolve(pull, on_code(pull, "done"))

    for place in (workspace.pk, elsewhere.workspace_id):
        assert ask(CODE, bob, workspace=place, thread=pull.pk)["data"] is None
