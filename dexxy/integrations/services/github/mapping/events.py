"""Turn the events of a timeline into records. Pure: no database, no network.

https://docs.github.com/en/graphql/reference/unions#pullrequesttimelineitems
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from dexxy.integrations.services.github.api.values import (
    Payload,
    key,
    number_of,
    text,
    time,
)
from dexxy.integrations.services.github.mapping.accounts import (
    account_in_graphql,
    named_account,
)
from dexxy.integrations.services.github.mapping.rules import known
from dexxy.messages.ingest.records import MessageRecord
from dexxy.messages.models import QUIET_KINDS, MessageKind

_KINDS = {
    "ClosedEvent": MessageKind.CLOSED,
    "ReopenedEvent": MessageKind.REOPENED,
    "MergedEvent": MessageKind.MERGED,
    "ReadyForReviewEvent": MessageKind.READY,
    "ConvertToDraftEvent": MessageKind.DRAFTED,
    "ReviewRequestedEvent": MessageKind.REVIEW_REQUESTED,
    "ReviewRequestRemovedEvent": MessageKind.REVIEW_UNREQUESTED,
    "ReviewDismissedEvent": MessageKind.REVIEW_DISMISSED,
    "HeadRefForcePushedEvent": MessageKind.PUSHED,
    "ConvertedToDiscussionEvent": MessageKind.CONVERTED,
    "MarkedAsDuplicateEvent": MessageKind.DUPLICATE,
    "UnmarkedAsDuplicateEvent": MessageKind.UNDUPLICATE,
    "LabeledEvent": MessageKind.LABELED,
    "UnlabeledEvent": MessageKind.UNLABELED,
    "AssignedEvent": MessageKind.ASSIGNED,
    "UnassignedEvent": MessageKind.UNASSIGNED,
}
# The field of an event that holds what it is about.
_SUBJECTS = {
    "ClosedEvent": "closer",
    "ReviewRequestedEvent": "requestedReviewer",
    "ReviewRequestRemovedEvent": "requestedReviewer",
    "ReviewDismissedEvent": "review",
    "HeadRefForcePushedEvent": "afterCommit",
    "ConvertedToDiscussionEvent": "discussion",
    "MarkedAsDuplicateEvent": "canonical",
    "UnmarkedAsDuplicateEvent": "canonical",
    "LabeledEvent": "label",
    "UnlabeledEvent": "label",
    "AssignedEvent": "assignee",
    "UnassignedEvent": "assignee",
}


def timeline(nodes: Sequence[Payload], *, merged_at: datetime | None) -> Iterator[MessageRecord]:
    """Map the events of a page of a timeline, but those that nobody did.

    Args:
        merged_at: when the pull request was merged, which closes it as well.
    """
    reopened = [i for i, node in enumerate(nodes) if node["__typename"] == "ReopenedEvent"]
    last_reopened = reopened[-1] if reopened else -1
    for index, node in enumerate(nodes):
        kind = _KINDS.get(node["__typename"])
        if kind is None:
            continue
        at = time(node["createdAt"])
        is_after_merge = merged_at is not None and at >= merged_at and index > last_reopened
        if not (kind is MessageKind.CLOSED and is_after_merge):
            yield _event(node, kind, at)


def _event(node: Payload, kind: MessageKind, at: datetime) -> MessageRecord:
    before = node.get("beforeCommit") or {}
    return MessageRecord(
        kind=kind,
        external_id=key(node["id"]),
        author=account_in_graphql(node["actor"]),
        body=text(node.get("dismissalMessage")),
        url=text(node.get("url")),
        occurred_at=at,
        version_at=at,
        details=known(
            {
                "state_reason": text(node.get("stateReason")).lower(),
                "state": node.get("previousReviewState"),
                "before": before.get("oid"),
                "subject": _subject(node),
            }
        ),
        in_feed=kind not in QUIET_KINDS,
    )


def _subject(node: Payload) -> dict[str, object] | None:
    """Return what an event is about; None where GitHub does not show it, or not any more."""
    found = node.get(_SUBJECTS.get(node["__typename"], ""))
    if not found:
        return None
    kind, read = _READERS.get(found["__typename"], _OTHER)
    return {"type": kind, **read(found)}


def _account(node: Payload) -> Mapping[str, object]:
    return named_account(node) or {}


def _team(node: Payload) -> Mapping[str, object]:
    # Some tokens may not know which team it is, only that it is one.
    if not node.get("databaseId"):
        return {}
    return {"id": key(node["databaseId"]), "name": text(node.get("combinedSlug"))}


def _commit(node: Payload) -> Mapping[str, object]:
    return {"oid": text(node["oid"]), "url": text(node["url"])}


def _thread(node: Payload) -> Mapping[str, object]:
    return {"number": number_of(node), "url": text(node["url"])}


# GraphQL's type -> what it is called here, and what is kept of it.
_READERS: Mapping[str, tuple[str, Callable[[Payload], Mapping[str, object]]]] = {
    **dict.fromkeys(("User", "Bot", "Mannequin", "Organization"), ("account", _account)),
    "Team": ("team", _team),
    "Label": ("label", lambda node: {"name": text(node["name"])}),
    "Commit": ("commit", _commit),
    "Issue": ("issue", _thread),
    "PullRequest": ("pull_request", _thread),
    "Discussion": ("discussion", _thread),
    "PullRequestReview": ("review", lambda node: {"id": key(node["fullDatabaseId"])}),
}
# A project closes issues, too, and GitHub may add more.
_OTHER: tuple[str, Callable[[Payload], Mapping[str, object]]] = ("other", lambda _: {})
