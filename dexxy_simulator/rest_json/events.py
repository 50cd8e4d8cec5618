"""Events of issues and pull requests as the REST API writes them.

https://docs.github.com/rest/using-the-rest-api/issue-event-types
"""

from __future__ import annotations

from typing import Any, Final

from dexxy_simulator.model import Commit, Team, TimelineEvent
from dexxy_simulator.rest_json.accounts import author, team, user, when
from dexxy_simulator.rest_json.threads import home, issue
from dexxy_simulator.rest_json.urls import Urls

# What happened, by the name of the GraphQL type.
EVENTS: Final = {
    "AssignedEvent": "assigned",
    "ClosedEvent": "closed",
    "CommentDeletedEvent": "comment_deleted",
    "ConvertToDraftEvent": "convert_to_draft",
    "ConvertedToDiscussionEvent": "converted_to_discussion",
    "HeadRefForcePushedEvent": "head_ref_force_pushed",
    "LabeledEvent": "labeled",
    "LockedEvent": "locked",
    "MarkedAsDuplicateEvent": "marked_as_duplicate",
    "MergedEvent": "merged",
    "ReadyForReviewEvent": "ready_for_review",
    "RenamedTitleEvent": "renamed",
    "ReopenedEvent": "reopened",
    "ReviewDismissedEvent": "review_dismissed",
    "ReviewRequestRemovedEvent": "review_request_removed",
    "ReviewRequestedEvent": "review_requested",
    "TransferredEvent": "transferred",
    "UnassignedEvent": "unassigned",
    "UnlabeledEvent": "unlabeled",
    "UnlockedEvent": "unlocked",
    "UnmarkedAsDuplicateEvent": "unmarked_as_duplicate",
}


def issue_event(urls: Urls, found: TimelineEvent) -> dict[str, Any]:
    """Write an event as the list of one issue shows it."""
    repo, commit = home(urls, found.repository), _commit_of(found)
    return {
        "id": found.database_id,
        "node_id": urls.node_id(found),
        "url": f"{repo}/issues/events/{found.database_id}",
        "actor": author(urls, found.actor),
        "event": EVENTS[found.kind],
        "commit_id": commit,
        "commit_url": f"{repo}/commits/{commit}" if commit else None,
        "created_at": when(found.created_at),
        **_details(urls, found),
        "performed_via_github_app": None,
    }


def event_with_issue(urls: Urls, found: TimelineEvent) -> dict[str, Any]:
    """Write an event as the list of a repository shows it."""
    return {**issue_event(urls, found), "issue": issue(urls, found.thread)}


def _commit_of(found: TimelineEvent) -> str | None:
    """Return the commit that an event names."""
    if found.kind == "MergedEvent":
        sha: str | None = getattr(found.thread, "merge_commit_sha", None)
        return sha
    commit = found.details.get("closer") or found.details.get("after_commit")
    return commit.oid if isinstance(commit, Commit) else None


def _details(urls: Urls, found: TimelineEvent) -> dict[str, Any]:
    """Write what only this kind of event has."""
    said, row = found.details, {}
    if "state_reason" in said:
        row["state_reason"] = said["state_reason"].lower() if said["state_reason"] else None
    if "label" in said:
        row["label"] = {"name": said["label"].name, "color": said["label"].color}
    if "assignee" in said:
        row["assignee"] = user(urls, said["assignee"])
        row["assigner"] = author(urls, found.actor)
    if "previous_title" in said:
        row["rename"] = {"from": said["previous_title"], "to": said["current_title"]}
    if "lock_reason" in said:
        reason = said["lock_reason"]
        row["lock_reason"] = reason.lower().replace("_", " ") if reason else None
    if "requested_reviewer" in said:
        asked = said["requested_reviewer"]
        row["review_requester"] = author(urls, found.actor)
        if isinstance(asked, Team):
            row["requested_team"] = team(urls, asked)
        else:
            row["requested_reviewer"] = author(urls, asked)
    if "review" in said:
        row["dismissed_review"] = {
            "state": said["previous_review_state"].lower(),
            "review_id": said["review"].database_id,
            "dismissal_message": said["dismissal_message"],
        }
    return row
