"""Issues, pull requests, comments and reviews as the REST API writes them."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from dexxy_simulator.model import (
    Actor,
    Branch,
    Issue,
    IssueComment,
    Post,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    Team,
)
from dexxy_simulator.rest_json.accounts import (
    author,
    issue_type,
    label,
    milestone,
    repository,
    team,
    user,
    when,
)
from dexxy_simulator.rest_json.urls import Urls


def home(urls: Urls, found: Repository) -> str:
    """The root of a repository's addresses."""
    return f"{urls.api}/repos/{found.name_with_owner}"


def issue(urls: Urls, thread: Issue | PullRequest) -> dict[str, Any]:
    """Write an issue, or the issue's side of a pull request: its `id` is another one there."""
    api = f"{home(urls, thread.home)}/issues/{thread.number}"
    row = {
        **_thread(urls, thread),
        "url": api,
        "id": thread.issue_id,
        "repository_url": home(urls, thread.home),
        "labels_url": f"{api}/labels{{/name}}",
        "comments_url": f"{api}/comments",
        "events_url": f"{api}/events",
        "timeline_url": f"{api}/timeline",
        "comments": len(thread.comments),
        "reactions": reactions(thread, api),
        "performed_via_github_app": None,
        "state_reason": thread.state_reason.lower() if thread.state_reason else None,
    }
    if urls.dialect.newer_fields:
        row["type"] = issue_type(urls, thread.issue_type)
    if isinstance(thread, Issue):
        row["sub_issues_summary"] = asdict(thread.sub_issues_summary)
        row["sub_issues_summary"]["percent_completed"] = thread.sub_issues_summary.percent_completed
        if thread.parent is not None:
            parent = thread.parent
            row["parent_issue_url"] = f"{home(urls, parent.home)}/issues/{parent.number}"
    if isinstance(thread, PullRequest):
        page = f"{urls.html}{thread.path}"
        row["draft"] = thread.is_draft
        row["pull_request"] = {
            "url": f"{home(urls, thread.home)}/pulls/{thread.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": when(thread.merged_at),
        }
    return row


def pull_request(urls: Urls, pull: PullRequest) -> dict[str, Any]:
    """Write a pull request as the lists show it."""
    repo, page = home(urls, pull.home), f"{urls.html}{pull.path}"
    api, issue_api = f"{repo}/pulls/{pull.number}", f"{repo}/issues/{pull.number}"
    asked = pull.requested_reviewers
    links = {
        "self": api,
        "html": page,
        "issue": issue_api,
        "comments": f"{issue_api}/comments",
        "review_comments": f"{api}/comments",
        "review_comment": f"{repo}/pulls/comments{{/number}}",
        "commits": f"{api}/commits",
        "statuses": f"{repo}/statuses/{pull.head.sha}",
    }
    return {
        **_thread(urls, pull),
        "url": api,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue_api,
        **{f"{name}_url": links[name] for name in list(links)[3:]},
        "merged_at": when(pull.merged_at),
        "merge_commit_sha": pull.merge_commit_sha,
        "requested_reviewers": [user(urls, one) for one in asked if isinstance(one, Actor)],
        "requested_teams": [team(urls, one) for one in asked if isinstance(one, Team)],
        "draft": pull.is_draft,
        "head": _branch(urls, pull.head, None),
        "base": _branch(urls, pull.base, pull.home),
        "_links": {name: {"href": address} for name, address in links.items()},
        "auto_merge": None,
    }


def full_pull_request(urls: Urls, pull: PullRequest) -> dict[str, Any]:
    """Write a pull request alone, with what only that answer has."""
    return {
        **pull_request(urls, pull),
        "merged": pull.merged,
        "mergeable": None,
        "rebaseable": None,
        "mergeable_state": "unknown",
        "merged_by": user(urls, pull.merged_by),
        "comments": len(pull.comments),
        "review_comments": sum(len(review.comments) for review in pull.reviews),
        "maintainer_can_modify": False,
        "commits": len(pull.commits),
        "additions": pull.additions,
        "deletions": pull.deletions,
        "changed_files": pull.changed_files,
    }


def comment(urls: Urls, found: IssueComment) -> dict[str, Any]:
    """Write a comment of an issue or pull request; it names its thread only by an address."""
    repo = home(urls, found.repository)
    api = f"{repo}/issues/comments/{found.database_id}"
    return {
        **post(urls, found),
        "url": api,
        "issue_url": f"{repo}/issues/{found.thread.number}",
        "reactions": reactions(found, api),
        "performed_via_github_app": None,
    }


def review(urls: Urls, found: Review) -> dict[str, Any]:
    """Write a review, which has no time of change."""
    row = post(urls, found)
    del row["created_at"], row["updated_at"]
    pull = f"{home(urls, found.repository)}/pulls/{found.pull_request.number}"
    submitted = {"submitted_at": when(found.submitted_at)} if found.submitted_at else {}
    return {
        **row,
        **submitted,
        "state": found.state,
        "pull_request_url": pull,
        "_links": {"html": {"href": row["html_url"]}, "pull_request": {"href": pull}},
        "commit_id": found.commit_id,
    }


def review_comment(urls: Urls, found: ReviewComment) -> dict[str, Any]:
    """Write a comment on the diff."""
    repo, row = home(urls, found.repository), post(replace(urls, shows_aliases=True), found)
    api, pull = (
        f"{repo}/pulls/comments/{found.database_id}",
        f"{repo}/pulls/{found.pull_request.number}",
    )
    links = {"self": api, "html": row["html_url"], "pull_request": pull}
    places = ("position", "original_position", "line", "original_line", "start_line")
    others = ("original_start_line", "side", "start_side", "diff_hunk")
    reply = {"in_reply_to_id": found.reply_to.database_id} if found.reply_to else {}
    return {
        **row,
        **{name: getattr(found, name) for name in (*places, *others)},
        **reply,
        "url": api,
        "pull_request_review_id": found.pull_request_review.database_id,
        "path": found.path_in_diff,
        "commit_id": found.commit_id,
        "original_commit_id": found.original_commit_id,
        "subject_type": found.subject_type.lower(),
        "pull_request_url": pull,
        "_links": {name: {"href": address} for name, address in links.items()},
        "reactions": reactions(found, api),
    }


def reactions(post: Post, api: str) -> dict[str, Any]:
    """Write the counts of the reactions to a post."""
    total = sum(post.reactions.values())
    return {"url": f"{api}/reactions", "total_count": total, **post.reactions}


def post(urls: Urls, found: Post) -> dict[str, Any]:
    """Write what every post has."""
    return {
        "id": found.database_id,
        "node_id": urls.node_id(found),
        "html_url": f"{urls.html}{found.path}",
        "user": author(urls, found.author),
        "created_at": when(found.created_at),
        "updated_at": when(found.updated_at),
        "author_association": found.author_association,
        "body": found.body,
    }


def _thread(urls: Urls, thread: Issue | PullRequest) -> dict[str, Any]:
    assignees = [user(urls, actor) for actor in thread.assignees]
    reason = thread.active_lock_reason
    return {
        **post(urls, thread),
        "number": thread.number,
        "title": thread.title,
        "labels": [label(urls, one) for one in thread.labels],
        "state": "closed" if thread.closed else "open",
        "locked": thread.locked,
        "active_lock_reason": reason.lower().replace("_", " ") if reason else None,
        "assignee": assignees[0] if assignees else None,
        "assignees": assignees,
        "milestone": milestone(urls, thread.milestone),
        "closed_at": when(thread.closed_at),
    }


def _branch(urls: Urls, branch: Branch, repo: Repository | None) -> dict[str, Any]:
    return {
        "label": branch.label,
        "ref": branch.ref,
        "sha": branch.sha,
        "user": user(urls, branch.user),
        "repo": repository(urls, repo) if repo else None,
    }
