"""The messages of one thread in the API: around any of them, and before a cursor."""

from collections.abc import Callable
from typing import Any

import pytest

from dexxy.accounts.models import User, Workspace
from dexxy.messages.models import Message, MessageKind, Thread
from dexxy.sources.models import Source
from tests.factories import make_message, make_thread

Ask = Callable[..., dict[str, Any]]

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
