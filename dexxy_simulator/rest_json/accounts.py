"""Accounts and repositories as the REST API writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from dexxy_simulator.model import Actor, IssueType, Label, Milestone, Repository, Team
from dexxy_simulator.rest_json.urls import Urls

USER_TEMPLATES: Final = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
REPOSITORY_TEMPLATES: Final = {
    "forks_url": "/forks",
    "keys_url": "/keys{/key_id}",
    "collaborators_url": "/collaborators{/collaborator}",
    "teams_url": "/teams",
    "hooks_url": "/hooks",
    "issue_events_url": "/issues/events{/number}",
    "events_url": "/events",
    "assignees_url": "/assignees{/user}",
    "branches_url": "/branches{/branch}",
    "tags_url": "/tags",
    "blobs_url": "/git/blobs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "trees_url": "/git/trees{/sha}",
    "statuses_url": "/statuses/{sha}",
    "languages_url": "/languages",
    "stargazers_url": "/stargazers",
    "contributors_url": "/contributors",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "commits_url": "/commits{/sha}",
    "git_commits_url": "/git/commits{/sha}",
    "comments_url": "/comments{/number}",
    "issue_comment_url": "/issues/comments{/number}",
    "contents_url": "/contents/{+path}",
    "compare_url": "/compare/{base}...{head}",
    "merges_url": "/merges",
    "archive_url": "/{archive_format}{/ref}",
    "downloads_url": "/downloads",
    "issues_url": "/issues{/number}",
    "pulls_url": "/pulls{/number}",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "labels_url": "/labels{/name}",
    "releases_url": "/releases{/id}",
    "deployments_url": "/deployments",
}
REPOSITORY_DEFAULTS: Final[dict[str, Any]] = {
    **dict.fromkeys(("homepage", "language", "license", "mirror_url"), None),
    **dict.fromkeys(("forks", "forks_count", "watchers", "watchers_count", "size"), 0),
    **dict.fromkeys(("stargazers_count", "subscribers_count", "network_count"), 0),
    **dict.fromkeys(("disabled", "has_pages", "is_template"), False),
    "web_commit_signoff_required": False,
    "custom_properties": {},
    **dict.fromkeys(("has_projects", "has_wiki", "has_downloads", "allow_forking"), True),
    "default_branch": "main",
    "topics": [],
}
# The account that GitHub shows instead of one that was deleted: https://github.com/ghost
GHOST: Final = Actor(
    login="ghost",
    node_id="MDQ6VXNlcjEwMTM3",
    database_id=10137,
    avatar_url="https://avatars.githubusercontent.com/u/10137?v=4",
    created_at=datetime(2008, 5, 13, tzinfo=UTC),
    updated_at=datetime(2018, 4, 10, tzinfo=UTC),
)


def when(moment: datetime | None) -> str | None:
    """Write a time."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def user(urls: Urls, actor: Actor | None) -> dict[str, Any] | None:
    """Write an account as it is embedded everywhere."""
    if actor is None:
        return None
    login = (urls.shows_aliases and actor.alias) or actor.rest_login
    api = f"{urls.api}/users/{quote(login)}"
    return {
        "login": login,
        "id": actor.database_id,
        "node_id": urls.node_id(actor),
        "avatar_url": actor.avatar_url,
        "gravatar_id": "",
        "url": api,
        "html_url": f"{urls.html}{actor.path}",
        **{name: f"{api}{template}" for name, template in USER_TEMPLATES.items()},
        "type": actor.kind,
        "site_admin": actor.site_admin,
    }


def team(urls: Urls, found: Team) -> dict[str, Any]:
    """Write a team as pull requests show it."""
    api = f"{urls.api}/organizations/{found.organization.database_id}/team/{found.database_id}"
    return {
        "name": found.name,
        "id": found.database_id,
        "node_id": urls.node_id(found),
        "slug": found.slug,
        "description": "",
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "pull",
        "url": api,
        "html_url": f"{urls.html}{found.path}",
        "members_url": f"{api}/members{{/member}}",
        "repositories_url": f"{api}/repos",
        "type": "organization",
        "organization_id": found.organization.database_id,
        "parent": None,
    }


def author(urls: Urls, actor: Actor | None) -> dict[str, Any] | None:
    """Write who wrote something; if the account is gone, that is nobody or @ghost."""
    gone = actor is None and urls.dialect.deleted_accounts == "ghost"
    return user(urls, GHOST if gone else actor)


def profile(urls: Urls, actor: Actor) -> dict[str, Any]:
    """Write an account with its public profile."""
    names = ("name", "company", "blog", "location", "hireable", "bio", "twitter_username")
    counts = ("public_repos", "public_gists", "followers", "following")
    return {
        **(user(urls, actor) or {}),
        **{name: getattr(actor, name) for name in names},
        "email": actor.public_email,
        **{name: getattr(actor, name) for name in counts},
        "created_at": when(actor.created_at),
        "updated_at": when(actor.updated_at),
    }


def repository(urls: Urls, found: Repository) -> dict[str, Any]:
    """Write a repository with everything the lists and the single answer share."""
    api, html = f"{urls.api}/repos/{found.name_with_owner}", f"{urls.html}{found.path}"
    host = urls.html.partition("://")[2]
    threads = [*found.issues.values(), *found.pull_requests.values()]
    open_issues = sum(not thread.closed for thread in threads)
    switches = {"has_pull_requests": found.has_pull_requests_enabled}
    return {
        **REPOSITORY_DEFAULTS,
        **found.facts,
        "id": found.database_id,
        "node_id": urls.node_id(found),
        "name": found.name,
        "full_name": found.name_with_owner,
        "private": found.is_private,
        "owner": user(urls, found.owner),
        "html_url": html,
        "description": found.description,
        "fork": found.is_fork,
        "url": api,
        **{name: f"{api}{template}" for name, template in REPOSITORY_TEMPLATES.items()},
        "git_url": f"git://{host}{found.path}.git",
        "ssh_url": f"git@{host}:{found.name_with_owner}.git",
        "clone_url": f"{html}.git",
        "svn_url": html,
        "created_at": when(found.created_at),
        "updated_at": when(found.updated_at),
        "pushed_at": when(found.pushed_at),
        "has_issues": found.has_issues_enabled,
        "has_discussions": found.has_discussions_enabled,
        **(switches if urls.dialect.newer_fields else {}),
        "archived": found.is_archived,
        "open_issues_count": open_issues,
        "open_issues": open_issues,
        **dict.fromkeys(("stargazers_count", "watchers_count", "watchers"), found.stargazer_count),
        **dict.fromkeys(("forks_count", "forks"), found.fork_count),
        "visibility": found.visibility.lower(),
    }


def label(urls: Urls, found: Label) -> dict[str, Any]:
    """Write a label."""
    return {
        "id": found.database_id,
        "node_id": urls.node_id(found),
        "url": f"{urls.api}/repos/{found.repository.name_with_owner}/labels/{quote(found.name)}",
        "name": found.name,
        "color": found.color,
        "default": found.is_default,
        "description": found.description,
        "archived_at": None,
        "archived_by": None,
    }


def issue_type(urls: Urls, found: IssueType | None) -> dict[str, Any] | None:
    """Write an organization's type of issues."""
    if found is None:
        return None
    return {
        "id": found.database_id,
        "node_id": urls.node_id(found),
        "name": found.name,
        "description": found.description,
        "color": None,
        "created_at": when(found.created_at),
        "updated_at": when(found.created_at),
        "is_enabled": found.is_enabled,
    }


def milestone(urls: Urls, found: Milestone | None) -> dict[str, Any] | None:
    """Write a milestone."""
    if found is None:
        return None
    api = f"{urls.api}/repos/{found.home}/milestones/{found.number}"
    return {
        "url": api,
        "html_url": f"{urls.html}{found.path}",
        "labels_url": f"{api}/labels",
        "id": found.database_id,
        "node_id": urls.node_id(found),
        "number": found.number,
        "title": found.title,
        "description": found.description,
        "creator": user(urls, found.creator),
        "open_issues": found.open_issues,
        "closed_issues": found.closed_issues,
        "state": found.state.lower(),
        "created_at": when(found.created_at),
        "updated_at": when(found.updated_at),
        "due_on": when(found.due_on),
        "closed_at": when(found.closed_at),
    }
