"""What was said about the code of a pull request, on the page of its thread."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from dexxy.accounts.models import User, Workspace
from dexxy.messages.conversation.outline import STRETCH
from dexxy.messages.models import (
    Message,
    MessageKind,
    ResolvedReviewThread,
    Thread,
    ThreadKind,
    ThreadRead,
)
from dexxy.sources.models import Source
from tests.factories import START, make_message, make_thread

Get = Callable[..., str]


@pytest.fixture
def get(client: Client, alice: User, workspace: Workspace) -> Get:
    """Read a page of the thread as Alice."""
    client.force_login(alice)

    def read(thread: Thread, path: str = "") -> str:
        response = client.get(f"/w/{workspace.slug}/threads/{thread.pk}/{path}")
        assert response.status_code == 200
        return " ".join(response.content.decode().split())

    return read


@pytest.fixture
def thread(source: Source) -> Thread:
    return make_thread(source=source, kind=ThreadKind.PULL_REQUEST)


def on_code(thread: Thread, minute: int, answers: Message | None = None) -> Message:
    """Write about the code, in a review of its own that says nothing else."""
    details = {"review_id": f"review {minute}", "path": "pool.go", "line": 142}
    if answers:
        details["in_reply_to"] = answers.external_id
    return make_message(
        thread=thread,
        kind=MessageKind.REVIEW_COMMENT,
        details=details,
        body=f"Word {minute}",
        occurred_at=START + timedelta(minutes=minute),
    )


def resolve(thread: Thread, *comments: Message) -> None:
    ResolvedReviewThread.objects.create(
        workspace=thread.workspace,
        thread=thread,
        node_id=comments[0].external_id,
        comment_ids=[one.external_id for one in comments],
    )


def order(page: str) -> list[int]:
    """Return the messages of a page as they stand: the numbers in their words."""
    return [int(number) for number in re.findall(r">Word (\d+)<", page)]


def folds(page: str) -> list[str]:
    """Return the folds of a page: whether each is open, and what it says."""
    found = re.findall(r'<details( open)?><summary class="quiet small">(.*?)</summary>', page)
    return [f"{is_open.strip()} {words}".strip() for is_open, words in found]


def test_replies_stand_below_the_comment_that_they_answer(get: Get, thread: Thread) -> None:
    first, second = on_code(thread, 1), on_code(thread, 2)
    replies = [on_code(thread, 3, first), on_code(thread, 4, second), on_code(thread, 5, first)]

    page = get(thread)

    assert order(page) == [1, 3, 5, 2, 4]
    assert page.count("pool.go:142") == 2
    assert page.count('<ol class="replies">') == 2
    assert folds(page) == []
    assert f'<li id="m{replies[1].pk}" class="is-target"' in get(thread, f"m/{replies[1].pk}/")


def test_what_is_resolved_is_folded_and_opened_by_a_link_to_a_message_in_it(
    get: Get, thread: Thread
) -> None:
    done, still = on_code(thread, 1), on_code(thread, 2)
    reply = on_code(thread, 3, done)
    resolve(thread, done, reply)

    assert folds(get(thread)) == ["Resolved · 1 reply"]
    assert folds(get(thread, f"m/{still.pk}/")) == ["Resolved · 1 reply"]
    for message in (done, reply):
        assert folds(get(thread, f"m/{message.pk}/")) == ["open Resolved · 1 reply"]


def test_replies_whose_first_comment_is_gone_stay_together_if_they_are_resolved(
    get: Get, thread: Thread
) -> None:
    left = [on_code(thread, 1), on_code(thread, 3)]
    on_code(thread, 2)
    resolve(thread, *left)

    page = get(thread)

    assert order(page) == [1, 3, 2]
    assert folds(page) == ["Resolved · 1 reply"]


def test_a_reply_that_came_after_it_was_resolved_belongs_to_it(get: Get, thread: Thread) -> None:
    done = on_code(thread, 1)
    resolve(thread, done)
    on_code(thread, 2, done)

    page = get(thread)

    assert folds(page) == ["Resolved · 1 reply"]
    assert "1 resolved conversation<" in page
    assert "unresolved" not in page


def test_conversations_are_counted_over_the_whole_thread_with_the_way_to_the_first(
    get: Get, workspace: Workspace, thread: Thread
) -> None:
    gone = on_code(thread, 0)
    Message.objects.filter(pk=gone.pk).update(is_archived=True, archived_reason="missing")
    resolve(thread, on_code(thread, 1))
    first = on_code(thread, 2)
    for minute in range(10, 10 + STRETCH):
        on_code(thread, minute, first)
    on_code(thread, 90)

    page = get(thread)

    place = f'href="/w/{workspace.slug}/threads/{thread.pk}/m/{first.pk}/"'
    assert f"{place}>2 unresolved conversations</a>" in page
    assert "1 resolved conversation<" in page


def test_what_is_unread_in_a_fold_opens_it_and_begins_there(
    get: Get, alice: User, workspace: Workspace, thread: Thread
) -> None:
    alice.memberships.update(created_at=START - timedelta(days=1))
    done = on_code(thread, 1)
    on_code(thread, 2)
    reply = on_code(thread, 3, done)
    resolve(thread, done, reply)
    read_at = START + timedelta(minutes=2)
    ThreadRead.objects.create(user=alice, workspace=workspace, thread=thread, read_at=read_at)

    page = get(thread)

    assert folds(page) == ["open Resolved · 1 reply"]
    assert page.count('id="unread"') == 1
    assert page.index("Word 1<") < page.index('id="unread"') < page.index("Word 3<")
    assert page.index("Word 3<") < page.index("Word 2<")
