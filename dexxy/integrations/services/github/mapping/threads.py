"""Turn threads as GraphQL shows them into snapshots. Pure: no database, no network."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dexxy.integrations.services.github.api.values import (
    Payload,
    count_of,
    key,
    number_of,
    text,
    time,
    time_or_none,
)
from dexxy.integrations.services.github.mapping.accounts import (
    account_in_graphql,
    named_account,
)
from dexxy.integrations.services.github.mapping.messages import discussion_changes
from dexxy.integrations.services.github.mapping.nested_lists import (
    REVIEW_COMMENTS,
    STATE_CHANGES,
    OpenList,
    nested_page,
    scope_of,
)
from dexxy.integrations.services.github.mapping.rules import (
    assigned,
    association,
    known,
    opening,
    pull_request_reason,
    reaction_name,
)
from dexxy.messages.ingest.records import (
    UNSET,
    ReviewThreadRecord,
    Scope,
    Snapshot,
    ThreadRecord,
    Unset,
)
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState


@dataclass(frozen=True, slots=True)
class MappedThread:
    """A snapshot, and what of the thread still has to be read.

    Args:
        gaps: how many of its nodes and lists GitHub kept back.
    """

    snapshot: Snapshot
    open_lists: tuple[OpenList, ...]
    gaps: int = 0


def issue(node: Payload) -> MappedThread:
    """Map an issue with its comments and state changes."""
    thread = ThreadRecord(
        kind=ThreadKind.ISSUE,
        state=ThreadState(node["state"].lower()),
        state_reason=text(node["stateReason"]).lower(),
        issue_type=_issue_type(node),
        **_tracked(node),
        **_thread(
            node,
            {
                "parent": _part_of(node["parent"]),
                "sub_issues": _sub_issues(node["subIssuesSummary"]),
            },
        ),
    )
    lists = {"issue_comments": node["comments"], "issue_timeline": node["timelineItems"]}
    return _mapped_thread(node, thread, lists)


def pull_request(node: Payload) -> MappedThread:
    """Map a pull request with its comments, reviews and state changes."""
    thread = ThreadRecord(
        kind=ThreadKind.PULL_REQUEST,
        state=ThreadState(node["state"].lower()),
        merged_at=time_or_none(node["mergedAt"]),
        state_reason=pull_request_reason(node["isDraft"]),
        head_oid=text(node["headRefOid"]),
        **_tracked(node),
        **_thread(node, _head(node)),
    )
    lists = {
        "pull_request_comments": node["comments"],
        "reviews": node["reviews"],
        "pull_request_timeline": node["timelineItems"],
        "review_threads": node["reviewThreads"],
    }
    mapped = _mapped_thread(node, thread, lists)
    messages = mapped.snapshot.messages
    # A wrapper is not in the feed, and there is none without a comment on code.
    has_wrappers = any(m.kind is MessageKind.REVIEW and not m.in_feed for m in messages)
    threads = node["reviewThreads"]
    if threads is None or threads["nodes"] or has_wrappers:
        return mapped
    # No review has a comment on code: their lists, empty, are as good as read.
    complete = (*mapped.snapshot.complete, REVIEW_COMMENTS)
    open_lists = tuple(o for o in mapped.open_lists if o.connection != "review_comments")
    return replace(
        mapped, snapshot=replace(mapped.snapshot, complete=complete), open_lists=open_lists
    )


def discussion(node: Payload) -> MappedThread:
    """Map a discussion with its comments, their replies, its closing and its answer."""
    category = node["category"]
    thread = ThreadRecord(
        kind=ThreadKind.DISCUSSION,
        state=ThreadState.CLOSED if node["closed"] else ThreadState.OPEN,
        state_reason=text(node["stateReason"]).lower(),
        answered_at=time_or_none(node["answerChosenAt"]) if node["answer"] else None,
        category=text(category["name"]) if category else UNSET,
        **_thread(
            node,
            {
                "is_answerable": category["isAnswerable"] if category else None,
                "upvotes": count_of(node["upvoteCount"]),
            },
        ),
    )
    mapped = _mapped_thread(node, thread, {"discussion_comments": node["comments"]})
    snapshot = mapped.snapshot
    changes = tuple(discussion_changes(node))
    snapshot = replace(
        snapshot,
        messages=(*snapshot.messages, *changes),
        complete=(*snapshot.complete, STATE_CHANGES),
    )
    return replace(mapped, snapshot=snapshot)


THREADS: Mapping[ThreadKind, Callable[[Payload], MappedThread]] = {
    ThreadKind.ISSUE: issue,
    ThreadKind.PULL_REQUEST: pull_request,
    ThreadKind.DISCUSSION: discussion,
}


def _mapped_thread(
    node: Payload, thread: ThreadRecord, lists: Mapping[str, Payload | None]
) -> MappedThread:
    edited_at = time_or_none(node["lastEditedAt"])
    messages = [opening(thread, text(node["body"]), edited_at)]
    open_lists: list[OpenList] = []
    complete: list[Scope] = []
    review_threads: list[ReviewThreadRecord] = []
    whole: list[str] = []
    gaps = _gaps_beside(node)
    for connection, payload in lists.items():
        page = nested_page(connection, payload, "", merged_at=_merged_at(thread))
        messages += page.messages
        complete += page.complete
        open_lists += page.open_lists
        review_threads += page.review_threads
        gaps += page.gaps
        if page.cursor:
            has_gaps = bool(page.gaps)
            left = OpenList(connection, node["id"], "", page.cursor, page.seen, has_gaps)
            open_lists.append(left)
        elif not page.gaps:
            whole.append(connection)
    complete += (scope_of(name, "") for name in whole if name != "review_threads")
    snapshot = Snapshot(
        thread,
        tuple(messages),
        tuple(complete),
        tuple(review_threads),
        has_all_review_threads="review_threads" in whole,
    )
    return MappedThread(snapshot, tuple(open_lists), gaps)


def _merged_at(thread: ThreadRecord) -> datetime | None:
    return None if isinstance(thread.merged_at, Unset) else thread.merged_at


def _thread(node: Payload, details: Mapping[str, object | None]) -> dict[str, Any]:
    """Return the fields that all threads have.

    Args:
        details: those that only this kind has.
    """
    labels = node["labels"]
    return {
        "number": number_of(node),
        "node_id": key(node["id"]),
        "title": text(node["title"]),
        "url": text(node["url"]),
        "author": account_in_graphql(node["author"]),
        "opened_at": time(node["createdAt"]),
        "closed_at": time_or_none(node["closedAt"]),
        "version_at": time(node["updatedAt"]),
        "labels": UNSET if labels is None else tuple(text(one["name"]) for one in _there(labels)),
        "is_locked": node["locked"],
        "details": known(
            {
                **details,
                "association": association(node["authorAssociation"]),
                "lock_reason": text(node["activeLockReason"]).lower(),
                "reactions": _reactions(node.get("reactionGroups") or ()),
            }
        ),
    }


def _tracked(node: Payload) -> dict[str, Any]:
    """Return the fields that issues and pull requests have, and discussions do not."""
    milestone, people = node["milestone"], node["assignees"]
    return {
        "milestone": text(milestone["title"]) if milestone else "",
        "assignees": UNSET if people is None else assigned(map(named_account, _there(people))),
    }


def _gaps_beside(node: Payload) -> int:
    """Count what GitHub keeps back of a thread, beside its messages."""
    fields = ("labels", "assignees", "category", "subIssuesSummary")
    reactions = [group["reactors"] for group in node.get("reactionGroups") or ()]
    shown = [*(node[name] for name in fields if name in node), *reactions]
    lists = [one["nodes"] for one in shown if one is not None and "nodes" in one]
    return sum(found.count(None) for found in (shown, *lists))


def _there(listing: Payload) -> list[Payload]:
    """Return what GitHub shows of a list."""
    return [one for one in listing["nodes"] if one is not None]


def _issue_type(issue: Payload) -> str:
    """Return the name of an issue's type; an older server has none, and does not say so."""
    shown = issue.get("issueType")
    return text(shown["name"]) if shown else ""


def _reactions(groups: Iterable[Payload]) -> dict[str, int]:
    """Return the counts of the reactions that anybody gave, by the names of the REST API."""
    counts = {
        reaction_name(text(group["content"])): count_of(group["reactors"]["totalCount"])
        for group in groups
        if group["reactors"] is not None
    }
    return {name: count for name, count in counts.items() if count}


def _part_of(parent: Payload | None) -> dict[str, object] | None:
    """Return the issue of which an issue is a part, as the subject of an event is stored."""
    if parent is None:
        return None
    return {"type": "issue", "number": number_of(parent), "url": text(parent["url"])}


def _sub_issues(summary: Payload | None) -> dict[str, object]:
    """Return how many parts an issue has, and how many of them are closed."""
    if summary is None:
        return {}
    total = count_of(summary["total"])
    return {"total": total, "closed": count_of(summary["completed"])} if total else {}


def _head(pull: Payload) -> dict[str, object]:
    """Return what is known of the last commit, as far as its branch is still there."""
    target = (pull["headRef"] or {}).get("target") or {}
    made_at = time_or_none(target.get("committedDate"))
    return {
        "head_committed_at": made_at.isoformat() if made_at else None,
        "head_by_other": _is_by_other(pull["author"], target.get("by")) or None,
    }


def _is_by_other(opener: Payload | None, author: Payload | None) -> bool:
    """Say whether a commit is known to be by another account than the opener's.

    It names an address, which need not be that of an account; a bot is no account of that kind.
    """
    if author is None:
        return False
    user = author["user"]
    is_bot = user is None and text(author["name"]).endswith("[bot]")
    return is_bot or (user is not None and (opener is None or user["id"] != opener["id"]))
