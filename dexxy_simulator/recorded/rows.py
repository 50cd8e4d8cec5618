"""Turns rows of GitHub's REST API into objects of the world, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias, cast

from dexxy_simulator.model import (
    REACTIONS,
    Actor,
    ActorKind,
    Branch,
    Label,
    Milestone,
    Repository,
)
from dexxy_simulator.state import WorldState

Row: TypeAlias = Mapping[str, Any]
# What of a repository's row is modelled; the rest is kept as it is, except the URLs.
MODELLED = {"id", "node_id", "name", "full_name", "private", "owner", "description", "fork"}
MODELLED |= {"archived", "has_issues", "has_discussions", "visibility", "open_issues"}
MODELLED |= {"open_issues_count", "created_at", "updated_at", "pushed_at"}


def moment(text: str | None) -> datetime | None:
    """Read one of GitHub's times."""
    return datetime.fromisoformat(text) if text else None


def sure_moment(text: str) -> datetime:
    """Read a time that is never missing."""
    return datetime.fromisoformat(text)


def last_number(url: str) -> int:
    """Read the number that ends a URL: rows of comments name their thread only so."""
    return int(url.rpartition("/")[2])


def actor_from(world: WorldState, row: Row | None, known_since: datetime) -> Actor | None:
    """Find or add the account of a row; a profile says more than an embedded user.

    An embedded user has no `created_at`: such an account gets `known_since`.
    """
    if row is None:
        return None
    if row["id"] in world.actors:
        return world.actors[row["id"]]
    names = ("name", "company", "location", "bio", "twitter_username", "hireable")
    counts = ("public_repos", "public_gists", "followers", "following")
    return world.add_actor(
        row["login"].removesuffix("[bot]"),
        cast(ActorKind, row["type"]),
        database_id=row["id"],
        node_id=row["node_id"],
        avatar_url=row["avatar_url"],
        site_admin=row["site_admin"],
        public_email=row.get("email"),
        blog=row.get("blog") or "",
        created_at=moment(row.get("created_at")) or known_since,
        updated_at=moment(row.get("updated_at")) or known_since,
        **{name: row.get(name) for name in names},
        **{name: row.get(name, 0) for name in counts},
    )


def repository_from(world: WorldState, row: Row) -> Repository:
    """Add the repository of a row. Discussions are on: the completion adds some."""
    created_at = sure_moment(row["created_at"])
    owner = actor_from(world, row["owner"], created_at)
    assert owner is not None
    return world.add_repository(
        owner,
        row["name"],
        database_id=row["id"],
        node_id=row["node_id"],
        description=row["description"],
        is_private=row["private"],
        is_archived=row["archived"],
        is_fork=row["fork"],
        has_issues_enabled=row["has_issues"],
        created_at=created_at,
        updated_at=sure_moment(row["updated_at"]),
        pushed_at=moment(row["pushed_at"]),
        facts={
            name: value
            for name, value in row.items()
            if name not in MODELLED and name != "url" and not name.endswith("_url")
        },
    )


def labels_from(world: WorldState, repository: Repository, row: Row) -> list[Label]:
    """Find or add the labels of a thread's row."""
    for label in row["labels"]:
        if label["name"] not in repository.labels:
            repository.labels[label["name"]] = world.register(
                Label(
                    repository=repository,
                    database_id=label["id"],
                    node_id=label["node_id"],
                    name=label["name"],
                    color=label["color"],
                    description=label["description"],
                    is_default=label["default"],
                )
            )
    return [repository.labels[label["name"]] for label in row["labels"]]


def milestone_from(world: WorldState, repository: Repository, row: Row) -> Milestone | None:
    """Find or add the milestone of a thread's row."""
    milestone = row["milestone"]
    if milestone is None:
        return None
    known = world.nodes.get(milestone["node_id"])
    if isinstance(known, Milestone):
        return known
    created_at = sure_moment(milestone["created_at"])
    made = world.register(
        Milestone(
            repository=repository,
            database_id=milestone["id"],
            node_id=milestone["node_id"],
            number=milestone["number"],
            title=milestone["title"],
            home="/".join(milestone["html_url"].split("/")[3:5]),
            description=milestone["description"],
            creator=actor_from(world, milestone["creator"], created_at),
            open_issues=milestone["open_issues"],
            closed_issues=milestone["closed_issues"],
            created_at=created_at,
            updated_at=sure_moment(milestone["updated_at"]),
            due_on=moment(milestone["due_on"]),
            closed_at=moment(milestone["closed_at"]),
        )
    )
    repository.milestones.append(made)
    return made


def branch_from(world: WorldState, row: Row, known_since: datetime) -> Branch:
    """Read one end of a pull request."""
    return Branch(
        label=row["label"],
        ref=row["ref"],
        sha=row["sha"],
        user=actor_from(world, row["user"], known_since),
    )


def post_fields(world: WorldState, row: Row, repository: Repository) -> dict[str, Any]:
    """Read what every post has: author, body, times, association, reactions."""
    return {
        "author": actor_from(world, row["user"], repository.created_at),
        "author_association": row["author_association"],
        "body": row["body"] or "",
        "created_at": sure_moment(row["created_at"]),
        "updated_at": sure_moment(row["updated_at"]),
        "reactions": {name: row.get("reactions", {}).get(name, 0) for name in REACTIONS},
    }


def thread_fields(world: WorldState, row: Row, repository: Repository) -> dict[str, Any]:
    """Read what issues and pull requests share."""
    assignees = (actor_from(world, user, repository.created_at) for user in row["assignees"])
    return {
        **post_fields(world, row, repository),
        "home": repository,
        "node_id": row["node_id"],
        "database_id": row["id"],
        "number": row["number"],
        "title": row["title"],
        "state": row["state"].upper(),
        "closed_at": moment(row["closed_at"]),
        "locked": row["locked"],
        "active_lock_reason": row["active_lock_reason"],
        "labels": labels_from(world, repository, row),
        "milestone": milestone_from(world, repository, row),
        "assignees": [actor for actor in assignees if actor is not None],
    }
