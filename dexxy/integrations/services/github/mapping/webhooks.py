"""Turn webhooks about threads into hints, a function an event. Pure: no database, no network.

Which event each function is for stands in `webhooks/events.py`. All of them raise one of
`errors.UNKNOWN_SHAPE` where the payload has another shape than the documented.
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from dexxy.integrations.services.github.api.values import Payload, key, number_of, text
from dexxy.integrations.services.github.mapping.rules import is_draft_review, opening
from dexxy.integrations.services.github.mapping.webhook_records import (
    comment,
    discussion_comment,
    discussion_thread,
    issue_thread,
    pull_request_thread,
    review,
    review_comment,
)
from dexxy.messages.ingest.records import (
    UNSET,
    Hint,
    MessageRecord,
    ReviewThreadRecord,
    ThreadRecord,
)
from dexxy.messages.models import ArchivedReason, ThreadKind

# Actions whose message comes with a refetch only.
_STATE_CHANGES = frozenset({"closed", "reopened", "answered", "unanswered"})
_RESOLVED = {"resolved": True, "unresolved": False}


@dataclass(frozen=True, slots=True)
class RepositoryHint:
    """A hint, and GitHub's number of the repository that it is about."""

    repository_id: int
    hint: Hint


@dataclass(frozen=True, slots=True)
class Subject:
    """What a webhook of any shape is about.

    Args:
        repository_id: GitHub's number of the repository.
        number: of the thread; None where it cannot be told.
    """

    repository_id: int
    kind: ThreadKind
    number: int | None


def subject_of(payload: Payload) -> Subject:
    """Tell what a webhook is about that cannot be read in full."""
    if "discussion" in payload:
        kind, node = ThreadKind.DISCUSSION, payload["discussion"]
    elif "pull_request" in payload:
        kind, node = ThreadKind.PULL_REQUEST, payload["pull_request"]
    else:
        node = payload.get("issue") or {}
        is_issue = not node.get("pull_request")
        kind = ThreadKind.ISSUE if is_issue else ThreadKind.PULL_REQUEST
    number = node.get("number") if isinstance(node, dict) else None
    return Subject(int(payload["repository"]["id"]), kind, number_of(node) if number else None)


def on_issues(payload: Payload) -> Iterator[RepositoryHint]:
    """Map `issues`: a transfer is about two repositories."""
    thread = issue_thread(payload["issue"])
    hint = _thread_hint(payload, thread, payload["issue"])
    changes = payload.get("changes") or {}
    if payload["action"] == "transferred":
        yield from _transferred(payload, hint, changes["new_issue"], issue_thread)
        return
    yield _here(payload, hint)
    # Sent by the repository that an issue came to: where it was, it is no more.
    if changes.get("old_issue") and changes.get("old_repository"):
        old = changes["old_issue"]
        left = _opening(issue_thread(old), old)
        left = replace(left, archived=ArchivedReason.MOVED, moved_to_url=thread.url)
        yield RepositoryHint(changes["old_repository"]["id"], left)


def on_sub_issues(payload: Payload) -> Iterator[RepositoryHint]:
    """Map `sub_issues`, which is about an issue and one that is a part of it.

    It is sent to the repository of either; that one comes first.
    """
    sides = ["parent_issue", "sub_issue"]
    if payload["action"].startswith("parent_issue"):
        sides.reverse()
    for side in sides:
        node, repository = payload[side], payload[f"{side}_repo"]
        yield RepositoryHint(repository["id"], _opening(issue_thread(node), node))


def on_issue_comment(payload: Payload) -> Iterator[RepositoryHint]:
    """Map `issue_comment`, which is about a comment on a pull request, too."""
    node = payload["issue"]
    shown = comment(payload["comment"])
    yield _here(payload, _message_hint(payload, issue_thread(node), node, shown))


def on_pull_request(payload: Payload) -> Iterator[RepositoryHint]:
    """Map `pull_request`."""
    node = payload["pull_request"]
    yield _here(payload, _thread_hint(payload, pull_request_thread(node), node))


def on_pull_request_review_thread(payload: Payload) -> Iterator[RepositoryHint]:
    """Map `pull_request_review_thread`."""
    node, shown = payload["pull_request"], payload["thread"]
    hint = _thread_hint(payload, pull_request_thread(node), node)
    is_resolved = _RESOLVED.get(payload["action"])
    if is_resolved is not None:
        ids = tuple(key(comment["id"]) for comment in shown["comments"])
        record = ReviewThreadRecord(key(shown["node_id"]), is_resolved, ids)
        hint = replace(hint, review_threads=(record,))
    yield _here(payload, hint)


def on_pull_request_review(payload: Payload) -> Iterator[RepositoryHint]:
    """Map `pull_request_review`."""
    node = payload["pull_request"]
    thread = pull_request_thread(node)
    is_draft = is_draft_review(payload["review"]["state"].upper())
    shown = () if is_draft else (review(payload["review"], thread.version_at),)
    yield _here(payload, _message_hint(payload, thread, node, *shown))


def on_pull_request_review_comment(payload: Payload) -> Iterator[RepositoryHint]:
    """Map `pull_request_review_comment`."""
    node = payload["pull_request"]
    shown = review_comment(payload["comment"])
    yield _here(payload, _message_hint(payload, pull_request_thread(node), node, shown))


def on_discussion(payload: Payload) -> Iterator[RepositoryHint]:
    """Map `discussion`: a transfer is about two repositories."""
    node = payload["discussion"]
    hint = _thread_hint(payload, discussion_thread(node), node)
    if payload["action"] == "transferred":
        new = payload["changes"]["new_discussion"]
        yield from _transferred(payload, hint, new, discussion_thread)
    else:
        yield _here(payload, hint)


def on_discussion_comment(payload: Payload) -> Iterator[RepositoryHint]:
    """Map `discussion_comment`."""
    node = payload["discussion"]
    shown = discussion_comment(payload["comment"])
    yield _here(payload, _message_hint(payload, discussion_thread(node), node, shown))


def _here(payload: Payload, hint: Hint) -> RepositoryHint:
    return RepositoryHint(payload["repository"]["id"], hint)


def _opening(thread: ThreadRecord, node: Payload) -> Hint:
    """Return a thread with the message that opened it."""
    return Hint(thread, (opening(thread, text(node["body"]), UNSET),))


def _thread_hint(payload: Payload, thread: ThreadRecord, node: Payload) -> Hint:
    """Return a hint about a thread itself."""
    is_deleted = payload["action"] == "deleted"
    return replace(
        _opening(thread, node),
        archived=ArchivedReason.DELETED if is_deleted else None,
        changes_state=payload["action"] in _STATE_CHANGES,
    )


def _transferred(
    payload: Payload, hint: Hint, new: Payload, map: Callable[[Payload], ThreadRecord]
) -> Iterator[RepositoryHint]:
    """Tell that a thread left one repository, and that it is in another one now."""
    arrived = map(new)
    left = replace(hint, archived=ArchivedReason.MOVED, moved_to_url=arrived.url)
    yield _here(payload, left)
    yield RepositoryHint(payload["changes"]["new_repository"]["id"], _opening(arrived, new))


def _message_hint(
    payload: Payload, thread: ThreadRecord, node: Payload, *messages: MessageRecord
) -> Hint:
    """Return a hint about messages of a thread that is as it was."""
    hint = _opening(thread, node)
    if payload["action"] == "deleted":
        messages = tuple(replace(message, is_deleted=True) for message in messages)
    return replace(hint, messages=(*hint.messages, *messages))
