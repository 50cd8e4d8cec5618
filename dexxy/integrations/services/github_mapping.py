"""Turn GitHub's payloads into records. Pure: no database, no network.

Field meanings: https://docs.github.com/en/graphql/reference/objects
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dexxy.members.models import IdentityKind
from dexxy.members.records import IdentityRecord
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState
from dexxy.messages.records import MessageRecord, Scope, Snapshot, ThreadRecord

Payload = Mapping[str, Any]

_IDENTITY_KINDS = {
    "User": IdentityKind.USER,
    "Bot": IdentityKind.BOT,
    "Organization": IdentityKind.ORGANIZATION,
    "Mannequin": IdentityKind.MANNEQUIN,
}


@dataclass(frozen=True, slots=True)
class OpenList:
    """A nested list that is not read to its end yet.

    Args:
        connection: a key of github_queries.NESTED_LISTS.
        owner_id: the node id of what has the list.
        scope: the messages it holds.
        cursor: where to go on; empty for its start.
        seen: the external ids that were read already.
    """

    connection: str
    owner_id: str
    scope: Scope
    cursor: str = ""
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MappedThread:
    """A snapshot, and what of the thread still has to be read."""

    snapshot: Snapshot
    open_lists: tuple[OpenList, ...]


@dataclass(frozen=True, slots=True)
class MappedList:
    """One page of a nested list: its messages, its next cursor ('' at its end), and new lists."""

    messages: tuple[MessageRecord, ...]
    cursor: str
    open_lists: tuple[OpenList, ...] = ()


STATE_CHANGES = Scope(frozenset({MessageKind.CLOSED, MessageKind.REOPENED, MessageKind.MERGED}))
COMMENTS = Scope(frozenset({MessageKind.COMMENT}))
REVIEWS = Scope(frozenset({MessageKind.REVIEW}))


def review_comments_of(review_id: str) -> Scope:
    """Return the scope of the comments of one review."""
    return Scope(frozenset({MessageKind.REVIEW_COMMENT}), review_id)


def issue(node: Payload) -> MappedThread:
    """Map an issue with its comments and state changes."""
    thread = ThreadRecord(
        kind=ThreadKind.ISSUE,
        state=ThreadState(node["state"].lower()),
        state_reason=(node["stateReason"] or "").lower(),
        **_thread(node),
    )
    lists = {"issue_comments": node["comments"], "issue_timeline": node["timelineItems"]}
    return _mapped_thread(node, thread, lists)


def pull_request(node: Payload) -> MappedThread:
    """Map a pull request with its comments, reviews and state changes."""
    thread = ThreadRecord(
        kind=ThreadKind.PULL_REQUEST,
        state=ThreadState(node["state"].lower()),
        merged_at=_time_or_none(node["mergedAt"]),
        state_reason="draft" if node["isDraft"] else "",
        **_thread(node),
    )
    lists = {
        "pull_request_comments": node["comments"],
        "reviews": node["reviews"],
        "pull_request_timeline": node["timelineItems"],
    }
    mapped = _mapped_thread(node, thread, lists)
    if node["reviewThreads"]["totalCount"]:
        return mapped
    # No review has a comment, so their lists need not be asked for.
    none_left = Scope(frozenset({MessageKind.REVIEW_COMMENT}))
    snapshot = Snapshot(
        mapped.snapshot.thread,
        mapped.snapshot.messages,
        (*mapped.snapshot.complete, none_left),
    )
    open_lists = tuple(o for o in mapped.open_lists if o.connection != "review_comments")
    return MappedThread(snapshot, open_lists)


def _mapped_thread(
    node: Payload, thread: ThreadRecord, lists: Mapping[str, Payload]
) -> MappedThread:
    messages = [_opened(node, thread)]
    open_lists: list[OpenList] = []
    complete: list[Scope] = []
    for connection, payload in lists.items():
        scope = SCOPES[connection]
        page = nested_page(connection, payload, scope, merged=thread.merged_at is not None)
        messages += page.messages
        open_lists += page.open_lists
        if page.cursor:
            seen = tuple(message.external_id for message in page.messages)
            open_lists.append(OpenList(connection, node["id"], scope, page.cursor, seen))
        else:
            complete.append(scope)
    return MappedThread(Snapshot(thread, tuple(messages), tuple(complete)), tuple(open_lists))


def nested_page(connection: str, payload: Payload, scope: Scope, *, merged: bool) -> MappedList:
    """Map one page of a nested list.

    Args:
        connection: a key of github_queries.NESTED_LISTS.
        payload: `{pageInfo, nodes}`.
        scope: the messages that the list holds.
        merged: whether the thread is a merged pull request.
    """
    nodes = [node for node in payload["nodes"] if node]
    has_more = payload["pageInfo"]["hasNextPage"]
    cursor = payload["pageInfo"]["endCursor"] if has_more else ""
    if connection.endswith("_timeline"):
        return MappedList(tuple(_state_changes(nodes, merged and not has_more)), cursor)
    if connection == "reviews":
        # A pending review is a draft that only its author can see.
        nodes = [node for node in nodes if node["state"] != "PENDING"]
        open_lists = tuple(
            OpenList("review_comments", n["id"], review_comments_of(str(n["fullDatabaseId"])))
            for n in nodes
        )
        return MappedList(tuple(map(_review, nodes)), cursor, open_lists)
    if connection == "review_comments":
        return MappedList(tuple(_review_comment(n, scope.review_id) for n in nodes), cursor)
    return MappedList(tuple(map(_comment, nodes)), cursor)


SCOPES: Mapping[str, Scope] = {
    "issue_comments": COMMENTS,
    "pull_request_comments": COMMENTS,
    "reviews": REVIEWS,
    "issue_timeline": STATE_CHANGES,
    "pull_request_timeline": STATE_CHANGES,
}


def _thread(node: Payload) -> dict[str, Any]:
    return {
        "number": node["number"],
        "node_id": node["id"],
        "title": _text(node["title"]),
        "url": node["url"],
        "author": actor(node["author"]),
        "opened_at": _time(node["createdAt"]),
        "closed_at": _time_or_none(node["closedAt"]),
        "version_at": _time(node["updatedAt"]),
        "labels": tuple(
            _text(label["name"]) for label in (node["labels"] or {"nodes": ()})["nodes"]
        ),
    }


def _opened(node: Payload, thread: ThreadRecord) -> MessageRecord:
    return MessageRecord(
        kind=MessageKind.OPENED,
        external_id=str(thread.number),
        author=thread.author,
        body=_text(node["body"]),
        url=thread.url,
        occurred_at=thread.opened_at,
        edited_at=_time_or_none(node["lastEditedAt"]),
        version_at=thread.version_at,
    )


def _said(node: Payload, kind: MessageKind, details: dict[str, object]) -> dict[str, Any]:
    """Return what all written messages have."""
    if node.get("isMinimized"):
        details["minimized"] = node["minimizedReason"] or "minimized"
    return {
        "kind": kind,
        "external_id": str(node["fullDatabaseId"]),
        "author": actor(node["author"]),
        "body": _text(node["body"]),
        "url": node["url"],
        "edited_at": _time_or_none(node["lastEditedAt"]),
        "version_at": _time(node["updatedAt"]),
        "details": details,
    }


def _comment(node: Payload) -> MessageRecord:
    return MessageRecord(
        **_said(node, MessageKind.COMMENT, {}), occurred_at=_time(node["createdAt"])
    )


def _review(node: Payload) -> MessageRecord:
    # GitHub wraps an empty COMMENTED review around review comments that stand alone.
    is_wrapper = node["state"] == "COMMENTED" and not node["body"].strip()
    return MessageRecord(
        **_said(node, MessageKind.REVIEW, {"state": node["state"]}),
        occurred_at=_time(node["submittedAt"] or node["createdAt"]),
        in_feed=not is_wrapper,
    )


def _review_comment(node: Payload, review_id: str) -> MessageRecord:
    details: dict[str, object] = {"review_id": review_id, "path": _text(node["path"])}
    line = node["line"] or node["originalLine"]
    if line:
        details["line"] = line
    if node["replyTo"]:
        details["in_reply_to"] = str(node["replyTo"]["fullDatabaseId"])
    return MessageRecord(
        **_said(node, MessageKind.REVIEW_COMMENT, details), occurred_at=_time(node["createdAt"])
    )


_STATE_CHANGE_KINDS = {
    "ClosedEvent": MessageKind.CLOSED,
    "ReopenedEvent": MessageKind.REOPENED,
    "MergedEvent": MessageKind.MERGED,
}


def _state_changes(nodes: list[Payload], is_end_of_merged: bool) -> Iterator[MessageRecord]:
    """Map timeline events; of a merge, GitHub also shows the closing, which is left out."""
    reopened = [i for i, node in enumerate(nodes) if node["__typename"] == "ReopenedEvent"]
    last_reopened = reopened[-1] if reopened else -1
    for place, node in enumerate(nodes):
        kind = _STATE_CHANGE_KINDS.get(node["__typename"])
        by_merge = is_end_of_merged and kind is MessageKind.CLOSED and place > last_reopened
        if kind is None or by_merge:
            continue
        reason = (node.get("stateReason") or "").lower()
        yield MessageRecord(
            kind=kind,
            external_id=node["id"],
            author=actor(node["actor"]),
            url=node.get("url") or "",
            occurred_at=_time(node["createdAt"]),
            version_at=_time(node["createdAt"]),
            details={"state_reason": reason} if reason else {},
        )


def actor(node: Payload | None) -> IdentityRecord | None:
    """Map an account; None for one that is gone, or that has no numeric id."""
    if not node or not node.get("databaseId"):
        return None
    return IdentityRecord(
        external_id=str(node["databaseId"]),
        # A kind that GitHub adds one day is a person until we know better.
        kind=_IDENTITY_KINDS.get(node["__typename"], IdentityKind.USER),
        username=_username(node),
        name=_text(node.get("name") or ""),
        avatar_url=node["avatarUrl"],
        url=node["url"],
    )


def _username(node: Payload) -> str:
    """Return the login as the REST API and webhooks write it: GraphQL drops a bot's suffix."""
    login = _text(node["login"])
    is_bare_bot = node["__typename"] == "Bot" and not login.endswith("[bot]")
    return f"{login}[bot]" if is_bare_bot else login


def _text(value: str | None) -> str:
    # PostgreSQL cannot store NUL.
    return (value or "").replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _time(value: str) -> datetime:
    return datetime.fromisoformat(value)


def _time_or_none(value: str | None) -> datetime | None:
    return _time(value) if value else None
