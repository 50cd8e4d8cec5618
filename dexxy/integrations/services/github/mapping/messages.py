"""Turn messages as GraphQL shows them into records. Pure: no database, no network.

Field meanings: https://docs.github.com/en/graphql/reference/objects
"""

from collections.abc import Iterator
from typing import Any

from dexxy.integrations.services.github.api.values import (
    Payload,
    count_of,
    key,
    text,
    time,
    time_or_none,
)
from dexxy.integrations.services.github.mapping.accounts import account_in_graphql
from dexxy.integrations.services.github.mapping.rules import (
    association,
    discussion_comment_key,
    is_wrapper,
    placed,
    written_at,
)
from dexxy.messages.ingest.records import MessageRecord
from dexxy.messages.models import MessageKind


def _written(node: Payload, kind: MessageKind, details: dict[str, object]) -> dict[str, Any]:
    """Return the fields that all messages with words have."""
    if found := association(node["authorAssociation"]):
        details["association"] = found
    if node.get("isMinimized"):
        details["minimized"] = text(node["minimizedReason"]) or "minimized"
    return {
        "kind": kind,
        "author": account_in_graphql(node["author"]),
        "body": text(node["body"]),
        "url": text(node["url"]),
        "edited_at": time_or_none(node["lastEditedAt"]),
        "version_at": time(node["updatedAt"]),
        "details": details,
    }


def comment(node: Payload, owner_id: str) -> MessageRecord:
    """Map a comment on an issue or a pull request."""
    return MessageRecord(
        **_written(node, MessageKind.COMMENT, {}),
        external_id=key(node["fullDatabaseId"]),
        occurred_at=time(node["createdAt"]),
    )


def review(node: Payload, owner_id: str) -> MessageRecord:
    """Map a review."""
    details: dict[str, object] = {"state": text(node["state"])}
    if node["commit"]:
        details["commit"] = text(node["commit"]["oid"])
    return MessageRecord(
        **_written(node, MessageKind.REVIEW, details),
        external_id=key(node["fullDatabaseId"]),
        occurred_at=time(node["submittedAt"] or node["createdAt"]),
        in_feed=not is_wrapper(node["state"], node["body"]),
    )


def review_comment(node: Payload, owner_id: str) -> MessageRecord:
    """Map a comment on the diff; OWNER_ID is its review's."""
    position = (text(node["path"]), node["line"], node["originalLine"], text(node["diffHunk"]))
    details: dict[str, object] = {"review_id": owner_id, **placed(*position)}
    submitted_at = (node["pullRequestReview"] or {}).get("submittedAt")
    if node["replyTo"]:
        details["in_reply_to"] = key(node["replyTo"]["fullDatabaseId"])
    return MessageRecord(
        **_written(node, MessageKind.REVIEW_COMMENT, details),
        external_id=key(node["fullDatabaseId"]),
        occurred_at=written_at(time(node["createdAt"]), time_or_none(submitted_at)),
    )


def discussion_comment(node: Payload, owner_id: str) -> MessageRecord:
    """Map a comment of a discussion."""
    return _discussed(node, MessageKind.COMMENT, {})


def reply(node: Payload, owner_id: str) -> MessageRecord:
    """Map a reply in a discussion; OWNER_ID is the comment's."""
    return _discussed(node, MessageKind.REPLY, {"in_reply_to": owner_id})


def _discussed(node: Payload, kind: MessageKind, details: dict[str, object]) -> MessageRecord:
    details["upvotes"] = count_of(node["upvoteCount"])
    return MessageRecord(
        **_written(node, kind, details),
        external_id=discussion_comment_id(node),
        occurred_at=time(node["createdAt"]),
        # GitHub shows a tombstone of what was deleted after somebody replied to it.
        is_deleted=node["deletedAt"] is not None,
    )


def discussion_comment_id(node: Payload) -> str:
    """Return the external id of a comment of a discussion."""
    return discussion_comment_key(node["databaseId"], node["id"])


def discussion_changes(node: Payload) -> Iterator[MessageRecord]:
    """Map a discussion's closing and answer: it has no timeline, GitHub shows them as fields."""
    if node["closed"] and node["closedAt"]:
        reason = text(node["stateReason"]).lower()
        yield MessageRecord(
            kind=MessageKind.CLOSED,
            external_id=key(node["closedAt"]),
            author=None,
            url=text(node["url"]),
            occurred_at=time(node["closedAt"]),
            version_at=time(node["closedAt"]),
            details={"state_reason": reason} if reason else {},
        )
    if node["answer"] and node["answerChosenAt"]:
        yield MessageRecord(
            kind=MessageKind.ANSWERED,
            external_id=discussion_comment_id(node["answer"]),
            author=account_in_graphql(node["answerChosenBy"]),
            url=text(node["answer"]["url"]),
            occurred_at=time(node["answerChosenAt"]),
            version_at=time(node["answerChosenAt"]),
        )
