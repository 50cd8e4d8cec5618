"""Payloads become records, whatever GitHub leaves out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dexxy.integrations.services.github.mapping import nested_lists
from dexxy.integrations.services.github.mapping import threads as mapping
from dexxy.integrations.services.github.mapping.accounts import account_in_graphql
from dexxy.members.models import IdentityKind
from dexxy.messages.ingest.records import UNSET

AT = "2026-01-01T12:00:00Z"
USER = {
    "__typename": "User",
    "id": "U_5",
    "login": "jo",
    "databaseId": 5,
    "name": "Jo",
    "avatarUrl": "https://a/5",
    "url": "https://g/jo",
}


def listing(*nodes: Any, cursor: str = "") -> dict[str, Any]:
    return {"pageInfo": {"hasNextPage": bool(cursor), "endCursor": cursor}, "nodes": list(nodes)}


def page_info(goes_on: object, end: object) -> dict[str, Any]:
    return {"hasNextPage": goes_on, "endCursor": end}


def event(kind: str, node_id: str) -> dict[str, Any]:
    return {"__typename": kind, "id": node_id, "createdAt": AT, "actor": None}


def pull_request(**fields: Any) -> dict[str, Any]:
    node = {
        "id": "PR_1",
        "number": 1,
        "title": "Mend",
        "body": "",
        "url": "https://g/o/r/pull/1",
        "createdAt": AT,
        "updatedAt": AT,
        "closedAt": None,
        "lastEditedAt": None,
        "author": USER,
        "labels": listing(),
        "state": "OPEN",
        "isDraft": False,
        "mergedAt": None,
        "authorAssociation": "NONE",
        "locked": False,
        "activeLockReason": None,
        "milestone": None,
        "assignees": {"nodes": []},
        "headRefOid": "6dcb09b5b57875f334f61aebed695e2e4193db5e",
        "headRef": None,
        "comments": listing(),
        "reviews": listing(),
        "reviewThreads": listing(),
        "timelineItems": listing(),
    }
    return node | fields


def review_thread(number: int = 1, *, is_resolved: bool = False) -> dict[str, Any]:
    return {"id": f"PRRT_{number}", "isResolved": is_resolved}


def review(number: int = 9, **fields: Any) -> dict[str, Any]:
    node = {
        "id": f"PRR_{number}",
        "fullDatabaseId": str(number),
        "state": "APPROVED",
        "body": "",
        "createdAt": AT,
        "submittedAt": AT,
        "updatedAt": AT,
        "lastEditedAt": None,
        "authorAssociation": "NONE",
        "url": "https://g/r",
        "author": USER,
        "commit": None,
    }
    return node | fields


def kinds(mapped: mapping.MappedThread) -> list[tuple[str, str]]:
    return [(str(m.kind), m.external_id) for m in mapped.snapshot.messages]


def test_an_account_that_is_gone_is_nobody() -> None:
    assert account_in_graphql(None) is None


def test_an_account_of_an_enterprise_is_known_by_its_node_id() -> None:
    enterprise = {**USER, "__typename": "EnterpriseUserAccount", "id": "EUA_1"}
    del enterprise["databaseId"]

    found = account_in_graphql(enterprise)

    assert found is not None
    assert (found.external_id, found.kind) == ("EUA_1", IdentityKind.USER)


def test_an_account_of_which_only_the_name_is_shown_is_nobody() -> None:
    assert (
        account_in_graphql({"__typename": "Secret", "login": "x", "avatarUrl": "", "url": ""})
        is None
    )


def test_an_unknown_kind_of_account_is_a_person() -> None:
    found = account_in_graphql({**USER, "__typename": "Agent"})

    assert found is not None
    assert found.kind is IdentityKind.USER


def test_a_bot_has_the_suffix_that_webhooks_give_it() -> None:
    names = [
        account_in_graphql({**USER, "__typename": "Bot", "login": login, "name": None})
        for login in ("codecov", "codecov[bot]")
    ]

    assert [found.username if found else None for found in names] == ["codecov[bot]"] * 2


def test_a_merge_is_one_message() -> None:
    timeline = listing(
        event("ClosedEvent", "1"),
        event("ReopenedEvent", "2"),
        event("MergedEvent", "3"),
        event("ClosedEvent", "4"),
    )

    mapped = mapping.pull_request(pull_request(state="MERGED", mergedAt=AT, timelineItems=timeline))

    assert kinds(mapped) == [("opened", "1"), ("closed", "1"), ("reopened", "2"), ("merged", "3")]


def test_a_closing_is_kept_where_nothing_was_merged() -> None:
    mapped = mapping.pull_request(pull_request(timelineItems=listing(event("ClosedEvent", "1"))))

    assert kinds(mapped) == [("opened", "1"), ("closed", "1")]


def test_an_unknown_event_is_left_out() -> None:
    mapped = mapping.pull_request(pull_request(timelineItems=listing(event("NewEvent", "1"))))

    assert kinds(mapped) == [("opened", "1")]


def test_a_pending_review_is_ignored() -> None:
    pending = review(state="PENDING", submittedAt=None)

    assert kinds(mapping.pull_request(pull_request(reviews=listing(pending)))) == [("opened", "1")]


def test_an_empty_commented_review_stays_out_of_the_feed_and_an_approval_does_not() -> None:
    reviews = listing(review(1, state="COMMENTED", body=" \n"), review(2))

    mapped = mapping.pull_request(pull_request(reviews=reviews))

    assert [m.in_feed for m in mapped.snapshot.messages] == [True, False, True]


def test_comments_of_reviews_are_asked_for_only_where_there_are_any() -> None:
    without = mapping.pull_request(pull_request(reviews=listing(review())))
    with_some = mapping.pull_request(
        pull_request(reviews=listing(review()), reviewThreads=listing(review_thread()))
    )

    assert without.open_lists == ()
    assert [(o.connection, o.owner_id, o.owner_external_id) for o in with_some.open_lists] == [
        ("review_comments", "PRR_9", "9")
    ]


def test_comments_of_review_threads_are_asked_for_only_where_they_are_resolved() -> None:
    threads = listing(review_thread(1, is_resolved=True), review_thread(2), cursor="abc")

    mapped = mapping.pull_request(pull_request(reviewThreads=threads))

    assert [(o.connection, o.owner_id, o.seen) for o in mapped.open_lists] == [
        ("resolved_comments", "PRRT_1", ()),
        ("review_threads", "PR_1", ("PRRT_1", "PRRT_2")),
    ]
    shown = [(one.node_id, one.is_resolved) for one in mapped.snapshot.review_threads]
    assert shown == [("PRRT_1", True), ("PRRT_2", False)]
    assert not mapped.snapshot.has_all_review_threads


def test_review_threads_that_are_kept_back_are_a_gap_and_may_hold_comments() -> None:
    mapped = mapping.pull_request(pull_request(reviews=listing(review()), reviewThreads=None))

    assert mapped.gaps == 1
    assert [o.connection for o in mapped.open_lists] == ["review_comments"]
    assert not mapped.snapshot.has_all_review_threads


def test_a_list_with_another_page_stays_open_and_knows_what_it_held() -> None:
    mapped = mapping.pull_request(pull_request(reviews=listing(review(), cursor="abc")))

    assert [(o.connection, o.cursor, o.seen) for o in mapped.open_lists] == [
        ("reviews", "abc", ("9",))
    ]
    assert nested_lists.REVIEWS not in mapped.snapshot.complete
    assert nested_lists.COMMENTS in mapped.snapshot.complete


def test_ids_beyond_32_bits_are_kept() -> None:
    mapped = mapping.pull_request(pull_request(reviews=listing(review(2**40))))

    assert mapped.snapshot.messages[1].external_id == str(2**40)


@pytest.mark.parametrize("reviews", [listing(None, review()), None])
def test_a_list_with_a_gap_is_not_whole_because_it_would_archive_what_is_there(
    reviews: object,
) -> None:
    mapped = mapping.pull_request(pull_request(reviews=reviews))

    assert mapped.gaps == 1
    assert nested_lists.REVIEWS not in mapped.snapshot.complete
    assert nested_lists.COMMENTS in mapped.snapshot.complete


@pytest.mark.parametrize("labels", [listing(None, {"name": "bug"}), None])
def test_labels_that_are_kept_back_are_a_gap(labels: object) -> None:
    mapped = mapping.pull_request(pull_request(labels=labels))

    assert mapped.gaps == 1
    assert mapped.snapshot.thread.labels == (("bug",) if labels else UNSET)


def test_a_message_that_comes_twice_is_one() -> None:
    mapped = mapping.pull_request(pull_request(reviews=listing(review(), review())))

    assert kinds(mapped) == [("opened", "1"), ("review", "9")]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"title": 5}, TypeError),
        ({"url": ["https://g"]}, TypeError),
        ({"number": "1"}, ValueError),
        ({"number": 0}, ValueError),
        ({"state": "HALF_OPEN"}, ValueError),
        ({"createdAt": "yesterday"}, ValueError),
        ({"createdAt": "0001-01-01T00:00:00+14:00"}, OverflowError),
        ({"comments": {"nodes": {}, "pageInfo": {}}}, KeyError),
        ({"comments": {"nodes": {}, "pageInfo": listing()["pageInfo"]}}, TypeError),
        ({"comments": listing() | {"pageInfo": {"hasNextPage": 1, "endCursor": ""}}}, TypeError),
        (
            {"comments": listing() | {"pageInfo": {"hasNextPage": True, "endCursor": None}}},
            ValueError,
        ),
        ({"reviews": listing(review() | {"fullDatabaseId": None})}, TypeError),
        ({"reviews": listing(review() | {"fullDatabaseId": ""})}, ValueError),
    ],
)
def test_a_value_of_another_shape_is_an_error_and_not_a_row(
    fields: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        mapping.pull_request(pull_request(**fields))


def test_a_time_without_a_zone_is_in_utc() -> None:
    mapped = mapping.pull_request(pull_request(createdAt="2026-01-01T12:00:00"))

    assert mapped.snapshot.thread.opened_at == datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_words_that_github_adds_are_kept_and_events_that_it_adds_are_left_out() -> None:
    mapped = mapping.pull_request(
        pull_request(
            reviews=listing(review(state="SHRUGGED")),
            timelineItems=listing({"__typename": "FrozenEvent"}, event("ClosedEvent", "CE_1")),
        )
    )

    assert kinds(mapped) == [("opened", "1"), ("review", "9"), ("closed", "CE_1")]
    assert mapped.snapshot.messages[1].details == {"state": "SHRUGGED"}


def test_an_account_of_an_unknown_type_is_a_user_that_is_known_by_its_node_id() -> None:
    agent = {"__typename": "Agent", "id": "A_1", "login": "hal", "avatarUrl": "", "url": ""}

    record = account_in_graphql(agent)

    assert record is not None
    assert (record.external_id, record.kind) == ("A_1", IdentityKind.USER)
