"""Compare the database with what a simulated GitHub would show, field by field."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from dexxy.messages.models import Message, Thread
from dexxy.sources.models import Source
from dexxy_simulator.model import (
    Actor,
    Discussion,
    DiscussionComment,
    Issue,
    PullRequest,
    Repository,
    Review,
)

Facts = dict[tuple[Any, ...], dict[str, Any]]
_EVENTS = {"ClosedEvent": "closed", "ReopenedEvent": "reopened", "MergedEvent": "merged"}


def assert_source_equals(source: Source, repository: Repository) -> None:
    """Check that every thread and message of REPOSITORY is stored, and nothing else."""
    assert _differences(threads_stored(source), dict(_threads(repository))) == {}
    assert _differences(messages_stored(source), dict(_messages(repository))) == {}


def _differences(stored: Facts, true: Facts) -> Facts:
    """Return what is stored and what is true of each row for which they differ, field by field."""
    nothing: dict[str, Any] = {}
    return {
        key: {
            field: (stored.get(key, nothing).get(field), true.get(key, nothing).get(field))
            for field in {**stored.get(key, nothing), **true.get(key, nothing)}
            if stored.get(key, nothing).get(field) != true.get(key, nothing).get(field)
        }
        for key in {**stored, **true}
        if stored.get(key) != true.get(key)
    }


def threads_stored(source: Source) -> Facts:
    """Return what is stored of each thread, by its key."""
    threads = Thread.objects.filter(source=source, is_archived=False).select_related("author")
    return {
        (t.kind, t.number): {
            "node_id": t.node_id,
            "title": t.title,
            "state": t.state,
            "state_reason": t.state_reason,
            "labels": sorted(t.labels),
            "author": (t.author.external_id, t.author.username) if t.author else None,
            "opened_at": t.opened_at,
            "closed_at": t.closed_at,
            "merged_at": t.merged_at,
            "answered_at": t.answered_at,
            "version_at": t.version_at,
        }
        for t in threads
    }


def messages_stored(source: Source) -> Facts:
    """Return what is stored of each message, by its thread's key and its own."""
    messages = Message.objects.filter(source=source, is_archived=False)
    return {
        (m.thread_kind, m.thread.number, m.kind, m.external_id): _said(
            (m.author.external_id, m.author.username) if m.author else None,
            m.body,
            m.occurred_at,
            m.edited_at,
            m.details,
        )
        for m in messages.select_related("thread", "author")
    }


def _said(
    author: tuple[str, str] | None,
    body: str,
    occurred_at: datetime | None,
    edited_at: datetime | None,
    details: dict[str, Any],
) -> dict[str, Any]:
    return {
        "author": author,
        "body": body,
        "occurred_at": occurred_at,
        "edited_at": edited_at,
        "details": details,
    }


def _threads(repository: Repository) -> Iterator[tuple[tuple[str, int], dict[str, Any]]]:
    for issue in repository.issues.values():
        reason = (issue.state_reason or "").lower()
        yield ("issue", issue.number), _thread(issue, reason, None)
    for pull in repository.pull_requests.values():
        reason = "draft" if pull.is_draft else ""
        yield ("pull_request", pull.number), _thread(pull, reason, pull.merged_at)
    for discussion in repository.discussions.values():
        reason = (discussion.state_reason or "").lower()
        facts = _thread(discussion, reason, None)
        facts["answered_at"] = _shown(discussion.answer_chosen_at)
        yield ("discussion", discussion.number), facts


def _thread(
    thread: Issue | PullRequest | Discussion, reason: str, merged_at: datetime | None
) -> dict[str, Any]:
    return {
        "node_id": thread.node_id,
        "title": thread.title,
        "state": thread.state.lower(),
        "state_reason": reason,
        "labels": sorted(label.name for label in thread.labels),
        "author": _author(thread.author),
        "opened_at": _shown(thread.created_at),
        "closed_at": _shown(thread.closed_at),
        "merged_at": _shown(merged_at),
        "answered_at": None,
        "version_at": _shown(thread.updated_at),
    }


def _shown(at: datetime | None) -> datetime | None:
    """Cut a time to the seconds that GitHub shows."""
    return at and at.replace(microsecond=0)


def _author(actor: Actor | None) -> tuple[str, str] | None:
    if actor is None:
        return None
    # An account of an enterprise has no number in GraphQL.
    has_number = actor.kind != "EnterpriseUserAccount"
    return (str(actor.database_id) if has_number else actor.node_id, actor.rest_login)


def _messages(repository: Repository) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    threads: list[Issue | PullRequest] = list(repository.issues.values())
    for thread in [*threads, *repository.pull_requests.values()]:
        kind = "pull_request" if isinstance(thread, PullRequest) else "issue"
        for message_kind, external_id, said in _messages_of(thread):
            yield (kind, thread.number, message_kind, external_id), said
    for discussion in repository.discussions.values():
        for message_kind, external_id, said in _messages_of_discussion(discussion):
            yield ("discussion", discussion.number, message_kind, external_id), said


def _messages_of_discussion(
    discussion: Discussion,
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "opened", str(discussion.number), _post(discussion, {})
    for comment in discussion.comments:
        if not comment.deleted_at:
            yield "comment", _discussion_id(comment), _post(comment, {})
        for reply in comment.replies:
            details = {"in_reply_to": _discussion_id(comment)}
            yield "reply", _discussion_id(reply), _post(reply, details)
    if discussion.closed_at:
        closed_at = discussion.closed_at.replace(microsecond=0)
        reason = (discussion.state_reason or "").lower()
        said = _said(None, "", closed_at, None, {"state_reason": reason} if reason else {})
        yield "closed", f"{closed_at:%Y-%m-%dT%H:%M:%SZ}", said
    if discussion.answer:
        chosen_at = _shown(discussion.answer_chosen_at)
        said = _said(_author(discussion.answer_chosen_by), "", chosen_at, None, {})
        yield "answered", _discussion_id(discussion.answer), said


def _discussion_id(comment: DiscussionComment) -> str:
    """Return the key of a comment, whose number GraphQL does not show beyond 32 bits."""
    return str(comment.database_id) if comment.database_id < 2**31 else comment.node_id


def _messages_of(thread: Issue | PullRequest) -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "opened", str(thread.number), _post(thread, {})
    for comment in thread.comments:
        yield "comment", str(comment.database_id), _post(comment, {})
    yield from _state_changes(thread)
    for review in thread.reviews if isinstance(thread, PullRequest) else ():
        if review.state != "PENDING":
            yield from _review(review)


def _review(review: Review) -> Iterator[tuple[str, str, dict[str, Any]]]:
    said = _post(review, {"state": review.state})
    said["occurred_at"] = _shown(review.submitted_at)
    yield "review", str(review.database_id), said
    for comment in review.comments:
        details: dict[str, Any] = {
            "review_id": str(review.database_id),
            "path": comment.path_in_diff,
        }
        if comment.line or comment.original_line:
            details["line"] = comment.line or comment.original_line
        if comment.reply_to:
            details["in_reply_to"] = str(comment.reply_to.database_id)
        yield "review_comment", str(comment.database_id), _post(comment, details)


def _post(post: Any, details: dict[str, Any]) -> dict[str, Any]:
    if post.minimized_reason:
        details["minimized"] = post.minimized_reason
    edited_at = _shown(post.last_edited_at)
    return _said(_author(post.author), post.body, _shown(post.created_at), edited_at, details)


def _state_changes(thread: Issue | PullRequest) -> Iterator[tuple[str, str, dict[str, Any]]]:
    events = [event for event in thread.timeline if event.kind in _EVENTS]
    last_reopened = max(
        (i for i, event in enumerate(events) if event.kind == "ReopenedEvent"), default=-1
    )
    merged = isinstance(thread, PullRequest) and thread.merged
    for place, event in enumerate(events):
        if merged and event.kind == "ClosedEvent" and place > last_reopened:
            continue
        closed = event.kind == "ClosedEvent"
        reason = str((closed and event.details.get("state_reason")) or "").lower()
        details = {"state_reason": reason} if reason else {}
        said = _said(_author(event.actor), "", _shown(event.created_at), None, details)
        yield _EVENTS[event.kind], event.node_id, said
