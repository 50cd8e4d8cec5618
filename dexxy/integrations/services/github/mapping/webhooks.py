"""Turn webhooks about threads into hints. Pure: no database, no network.

A payload writes things as the REST API does. What GraphQL shows too gives an equal record; what
a payload does not carry is UNSET.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from dexxy.integrations.services.github.api.values import (
    Payload,
    key,
    number_of,
    text,
    time,
    time_or_none,
)
from dexxy.members.ingest.records import IdentityRecord
from dexxy.members.models import IdentityKind
from dexxy.messages.ingest.records import UNSET, Hint, MessageRecord, ThreadRecord, Unset
from dexxy.messages.models import ArchivedReason, MessageKind, ThreadKind, ThreadState

T = TypeVar("T")

# GraphQL shows the number of a discussion's comment as far as it fits into 32 bits.
_LARGEST_GRAPHQL_INT = 2**31 - 1
_IDENTITY_KINDS = {
    "Bot": IdentityKind.BOT,
    "Organization": IdentityKind.ORGANIZATION,
    "Mannequin": IdentityKind.MANNEQUIN,
}
# `locked` hides whether it is open.
_DISCUSSION_STATES = {
    "open": ThreadState.OPEN,
    "converting": ThreadState.OPEN,
    "transferring": ThreadState.OPEN,
    "closed": ThreadState.CLOSED,
}
_STATE_CHANGES = frozenset({"closed", "reopened", "answered", "unanswered"})


@dataclass(frozen=True, slots=True)
class RepositoryHint:
    """A hint, and GitHub's number of the repository that it is about."""

    repository_id: int
    hint: Hint


def hints(event: str, payload: Payload) -> tuple[RepositoryHint, ...]:
    """Map the payload of one of THREAD_EVENTS.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it has another shape than the documented.
    """
    return tuple(THREAD_EVENTS[event].map(payload))


def _issues(payload: Payload) -> Iterator[RepositoryHint]:
    thread = _issue_thread(payload["issue"])
    hint = _thread_hint(payload, thread, payload["issue"])
    changes = payload.get("changes") or {}
    if payload["action"] == "transferred":
        yield from _transferred(payload, hint, changes["new_issue"], _issue_thread)
        return
    yield _here(payload, hint)
    # Sent by the repository that an issue came to: where it was, it is no more.
    if changes.get("old_issue") and changes.get("old_repository"):
        old = changes["old_issue"]
        left = _opening(_issue_thread(old), old)
        left = replace(left, archived=ArchivedReason.MOVED, moved_to_url=thread.url)
        yield RepositoryHint(changes["old_repository"]["id"], left)


def _issue_comment(payload: Payload) -> Iterator[RepositoryHint]:
    node = payload["issue"]
    yield _here(payload, _said_in(payload, _issue_thread(node), node, comment(payload["comment"])))


def _pull_request(payload: Payload) -> Iterator[RepositoryHint]:
    node = payload["pull_request"]
    yield _here(payload, _thread_hint(payload, _pull_request_thread(node), node))


def _pull_request_review(payload: Payload) -> Iterator[RepositoryHint]:
    node = payload["pull_request"]
    thread = _pull_request_thread(node)
    # A pending review is a draft that only its author can see.
    is_pending = payload["review"]["state"].upper() == "PENDING"
    said = () if is_pending else (review(payload["review"], thread.version_at),)
    yield _here(payload, _said_in(payload, thread, node, *said))


def _pull_request_review_comment(payload: Payload) -> Iterator[RepositoryHint]:
    node = payload["pull_request"]
    said = review_comment(payload["comment"])
    yield _here(payload, _said_in(payload, _pull_request_thread(node), node, said))


def _discussion(payload: Payload) -> Iterator[RepositoryHint]:
    node = payload["discussion"]
    hint = _thread_hint(payload, _discussion_thread(node), node)
    if payload["action"] == "transferred":
        new = payload["changes"]["new_discussion"]
        yield from _transferred(payload, hint, new, _discussion_thread)
    else:
        yield _here(payload, hint)


def _discussion_comment(payload: Payload) -> Iterator[RepositoryHint]:
    node = payload["discussion"]
    said = discussion_comment(payload["comment"])
    yield _here(payload, _said_in(payload, _discussion_thread(node), node, said))


@dataclass(frozen=True, slots=True)
class ThreadEvent:
    """An event about a thread: how its payload is mapped, and the actions that are known."""

    map: Callable[[Payload], Iterator[RepositoryHint]]
    actions: frozenset[str]


def _event(map: Callable[[Payload], Iterator[RepositoryHint]], actions: str) -> ThreadEvent:
    return ThreadEvent(map, frozenset(actions.split()))


THREAD_EVENTS: Mapping[str, ThreadEvent] = {
    "issues": _event(
        _issues,
        "assigned closed deleted demilestoned edited labeled locked milestoned opened pinned"
        " reopened transferred typed unassigned unlabeled unlocked unpinned untyped",
    ),
    "issue_comment": _event(_issue_comment, "created edited deleted"),
    "pull_request": _event(
        _pull_request,
        "assigned auto_merge_disabled auto_merge_enabled closed converted_to_draft demilestoned"
        " dequeued edited enqueued labeled locked milestoned opened ready_for_review reopened"
        " review_request_removed review_requested synchronize unassigned unlabeled unlocked",
    ),
    "pull_request_review": _event(_pull_request_review, "submitted edited dismissed"),
    "pull_request_review_comment": _event(_pull_request_review_comment, "created edited deleted"),
    # What we store of a thread of review comments does not change by it, but the pull request may.
    "pull_request_review_thread": _event(_pull_request, "resolved unresolved"),
    "discussion": _event(
        _discussion,
        "answered category_changed closed created deleted edited labeled locked pinned reopened"
        " transferred unanswered unlabeled unlocked unpinned",
    ),
    "discussion_comment": _event(_discussion_comment, "created edited deleted"),
}


def _here(payload: Payload, hint: Hint) -> RepositoryHint:
    return RepositoryHint(payload["repository"]["id"], hint)


def _opening(thread: ThreadRecord, node: Payload) -> Hint:
    """Return a thread with the message that opened it."""
    opened = MessageRecord(
        kind=MessageKind.OPENED,
        external_id=str(thread.number),
        author=thread.author,
        body=text(node["body"]),
        url=thread.url,
        occurred_at=thread.opened_at,
        edited_at=UNSET,
        version_at=thread.version_at,
    )
    return Hint(thread, (opened,))


def _thread_hint(payload: Payload, thread: ThreadRecord, node: Payload) -> Hint:
    is_deleted = payload["action"] == "deleted"
    return replace(
        _opening(thread, node),
        archived=ArchivedReason.DELETED if is_deleted else None,
        changes_state=payload["action"] in _STATE_CHANGES,
    )


def _transferred(
    payload: Payload, hint: Hint, new: Payload, read: Callable[[Payload], ThreadRecord]
) -> Iterator[RepositoryHint]:
    """Say that a thread left one repository, and that it is in another one now."""
    arrived = read(new)
    left = replace(hint, archived=ArchivedReason.MOVED, moved_to_url=arrived.url)
    yield _here(payload, left)
    yield RepositoryHint(payload["changes"]["new_repository"]["id"], _opening(arrived, new))


def _said_in(
    payload: Payload, thread: ThreadRecord, node: Payload, *messages: MessageRecord
) -> Hint:
    hint = _opening(thread, node)
    if payload["action"] == "deleted":
        messages = tuple(replace(message, is_deleted=True) for message in messages)
    return replace(hint, messages=(*hint.messages, *messages))


def _carried(node: Payload, key: str, read: Callable[[Any], T]) -> T | Unset:
    return read(node[key]) if key in node else UNSET


def _labels(labels: Any) -> tuple[str, ...]:
    return tuple(text(label["name"]) for label in labels or ())


def _lower(value: str | None) -> str:
    return (value or "").lower()


def _thread(node: Payload) -> dict[str, Any]:
    """Return what all threads have."""
    return {
        "number": number_of(node),
        # It may be the issue's, or in another format than GraphQL's.
        "node_id": UNSET,
        "title": text(node["title"]),
        "url": node["html_url"],
        "author": account(node["user"]),
        "opened_at": time(node["created_at"]),
        "version_at": time(node["updated_at"]),
        "labels": _carried(node, "labels", _labels),
    }


def _issue_thread(node: Payload) -> ThreadRecord:
    """Map an issue, or the issue that every pull request is as well."""
    if node.get("pull_request"):
        return _pull_request_as_issue(node)
    return ThreadRecord(
        kind=ThreadKind.ISSUE,
        state=_carried(node, "state", ThreadState),
        state_reason=_carried(node, "state_reason", _lower),
        closed_at=_carried(node, "closed_at", time_or_none),
        **_thread(node),
    )


def _pull_request_as_issue(node: Payload) -> ThreadRecord:
    merged_at = _carried(node["pull_request"], "merged_at", time_or_none)
    return ThreadRecord(
        kind=ThreadKind.PULL_REQUEST,
        state=_pull_request_state(node, merged_at),
        state_reason=_carried(node, "draft", _draft),
        closed_at=_carried(node, "closed_at", time_or_none),
        merged_at=merged_at,
        **_thread(node),
    )


def _pull_request_thread(node: Payload) -> ThreadRecord:
    merged_at = _carried(node, "merged_at", time_or_none)
    return ThreadRecord(
        kind=ThreadKind.PULL_REQUEST,
        state=_pull_request_state(node, merged_at),
        state_reason=_carried(node, "draft", _draft),
        closed_at=_carried(node, "closed_at", time_or_none),
        merged_at=merged_at,
        **_thread(node),
    )


def _draft(is_draft: bool) -> str:
    return "draft" if is_draft else ""


def _pull_request_state(node: Payload, merged_at: datetime | Unset | None) -> ThreadState | Unset:
    if node.get("state") == "open":
        return ThreadState.OPEN
    if merged_at is UNSET or "state" not in node:
        return UNSET
    return ThreadState.MERGED if merged_at else ThreadState.CLOSED


def _discussion_thread(node: Payload) -> ThreadRecord:
    state = _DISCUSSION_STATES.get(node["state"], UNSET)
    return ThreadRecord(
        kind=ThreadKind.DISCUSSION,
        state=state,
        state_reason=_carried(node, "state_reason", _lower),
        closed_at=None if state is ThreadState.OPEN else UNSET,
        answered_at=_carried(node, "answer_chosen_at", time_or_none),
        **_thread(node),
    )


def account(node: Payload | None) -> IdentityRecord | None:
    """Map an account; None for one that is gone, in whose place GitHub may show @ghost."""
    if not node or node["login"] == "ghost":
        return None
    return IdentityRecord(
        external_id=key(node["id"]),
        node_id=node.get("node_id") or "",
        # A kind that GitHub adds one day is a person until we know better.
        kind=_IDENTITY_KINDS.get(node.get("type", ""), IdentityKind.USER),
        username=text(node["login"]),
        avatar_url=node.get("avatar_url") or "",
        url=node.get("html_url") or "",
    )


def _said(node: Payload, kind: MessageKind) -> dict[str, Any]:
    """Return what all written messages but reviews have."""
    return {
        "kind": kind,
        "external_id": key(node["id"]),
        "author": account(node["user"]),
        "body": text(node["body"]),
        "url": node["html_url"],
        "occurred_at": time(node["created_at"]),
        "edited_at": UNSET,
        "version_at": time(node["updated_at"]),
    }


def comment(node: Payload) -> MessageRecord:
    """Map a comment on an issue or a pull request."""
    return MessageRecord(**_said(node, MessageKind.COMMENT))


def review(node: Payload, pull_request_version_at: datetime) -> MessageRecord:
    """Map a review, which does not always carry the time of its last change."""
    state, body = node["state"].upper(), text(node["body"])
    submitted_at = time(node["submitted_at"])
    updated_at = time_or_none(node.get("updated_at"))
    return MessageRecord(
        kind=MessageKind.REVIEW,
        external_id=key(node["id"]),
        author=account(node["user"]),
        body=body,
        url=node["html_url"],
        occurred_at=submitted_at,
        edited_at=UNSET,
        version_at=updated_at or max(submitted_at, pull_request_version_at),
        details={"state": state},
        # GitHub wraps an empty COMMENTED review around review comments that stand alone.
        in_feed=not (state == "COMMENTED" and not body.strip()),
    )


def review_comment(node: Payload) -> MessageRecord:
    """Map a comment on the diff."""
    details: dict[str, object] = {"path": text(node["path"])}
    if node.get("pull_request_review_id"):
        details["review_id"] = key(node["pull_request_review_id"])
    line = node.get("line") or node.get("original_line")
    if line:
        details["line"] = line
    if node.get("in_reply_to_id"):
        details["in_reply_to"] = key(node["in_reply_to_id"])
    return MessageRecord(**_said(node, MessageKind.REVIEW_COMMENT), details=details)


def discussion_comment(node: Payload) -> MessageRecord:
    """Map a comment of a discussion, or the reply to one."""
    parent = node["parent_id"]
    record = MessageRecord(**_said(node, MessageKind.REPLY if parent else MessageKind.COMMENT))
    if node["id"] > _LARGEST_GRAPHQL_INT:
        record = replace(record, external_id=node["node_id"])
    if parent and parent <= _LARGEST_GRAPHQL_INT:
        record = replace(record, details={"in_reply_to": key(parent)})
    return record
