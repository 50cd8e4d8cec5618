"""The REST API: shapes, lists, sorting, pages, redirections and refusals."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from githubkit_schemas.v2026_03_10 import models
from pydantic import TypeAdapter

from dexxy_simulator.model import Actor, Repository
from dexxy_simulator.tests.conftest import Clock, GitHub
from dexxy_simulator.tests.history import make_history
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World

ANTS = "/repos/panjf2000/ants"
SHAPES: dict[str, Any] = {
    ANTS: models.FullRepository,
    f"{ANTS}/issues?state=all&per_page=100": list[models.Issue],
    f"{ANTS}/issues/5": models.Issue,
    f"{ANTS}/issues/41": models.Issue,
    f"{ANTS}/issues/comments?per_page=100": list[models.IssueComment],
    f"{ANTS}/issues/41/comments": list[models.IssueComment],
    f"{ANTS}/pulls?state=all&per_page=100": list[models.PullRequestSimple],
    f"{ANTS}/pulls/41": models.PullRequest,
    f"{ANTS}/pulls/comments?per_page=100": list[models.PullRequestReviewComment],
    f"{ANTS}/pulls/41/comments": list[models.PullRequestReviewComment],
    f"{ANTS}/pulls/41/reviews": list[models.PullRequestReview],
    "/users/panjf2000": models.PublicUser,
    "/users/codecov[bot]": models.PublicUser,
    "/user/7496278": models.PublicUser,
    "/user": models.PublicUser,
    "/user/repos": list[models.Repository],
    "/rate_limit": models.RateLimitOverview,
    "/meta": models.ApiOverview,
}


@pytest.mark.parametrize("path", SHAPES)
@pytest.mark.parametrize("root", ["", "/api/v3"])
def test_an_answer_about_the_recording_has_githubs_shape(
    github: GitHub, path: str, root: str
) -> None:
    response = github.get(root + path)

    assert response.status_code == 200
    TypeAdapter(SHAPES[path]).validate_python(response.json())


@pytest.mark.parametrize("path", SHAPES)
def test_an_answer_about_an_eventful_history_has_githubs_shape(
    github: GitHub, world: World, clock: Clock, ants: Repository, path: str
) -> None:
    make_history(world, clock, ants)

    response = github.get(path)

    TypeAdapter(SHAPES[path]).validate_python(response.json())


def numbers(response: httpx.Response) -> list[int]:
    return [row["number"] for row in response.json()]


def test_the_list_of_issues_shows_the_open_ones_newest_first(github: GitHub) -> None:
    assert numbers(github.get(f"{ANTS}/issues")) == [211, 176, 167, 158]


@pytest.mark.parametrize(
    ("sort", "direction", "order"),
    [
        ("created", "asc", lambda thread: (thread.created_at, thread.issue_id)),
        ("updated", "asc", lambda thread: (thread.updated_at, thread.issue_id)),
    ],
)
def test_issues_and_pull_requests_are_sorted_as_asked(
    github: GitHub, ants: Repository, sort: str, direction: str, order: Callable[[Any], Any]
) -> None:
    both = [*ants.issues.values(), *ants.pull_requests.values()]

    response = github.get(
        f"{ANTS}/issues", state="all", sort=sort, direction=direction, per_page=100
    )

    assert numbers(response) == [thread.number for thread in sorted(both, key=order)]


def test_links_lead_through_all_pages(github: GitHub, ants: Repository) -> None:
    url: str | None = f"{github.server.url}{ANTS}/pulls?state=all&per_page=20&direction=asc"
    seen: list[int] = []
    while url is not None:
        response = github.http.get(url)
        seen += numbers(response)
        url = response.links.get("next", {}).get("url")

    assert seen == sorted(ants.pull_requests)
    assert response.links.keys() == {"prev", "first"}


def test_the_first_page_links_the_last_with_all_its_parameters(github: GitHub) -> None:
    response = github.get(f"/api/v3{ANTS}/issues", state="all", per_page=50)

    root = f"{github.server.url}/api/v3{ANTS}/issues?state=all&per_page=50"
    assert response.headers["link"] == (f'<{root}&page=2>; rel="next", <{root}&page=2>; rel="last"')


def test_a_single_page_has_no_links_and_a_page_has_at_most_100_rows(github: GitHub) -> None:
    assert "link" not in github.get(f"{ANTS}/issues/5/comments").headers
    assert len(github.get(f"{ANTS}/issues/comments", per_page=500).json()) == 94


@pytest.mark.parametrize("path", ["issues/comments", "pulls/comments", "issues"])
def test_since_leaves_out_what_is_older(
    github: GitHub, world: World, clock: Clock, ants: Repository, path: str
) -> None:
    now = clock.pass_by(minutes=1).isoformat()
    world.comment(ants.issues[5], ants.owner, "New")
    world.review(ants.pull_requests[4], ants.owner, comments=[("a.go", 1, "New")])

    rows = github.get(f"{ANTS}/{path}", since=now, state="all").json()

    assert {row["updated_at"] for row in rows} == {"2026-11-23T12:01:00Z"}
    assert len(rows) == (2 if path == "issues" else 1)


def test_a_direction_without_a_sort_is_ignored_for_comments(github: GitHub) -> None:
    plain = github.get(f"{ANTS}/issues/comments").json()

    assert github.get(f"{ANTS}/issues/comments", direction="desc").json() == plain
    assert plain[0]["id"] == 407675431


def test_addresses_lead_back_to_where_the_client_came_from(github: GitHub) -> None:
    row = github.get(f"/api/v3{ANTS}/issues/5").json()

    assert row["url"] == f"{github.server.url}/api/v3{ANTS}/issues/5"
    assert row["html_url"] == f"{github.server.url}/panjf2000/ants/issues/5"
    assert github.http.get(row["url"]).json() == row
    assert "<h1> chinese  &lt;-p.freeSignal" in github.http.get(row["html_url"]).text


def test_a_renamed_repository_redirects_to_its_id(
    github: GitHub, world: World, ants: Repository
) -> None:
    world.rename_repository(ants, "bees")

    response = github.get(f"{ANTS}/issues", state="all", per_page=1)

    address = f"{github.server.url}/repositories/134018330/issues?state=all&per_page=1"
    assert (response.status_code, response.headers["location"]) == (301, address)
    assert github.http.get(address).json()[0]["number"] == 211
    assert github.get("/repos/panjf2000/bees").json()["full_name"] == "panjf2000/bees"


def test_a_transferred_issue_redirects_and_a_deleted_one_is_gone(
    github: GitHub, world: World, ants: Repository
) -> None:
    other = world.add_repository(ants.owner, "other")
    world.transfer(ants.issues[5], other, ants.owner)
    world.delete(ants.issues[6])

    moved = github.get(f"{ANTS}/issues/5")

    assert moved.status_code == 301
    assert moved.headers["location"] == f"{github.server.url}/repos/panjf2000/other/issues/1"
    assert github.get(f"{ANTS}/issues/6").status_code == 410
    assert github.get(f"{ANTS}/issues/999").status_code == 404
    other.is_private = True
    assert github.get(f"{ANTS}/issues/5").status_code == 404


def test_issues_that_are_switched_off_are_gone(github: GitHub, ants: Repository) -> None:
    ants.has_issues_enabled = False

    response = github.get(f"{ANTS}/issues")

    assert response.status_code == 410
    assert response.json()["message"] == "Issues are disabled for this repo"


@pytest.mark.parametrize(
    "query", [{"sort": "color"}, {"direction": "up"}, {"since": "yesterday"}, {"state": "ajar"}]
)
def test_a_parameter_that_means_nothing_is_refused(github: GitHub, query: dict[str, str]) -> None:
    assert github.get(f"{ANTS}/issues", **query).status_code == 422


def test_own_repositories_are_sorted_by_name_or_by_the_last_push(
    github: GitHub, world: World, clock: Clock
) -> None:
    world.add_repository(world.tokens[DEMO_TOKEN].owner, "a", pushed_at=clock())

    by_name = github.get("/user/repos").json()
    by_push = github.get("/user/repos", sort="pushed", direction="asc").json()

    assert [row["full_name"] for row in by_name] == ["dexxy-demo/a", "panjf2000/ants"]
    assert [row["full_name"] for row in by_push] == ["panjf2000/ants", "dexxy-demo/a"]


def test_a_pending_review_is_shown_to_its_author_only(
    github: GitHub, world: World, ants: Repository, barry: Actor
) -> None:
    me = world.tokens[DEMO_TOKEN].owner
    world.review(ants.pull_requests[4], barry, "PENDING", "Theirs")
    world.review(ants.pull_requests[4], me, "PENDING", "Mine")

    (row,) = github.get(f"{ANTS}/pulls/4/reviews").json()

    assert row["body"] == "Mine"
    assert "submitted_at" not in row


@pytest.mark.parametrize("path", ["issues/comments", "pulls/comments"])
@pytest.mark.parametrize("sort", ["created", "updated"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_comments_are_sorted_as_asked_and_filtered_by_their_own_change(
    github: GitHub,
    world: World,
    clock: Clock,
    ants: Repository,
    path: str,
    sort: str,
    direction: str,
) -> None:
    review = ants.pull_requests[40].reviews[-1]
    oldest: Any = (ants.issues[5] if path.startswith("issues") else review).comments[0]
    clock.pass_by(minutes=1)
    world.edit(oldest, "Edited")

    rows = github.get(f"{ANTS}/{path}", sort=sort, direction=direction, per_page=100).json()
    changed = github.get(f"{ANTS}/{path}", since=clock().isoformat()).json()

    keys = [(row[f"{sort}_at"], row["id"]) for row in rows]
    assert keys == sorted(keys, reverse=direction == "desc")
    assert [row["id"] for row in changed] == [oldest.database_id]


@pytest.mark.parametrize(
    ("path", "sort"),
    [("issues/comments", "comments"), ("pulls/comments", "popularity"), ("pulls", "comments")],
)
def test_a_list_has_only_its_own_sorts(github: GitHub, path: str, sort: str) -> None:
    assert github.get(f"{ANTS}/{path}", sort=sort).status_code == 422
