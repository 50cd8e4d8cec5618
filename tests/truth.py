"""Compare the database with what a simulated GitHub would show, field by field.

A field is declared once: where the truth of a row names it. What is stored is read by the same
name, or as `_READ` says.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from dexxy.members.models import Identity
from dexxy.messages.models import Message, Thread
from dexxy.sources.models import Source
from dexxy_simulator.model import (
    Actor,
    Commit,
    Discussion,
    DiscussionComment,
    Issue,
    Label,
    Post,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    ReviewThread,
    Team,
    TimelineEvent,
    posts_of,
)

Key = tuple[Any, ...]
Facts = dict[Key, dict[str, Any]]
_EVENTS = {
    "ClosedEvent": "closed",
    "ReopenedEvent": "reopened",
    "MergedEvent": "merged",
    "ReadyForReviewEvent": "ready",
    "ConvertToDraftEvent": "drafted",
    "ReviewRequestedEvent": "review_requested",
    "ReviewRequestRemovedEvent": "review_unrequested",
    "ReviewDismissedEvent": "review_dismissed",
    "HeadRefForcePushedEvent": "pushed",
    "ConvertedToDiscussionEvent": "converted",
    "MarkedAsDuplicateEvent": "duplicate",
    "UnmarkedAsDuplicateEvent": "unduplicate",
    "LabeledEvent": "labeled",
    "UnlabeledEvent": "unlabeled",
    "AssignedEvent": "assigned",
    "UnassignedEvent": "unassigned",
}
_LOUD = ("closed", "reopened", "merged")
_RESPONSES = ("comment", "review", "review_comment", "reply")
# As a profile's text has them: up to a space, a quotation mark or a bracket.
_LINK = re.compile(r"https?://[^\s<>\"')]+")
_KINDS = {"Bot": "bot", "Organization": "organization", "Mannequin": "mannequin"}


def assert_source_equals(source: Source, repository: Repository) -> None:
    """Check that every thread and message of REPOSITORY is stored, and nothing else."""
    assert differences(source, repository) == {}


def differences(source: Source, repository: Repository, *, shows_teams: bool = True) -> Facts:
    """Return what is stored and what is true of each thread and message for which they differ.

    Args:
        shows_teams: whether GitHub tells who reads as Dexxy more of a team than that it is one.
    """
    messages = dict(_messages(repository))
    for one in [] if shows_teams else messages.values():
        if one["details"].get("subject", {}).get("type") == "team":
            one["details"] = {**one["details"], "subject": {"type": "team"}}
    threads = {key: {**one, **_counted(key, one, messages)} for key, one in _threads(repository)}
    return {
        **_differences(threads, _stored_threads(source)),
        **_differences(messages, _stored_messages(source)),
        **dict(_wrongly_archived(source, repository)),
    }


def account_differences(
    followed: Sequence[tuple[Source, Repository]], *, shows_emails: bool = True
) -> Facts:
    """Return the same of each account, over all repositories that a workspace follows.

    Args:
        shows_emails: whether GitHub shows the addresses of profiles to whom Dexxy reads as.
    """
    written: dict[str, list[datetime]] = {}
    for _, repository in followed:
        for message in dict(_messages(repository)).values():
            if message["author"] and message["in_feed"]:
                written.setdefault(message["author"][0], []).append(message["occurred_at"])
    actors = set().union(*(_actors(repository) for _, repository in followed))
    accounts = {
        ("account", author_of(one)[0]): {
            **_account(one, written.get(author_of(one)[0], [])),
            **_contacts(one, shows_emails=shows_emails),
        }
        for one in actors
    }
    return _differences(accounts, _stored_accounts(followed[0][0], accounts))


def _differences(true: Facts, rows: dict[Key, Any]) -> Facts:
    facts = {key: _facts(row, true.get(key, {"is_archived": True})) for key, row in rows.items()}
    nothing: dict[str, Any] = {}
    return {
        key: {
            field: (facts.get(key, nothing).get(field), true.get(key, nothing).get(field))
            for field in {**facts.get(key, nothing), **true.get(key, nothing)}
            if facts.get(key, nothing).get(field) != true.get(key, nothing).get(field)
        }
        for key in {**facts, **true}
        if facts.get(key) != true.get(key)
    }


def _facts(row: Any, fields: Iterable[str]) -> dict[str, Any]:
    """Return what is stored of a row in these fields."""
    return {name: _READ[name](row) if name in _READ else getattr(row, name) for name in fields}


# What is stored under another name than the truth's, or has to be written as the truth is.
_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "author": lambda row: (row.author.external_id, row.author.username) if row.author else None,
    "bio": lambda account: account.home_member.bio,
    "company": lambda account: account.home_member.company,
    "details": lambda row: _without_server(row.details),
    "labels": lambda thread: sorted(thread.labels),
    "location": lambda account: account.home_member.location,
    "parent": lambda message: message.parent.external_id if message.parent else None,
    "place": lambda row: place(row.url),
    "resolved": lambda thread: sorted(
        sorted(one.comment_ids) for one in thread.resolved_review_threads.all() if one.comment_ids
    ),
}


def place(url: str) -> str:
    """Return where in its repository a page is: after a rename GitHub leads on from the old one."""
    parts = urlsplit(url)
    return "/".join(parts.path.split("/")[3:]) + (parts.fragment and f"#{parts.fragment}")


def _without_server(details: dict[str, Any]) -> dict[str, Any]:
    """Cut the addresses in details to their paths: the port of a simulator differs each time."""
    shown = dict(details)
    for name in ("subject", "parent"):
        if "url" in shown.get(name, {}):
            shown[name] = {**shown[name], "url": urlsplit(shown[name]["url"]).path}
    return shown


def _stored_threads(source: Source) -> dict[Key, Thread]:
    threads = Thread.objects.filter(source=source, is_archived=False).select_related("author")
    found = threads.prefetch_related("resolved_review_threads")
    return {(one.kind, one.number): one for one in found}


def _stored_messages(source: Source) -> dict[Key, Message]:
    messages = Message.objects.filter(source=source, is_archived=False)
    return {
        (one.thread_kind, one.thread.number, one.kind, one.external_id): one
        for one in messages.select_related("thread", "author", "parent")
    }


def _stored_accounts(source: Source, wanted: Iterable[Key]) -> dict[Key, Identity]:
    ids = [number for _, number in wanted]
    accounts = Identity.objects.filter(workspace=source.workspace_id, provider=source.server)
    return {("account", one.external_id): one for one in accounts.filter(external_id__in=ids)}


def _wrongly_archived(source: Source, repository: Repository) -> Iterator[tuple[Key, Any]]:
    """Yield what is archived for a reason that cannot be."""
    gone = {
        "moved": {("issue", number) for number in repository.transferred},
        "deleted": {("issue", number) for number in repository.deleted_numbers},
    }
    for thread in Thread.objects.filter(source=source, is_archived=True):
        key = thread.kind, thread.number
        may_be = {"missing", *(reason for reason, keys in gone.items() if key in keys)}
        # Nobody remembers which discussions were deleted, and which transferred.
        if thread.kind != "discussion" and thread.archived_reason not in may_be:
            yield ("archived", *key), {"archived_reason": (thread.archived_reason, sorted(may_be))}
    live = Message.objects.filter(source=source, is_archived=False, thread__is_archived=True)
    for message in live.select_related("thread"):
        key = message.thread_kind, message.thread.number
        yield ("archived", *key, message.kind, message.external_id), {"is_archived": (False, True)}


def _actors(repository: Repository) -> set[Actor]:
    """Return the accounts that are shown beside a thread or a message."""
    found: set[Actor | None] = {post.author for post in posts_of(repository)}
    for thread in repository.threads:
        if isinstance(thread, Discussion):
            found.add(thread.answer_chosen_by if thread.answer else None)
        else:
            found |= {event.actor for event in thread.timeline if event.kind in _EVENTS}
    return {one for one in found if one is not None}


def _account(actor: Actor, written: Sequence[datetime]) -> dict[str, Any]:
    is_named = actor.kind in ("User", "Organization", "EnterpriseUserAccount")
    has_profile = actor.kind in ("User", "Organization")
    return {
        "node_id": actor.node_id,
        "kind": _KINDS.get(actor.kind, "user"),
        "username": actor.rest_login,
        "name": (is_named and actor.name) or "",
        "avatar_url": actor.avatar_url,
        "company": (actor.kind == "User" and actor.company) or "",
        "location": (has_profile and actor.location) or "",
        "bio": (has_profile and actor.bio) or "",
        "message_count": len(written),
        "first_seen_at": min(written, default=None),
        "last_seen_at": max(written, default=None),
    }


def _contacts(actor: Actor, *, shows_emails: bool) -> dict[str, Any]:
    """Return the addresses in a profile: bots have none, organizations no more than a text."""
    has_profile, is_person = actor.kind in ("User", "Organization"), actor.kind == "User"
    links = [actor.blog] if is_person and actor.blog else []
    if is_person and actor.twitter_username:
        links.append(f"https://twitter.com/{actor.twitter_username}")
    links += _LINK.findall((has_profile and actor.bio) or "")
    email = (is_person and shows_emails and actor.public_email) or ""
    return {"links": links, "email": email, "is_email_verified": bool(email)}


def _threads(repository: Repository) -> Iterator[tuple[tuple[str, int], dict[str, Any]]]:
    for issue in repository.issues.values():
        reason = (issue.state_reason or "").lower()
        facts = _thread(issue, reason, None) | _tracked(issue)
        facts["details"] |= _parts(issue)
        facts["issue_type"] = issue.issue_type.name if issue.issue_type else ""
        yield ("issue", issue.number), facts
    for pull in repository.pull_requests.values():
        reason = "draft" if pull.is_draft else ""
        facts = _thread(pull, reason, pull.merged_at) | _tracked(pull)
        facts["head_oid"] = pull.head.sha
        facts["resolved"] = sorted(filter(None, map(_resolved, pull.review_threads)))
        if pull.head_ref is not None:
            made_at = pull.head_ref.target.committed_date.replace(microsecond=0)
            facts["details"]["head_committed_at"] = made_at.isoformat()
            if _is_by_other(pull.author, pull.head_ref.target):
                facts["details"]["head_by_other"] = True
        yield ("pull_request", pull.number), facts
    for discussion in repository.discussions.values():
        reason = (discussion.state_reason or "").lower()
        facts = _thread(discussion, reason, None)
        facts["answered_at"] = to_seconds(discussion.answer_chosen_at)
        facts["category"] = discussion.category.name
        facts["details"]["is_answerable"] = discussion.category.is_answerable
        facts["details"]["upvotes"] = discussion.upvote_count
        yield ("discussion", discussion.number), facts


def _thread(
    thread: Issue | PullRequest | Discussion, reason: str, merged_at: datetime | None
) -> dict[str, Any]:
    return {
        "node_id": thread.node_id,
        "place": place(thread.path),
        "title": thread.title,
        "state": thread.state.lower(),
        "state_reason": reason,
        "labels": sorted(label.name for label in thread.labels),
        "author": _author(thread.author),
        "opened_at": to_seconds(thread.created_at),
        "closed_at": to_seconds(thread.closed_at),
        "merged_at": to_seconds(merged_at),
        "answered_at": None,
        "version_at": to_seconds(thread.updated_at),
        "category": "",
        "milestone": "",
        "issue_type": "",
        "head_oid": "",
        "is_locked": thread.locked,
        "assignees": [],
        "details": _details(thread),
    }


def _is_by_other(opener: Actor | None, commit: Commit) -> bool:
    """Tell whether a commit is by an account that is not the opener's, or by a bot."""
    author = commit.author
    if author is None:
        return False
    return author.user is not opener if author.user else author.name.endswith("[bot]")


def _resolved(thread: ReviewThread) -> list[str]:
    """Return the comments of a thread on the diff that is resolved, as far as others see them."""
    shown = [one for one in thread.comments if one.state != "PENDING"]
    return sorted(str(one.database_id) for one in shown if thread.is_resolved)


def _details(thread: Issue | PullRequest | Discussion) -> dict[str, Any]:
    reactions = {name: count for name, count in thread.reactions.items() if count}
    found = {
        **_association(thread),
        "lock_reason": (thread.active_lock_reason or "").lower(),
        "reactions": reactions,
    }
    return {name: value for name, value in found.items() if value}


def _association(post: Post) -> dict[str, Any]:
    is_stranger = post.author_association == "NONE"
    return {} if is_stranger else {"association": post.author_association.lower()}


def _tracked(thread: Issue | PullRequest) -> dict[str, Any]:
    people = [_named(one) for one in thread.assignees if one.kind == "User"]
    return {
        "milestone": thread.milestone.title if thread.milestone else "",
        "assignees": sorted(people, key=lambda one: str(one["id"])),
    }


def _parts(issue: Issue) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if issue.parent is not None and (parent := _subject(issue.parent)):
        found["parent"] = parent
    if issue.sub_issues:
        closed = sum(one.closed for one in issue.sub_issues)
        found["sub_issues"] = {"total": len(issue.sub_issues), "closed": closed}
    return found


def _named(actor: Actor) -> dict[str, Any]:
    return dict(zip(("id", "login"), _author(actor) or (), strict=True))


def _counted(key: Key, thread: dict[str, Any], messages: Facts) -> dict[str, Any]:
    """Return what a thread knows of its messages."""
    shown = {k: one for k, one in messages.items() if k[:2] == key and one["in_feed"]}
    times = [one["occurred_at"] for one in shown.values()]
    # By somebody else, and by a person: words that were not hidden as spam and so on, a merge, or
    # the commit or pull request that closed an issue.
    responses = [
        one["occurred_at"]
        for (of, _, kind, _), one in shown.items()
        if (
            kind == "merged"
            or (kind in _RESPONSES and not _is_spam(one))
            or (of == "issue" and kind == "closed" and _is_work(one))
        )
        and one["author"] not in (None, thread["author"])
        and not one["author"][1].endswith("[bot]")
    ]
    return {
        "message_count": len(times),
        "first_activity_at": min(times),
        "last_activity_at": max(times),
        "first_response_at": min(responses, default=None),
    }


def _is_work(closing: dict[str, Any]) -> bool:
    subject = closing["details"].get("subject", {})
    return subject.get("type") in ("commit", "pull_request")


def _is_spam(message: dict[str, Any]) -> bool:
    reason = message["details"].get("minimized", "outdated")
    return reason.lower() not in ("resolved", "outdated", "duplicate")


def to_seconds(at: datetime | None) -> datetime | None:
    """Cut a time to the seconds that GitHub shows."""
    return at and at.replace(microsecond=0)


def _author(actor: Actor | None) -> tuple[str, str] | None:
    return None if actor is None else author_of(actor)


def author_of(actor: Actor) -> tuple[str, str]:
    """Return the key and the login of an account."""
    # An account of an enterprise has no number in GraphQL.
    has_number = actor.kind != "EnterpriseUserAccount"
    return (str(actor.database_id) if has_number else actor.node_id, actor.rest_login)


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
        "in_feed": True,
    }


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
            yield "comment", _discussion_id(comment), _voted(comment, {})
        for reply in comment.replies:
            details = {"in_reply_to": _discussion_id(comment)}
            parent = None if comment.deleted_at else _discussion_id(comment)
            yield "reply", _discussion_id(reply), _voted(reply, details, parent)
    if discussion.closed_at:
        closed_at = discussion.closed_at.replace(microsecond=0)
        reason = (discussion.state_reason or "").lower()
        said = _said(None, "", closed_at, None, {"state_reason": reason} if reason else {})
        yield "closed", f"{closed_at:%Y-%m-%dT%H:%M:%SZ}", said
    if discussion.answer:
        chosen_at = to_seconds(discussion.answer_chosen_at)
        said = _said(_author(discussion.answer_chosen_by), "", chosen_at, None, {})
        yield "answered", _discussion_id(discussion.answer), said


def _voted(
    comment: DiscussionComment, details: dict[str, Any], parent: str | None = None
) -> dict[str, Any]:
    return _post(comment, {**details, "upvotes": comment.upvote_count}, parent)


def _discussion_id(comment: DiscussionComment) -> str:
    """Return the key of a comment, whose number GraphQL does not show beyond 32 bits."""
    return str(comment.database_id) if comment.database_id < 2**31 else comment.node_id


def _messages_of(thread: Issue | PullRequest) -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "opened", str(thread.number), _post(thread, {})
    for comment in thread.comments:
        yield "comment", str(comment.database_id), _post(comment, {})
    yield from _events(thread)
    for review in thread.reviews if isinstance(thread, PullRequest) else ():
        if review.state != "PENDING":
            yield from _review(review)


def _review(review: Review) -> Iterator[tuple[str, str, dict[str, Any]]]:
    said = _post(review, {"state": review.state})
    if review.commit:
        said["details"]["commit"] = review.commit.oid
    said["occurred_at"] = to_seconds(review.submitted_at)
    # One that only wraps comments on code says nothing.
    said["in_feed"] = review.state != "COMMENTED" or bool(review.body.strip())
    yield "review", str(review.database_id), said
    for comment in review.comments:
        details: dict[str, Any] = {
            "review_id": str(review.database_id),
            "path": comment.path_in_diff,
        }
        if comment.line or comment.original_line:
            details["line"] = comment.line or comment.original_line
        if comment.outdated:
            details["outdated"] = True
        if hunk := _end_of_hunk(comment.diff_hunk):
            details["diff_hunk"] = hunk
        parent = None
        answered = comment.reply_to
        if answered and answered in answered.pull_request_review.comments:
            details["in_reply_to"] = str(answered.database_id)
        if answered and _is_shown(answered):
            parent = str(answered.database_id)
        said = _post(comment, details, parent)
        said["occurred_at"] = max(said["occurred_at"], to_seconds(review.submitted_at))
        yield "review_comment", str(comment.database_id), said


def _end_of_hunk(hunk: str) -> str:
    """Return the last twelve lines of a hunk, without its header."""
    lines = hunk.splitlines()
    return "\n".join([line for line in lines if line[:2] != "@@"][-12:])[-3000:]


def _is_shown(comment: ReviewComment) -> bool:
    """Tell whether a comment hangs below a review that is there and submitted."""
    review = comment.pull_request_review
    is_there = review in review.pull_request.reviews and review.state != "PENDING"
    return is_there and comment in review.comments


def _post(post: Any, details: dict[str, Any], parent: str | None = None) -> dict[str, Any]:
    details |= _association(post)
    if post.minimized_reason:
        details["minimized"] = post.minimized_reason
    edited_at = to_seconds(post.last_edited_at)
    said = _said(_author(post.author), post.body, to_seconds(post.created_at), edited_at, details)
    return {
        **said,
        "parent": parent,
        "place": place(post.path),
        "version_at": to_seconds(post.updated_at),
    }


def _events(thread: Issue | PullRequest) -> Iterator[tuple[str, str, dict[str, Any]]]:
    merged_at = thread.merged_at if isinstance(thread, PullRequest) else None
    # What was closed by hand was reopened before it was merged, be it within the same second.
    reopened = [at for at, event in enumerate(thread.timeline) if event.kind == "ReopenedEvent"]
    for at, event in enumerate(thread.timeline):
        kind = _EVENTS.get(event.kind)
        is_closing = kind == "closed" and at > max(reopened, default=-1)
        by_merge = is_closing and merged_at is not None and event.created_at >= merged_at
        if kind is None or by_merge:
            continue
        body = event.details.get("dismissal_message") or ""
        said = _said(
            _author(event.actor), body, to_seconds(event.created_at), None, _told(event, kind)
        )
        yield kind, event.node_id, said | {"in_feed": kind in _LOUD}


def _told(event: TimelineEvent, kind: str) -> dict[str, Any]:
    shown = event.details
    subjects = (
        *("closer", "requested_reviewer", "review", "after_commit", "discussion", "canonical"),
        *("label", "assignee"),
    )
    found: dict[str, Any] = {
        "state_reason": str((kind == "closed" and shown.get("state_reason")) or "").lower(),
        "state": shown.get("previous_review_state"),
        "before": before.oid if (before := shown.get("before_commit")) else None,
        "subject": next((_subject(shown[name]) for name in subjects if shown.get(name)), None),
    }
    return {name: value for name, value in found.items() if value}


def _subject(thing: Any) -> dict[str, Any] | None:
    """Return how a thing is stored that something names, as long as it is there."""
    if isinstance(thing, Actor):
        return {"type": "account", **_named(thing)}
    if isinstance(thing, Team):
        return {"type": "team", "id": str(thing.database_id), "name": thing.combined_slug}
    if isinstance(thing, Label):
        return {"type": "label", "name": thing.name}
    if isinstance(thing, Commit):
        return {"type": "commit", "oid": thing.oid, "url": thing.path}
    if isinstance(thing, Review):
        is_there = thing in thing.pull_request.reviews
        return {"type": "review", "id": str(thing.database_id)} if is_there else None
    kinds = {Issue: "issue", PullRequest: "pull_request", Discussion: "discussion"}
    kind = kinds[type(thing)]
    if getattr(thing.home, f"{kind}s").get(thing.number) is not thing:
        return None
    return {"type": kind, "number": thing.number, "url": thing.path}
