from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from pytest_django import DjangoAssertNumQueries

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import UnauthenticatedError, WorkspaceNotFoundError
from dexxy.common.pages import Cursor, InvalidCursorError, PageSizeError
from dexxy.messages.feed.filters import EVERYTHING, FeedFilters
from dexxy.messages.models import ArchivedReason, Message, MessageKind, ThreadKind
from dexxy.messages.selectors import (
    MOST_NEWER,
    MessageNotFoundError,
    ThreadNotFoundError,
    feed_item,
    feed_newer,
    feed_page,
    thread_for,
    thread_pages,
)
from dexxy.sources.models import Source
from tests.factories import (
    START,
    make_identity,
    make_message,
    make_source,
    make_thread,
    make_workspace,
)


def bodies(messages: list[Message]) -> list[str]:
    return [message.body for message in messages]


def test_the_feed_shows_the_newest_first(alice: User, workspace: Workspace, source: Source) -> None:
    thread = make_thread(source=source)
    for body in ("first", "second", "third"):
        make_message(thread=thread, body=body)

    page = feed_page(alice, workspace)

    assert bodies(page.items) == ["third", "second", "first"]
    assert not page.has_more


def test_pages_follow_each_other_without_gap_or_repeat(
    alice: User, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source)
    # Three at one moment: the id settles their order.
    for number, minute in enumerate([0, 1, 1, 1, 2]):
        make_message(thread=thread, body=str(number), occurred_at=START + timedelta(minutes=minute))

    seen: list[str] = []
    after = None
    for _ in range(3):
        page = feed_page(alice, workspace, first=2, after=after)
        seen += bodies(page.items)
        after = page.end

    assert seen == ["4", "3", "2", "1", "0"]
    assert not page.has_more


def test_a_message_that_arrives_meanwhile_moves_no_later_page(
    alice: User, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source)
    for body in ("first", "second"):
        make_message(thread=thread, body=body)
    page = feed_page(alice, workspace, first=1)
    make_message(thread=thread, body="third")

    assert bodies(feed_page(alice, workspace, first=1, after=page.end).items) == ["first"]


def test_the_feed_hides_what_is_archived_or_not_for_it(
    alice: User, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source)
    make_message(thread=thread, body="shown")
    make_message(thread=thread, archived_reason=ArchivedReason.DELETED)
    make_message(thread=thread, in_feed=False)
    make_message(thread=make_thread(source=make_source(workspace=workspace, is_archived=True)))
    make_message(thread=make_thread(source=make_source(workspace=make_workspace())))

    assert bodies(feed_page(alice, workspace).items) == ["shown"]


def test_filters_keep_what_meets_all_of_them(
    alice: User, workspace: Workspace, source: Source
) -> None:
    author = make_identity(workspace=workspace)
    second = make_identity(workspace=workspace, member=author.member)
    issue = make_thread(source=source)
    pull = make_thread(source=source, kind=ThreadKind.PULL_REQUEST)
    elsewhere = make_thread(source=make_source(workspace=workspace))
    make_message(thread=issue, body="issue", author=author)
    make_message(thread=pull, body="review", author=second, kind=MessageKind.REVIEW)
    make_message(thread=elsewhere, body="elsewhere")

    def kept(**filters: Any) -> list[str]:
        return bodies(feed_page(alice, workspace, FeedFilters(**filters)).items)

    assert kept(source_ids=[source.pk]) == ["review", "issue"]
    assert kept(source_ids=[source.pk, elsewhere.source_id]) == ["elsewhere", "review", "issue"]
    assert kept(thread_kinds=[ThreadKind.PULL_REQUEST]) == ["review"]
    assert kept(message_kinds=[MessageKind.REVIEW, MessageKind.REPLY]) == ["review"]
    assert kept(member_ids=[author.member_id]) == ["review", "issue"]
    assert kept(author_ids=[author.pk]) == ["issue"]
    assert kept(member_ids=[author.member_id], thread_kinds=[ThreadKind.ISSUE]) == ["issue"]


def test_a_filter_by_what_belongs_to_another_workspace_finds_nothing(
    alice: User, workspace: Workspace
) -> None:
    foreign = make_source(workspace=make_workspace())
    stranger = make_identity(workspace=foreign.workspace)
    make_message(thread=make_thread(source=foreign), author=stranger)

    for filters in (
        FeedFilters(source_ids=[foreign.pk]),
        FeedFilters(member_ids=[stranger.member_id]),
        FeedFilters(author_ids=[stranger.pk]),
    ):
        assert feed_page(alice, workspace, filters).items == []


@pytest.mark.parametrize("size", [1, 40])
def test_a_page_costs_the_same_queries_whatever_its_size(
    alice: User,
    workspace: Workspace,
    source: Source,
    size: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(size):
        author = make_identity(workspace=workspace)
        make_message(thread=make_thread(source=source, author=author), author=author)

    # The membership, the transaction with its time limit (3), the sources, the places, the page.
    with django_assert_num_queries(7):
        page = feed_page(alice, workspace, first=size)
        shown = [
            (item.author and item.author.member.display_name, item.thread.source.name)
            for item in page.items
        ]

    assert len(shown) == size


@pytest.mark.parametrize("first", [0, -1, 101])
def test_a_page_of_an_odd_size_is_refused(alice: User, workspace: Workspace, first: int) -> None:
    with pytest.raises(PageSizeError):
        feed_page(alice, workspace, first=first)


@pytest.mark.parametrize(
    "cursor", ["", "x", "%%%", "MTIz", "LTEuLTE", "é", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkuMQ"]
)
def test_a_cursor_that_is_not_ours_is_refused(
    alice: User, workspace: Workspace, cursor: str
) -> None:
    with pytest.raises(InvalidCursorError):
        feed_page(alice, workspace, after=cursor)


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = Cursor(START + timedelta(microseconds=7), 2**63 - 1)

    assert Cursor.parse(str(cursor)) == cursor


def test_newer_counts_only_what_came_above_and_stops_at_a_bound(
    alice: User, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source)
    make_message(thread=thread)
    place = feed_page(alice, workspace).start
    make_message(thread=thread, occurred_at=START - timedelta(days=1))
    assert feed_newer(alice, workspace, EVERYTHING, place) == 0

    for _ in range(MOST_NEWER + 1):
        make_message(thread=thread)

    assert feed_newer(alice, workspace, EVERYTHING, place) == MOST_NEWER
    other = FeedFilters(thread_kinds=[ThreadKind.DISCUSSION])
    assert feed_newer(alice, workspace, other, place) == 0


def test_an_outsider_and_nobody_see_no_feed_item_or_thread(
    charlie: User, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source)
    message = make_message(thread=thread)

    with pytest.raises(WorkspaceNotFoundError):
        feed_page(charlie, workspace)
    with pytest.raises(WorkspaceNotFoundError):
        feed_newer(charlie, workspace, EVERYTHING, None)
    with pytest.raises(WorkspaceNotFoundError):
        feed_item(charlie, workspace, message.pk)
    with pytest.raises(WorkspaceNotFoundError):
        thread_for(charlie, workspace, thread.pk)
    with pytest.raises(UnauthenticatedError):
        feed_page(AnonymousUser(), workspace)


def test_an_item_or_thread_of_another_workspace_is_not_found(
    alice: User, workspace: Workspace
) -> None:
    thread = make_thread(source=make_source(workspace=make_workspace(admin=alice)))
    message = make_message(thread=thread)

    with pytest.raises(MessageNotFoundError):
        feed_item(alice, workspace, message.pk)
    with pytest.raises(ThreadNotFoundError):
        thread_for(alice, workspace, thread.pk)


def test_threads_are_read_at_once_the_oldest_message_first(
    source: Source, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    long, short = make_thread(source=source), make_thread(source=source)
    for body in ("one", "two", "three"):
        make_message(thread=long, body=body)
    make_message(thread=short, body="only")
    make_message(thread=short, archived_reason=ArchivedReason.MISSING)

    with django_assert_num_queries(1):
        pages = thread_pages([long, short], first=2)

    assert bodies(pages[long.pk].items) == ["one", "two"]
    assert pages[long.pk].has_more
    assert bodies(pages[short.pk].items) == ["only"]
    rest = thread_pages([long], first=2, after=pages[long.pk].end)[long.pk]
    assert bodies(rest.items) == ["three"]
    assert not rest.has_more
