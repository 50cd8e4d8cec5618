"""Discussions as webhooks write them: GitHub's REST API has none of repositories."""

from __future__ import annotations

from typing import Any

from dexxy_simulator.model import Discussion, DiscussionCategory, DiscussionComment
from dexxy_simulator.rest_json.accounts import author, label, user, when
from dexxy_simulator.rest_json.threads import home, post, reactions
from dexxy_simulator.rest_json.urls import Urls


def category(urls: Urls, found: DiscussionCategory) -> dict[str, Any]:
    """Write a category of discussions."""
    return {
        "id": found.database_id,
        "node_id": urls.node_id(found),
        "repository_id": found.repository.database_id,
        "emoji": found.emoji,
        "name": found.name,
        "description": found.description or "",
        "created_at": when(found.created_at),
        "updated_at": when(found.updated_at),
        "slug": found.slug,
        "is_answerable": found.is_answerable,
    }


def discussion(urls: Urls, found: Discussion) -> dict[str, Any]:
    """Write a discussion; `comments` counts the replies too."""
    api = f"{home(urls, found.home)}/discussions/{found.number}"
    answer = f"{urls.html}{found.answer.path}" if found.answer else None
    reason = found.active_lock_reason
    return {
        **post(urls, found),
        "repository_url": home(urls, found.home),
        "category": category(urls, found.category),
        "answer_html_url": answer,
        "answer_chosen_at": when(found.answer_chosen_at),
        "answer_chosen_by": user(urls, found.answer_chosen_by),
        "number": found.number,
        "title": found.title,
        "state": "closed" if found.closed else "locked" if found.locked else "open",
        "state_reason": found.state_reason.lower() if found.state_reason else None,
        "locked": found.locked,
        "comments": sum(1 + len(comment.replies) for comment in found.comments),
        "active_lock_reason": reason.lower().replace("_", " ") if reason else None,
        "labels": [label(urls, one) for one in found.labels],
        "timeline_url": f"{api}/timeline",
        "reactions": reactions(found, api),
    }


def comment(urls: Urls, found: DiscussionComment) -> dict[str, Any]:
    """Write a comment of a discussion, or a reply to one."""
    repository = home(urls, found.repository)
    api = f"{repository}/discussions/comments/{found.database_id}"
    return {
        **post(urls, found),
        "user": author(urls, found.author),
        "parent_id": found.reply_to.database_id if found.reply_to else None,
        "child_comment_count": len(found.replies),
        "repository_url": repository,
        "discussion_id": found.discussion.database_id,
        "reactions": reactions(found, api),
    }
