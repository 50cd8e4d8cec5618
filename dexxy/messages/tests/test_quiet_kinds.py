"""What somebody did is in no feed that does not ask for it, and counts nowhere."""

import pytest

from dexxy.accounts.models import User, Workspace
from dexxy.messages.feed.filters import FeedFilters
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import Message, MessageKind, SearchEntry, Thread
from dexxy.messages.selectors import (
    MessageNotFoundError,
    feed_item,
    feed_newer,
    feed_page,
    feed_total,
    thread_pages,
    thread_whole_total,
)
from dexxy.sources.models import Source
from tests.factories import make_message, make_thread

LABELED = FeedFilters(message_kinds=[MessageKind.LABELED])
BOTH = FeedFilters(message_kinds=[MessageKind.LABELED, MessageKind.COMMENT])


@pytest.fixture
def thread(source: Source) -> Thread:
    return make_thread(source=source)


@pytest.fixture
def messages(thread: Thread) -> list[Message]:
    """A comment, a label, a comment, a label, and the empty wrapper of a review."""
    comment, labeled = MessageKind.COMMENT, MessageKind.LABELED
    kinds = [comment, labeled, comment, labeled, MessageKind.REVIEW]
    made = [make_message(thread=thread, kind=kind, in_feed=kind == comment) for kind in kinds]
    threads_settle([thread.pk])
    return made


def test_a_feed_shows_quiet_kinds_only_where_it_asks_for_them(
    alice: User, workspace: Workspace, messages: list[Message]
) -> None:
    first, label, second, other_label, _ = messages

    assert feed_page(alice, workspace).items == [second, first]
    assert feed_page(alice, workspace, LABELED).items == [other_label, label]
    page = feed_page(alice, workspace, BOTH, first=3)
    assert page.items == [other_label, second, label]
    assert feed_page(alice, workspace, BOTH, first=3, after=page.end).items == [first]
    assert feed_newer(alice, workspace, LABELED, page.end) == 1
    assert [feed_total(alice, workspace, kept) for kept in (FeedFilters(), LABELED, BOTH)] == [
        *(2, 2, 4)
    ]


def test_no_figure_of_a_thread_counts_what_is_quiet(
    thread: Thread, messages: list[Message]
) -> None:
    thread.refresh_from_db()

    assert thread.message_count == 2
    assert thread.last_activity_at == messages[2].occurred_at
    assert thread.first_activity_at == messages[0].occurred_at


def test_a_thread_is_read_with_what_is_quiet_or_without(
    thread: Thread, messages: list[Message]
) -> None:
    *shown, wrapper = messages

    assert thread_pages([thread])[thread.pk].items == [shown[0], shown[2]]
    assert thread_pages([thread], with_quiet=True)[thread.pk].items == shown
    assert thread_whole_total(thread) == 4
    assert wrapper not in shown


def test_something_quiet_is_found_by_its_id_and_a_wrapper_is_not(
    alice: User, workspace: Workspace, messages: list[Message]
) -> None:
    assert feed_item(alice, workspace, messages[1].pk) == messages[1]
    with pytest.raises(MessageNotFoundError):
        feed_item(alice, workspace, messages[4].pk)


def test_words_of_something_quiet_are_found_and_nothing_is_kept_where_there_are_none(
    alice: User, workspace: Workspace, thread: Thread
) -> None:
    dismissed = MessageKind.REVIEW_DISMISSED
    said = make_message(thread=thread, kind=dismissed, body="Out of date", in_feed=False)
    make_message(thread=thread, kind=MessageKind.LABELED, in_feed=False)

    search_catch_up(seconds=10)

    assert [entry.message_id for entry in SearchEntry.objects.all()] == [said.pk]
    asked = FeedFilters(message_kinds=[dismissed], search="date")
    assert feed_page(alice, workspace, asked).items == [said]
    assert feed_page(alice, workspace, FeedFilters(search="date")).items == []
