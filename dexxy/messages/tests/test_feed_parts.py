"""The parts of the feed's reader that need no database."""

from datetime import timedelta

import pytest

from dexxy.common.pages import Cursor
from dexxy.messages.feed.conditions import (
    KIND,
    SOURCE,
    THREAD,
    THREAD_KIND,
    Condition,
    params_of,
    where,
)
from dexxy.messages.feed.query import FeedQuery, sort_key
from dexxy.messages.feed.reader import is_complete
from dexxy.messages.feed.sql import Ranges
from tests.factories import START

MINUTE = timedelta(minutes=1)


def at(minutes: int) -> Cursor:
    return Cursor(START + minutes * MINUTE, minutes + 1)


@pytest.mark.parametrize(
    ("minutes", "limit", "others", "expected"),
    [
        # There is no other thread: whatever was found is all that there is.
        ([], 2, None, True),
        ([5], 2, None, True),
        ([5, 4], 2, None, True),
        # Another thread may have a message that is newer than the last one found, or as new.
        ([5, 4], 2, 5, False),
        ([5, 4], 2, 4, False),
        ([5, 4], 2, 3, True),
        # The page is not full: a message of another thread has room.
        ([5], 2, 3, False),
        ([], 2, 3, False),
    ],
)
def test_a_page_is_complete_when_no_other_thread_can_add_to_it(
    minutes: list[int], limit: int, others: int | None, expected: bool
) -> None:
    newest = None if others is None else START + others * MINUTE

    assert is_complete([at(minute) for minute in minutes], limit, newest) is expected


def test_a_condition_is_about_the_table_that_it_is_asked_of() -> None:
    is_open = Condition("{row}.state = %(state)s", {"state": "open"})
    is_mine = Condition("{row}.author_id = %(author)s", {"author": 7})

    assert where("t", [is_open, is_mine]) == "t.state = %(state)s AND t.author_id = %(author)s"
    assert params_of([is_open, is_mine]) == {"state": "open", "author": 7}
    assert where("t", []) == "TRUE"


def test_a_column_is_compared_on_messages_and_on_threads_where_those_have_it() -> None:
    of_thread = THREAD_KIND.thread_is_one_of(["issue"])

    assert (
        THREAD_KIND.is_one_of(["issue"]).on("m") == "m.thread_kind = ANY(%(thread_kinds)s::text[])"
    )
    assert of_thread is not None
    assert of_thread.on("t") == "t.kind = ANY(%(thread_kinds)s::text[])"
    assert KIND.thread_is_one_of(["comment"]) is None


def test_one_range_has_a_value_for_each_column_and_several_have_arrays() -> None:
    columns = (SOURCE, KIND)

    assert Ranges().params == {}
    assert Ranges((THREAD,), [(5,)]).params == {"range_thread_id": 5}
    assert Ranges(columns, [(1, "a"), (2, "b")]).params == {
        "range_source_id": [1, 2],
        "range_kind": ["a", "b"],
    }


def test_the_bounds_of_a_query_hold_for_messages_and_bound_the_activity_of_their_threads() -> None:
    query = FeedQuery(workspace_id=1, below=(START, 9), above=(START - MINUTE, 3))

    assert where("s", query.range("message_id")) == (
        "(s.occurred_at, s.message_id) < (%(below_at)s, %(below_id)s)"
        " AND (s.occurred_at, s.message_id) > (%(above_at)s, %(above_id)s)"
    )
    assert where("t", query.of_thread()) == (
        "t.first_activity_at <= %(below_at)s AND t.last_activity_at >= %(above_at)s"
    )
    assert query.params["below_id"] == 9


def test_a_cursor_without_a_time_is_before_every_message() -> None:
    assert sort_key(Cursor(None, 5)) > sort_key(at(10**6))
    assert sort_key(Cursor(START, 5)) == (START, 5)


def test_nothing_is_read_where_a_filter_leaves_nothing() -> None:
    assert FeedQuery(workspace_id=1, words=[]).is_empty
    assert FeedQuery(workspace_id=1, wanted={SOURCE: []}).is_empty
    assert not FeedQuery(workspace_id=1, wanted={SOURCE: [1]}).is_empty
    assert not FeedQuery(workspace_id=1).is_empty
