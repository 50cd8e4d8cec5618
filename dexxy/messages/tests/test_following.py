from typing import Any

import psycopg
import pytest
from django.db import connection

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import WorkspaceNotFoundError
from dexxy.common.pages import InvalidCursorError, PageSizeError
from dexxy.messages.changes.noting import messages_noted
from dexxy.messages.changes.positions import Position, horizon
from dexxy.messages.feed.following import feed_changes
from dexxy.messages.models import Message, MessageKind
from dexxy.sources.models import Source
from tests.factories import make_message, make_thread

WRITE_AGAIN = messages_noted("UPDATE messages_message m SET body = %s WHERE id = %s")
REMOVE = messages_noted(
    "UPDATE messages_message m SET is_archived = true, archived_reason = 'deleted' WHERE id = %s"
)


def another() -> psycopg.Connection[Any]:
    """Open a connection of its own to the test's database."""
    return psycopg.connect(**connection.get_connection_params())


@pytest.fixture
def messages(transactional_db: None, source: Source) -> list[Message]:
    thread = make_thread(source=source)
    return [make_message(thread=thread, body=str(number)) for number in range(3)]


@pytest.fixture
def source(transactional_db: None, source: Source) -> Source:
    return source


def followed(viewer: User, workspace: Workspace, after: str) -> tuple[list[str], str]:
    bodies = []
    while True:
        found = feed_changes(viewer, workspace, first=1, after=after)
        bodies += [change.message.body for change in found.items]
        after = found.end
        if not found.has_more:
            return bodies, after


def test_who_follows_the_feed_hears_of_nothing_quiet(
    alice: User, workspace: Workspace, messages: list[Message]
) -> None:
    start = feed_changes(alice, workspace).end
    labeled = MessageKind.LABELED
    make_message(thread=messages[0].thread, kind=labeled, body="quiet", in_feed=False)
    make_message(thread=messages[0].thread, body="new")

    assert followed(alice, workspace, start)[0] == ["new"]


def test_a_follower_begins_now_and_gets_what_is_written_later(
    alice: User, workspace: Workspace, messages: list[Message]
) -> None:
    start = feed_changes(alice, workspace)
    assert start.items == []

    make_message(thread=messages[0].thread, body="new")
    Message.objects.filter(pk=messages[1].pk).update(body="not written by a sync")

    assert followed(alice, workspace, start.end)[0] == ["new"]


def test_what_commits_out_of_order_is_neither_lost_nor_repeated(
    alice: User, workspace: Workspace, messages: list[Message]
) -> None:
    place = feed_changes(alice, workspace).end
    with another() as early, another() as late:
        early.execute(WRITE_AGAIN, ["early", messages[0].pk])
        late.execute(WRITE_AGAIN, ["late", messages[1].pk])
        late.commit()

        bodies, place = followed(alice, workspace, place)
        assert bodies == []

        early.commit()
    bodies, place = followed(alice, workspace, place)

    assert bodies == ["early", "late"]
    assert followed(alice, workspace, place)[0] == []


def test_a_message_that_goes_comes_once_more_as_removed(
    alice: User, workspace: Workspace, messages: list[Message]
) -> None:
    place = feed_changes(alice, workspace).end
    with another() as writer:
        writer.execute(WRITE_AGAIN, ["edited", messages[0].pk])
        writer.commit()
        writer.execute(REMOVE, [messages[1].pk])
        writer.commit()

    found = feed_changes(alice, workspace, after=place)

    assert [(change.message.body, change.is_removed) for change in found.items] == [
        ("edited", False),
        ("1", True),
    ]


def test_a_cursor_that_is_not_ours_is_refused(
    alice: User, workspace: Workspace, messages: list[Message]
) -> None:
    now = horizon()
    future = str(Position(now.epoch, 2**62, 1, 1))
    for text in ("", "x", "MTIz", "é", future, str(Position(-1, 1, 1, 1)), str(Position(2**40))):
        with pytest.raises(InvalidCursorError):
            feed_changes(alice, workspace, after=text)
    with pytest.raises(PageSizeError):
        feed_changes(alice, workspace, first=101)


def test_an_outsider_follows_nothing(charlie: User, workspace: Workspace, db: None) -> None:
    with pytest.raises(WorkspaceNotFoundError):
        feed_changes(charlie, workspace)
