"""What somebody has not read yet."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import WorkspaceNotFoundError
from dexxy.messages.feed.filters import FeedFilters, ThreadFilters
from dexxy.messages.feed.query import feed_query
from dexxy.messages.feed.reader import feed_find
from dexxy.messages.models import Message, Thread, ThreadRead
from dexxy.messages.selectors import feed_page, feed_total, thread_list
from dexxy.messages.unread import (
    feed_mark_read,
    thread_mark_read,
    thread_read_to,
    unread_among,
)
from dexxy.sources.models import Source
from tests.factories import make_message, make_thread

pytestmark = pytest.mark.django_db


@pytest.fixture
def messages(source: Source, bob: User) -> list[Message]:
    """One of before Bob joined, two in one thread, and one in another."""
    one, other = make_thread(source=source), make_thread(source=source)
    now = timezone.now() - timedelta(hours=1)
    bob.memberships.update(created_at=now)
    found = [
        make_message(thread=one, occurred_at=now - timedelta(days=1)),
        make_message(thread=one, occurred_at=now + timedelta(seconds=1)),
        make_message(thread=one, occurred_at=now + timedelta(seconds=2)),
        make_message(thread=other, occurred_at=now + timedelta(seconds=3)),
    ]
    for thread in (one, other):
        thread.last_activity_at = thread.messages.latest("occurred_at").occurred_at
        thread.save()
    return found


def unread(viewer: User, workspace: Workspace, messages: list[Message]) -> list[int]:
    found = unread_among(viewer, workspace, messages)
    return [number for number, message in enumerate(messages) if message.pk in found]


def test_what_was_there_before_somebody_joined_is_read(
    bob: User, workspace: Workspace, messages: list[Message]
) -> None:
    assert unread(bob, workspace, messages) == [1, 2, 3]


def test_a_thread_that_is_opened_is_read_for_its_reader_alone(
    alice: User, bob: User, workspace: Workspace, messages: list[Message]
) -> None:
    thread = Thread.objects.get(pk=messages[1].thread_id)

    thread_mark_read(viewer=bob, thread=thread)
    thread_mark_read(viewer=bob, thread=thread)

    assert unread(bob, workspace, messages) == [3]
    alice.memberships.update(created_at=messages[0].occurred_at)
    assert unread(alice, workspace, messages) == [1, 2, 3]


def test_a_thread_is_read_up_to_what_was_shown_of_it(
    bob: User, workspace: Workspace, messages: list[Message]
) -> None:
    thread = Thread.objects.get(pk=messages[1].thread_id)
    assert thread_read_to(bob, thread) == bob.memberships.get().created_at

    thread_mark_read(viewer=bob, thread=thread, until=messages[1].occurred_at)

    assert unread(bob, workspace, messages) == [2, 3]
    assert thread_read_to(bob, thread) == messages[1].occurred_at
    feed_mark_read(viewer=bob, workspace=workspace, until=messages[3].occurred_at)
    assert thread_read_to(bob, thread) == messages[3].occurred_at


def test_what_comes_after_a_thread_was_read_is_unread(
    bob: User, workspace: Workspace, messages: list[Message]
) -> None:
    thread = Thread.objects.get(pk=messages[1].thread_id)
    thread_mark_read(viewer=bob, thread=thread)

    newer = make_message(thread=thread, occurred_at=thread.last_activity_at + timedelta(hours=1))

    assert unread(bob, workspace, [*messages, newer]) == [3, 4]


def test_the_feed_is_read_up_to_what_was_shown_and_not_beyond(
    bob: User, workspace: Workspace, messages: list[Message]
) -> None:
    thread_mark_read(viewer=bob, thread=Thread.objects.get(pk=messages[1].thread_id))

    feed_mark_read(viewer=bob, workspace=workspace, until=messages[2].occurred_at)

    # What the feed says need not be said of its threads, and nothing becomes unread again.
    assert not ThreadRead.objects.exists()
    feed_mark_read(viewer=bob, workspace=workspace, until=messages[0].occurred_at)
    assert unread(bob, workspace, messages) == [3]


def test_nobody_reads_the_future(bob: User, workspace: Workspace, source: Source) -> None:
    feed_mark_read(viewer=bob, workspace=workspace, until=timezone.now() + timedelta(days=9))

    later = make_message(
        thread=make_thread(source=source), occurred_at=timezone.now() + timedelta(seconds=1)
    )

    assert unread(bob, workspace, [later]) == [0]


def test_nobody_outside_marks_anything(charlie: User, workspace: Workspace) -> None:
    with pytest.raises(WorkspaceNotFoundError):
        feed_mark_read(viewer=charlie, workspace=workspace, until=timezone.now())
    with pytest.raises(WorkspaceNotFoundError):
        unread_among(charlie, workspace, [])


def test_what_is_unread_is_what_the_lists_keep_and_leave_out(
    bob: User, workspace: Workspace, messages: list[Message]
) -> None:
    def feed(**asked: Any) -> list[int]:
        kept = FeedFilters(**asked)
        assert feed_total(bob, workspace, kept) == len(feed_page(bob, workspace, kept).items)
        return [messages.index(one) for one in feed_page(bob, workspace, kept).items]

    def threads(**asked: Any) -> list[int]:
        return [one.pk for one in thread_list(bob, workspace, ThreadFilters(**asked)).items]

    one, other = messages[1].thread_id, messages[3].thread_id
    unread: dict[str, Any] = {"only_unread": True}
    read: dict[str, Any] = {"without": FeedFilters(**unread)}
    assert (feed(**unread), feed(**read)) == ([3, 2, 1], [0])
    assert threads(**unread) == [other, one]

    thread_mark_read(viewer=bob, thread=Thread.objects.get(pk=one))

    assert (feed(**unread), feed(**read)) == ([3], [2, 1, 0])
    assert threads(**unread) == [other]
    assert threads(without=ThreadFilters(**unread)) == [one]
    # Who is not there has read nothing, and misses nothing.
    assert feed_find(feed_query(workspace, FeedFilters(**unread)), 5) == []
