"""Turn what somebody said or did into a record. Pure: no database, no network.

Field meanings: https://docs.github.com/en/graphql/reference/objects
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from dexxy.integrations.services.github.api.values import Payload, key, text, time, time_or_none
from dexxy.members.ingest.records import IdentityRecord
from dexxy.members.models import IdentityKind
from dexxy.messages.ingest.records import MessageRecord
from dexxy.messages.models import MessageKind

_IDENTITY_KINDS = {
    "User": IdentityKind.USER,
    "Bot": IdentityKind.BOT,
    "Organization": IdentityKind.ORGANIZATION,
    "Mannequin": IdentityKind.MANNEQUIN,
}
_STATE_CHANGE_KINDS = {
    "ClosedEvent": MessageKind.CLOSED,
    "ReopenedEvent": MessageKind.REOPENED,
    "MergedEvent": MessageKind.MERGED,
}


def actor(node: Payload | None) -> IdentityRecord | None:
    """Map an account; None for one that is gone.

    An account of an enterprise has no number, so its node id stands in for it, as it does where
    GitHub adds a type that we do not know.
    """
    if not node or not node.get("id"):
        return None
    return _account(tuple(node.items()))


# The same few people say most of a page.
@lru_cache(maxsize=1000)
def _account(items: tuple[tuple[str, Any], ...]) -> IdentityRecord:
    node = dict(items)
    return IdentityRecord(
        external_id=key(node.get("databaseId") or node["id"]),
        node_id=text(node["id"]),
        # A kind that GitHub adds one day is a person until we know better.
        kind=_IDENTITY_KINDS.get(node["__typename"], IdentityKind.USER),
        username=_username(node),
        name=text(node.get("name")),
        avatar_url=text(node["avatarUrl"]),
        url=text(node["url"]),
    )


def _username(node: Payload) -> str:
    """Return the login as the REST API and webhooks write it: GraphQL drops a bot's suffix."""
    login = text(node["login"])
    is_bare_bot = node["__typename"] == "Bot" and not login.endswith("[bot]")
    return f"{login}[bot]" if is_bare_bot else login


def _said(node: Payload, kind: MessageKind, details: dict[str, object]) -> dict[str, Any]:
    """Return what all written messages have."""
    if node.get("isMinimized"):
        details["minimized"] = text(node["minimizedReason"]) or "minimized"
    return {
        "kind": kind,
        "author": actor(node["author"]),
        "body": text(node["body"]),
        "url": text(node["url"]),
        "edited_at": time_or_none(node["lastEditedAt"]),
        "version_at": time(node["updatedAt"]),
        "details": details,
    }


def comment(node: Payload, owner_id: str) -> MessageRecord:
    """Map a comment on an issue or a pull request."""
    return MessageRecord(
        **_said(node, MessageKind.COMMENT, {}),
        external_id=key(node["fullDatabaseId"]),
        occurred_at=time(node["createdAt"]),
    )


def review(node: Payload, owner_id: str) -> MessageRecord:
    """Map a review."""
    # GitHub wraps an empty COMMENTED review around review comments that stand alone.
    is_wrapper = node["state"] == "COMMENTED" and not node["body"].strip()
    return MessageRecord(
        **_said(node, MessageKind.REVIEW, {"state": text(node["state"])}),
        external_id=key(node["fullDatabaseId"]),
        occurred_at=time(node["submittedAt"] or node["createdAt"]),
        in_feed=not is_wrapper,
    )


def review_comment(node: Payload, owner_id: str) -> MessageRecord:
    """Map a comment on the diff; OWNER_ID is its review's."""
    details: dict[str, object] = {"review_id": owner_id, "path": text(node["path"])}
    line = node["line"] or node["originalLine"]
    if line:
        details["line"] = line
    if node["replyTo"]:
        details["in_reply_to"] = key(node["replyTo"]["fullDatabaseId"])
    return MessageRecord(
        **_said(node, MessageKind.REVIEW_COMMENT, details),
        external_id=key(node["fullDatabaseId"]),
        occurred_at=time(node["createdAt"]),
    )


def discussion_comment(node: Payload, owner_id: str) -> MessageRecord:
    """Map a comment of a discussion."""
    return _discussed(node, MessageKind.COMMENT, {})


def reply(node: Payload, owner_id: str) -> MessageRecord:
    """Map a reply in a discussion; OWNER_ID is the comment's."""
    return _discussed(node, MessageKind.REPLY, {"in_reply_to": owner_id})


def _discussed(node: Payload, kind: MessageKind, details: dict[str, object]) -> MessageRecord:
    return MessageRecord(
        **_said(node, kind, details),
        external_id=discussion_id(node),
        occurred_at=time(node["createdAt"]),
        # What was deleted but replied to stays as an empty place.
        is_deleted=node["deletedAt"] is not None,
    )


def discussion_id(node: Payload) -> str:
    """Return the key of a comment of a discussion, whose number is missing beyond 32 bits."""
    return key(node["databaseId"] or node["id"])


def state_changes(nodes: Sequence[Payload], *, is_end_of_merged: bool) -> Iterator[MessageRecord]:
    """Map timeline events; of a merge, GitHub also shows the closing, which is left out."""
    reopened = [i for i, node in enumerate(nodes) if node["__typename"] == "ReopenedEvent"]
    last_reopened = reopened[-1] if reopened else -1
    for place, node in enumerate(nodes):
        kind = _STATE_CHANGE_KINDS.get(node["__typename"])
        by_merge = is_end_of_merged and kind is MessageKind.CLOSED and place > last_reopened
        if kind is None or by_merge:
            continue
        reason = text(node.get("stateReason")).lower()
        yield MessageRecord(
            kind=kind,
            external_id=key(node["id"]),
            author=actor(node["actor"]),
            url=text(node.get("url")),
            occurred_at=time(node["createdAt"]),
            version_at=time(node["createdAt"]),
            details={"state_reason": reason} if reason else {},
        )


def discussion_changes(node: Payload) -> Iterator[MessageRecord]:
    """Map a discussion's closing and answer, which GitHub shows as fields: it has no timeline."""
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
            external_id=discussion_id(node["answer"]),
            author=actor(node["answerChosenBy"]),
            url=text(node["answer"]["url"]),
            occurred_at=time(node["answerChosenAt"]),
            version_at=time(node["answerChosenAt"]),
        )
