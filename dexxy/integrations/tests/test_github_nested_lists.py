"""Three mappers of nested lists: timelines, lists of messages, and lists of messages with lists."""

from datetime import datetime
from typing import Any

import pytest

from dexxy.integrations.services.github.api.queries import NESTED_LISTS
from dexxy.integrations.services.github.api.values import time_or_none
from dexxy.integrations.services.github.mapping.messages import comment, discussion_comment, reply
from dexxy.integrations.services.github.mapping.nested_lists import (
    COMMENTS,
    LISTS,
    REPLIES,
    REVIEW_COMMENTS,
    FlatList,
    ListWithChildren,
    MappedList,
    OpenList,
    Page,
    Timeline,
    nested_page,
    scope_of,
)
from dexxy.messages.ingest.records import Scope
from dexxy.messages.models import MessageKind

AT = "2026-01-01T12:00:00Z"


def page(
    *nodes: Any, cursor: str = "", owner_id: str = "", merged_at: datetime | None = None
) -> Page:
    return Page(nodes, cursor, owner_id, merged_at)


def payload(*nodes: Any, cursor: str = "") -> dict[str, Any]:
    info = {"hasNextPage": bool(cursor), "endCursor": cursor or None}
    return {"pageInfo": info, "nodes": list(nodes)}


def event(kind: str, node_id: str) -> dict[str, Any]:
    return {"__typename": kind, "id": node_id, "createdAt": AT, "actor": None}


def node(number: int, **fields: Any) -> dict[str, Any]:
    """Return what comments, reviews and replies have in common."""
    common = {
        "id": f"N_{number}",
        "fullDatabaseId": str(number),
        "databaseId": number,
        "author": None,
        "body": "Yes.",
        "url": "https://g/c",
        "createdAt": AT,
        "updatedAt": AT,
        "lastEditedAt": None,
        "deletedAt": None,
        "authorAssociation": "NONE",
        "upvoteCount": 1,
        "pullRequestReview": None,
    }
    return common | fields


def keys(mapped: MappedList) -> list[tuple[str, str]]:
    return [(str(message.kind), message.external_id) for message in mapped.messages]


@pytest.mark.parametrize(
    ("merged", "kept"),
    [
        (None, ["1", "2", "3"]),
        ("2026-01-01T12:00:01Z", ["1", "2", "3"]),
        (AT, ["2"]),
    ],
    ids=["not merged", "merged later", "merged then"],
)
@pytest.mark.parametrize("cursor", ["", "next"])
def test_a_closing_since_the_merge_is_the_merge_on_whatever_page_it_stands(
    merged: str | None, kept: list[str], cursor: str
) -> None:
    events = [event("ClosedEvent", "1"), event("MergedEvent", "2"), event("ClosedEvent", "3")]

    mapped = Timeline().map(page(*events, cursor=cursor, merged_at=time_or_none(merged)))

    assert (mapped.seen, mapped.cursor) == (tuple(kept), cursor)


def test_a_closing_that_was_taken_back_is_not_the_merge_of_the_same_second() -> None:
    events = [event("ClosedEvent", "1"), event("ReopenedEvent", "2"), event("ClosedEvent", "3")]

    mapped = Timeline().map(page(*events, merged_at=time_or_none(AT)))

    assert keys(mapped) == [("closed", "1"), ("reopened", "2")]


def test_what_an_event_is_about_may_not_be_shown() -> None:
    asked = event("ReviewRequestedEvent", "1") | {"requestedReviewer": None}
    by_project = event("ClosedEvent", "2") | {"closer": {"__typename": "ProjectV2"}}

    mapped = Timeline().map(page(asked, by_project))

    assert [dict(message.details) for message in mapped.messages] == [
        {},
        {"subject": {"type": "other"}},
    ]
    assert [message.in_feed for message in mapped.messages] == [False, True]


def test_a_timeline_has_an_event_that_comes_twice_once() -> None:
    mapped = Timeline().map(page(event("ClosedEvent", "1"), event("ClosedEvent", "1")))

    assert keys(mapped) == [("closed", "1")]


def test_a_flat_list_maps_each_node_and_has_nothing_below() -> None:
    mapped = FlatList(COMMENTS, comment).map(page(node(1), node(2), node(2), cursor="next"))

    assert keys(mapped) == [("comment", "1"), ("comment", "2")]
    assert (mapped.seen, mapped.cursor) == (("1", "2", "2"), "next")
    assert (mapped.complete, mapped.open_lists) == ((), ())


def test_a_flat_list_below_a_message_knows_its_owner() -> None:
    mapped = FlatList(REPLIES, reply).map(page(node(2), owner_id="1"))

    assert [m.details for m in mapped.messages] == [{"in_reply_to": "1", "upvotes": 1}]


DISCUSSED = ListWithChildren(COMMENTS, discussion_comment, "replies", children="replies")


def test_a_child_list_that_came_along_whole_is_complete() -> None:
    mapped = DISCUSSED.map(page(node(1, replies=payload(node(5))), node(2, replies=payload())))

    assert keys(mapped) == [("comment", "1"), ("comment", "2"), ("reply", "5")]
    assert mapped.seen == ("1", "2")
    assert mapped.complete == (
        Scope(frozenset({MessageKind.REPLY}), "1"),
        Scope(frozenset({MessageKind.REPLY}), "2"),
    )
    assert mapped.open_lists == ()


def test_a_child_list_that_goes_on_is_left_open_behind_what_came_along() -> None:
    mapped = DISCUSSED.map(page(node(1, replies=payload(node(5), cursor="more"))))

    assert keys(mapped) == [("comment", "1"), ("reply", "5")]
    assert mapped.complete == ()
    assert mapped.open_lists == (OpenList("replies", "N_1", "1", "more", ("5",)),)


@pytest.mark.parametrize("children", [{}, {"replies": None}], ids=["not asked for", "null"])
def test_a_child_list_that_did_not_come_along_is_to_be_asked_for(children: dict[str, Any]) -> None:
    field = "replies" if children else ""
    lists = ListWithChildren(COMMENTS, discussion_comment, "replies", children=field)

    mapped = lists.map(page(node(1, **children)))

    assert mapped.open_lists == (OpenList("replies", "N_1", "1"),)


def test_a_draft_of_a_review_is_left_out_with_its_comments() -> None:
    draft = node(8, state="PENDING", submittedAt=None, commit=None)
    submitted = node(9, state="APPROVED", submittedAt=AT, commit=None)

    mapped = nested_page("reviews", payload(draft, submitted), "", merged_at=None)

    assert (keys(mapped), mapped.seen) == ([("review", "9")], ("9",))
    assert mapped.open_lists == (OpenList("review_comments", "N_9", "9"),)


def test_a_gap_is_counted_and_its_neighbours_are_read() -> None:
    mapped = nested_page("issue_comments", payload(node(1), None), "", merged_at=None)

    assert (mapped.seen, mapped.gaps) == (("1",), 1)


def test_a_list_that_is_kept_back_is_a_gap_without_an_end_to_archive_by() -> None:
    mapped = nested_page("issue_comments", None, "", merged_at=None)

    assert (mapped.messages, mapped.cursor, mapped.gaps) == ((), "", 1)


def test_a_gap_below_a_message_leaves_its_list_open_to_more() -> None:
    below = {"replies": payload(None)}
    mapped = nested_page("discussion_comments", payload(node(1) | below), "", merged_at=None)

    assert mapped.gaps == 1
    assert scope_of("replies", "1") not in mapped.complete


def test_the_scope_of_a_list_below_a_message_is_that_message_s() -> None:
    assert scope_of("review_comments", "9") == Scope(REVIEW_COMMENTS.kinds, "9")
    assert scope_of("issue_comments", "") == COMMENTS


def test_each_list_that_can_be_asked_for_can_be_mapped() -> None:
    assert LISTS.keys() == NESTED_LISTS.keys()
