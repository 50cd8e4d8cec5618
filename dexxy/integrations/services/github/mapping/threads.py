"""Turn GitHub's threads into snapshots. Pure: no database, no network."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dexxy.integrations.services.github.api.values import (
    Payload,
    key,
    number_of,
    page_of,
    text,
    time,
    time_or_none,
)
from dexxy.integrations.services.github.mapping import messages as said
from dexxy.messages.ingest.records import MessageRecord, Scope, Snapshot, ThreadRecord
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState

STATE_CHANGES = Scope(
    frozenset({MessageKind.CLOSED, MessageKind.REOPENED, MessageKind.MERGED, MessageKind.ANSWERED})
)
COMMENTS = Scope(frozenset({MessageKind.COMMENT}))
REVIEWS = Scope(frozenset({MessageKind.REVIEW}))
REVIEW_COMMENTS = Scope(frozenset({MessageKind.REVIEW_COMMENT}))
REPLIES = Scope(frozenset({MessageKind.REPLY}))


@dataclass(frozen=True, slots=True)
class ListKind:
    """A nested list: the messages it holds, how one of its nodes is mapped, what hangs below.

    Args:
        child: the key of the list that each node has itself.
        children: reads the child list of a node, if it came along.
    """

    scope: Scope
    map: Callable[[Payload, str], MessageRecord] | None
    child: str = ""
    children: Callable[[Payload], Payload | None] = lambda node: None


# By the keys of github_queries.NESTED_LISTS.
LISTS: Mapping[str, ListKind] = {
    "issue_comments": ListKind(COMMENTS, said.comment),
    "issue_timeline": ListKind(STATE_CHANGES, None),
    "pull_request_comments": ListKind(COMMENTS, said.comment),
    "pull_request_timeline": ListKind(STATE_CHANGES, None),
    "reviews": ListKind(REVIEWS, said.review, "review_comments"),
    "review_comments": ListKind(REVIEW_COMMENTS, said.review_comment),
    "discussion_comments": ListKind(
        COMMENTS, said.discussion_comment, "replies", lambda node: node["replies"]
    ),
    "replies": ListKind(REPLIES, said.reply),
}


@dataclass(frozen=True, slots=True)
class OpenList:
    """A nested list that is not read to its end yet.

    Args:
        connection: a key of LISTS.
        owner_id: the node id of what has the list.
        owner_external_id: its external id, if it is a message.
        cursor: where to go on; '' for its start.
        seen: the external ids that were read already.
    """

    connection: str
    owner_id: str
    owner_external_id: str = ""
    cursor: str = ""
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MappedThread:
    """A snapshot, and what of the thread still has to be read."""

    snapshot: Snapshot
    open_lists: tuple[OpenList, ...]


@dataclass(frozen=True, slots=True)
class MappedList:
    """One page of a nested list.

    Args:
        messages: those of the list, and those of whole lists below it.
        seen: the external ids of the list's own messages.
        cursor: where to go on; '' at the end.
        complete: the scopes of lists below that came along whole.
        open_lists: the lists below that did not.
    """

    messages: tuple[MessageRecord, ...]
    seen: tuple[str, ...]
    cursor: str
    complete: tuple[Scope, ...] = ()
    open_lists: tuple[OpenList, ...] = ()


def scope_of(connection: str, owner_external_id: str) -> Scope:
    """Return the messages that a list holds."""
    return Scope(LISTS[connection].scope.kinds, owner_external_id)


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
        state_reason="draft" if node["isDraft"] else "",
        **_thread(node),
    )
    lists = {
        "pull_request_comments": node["comments"],
        "reviews": node["reviews"],
        "pull_request_timeline": node["timelineItems"],
    }
    mapped = _mapped_thread(node, thread, lists)
    # A review that says nothing itself is there for its comments.
    has_wrappers = not all(message.in_feed for message in mapped.snapshot.messages)
    if node["reviewThreads"]["totalCount"] or has_wrappers:
        return mapped
    # No review has a comment, so their lists need not be asked for.
    complete = (*mapped.snapshot.complete, REVIEW_COMMENTS)
    open_lists = tuple(o for o in mapped.open_lists if o.connection != "review_comments")
    return MappedThread(replace(mapped.snapshot, complete=complete), open_lists)


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
    changes = tuple(said.discussion_changes(node))
    snapshot = replace(
        snapshot,
        messages=(*snapshot.messages, *changes),
        complete=(*snapshot.complete, STATE_CHANGES),
    )
    return MappedThread(snapshot, mapped.open_lists)


THREADS: Mapping[ThreadKind, Callable[[Payload], MappedThread]] = {
    ThreadKind.ISSUE: issue,
    ThreadKind.PULL_REQUEST: pull_request,
    ThreadKind.DISCUSSION: discussion,
}


def _mapped_thread(
    node: Payload, thread: ThreadRecord, lists: Mapping[str, Payload]
) -> MappedThread:
    messages = [_opened(node, thread)]
    open_lists: list[OpenList] = []
    complete: list[Scope] = []
    for connection, payload in lists.items():
        page = nested_page(connection, payload, "", merged=thread.merged_at is not None)
        messages += page.messages
        complete += page.complete
        open_lists += page.open_lists
        if page.cursor:
            open_lists.append(OpenList(connection, node["id"], "", page.cursor, page.seen))
        else:
            complete.append(scope_of(connection, ""))
    return MappedThread(Snapshot(thread, tuple(messages), tuple(complete)), tuple(open_lists))


def _once(messages: Iterable[MessageRecord]) -> tuple[MessageRecord, ...]:
    """Keep one of each message: a row is written once in a statement."""
    return tuple({(m.kind, m.external_id): m for m in messages}.values())


def nested_page(connection: str, payload: Payload, owner_id: str, *, merged: bool) -> MappedList:
    """Map one page of a nested list, and what came along of the lists below it.

    Args:
        connection: a key of LISTS.
        payload: `{pageInfo, nodes}`.
        owner_id: the external id of the message that has the list; '' for the thread's own.
        merged: whether the thread is a merged pull request.
    """
    kind = LISTS[connection]
    page = page_of(payload)
    if None in page.nodes:
        # Not "there is none": GitHub says NOT_FOUND then. It kept something back.
        raise ValueError(f"gaps in {connection.replace('_', ' ')}")
    nodes, cursor = page.nodes, page.end if page.goes_on else ""
    if kind.map is None:
        at_end = merged and not cursor
        changes = _once(said.state_changes(nodes, is_end_of_merged=at_end))
        return MappedList(changes, tuple(m.external_id for m in changes), cursor)
    # A pending review is a draft that only its author can see.
    nodes = [node for node in nodes if node.get("state") != "PENDING"]
    messages = [kind.map(node, owner_id) for node in nodes]
    seen = tuple(message.external_id for message in messages)
    if not kind.child:
        return MappedList(_once(messages), seen, cursor)
    below = [_below(kind, node, key) for node, key in zip(nodes, seen, strict=True)]
    return MappedList(
        messages=(*_once(messages), *(m for page in below for m in page.messages)),
        seen=seen,
        cursor=cursor,
        complete=tuple(scope for page in below for scope in page.complete),
        open_lists=tuple(left for page in below for left in page.open_lists),
    )


def _below(kind: ListKind, node: Payload, external_id: str) -> MappedList:
    """Map the list that a message has itself: what came of it, or that it has to be asked for."""
    payload = kind.children(node)
    if payload is None:
        left = OpenList(kind.child, node["id"], external_id)
        return MappedList((), (), "", open_lists=(left,))
    page = nested_page(kind.child, payload, external_id, merged=False)
    if page.cursor:
        left = OpenList(kind.child, node["id"], external_id, page.cursor, page.seen)
        return replace(page, open_lists=(left,))
    return replace(page, complete=(scope_of(kind.child, external_id),))


def _thread(node: Payload) -> dict[str, Any]:
    labels = (node["labels"] or {"nodes": ()})["nodes"]
    return {
        "number": number_of(node),
        "node_id": key(node["id"]),
        "title": text(node["title"]),
        "url": text(node["url"]),
        "author": said.actor(node["author"]),
        "opened_at": time(node["createdAt"]),
        "closed_at": time_or_none(node["closedAt"]),
        "version_at": time(node["updatedAt"]),
        "labels": tuple(text(label["name"]) for label in labels),
    }


def _opened(node: Payload, thread: ThreadRecord) -> MessageRecord:
    return MessageRecord(
        kind=MessageKind.OPENED,
        external_id=str(thread.number),
        author=thread.author,
        body=text(node["body"]),
        url=thread.url,
        occurred_at=thread.opened_at,
        edited_at=time_or_none(node["lastEditedAt"]),
        version_at=thread.version_at,
    )
