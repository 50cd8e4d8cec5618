"""The world says what the recording says, field by field, and completes what it lacks."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dexxy_simulator.model import Issue, PullRequest, Repository
from dexxy_simulator.recorded import RECORDING, recorded_world
from dexxy_simulator.recorded.loader import read_rows
from dexxy_simulator.rest_json import accounts, threads
from dexxy_simulator.rest_json.urls import GITHUB
from dexxy_simulator.tests.conftest import Clock, GitHub
from dexxy_simulator.world import World

# The recording is partial, so a count that it carries is not the count of what it holds.
COUNTS = {"comments", "open_issues", "open_issues_count"}


def differences(recorded: Any, shown: Any, path: str = "") -> Iterator[str]:
    """Name every recorded field that is shown otherwise; what is not recorded may be more."""
    if isinstance(recorded, dict) and isinstance(shown, dict):
        for name in recorded.keys() - COUNTS:
            yield from differences(recorded[name], shown.get(name, "missing"), f"{path}.{name}")
    elif isinstance(recorded, list) and isinstance(shown, list) and len(recorded) == len(shown):
        for index, (left, right) in enumerate(zip(recorded, shown, strict=True)):
            yield from differences(left, right, f"{path}.{index}")
    elif recorded != shown:
        yield f"{path}: {recorded!r} is shown as {shown!r}"


def both(ants: Repository) -> dict[int, Issue | PullRequest]:
    return {**ants.issues, **ants.pull_requests}


def test_the_repository_is_the_recorded_one(ants: Repository) -> None:
    text = (RECORDING / "repository.json").read_text(encoding="utf-8")

    shown = accounts.repository(GITHUB, ants)

    assert list(differences(json.loads(text), shown)) == []


def test_every_issue_is_the_recorded_one(ants: Repository) -> None:
    rows = [row for row in read_rows(RECORDING, "issues") if "pull_request" not in row]

    shown = [threads.issue(GITHUB, ants.issues[row["number"]]) for row in rows]

    assert len(rows) == len(ants.issues) == 26
    assert list(differences(rows, shown)) == []


def test_every_pull_request_is_the_recorded_one(ants: Repository) -> None:
    rows = read_rows(RECORDING, "pulls")

    shown = [threads.pull_request(GITHUB, ants.pull_requests[row["number"]]) for row in rows]

    assert len(rows) == len(ants.pull_requests) == 49
    assert list(differences(rows, shown)) == []


def test_the_issue_side_of_a_pull_request_differs_only_where_its_own_row_is_right(
    ants: Repository,
) -> None:
    rows = [row for row in read_rows(RECORDING, "issues") if "pull_request" in row]

    shown = [threads.issue(GITHUB, ants.pull_requests[row["number"]]) for row in rows]

    fields = {line.split(":")[0].split(".", 2)[2] for line in differences(rows, shown)}
    assert len(rows) == 15
    assert fields == {"title", "milestone"}


def test_every_comment_is_the_recorded_one(ants: Repository) -> None:
    rows = read_rows(RECORDING, "issue_comments")
    known = {one.database_id: one for thread in both(ants).values() for one in thread.comments}

    shown = [threads.comment(GITHUB, known[row["id"]]) for row in rows]

    assert len(rows) == len(known) == 94
    assert list(differences(rows, shown)) == []


def test_every_review_comment_is_the_recorded_one(ants: Repository) -> None:
    rows = read_rows(RECORDING, "review_comments")
    pulls = ants.pull_requests.values()
    known = {one.database_id: one for p in pulls for review in p.reviews for one in review.comments}

    shown = [threads.review_comment(GITHUB, known[row["id"]]) for row in rows]

    assert len(rows) == len(known) == 16
    assert list(differences(rows, shown)) == []


def test_every_review_is_the_recorded_one_but_for_the_address_of_the_avatar(
    ants: Repository,
) -> None:
    rows = read_rows(RECORDING, "reviews")
    known = {one.database_id: one for p in ants.pull_requests.values() for one in p.reviews}

    shown = [threads.review(GITHUB, known[row["id"]]) for row in rows]

    fields = {line.split(":")[0].split(".", 2)[2] for line in differences(rows, shown)}
    assert len(rows) == 30
    assert fields == {"user.avatar_url"}


def test_every_account_is_the_recorded_one(world: World) -> None:
    rows = read_rows(RECORDING, "users")

    shown = [accounts.profile(GITHUB, world.actors[row["id"]]) for row in rows]

    assert len(rows) == 15
    assert list(differences(rows, shown)) == []


def test_graphql_shows_the_recorded_comments(github: GitHub) -> None:
    rows = {row["node_id"]: row for row in read_rows(RECORDING, "issue_comments")}
    document = """query($ids: [ID!]!) { nodes(ids: $ids) { ... on IssueComment {
      id fullDatabaseId body createdAt updatedAt authorAssociation author { url } } } }"""

    shown = github.data(document, ids=list(rows))["nodes"]

    here = github.server.url
    assert shown == [
        {
            "id": node_id,
            "fullDatabaseId": str(row["id"]),
            "body": row["body"],
            "createdAt": row["created_at"],
            "updatedAt": row["updated_at"],
            "authorAssociation": row["author_association"],
            "author": {"url": row["user"]["html_url"].replace("https://github.com", here)},
        }
        for node_id, row in rows.items()
    ]


def test_a_pull_request_without_an_issue_row_gets_an_issue_id_of_its_own(
    ants: Repository,
) -> None:
    recorded = {row["number"]: row["id"] for row in read_rows(RECORDING, "issues")}

    completed = [pull for pull in ants.pull_requests.values() if pull.number not in recorded]

    assert len(completed) == 34
    ids = {thread.issue_id for thread in both(ants).values()}
    assert len(ids) == 26 + 49
    assert ids.isdisjoint(pull.database_id for pull in ants.pull_requests.values())


def test_a_review_that_only_its_comments_name_is_an_empty_one(ants: Repository) -> None:
    recorded = {row["id"] for row in read_rows(RECORDING, "reviews")}
    reviews = [one for pull in ants.pull_requests.values() for one in pull.reviews]

    completed = [review for review in reviews if review.database_id not in recorded]

    assert sum(len(review.comments) for review in completed) == 16
    assert {(review.state, review.body) for review in completed} == {("COMMENTED", "")}
    for review in completed:
        assert review.author is review.comments[0].author
        assert review.submitted_at == review.comments[0].created_at


def test_replies_on_the_diff_stand_in_the_thread_that_they_reply_to(ants: Repository) -> None:
    groups = ants.pull_requests[40].review_threads

    assert [[one.database_id for one in group.comments] for group in groups] == [
        [307667007, 307672417, 307675200, 307686223],
        [307667451, 307672146],
        [307669178, 307671676],
    ]


def test_a_merged_pull_request_was_merged_and_closed_by_the_owner(ants: Repository) -> None:
    pull = ants.pull_requests[4]

    assert [(event.kind, event.actor, event.created_at) for event in pull.timeline] == [
        ("MergedEvent", ants.owner, pull.merged_at),
        ("ClosedEvent", ants.owner, pull.merged_at),
    ]


@pytest.mark.parametrize(("number", "closer"), [(5, "panjf2000"), (18, None)])
def test_who_closed_is_known_only_from_a_comment_of_that_moment(
    ants: Repository, number: int, closer: str | None
) -> None:
    issue = ants.issues[number]

    (event,) = issue.timeline

    assert (event.kind, event.created_at) == ("ClosedEvent", issue.closed_at)
    assert (event.actor and event.actor.login) == closer


def test_the_discussions_are_made_up_and_say_so(ants: Repository) -> None:
    assert [one.number for one in ants.discussions.values()] == [212, 213, 214, 215]
    assert all("Not recorded" in one.body for one in ants.discussions.values())
    first = ants.discussions[212]
    assert first.answer is first.comments[0]
    assert first.answer_chosen_by is first.author


def test_two_loads_make_the_same_ids(world: World, clock: Clock) -> None:
    assert list(recorded_world(clock).nodes) == list(world.nodes)
