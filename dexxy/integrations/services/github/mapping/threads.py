"""Turn threads as GraphQL shows them into snapshots. Pure: no database, no network."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dexxy.integrations.services.github.api.values import (
    Payload,
    key,
    number_of,
    text,
    time,
    time_or_none,
)
from dexxy.integrations.services.github.mapping.accounts import account_in_graphql
from dexxy.integrations.services.github.mapping.messages import discussion_changes
from dexxy.integrations.services.github.mapping.nested_lists import (
    REVIEW_COMMENTS,
    STATE_CHANGES,
    OpenList,
    nested_page,
    scope_of,
)
from dexxy.integrations.services.github.mapping.rules import opening, pull_request_reason
from dexxy.messages.ingest.records import Scope, Snapshot, ThreadRecord
from dexxy.messages.models import ThreadKind, ThreadState


@dataclass(frozen=True, slots=True)
class MappedThread:
    """A snapshot, and what of the thread still has to be read.

    Args:
        gaps: how many of its nodes and lists GitHub kept back.
    """

    snapshot: Snapshot
    open_lists: tuple[OpenList, ...]
    gaps: int = 0


def issue(node: Payload) -> MappedThread:
    """Map an issue with its comments and state changes."""
    thread = ThreadRecord(
        kind=ThreadKind.ISSUE,
        state=ThreadState(node["state"].lower()),
        state_reason=text(node["stateReason"]).lower(),
        **_thread(node),
    )
    lists = {"issue_comments": node["comments"], "issue_timeline": node["timelineItems"]}
    return _mapped_thread(node, thread, lists)


def pull_request(node: Payload) -> MappedThread:
    """Map a pull request with its comments, reviews and state changes."""
    thread = ThreadRecord(
        kind=ThreadKind.PULL_REQUEST,
        state=ThreadState(node["state"].lower()),
        merged_at=time_or_none(node["mergedAt"]),
        state_reason=pull_request_reason(node["isDraft"]),
        **_thread(node),
    )
    lists = {
        "pull_request_comments": node["comments"],
        "reviews": node["reviews"],
        "pull_request_timeline": node["timelineItems"],
    }
    mapped = _mapped_thread(node, thread, lists)
    # A wrapper is not in the feed, and there is none without a comment on code.
    has_wrappers = not all(message.in_feed for message in mapped.snapshot.messages)
    if node["reviewThreads"]["totalCount"] or has_wrappers:
        return mapped
    # No review has a comment on code: their lists, empty, are as good as read.
    complete = (*mapped.snapshot.complete, REVIEW_COMMENTS)
    open_lists = tuple(o for o in mapped.open_lists if o.connection != "review_comments")
    return replace(
        mapped, snapshot=replace(mapped.snapshot, complete=complete), open_lists=open_lists
    )


def discussion(node: Payload) -> MappedThread:
    """Map a discussion with its comments, their replies, its closing and its answer."""
    thread = ThreadRecord(
        kind=ThreadKind.DISCUSSION,
        state=ThreadState.CLOSED if node["closed"] else ThreadState.OPEN,
        state_reason=text(node["stateReason"]).lower(),
        answered_at=time_or_none(node["answerChosenAt"]) if node["answer"] else None,
        **_thread(node),
    )
    mapped = _mapped_thread(node, thread, {"discussion_comments": node["comments"]})
    snapshot = mapped.snapshot
    changes = tuple(discussion_changes(node))
    snapshot = replace(
        snapshot,
        messages=(*snapshot.messages, *changes),
        complete=(*snapshot.complete, STATE_CHANGES),
    )
    return replace(mapped, snapshot=snapshot)


THREADS: Mapping[ThreadKind, Callable[[Payload], MappedThread]] = {
    ThreadKind.ISSUE: issue,
    ThreadKind.PULL_REQUEST: pull_request,
    ThreadKind.DISCUSSION: discussion,
}


def _mapped_thread(
    node: Payload, thread: ThreadRecord, lists: Mapping[str, Payload | None]
) -> MappedThread:
    edited_at = time_or_none(node["lastEditedAt"])
    messages = [opening(thread, text(node["body"]), edited_at)]
    open_lists: list[OpenList] = []
    complete: list[Scope] = []
    labels = node["labels"]
    gaps = 1 if labels is None else labels["nodes"].count(None)
    for connection, payload in lists.items():
        page = nested_page(connection, payload, "", merged=thread.merged_at is not None)
        messages += page.messages
        complete += page.complete
        open_lists += page.open_lists
        gaps += page.gaps
        if page.cursor:
            has_gaps = bool(page.gaps)
            left = OpenList(connection, node["id"], "", page.cursor, page.seen, has_gaps)
            open_lists.append(left)
        elif not page.gaps:
            complete.append(scope_of(connection, ""))
    snapshot = Snapshot(thread, tuple(messages), tuple(complete))
    return MappedThread(snapshot, tuple(open_lists), gaps)


def _thread(node: Payload) -> dict[str, Any]:
    """Return the fields that all threads have."""
    labels = (node["labels"] or {"nodes": ()})["nodes"]
    return {
        "number": number_of(node),
        "node_id": key(node["id"]),
        "title": text(node["title"]),
        "url": text(node["url"]),
        "author": account_in_graphql(node["author"]),
        "opened_at": time(node["createdAt"]),
        "closed_at": time_or_none(node["closedAt"]),
        "version_at": time(node["updatedAt"]),
        "labels": tuple(text(label["name"]) for label in labels if label is not None),
    }
