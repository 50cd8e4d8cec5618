"""Turn threads and messages as webhooks show them into records. Pure: no database, no network.

A payload names things as the REST API does. What GraphQL shows, too, gives an equal record; a field
that a payload does not carry is UNSET.
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from dexxy.integrations.services.github.api.values import (
    LARGEST_GRAPHQL_INT,
    Payload,
    count_of,
    key,
    number_of,
    text,
    time_told,
    time_told_or_none,
)
from dexxy.integrations.services.github.mapping.accounts import (
    account_in_webhook,
    named_account_in_webhook,
)
from dexxy.integrations.services.github.mapping.rules import (
    assigned,
    association,
    discussion_comment_key,
    is_wrapper,
    known,
    placed,
    pull_request_reason,
)
from dexxy.messages.ingest.records import UNSET, MessageRecord, ThreadRecord, Unset
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState

T = TypeVar("T")

# `locked` hides whether it is open.
_DISCUSSION_STATES = {
    "open": ThreadState.OPEN,
    "converting": ThreadState.OPEN,
    "transferring": ThreadState.OPEN,
    "closed": ThreadState.CLOSED,
}


def _carried(node: Payload, field: str, read: Callable[[Any], T]) -> T | Unset:
    """Return the value of a field, read; UNSET where the payload does not carry it."""
    return read(node[field]) if field in node else UNSET


def _labels(labels: Any) -> tuple[str, ...]:
    return tuple(text(label["name"]) for label in labels or ())


def _lower(value: str | None) -> str:
    return (value or "").lower()


def _milestone(milestone: Payload | None) -> str:
    return text(milestone["title"]) if milestone else ""


def _issue_type(shown: Payload | None) -> str:
    return text(shown["name"]) if shown else ""


def _assignees(accounts: Iterable[Payload] | None) -> tuple[Mapping[str, str], ...]:
    # GraphQL's list of assignees has no bots.
    people = (one for one in accounts or () if one and one.get("type", "User") == "User")
    return assigned(named_account_in_webhook(one) for one in people)


def _lock_reason(reason: str | None) -> str | None:
    return text(reason).lower().replace("-", "_").replace(" ", "_") or None


def _reactions(counts: Payload | None) -> dict[str, int] | None:
    """Return how often each reaction was given; payloads have their sum beside them."""
    given = {
        name: count_of(count)
        for name, count in (counts or {}).items()
        if name not in ("url", "total_count") and count
    }
    return given or None


def _sub_issues(summary: Payload | None) -> dict[str, int] | None:
    if not summary or not summary["total"]:
        return None
    return {"total": count_of(summary["total"]), "closed": count_of(summary["completed"])}


# What a payload may carry of a thread's details: its name there -> the name here, and its reader.
_DETAILS: Mapping[str, tuple[str, Callable[[Any], object]]] = {
    "author_association": ("association", association),
    "active_lock_reason": ("lock_reason", _lock_reason),
    "reactions": ("reactions", _reactions),
    "sub_issues_summary": ("sub_issues", _sub_issues),
}


def _details(node: Payload) -> dict[str, object]:
    """Return the details that a payload carries; None where it says that there is nothing."""
    return {name: read(node[field]) for field, (name, read) in _DETAILS.items() if field in node}


def _thread(node: Payload) -> dict[str, Any]:
    """Return the fields that all threads have."""
    return {
        "number": number_of(node),
        # It may be the issue's, or in another format than GraphQL's.
        "node_id": UNSET,
        "title": text(node["title"]),
        "url": node["html_url"],
        "author": account_in_webhook(node["user"]),
        "opened_at": time_told(node["created_at"]),
        "version_at": time_told(node["updated_at"]),
        "labels": _carried(node, "labels", _labels),
        "category": UNSET,
        "milestone": _carried(node, "milestone", _milestone),
        "issue_type": UNSET,
        "head_oid": UNSET,
        "is_locked": _carried(node, "locked", bool),
        "assignees": _carried(node, "assignees", _assignees),
        "details": _details(node),
    }


def issue_thread(node: Payload) -> ThreadRecord:
    """Map an issue, or a pull request as `issue_comment` shows it: as the issue that it is, too."""
    if node.get("pull_request"):
        return _pull_request(node, merged_in=node["pull_request"])
    return ThreadRecord(
        kind=ThreadKind.ISSUE,
        state=_carried(node, "state", ThreadState),
        state_reason=_carried(node, "state_reason", _lower),
        closed_at=_carried(node, "closed_at", time_told_or_none),
        **_thread(node) | {"issue_type": _carried(node, "type", _issue_type)},
    )


def pull_request_thread(node: Payload) -> ThreadRecord:
    """Map a pull request."""
    return _pull_request(node, merged_in=node)


def _pull_request(node: Payload, *, merged_in: Payload) -> ThreadRecord:
    """Map a pull request.

    Args:
        merged_in: the part of the payload that has `merged_at`.
    """
    merged_at = _carried(merged_in, "merged_at", time_told_or_none)
    return ThreadRecord(
        kind=ThreadKind.PULL_REQUEST,
        state=_pull_request_state(node, merged_at),
        state_reason=_carried(node, "draft", pull_request_reason),
        closed_at=_carried(node, "closed_at", time_told_or_none),
        merged_at=merged_at,
        **_thread(node) | {"head_oid": _carried(node, "head", lambda head: text(head["sha"]))},
    )


def _pull_request_state(node: Payload, merged_at: datetime | Unset | None) -> ThreadState | Unset:
    if node.get("state") == "open":
        return ThreadState.OPEN
    if merged_at is UNSET or "state" not in node:
        return UNSET
    return ThreadState.MERGED if merged_at else ThreadState.CLOSED


def discussion_thread(node: Payload) -> ThreadRecord:
    """Map a discussion."""
    state = _DISCUSSION_STATES.get(node["state"], UNSET)
    shared, category = _thread(node), node.get("category")
    if category:
        details = {**shared["details"], "is_answerable": bool(category["is_answerable"])}
        shared |= {"category": text(category["name"]), "details": details}
    return ThreadRecord(
        kind=ThreadKind.DISCUSSION,
        state=state,
        state_reason=_carried(node, "state_reason", _lower),
        closed_at=None if state is ThreadState.OPEN else UNSET,
        answered_at=_carried(node, "answer_chosen_at", time_told_or_none),
        **shared,
    )


def _written(node: Payload, kind: MessageKind) -> dict[str, Any]:
    """Return the fields that all messages with words have, but reviews."""
    return {
        "kind": kind,
        "external_id": key(node["id"]),
        "author": account_in_webhook(node["user"]),
        "body": text(node["body"]),
        "url": node["html_url"],
        "occurred_at": time_told(node["created_at"]),
        "edited_at": UNSET,
        "version_at": time_told(node["updated_at"]),
        "details": known({"association": association(node.get("author_association"))}),
    }


def comment(node: Payload) -> MessageRecord:
    """Map a comment on an issue or a pull request."""
    return MessageRecord(**_written(node, MessageKind.COMMENT))


def review(node: Payload, pull_request_version_at: datetime) -> MessageRecord:
    """Map a review, which does not always carry the time of its last change."""
    state, body = node["state"].upper(), text(node["body"])
    submitted_at = time_told(node["submitted_at"])
    updated_at = time_told_or_none(node.get("updated_at"))
    return MessageRecord(
        kind=MessageKind.REVIEW,
        external_id=key(node["id"]),
        author=account_in_webhook(node["user"]),
        body=body,
        url=node["html_url"],
        occurred_at=submitted_at,
        edited_at=UNSET,
        version_at=updated_at or max(submitted_at, pull_request_version_at),
        details=known(
            {
                "association": association(node.get("author_association")),
                "state": state,
                "commit": text(node.get("commit_id")),
            }
        ),
        in_feed=not is_wrapper(state, body),
    )


def review_comment(node: Payload) -> MessageRecord:
    """Map a comment on the diff."""
    shared = _written(node, MessageKind.REVIEW_COMMENT)
    line, original = node.get("line"), node.get("original_line")
    position = placed(text(node["path"]), line, original, text(node.get("diff_hunk")))
    details: dict[str, object] = {**shared["details"], **position}
    if node.get("pull_request_review_id"):
        details["review_id"] = key(node["pull_request_review_id"])
    if node.get("in_reply_to_id"):
        details["in_reply_to"] = key(node["in_reply_to_id"])
    return MessageRecord(**shared | {"details": details})


def discussion_comment(node: Payload) -> MessageRecord:
    """Map a comment of a discussion, or the reply to one."""
    parent = node["parent_id"]
    record = MessageRecord(**_written(node, MessageKind.REPLY if parent else MessageKind.COMMENT))
    record = replace(
        record, external_id=discussion_comment_key(node["id"], node.get("node_id") or "")
    )
    if parent and parent <= LARGEST_GRAPHQL_INT:
        record = replace(record, details={**record.details, "in_reply_to": key(parent)})
    return record
