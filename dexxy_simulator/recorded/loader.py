"""Loads the recording: what is recorded stays as it is, what it lacks is completed after."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from dexxy_simulator.model import (
    Issue,
    IssueComment,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
)
from dexxy_simulator.recorded.completion import complete_reviews, complete_timelines
from dexxy_simulator.recorded.conversations import add_discussions
from dexxy_simulator.recorded.rows import (
    Row,
    actor_from,
    branch_from,
    last_number,
    moment,
    post_fields,
    repository_from,
    sure_moment,
    thread_fields,
)
from dexxy_simulator.state import system_clock
from dexxy_simulator.visitor import add_visitor
from dexxy_simulator.world import World

RECORDING: Final = Path(__file__).parent.parent / "data" / "ants"
NOT_LATER: Final = timedelta(0)


def recorded_world(clock: Callable[[], datetime] = system_clock) -> World:
    """Make a world that holds the recorded repository and the demo's token."""
    world = World(clock)
    add_visitor(world, load_recorded(world))
    return world


def load_recorded(
    world: World, folder: Path = RECORDING, *, later: timedelta = NOT_LATER
) -> Repository:
    """Add the recorded repository to a world, completed; all its times are LATER than recorded."""
    row = _later(json.loads((folder / "repository.json").read_text(encoding="utf-8")), later)
    created_at = sure_moment(row["created_at"])
    for user in read_rows(folder, "users", later):
        actor_from(world, user, created_at)
    repository = repository_from(world, row)
    issue_rows = {row["number"]: row for row in read_rows(folder, "issues", later)}
    for number, issue_row in issue_rows.items():
        if "pull_request" not in issue_row:
            repository.issues[number] = _issue(world, repository, issue_row)
    for pull_row in read_rows(folder, "pulls", later):
        issue_row = issue_rows.get(pull_row["number"], {})
        pull = _pull_request(world, repository, pull_row, issue_row)
        repository.pull_requests[pull.number] = pull
        if pull.merged and pull.author is not None:
            repository.contributors.add(pull.author)
    _add_posts(world, repository, folder, later)
    repository.last_number = max(*repository.issues, *repository.pull_requests)
    complete_timelines(world, repository)
    add_discussions(world, repository, later)
    return repository


def read_rows(folder: Path, name: str, later: timedelta = NOT_LATER) -> list[dict[str, Any]]:
    """Read one file of the recording; all times in it are LATER than recorded."""
    text = (folder / f"{name}.jsonl").read_text(encoding="utf-8")
    return [_later(json.loads(line), later) for line in text.split("\n") if line]


def _later(value: Any, by: timedelta) -> Any:
    """Return what is recorded with all its times moved: GitHub ends their names with `_at`."""
    if not by:
        return value
    if isinstance(value, list):
        return [_later(one, by) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: (sure_moment(one) + by).isoformat()
        if name.endswith("_at") and isinstance(one, str)
        else _later(one, by)
        for name, one in value.items()
    }


def _issue(world: World, repository: Repository, row: Row) -> Issue:
    reason = row["state_reason"]
    fields = thread_fields(world, row, repository)
    return world.register(Issue(state_reason=reason.upper() if reason else None, **fields))


def _pull_request(world: World, repository: Repository, row: Row, issue_row: Row) -> PullRequest:
    """Join the two sides of a pull request; where both say something, its own row is right."""
    fields = thread_fields(world, row, repository)
    if row["merged_at"]:
        fields["state"] = "MERGED"
    if issue_row:
        fields["reactions"] = post_fields(world, issue_row, repository)["reactions"]
    return world.register(
        PullRequest(
            issue_side_id=issue_row.get("id") or world.ids.next("Issue"),
            head=branch_from(world, row["head"], repository.created_at),
            base=branch_from(world, row["base"], repository.created_at),
            is_draft=row["draft"],
            merged_at=moment(row["merged_at"]),
            merged_by=repository.owner if row["merged_at"] else None,
            merge_commit_sha=row["merge_commit_sha"],
            **fields,
        )
    )


def _add_posts(world: World, repository: Repository, folder: Path, later: timedelta) -> None:
    for row in read_rows(folder, "issue_comments", later):
        number = last_number(row["issue_url"])
        thread = repository.issues.get(number) or repository.pull_requests[number]
        thread.comments.append(
            world.register(
                IssueComment(
                    thread=thread,
                    node_id=row["node_id"],
                    database_id=row["id"],
                    **post_fields(world, row, repository),
                )
            )
        )
    comment_rows = read_rows(folder, "review_comments", later)
    reviews = {}
    for row in read_rows(folder, "reviews", later):
        pull = repository.pull_requests[last_number(row["pull_request_url"])]
        reviews[row["id"]] = _review(world, pull, row)
    complete_reviews(world, repository, reviews, comment_rows)
    for row in comment_rows:
        _review_comment(world, reviews[row["pull_request_review_id"]], row)


def _review(world: World, pull: PullRequest, row: Row) -> Review:
    times = {"created_at": row["submitted_at"], "updated_at": row["submitted_at"]}
    review = world.register(
        Review(
            pull_request=pull,
            node_id=row["node_id"],
            database_id=row["id"],
            state=row["state"],
            submitted_at=moment(row["submitted_at"]),
            commit_id=row["commit_id"],
            **post_fields(world, {**row, **times}, pull.home),
        )
    )
    pull.reviews.append(review)
    return review


def _review_comment(world: World, review: Review, row: Row) -> ReviewComment:
    reply_to = row.get("in_reply_to_id")
    places = ("position", "line", "start_line")
    comment = ReviewComment(
        pull_request_review=review,
        node_id=row["node_id"],
        database_id=row["id"],
        path_in_diff=row["path"],
        diff_hunk=row["diff_hunk"],
        commit_id=row["commit_id"],
        original_commit_id=row["original_commit_id"],
        side=row["side"],
        start_side=row["start_side"],
        **{name: row[name] for name in places},
        **{f"original_{name}": row[f"original_{name}"] for name in places},
        **post_fields(world, row, review.repository),
    )
    return world.add_review_comment(comment, reply_to_id=reply_to)
