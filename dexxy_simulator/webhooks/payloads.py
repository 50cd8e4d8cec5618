"""What webhooks say, of threads above all: https://docs.github.com/webhooks/webhook-events-and-payloads"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from dexxy_simulator.happening import Happening
from dexxy_simulator.ids import legacy_node_id
from dexxy_simulator.model import (
    Discussion,
    Installation,
    Issue,
    PullRequest,
    ReviewThread,
    Team,
)
from dexxy_simulator.rest_json import accounts, apps, discussions, releases, threads
from dexxy_simulator.rest_json.accounts import when
from dexxy_simulator.rest_json.urls import Urls
from dexxy_simulator.webhooks import account_payloads

Payload = dict[str, Any]


def payload(urls: Urls, told: Happening, installation: Installation | None) -> Payload:
    """Write a whole payload for an installation, or for an App alone."""
    written: Payload = {"action": told.action} if told.action is not None else {}
    written |= _WRITERS[told.event](urls, told)
    repository = told.repository
    if repository is not None:
        written["repository"] = accounts.repository(urls, repository)
    if told.event != "ping":
        written["sender"] = accounts.user(urls, told.sender)
    if installation is None:
        return written
    if installation.account.kind == "Organization" and told.event != "installation_target":
        written["organization"] = apps.simple_organization(urls, installation.account)
    unnamed = told.action == "unanswered" and not urls.dialect.unanswered_names_installation
    if "installation" not in written and not unnamed:
        written["installation"] = _installation_lite(installation)
    return written


def _installation_lite(found: Installation) -> Payload:
    number = found.database_id
    return {"id": number, "node_id": legacy_node_id("IntegrationInstallation", number)}


def _issues(urls: Urls, told: Happening) -> Payload:
    written = {"issue": threads.issue(urls, told.subject), **_extras(urls, told)}
    if (new := told.details.get("new")) is not None:
        written["changes"] = {
            "new_issue": threads.issue(urls, new),
            "new_repository": accounts.repository(urls, new.home),
        }
    if (old := told.details.get("old")) is not None:
        written["changes"] = {
            "old_issue": threads.issue(urls, old),
            "old_repository": accounts.repository(urls, old.home),
        }
    return written


def _sub_issues(urls: Urls, told: Happening) -> Payload:
    parent, part = told.details["parent"], told.details["part"]
    return {
        "parent_issue_id": parent.database_id,
        "parent_issue": threads.issue(urls, parent),
        "parent_issue_repo": accounts.repository(urls, parent.home),
        "sub_issue_id": part.database_id,
        "sub_issue": threads.issue(urls, part),
        "sub_issue_repo": accounts.repository(urls, part.home),
    }


def _issue_comment(urls: Urls, told: Happening) -> Payload:
    thread: Issue | PullRequest = told.subject.thread
    issue = threads.issue(urls, thread)
    if isinstance(thread, PullRequest) and not urls.dialect.comments_name_the_issue:
        issue["id"] = thread.database_id
    return {"issue": issue, "comment": threads.comment(urls, told.subject), **_extras(urls, told)}


def _pull_request(urls: Urls, told: Happening) -> Payload:
    pull = told.subject
    written = threads.full_pull_request(urls, pull)
    return {"number": pull.number, "pull_request": written, **_extras(urls, told)}


def _review(urls: Urls, told: Happening) -> Payload:
    review = told.subject
    written = {
        **threads.review(urls, review),
        "state": review.state.lower(),
        "submitted_at": when(review.submitted_at),
        "updated_at": when(review.updated_at),
        "body": review.body or None,
    }
    return {"review": written, **_on_pull(urls, review.pull_request), **_extras(urls, told)}


def _review_comment(urls: Urls, told: Happening) -> Payload:
    comment = threads.review_comment(urls, told.subject)
    return {"comment": comment, **_on_pull(urls, told.subject.pull_request), **_extras(urls, told)}


def _review_thread(urls: Urls, told: Happening) -> Payload:
    thread: ReviewThread = told.subject
    comments = [threads.review_comment(urls, one) for one in thread.comments]
    written = {"node_id": urls.node_id(thread), "comments": comments}
    return {"thread": written, **_on_pull(urls, thread.pull_request)}


def _on_pull(urls: Urls, pull: PullRequest) -> Payload:
    return {"pull_request": threads.pull_request(urls, pull)}


def _discussion(urls: Urls, told: Happening) -> Payload:
    discussion: Discussion = told.subject
    written = {
        "discussion": discussions.discussion(urls, discussion),
        **_extras(urls, told),
    }
    if told.action == "answered" and discussion.answer:
        written["answer"] = discussions.comment(urls, discussion.answer)
    if told.action == "unanswered":
        written["old_answer"] = discussions.comment(urls, told.details["answer"])
    if told.action == "category_changed":
        category = discussions.category(urls, told.details["category"])
        written["changes"] = {"category": {"from": category}}
    if (new := told.details.get("new")) is not None:
        written["changes"] = {
            "new_discussion": discussions.discussion(urls, new),
            "new_repository": accounts.repository(urls, new.home),
        }
    return written


def _discussion_comment(urls: Urls, told: Happening) -> Payload:
    comment = told.subject
    return {
        "comment": discussions.comment(urls, comment),
        "discussion": discussions.discussion(urls, comment.discussion),
        **_extras(urls, told),
    }


def _label(urls: Urls, told: Happening) -> Payload:
    return {"label": accounts.label(urls, told.subject), **_former(told, "name")}


def _milestone(urls: Urls, told: Happening) -> Payload:
    written = accounts.milestone(urls, told.subject)
    return {"milestone": written, **_former(told, "title")}


def _former(told: Happening, field: str) -> Payload:
    """Write how something was called before, if it is called otherwise now."""
    if field not in told.details:
        return {}
    return {"changes": {field: {"from": told.details[field]}}}


def _star(_: Urls, told: Happening) -> Payload:
    return {"starred_at": when(told.details["starred_at"])}


def _fork(urls: Urls, told: Happening) -> Payload:
    return {"forkee": accounts.repository(urls, told.details["forkee"])}


def _release(urls: Urls, told: Happening) -> Payload:
    written: Payload = {"release": releases.release(urls, told.subject)}
    if (former := told.details.get("former")) is not None:
        now = written["release"]
        changed = {name: {"from": text} for name, text in former.items() if text != now[name]}
        written["changes"] = changed
    return written


def _authorization(_: Urls, __: Happening) -> Payload:
    return {}


def _extras(urls: Urls, told: Happening) -> Payload:
    """Write what an action tells of: a label, an account, commits, the former texts."""
    details, written = told.details, {}
    if "label" in details:
        written["label"] = accounts.label(urls, details["label"])
    if "milestone" in details:
        written["milestone"] = accounts.milestone(urls, details["milestone"]) or {}
    if "type" in details:
        written["type"] = accounts.issue_type(urls, details["type"]) or {}
    if isinstance(reviewer := details.get("reviewer"), Team):
        written["requested_team"] = accounts.team(urls, reviewer)
    elif reviewer is not None:
        written["requested_reviewer"] = accounts.user(urls, reviewer) or {}
    if told.action == "synchronize":
        written |= {name: details[name].oid for name in ("before", "after")}
    if "assignee" in details:
        written["assignee"] = accounts.user(urls, details["assignee"]) or {}
    if told.action == "edited":
        changed = (name for name in ("title", "body") if name in details)
        written["changes"] = {name: {"from": details[name]} for name in changed}
    return written


_WRITERS: Final[dict[str, Callable[[Urls, Happening], Payload]]] = {
    "discussion": _discussion,
    "discussion_comment": _discussion_comment,
    "github_app_authorization": _authorization,
    "installation": account_payloads.installation,
    "installation_repositories": account_payloads.installation_repositories,
    "installation_target": account_payloads.installation_target,
    "issue_comment": _issue_comment,
    "issues": _issues,
    "label": _label,
    "milestone": _milestone,
    "ping": account_payloads.ping,
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "pull_request_review_comment": _review_comment,
    "pull_request_review_thread": _review_thread,
    "fork": _fork,
    "release": _release,
    "repository": account_payloads.repository,
    "star": _star,
    "sub_issues": _sub_issues,
}
