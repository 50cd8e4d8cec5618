"""What other programs ask the REST API for: events, commits, versions of answers, accounts."""

from typing import Any

import httpx
import pytest
from githubkit_schemas.v2026_03_10 import models
from pydantic import TypeAdapter

from dexxy_simulator.dialects import Dialect
from dexxy_simulator.model import Issue, PullRequest, Repository
from dexxy_simulator.rendered import RenderedServer
from dexxy_simulator.rest_json.events import EVENTS
from dexxy_simulator.tests.apps import NO_CERTIFICATES
from dexxy_simulator.tests.conftest import Clock, GitHub
from dexxy_simulator.tests.history import make_history
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World

ANTS = "/repos/panjf2000/ants"
SHAPES: dict[str, Any] = {
    f"{ANTS}/issues/events?per_page=100": list[models.IssueEvent],
    f"{ANTS}/commits?per_page=100": list[models.Commit],
    f"{ANTS}/pulls/41/commits": list[models.Commit],
    f"{ANTS}/pulls/41/requested_reviewers": models.PullRequestReviewRequest,
    "/users/panjf2000/orgs": list[models.OrganizationSimple],
    "/users/ghost": models.PublicUser,
}


@pytest.mark.parametrize("path", SHAPES)
def test_an_answer_has_githubs_shape(
    github: GitHub, world: World, clock: Clock, ants: Repository, path: str
) -> None:
    make_history(world, clock, ants)

    response = github.get(path)

    assert response.status_code == 200
    TypeAdapter(SHAPES[path]).validate_python(response.json())


def test_every_kind_of_event_of_a_timeline_has_a_name(
    world: World, clock: Clock, ants: Repository
) -> None:
    make_history(world, clock, ants)

    both: list[Issue | PullRequest] = [*ants.issues.values(), *ants.pull_requests.values()]
    assert {event.kind for thread in both for event in thread.timeline} <= EVENTS.keys()


def test_events_of_a_repository_come_newest_first_and_those_of_a_thread_oldest_first(
    github: GitHub, world: World, clock: Clock, ants: Repository
) -> None:
    issue = world.open_issue(ants, ants.owner, "One")
    for act in ("labels", "close", "reopen"):
        clock.pass_by(minutes=1)
        if act == "labels":
            world.set_labels(issue, ants.owner, ["bug"])
        else:
            getattr(world, act)(issue, ants.owner)

    every = github.get(f"{ANTS}/issues/events", per_page=3).json()
    of_one = github.get(f"{ANTS}/issues/{issue.number}/events").json()

    assert [row["event"] for row in every] == ["reopened", "closed", "labeled"]
    assert [row["event"] for row in of_one] == ["labeled", "closed", "reopened"]
    assert {row["issue"]["number"] for row in every} == {issue.number}
    assert of_one[0]["label"]["name"] == "bug"
    assert "issue" not in of_one[0]


def test_a_pull_request_counts_the_commits_that_it_lists(
    github: GitHub, world: World, ants: Repository
) -> None:
    pull = world.open_pull_request(ants, ants.owner, "Two commits", "")
    world.push(pull, ants.owner)

    listed = github.get(f"{ANTS}/pulls/{pull.number}/commits").json()

    assert [row["sha"] for row in listed] == [place.commit.oid for place in pull.commits]
    assert github.get(f"{ANTS}/pulls/{pull.number}").json()["commits"] == len(listed) == 2


def test_a_repository_without_a_merged_pull_request_has_no_commits(
    github: GitHub, world: World, ants: Repository
) -> None:
    world.add_repository(ants.owner, "empty")

    response = github.get("/repos/panjf2000/empty/commits")

    assert (response.status_code, response.json()["message"]) == (409, "Git Repository is empty.")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        *(("issues", name) for name in ("assignee", "creator", "labels", "mentioned", "milestone")),
        *(("pulls", name) for name in ("head", "base")),
        *(("commits", name) for name in ("sha", "path", "author", "since", "until")),
    ],
)
def test_a_filter_that_is_not_modelled_is_refused(github: GitHub, path: str, name: str) -> None:
    response = github.get(f"{ANTS}/{path}?{name}=x")

    assert response.status_code == 501
    assert response.json()["message"] == f"The simulator does not filter by {name}."


def test_an_answer_that_the_client_has_is_not_sent_again_and_costs_nothing(
    github: GitHub, world: World, ants: Repository
) -> None:
    address = f"{github.server.url}{ANTS}/issues/5"
    first = github.http.get(address)
    used = int(first.headers["x-ratelimit-used"])
    known = {"If-None-Match": first.headers["etag"]}

    again = github.http.get(address, headers=known)
    world.edit(ants.issues[5], "Edited")
    changed = github.http.get(address, headers=known)

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert int(again.headers["x-ratelimit-used"]) == used
    assert (changed.status_code, changed.json()["body"]) == (200, "Edited")
    assert int(changed.headers["x-ratelimit-used"]) == used + 1


def test_a_rendered_answer_is_not_sent_again_either(world: World) -> None:
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}"}
    with RenderedServer(world) as server, httpx.Client(verify=NO_CERTIFICATES) as http:
        address = f"{server.url}{ANTS}/issues/5"
        first = http.get(address, headers=headers)
        known = {**headers, "If-None-Match": first.headers["etag"]}

        assert http.get(address, headers=known).status_code == 304
        assert http.get(address, headers=headers).json() == first.json()


def test_comments_of_a_pull_request_bear_a_sort_that_is_none(github: GitHub) -> None:
    plain = github.get(f"{ANTS}/pulls/40/comments").json()

    assert github.get(f"{ANTS}/pulls/40/comments", sort="updated_at").json() == plain != []


def test_reactions_to_a_discussion_are_listed_one_by_one(
    github: GitHub, world: World, ants: Repository
) -> None:
    talk = world.open_discussion(world.add_category(ants, "Ideas"), ants.owner, "An idea", "<b>")
    said = world.discuss(talk, ants.owner, "1 < 2")
    world.react(talk, "+1", 2)
    world.react(said, "eyes")

    found = github.query(
        """query($number: Int!) { repository(owner: "panjf2000", name: "ants") {
          discussion(number: $number) {
            reactions(first: 1) { totalCount nodes { content user { login } } }
            comments(first: 1) { nodes { bodyHTML reactions(first: 5) { nodes { content } } } }
          } } }""",
        number=talk.number,
    )

    discussion = found["data"]["repository"]["discussion"]
    assert discussion["reactions"] == {
        "totalCount": 2,
        "nodes": [{"content": "THUMBS_UP", "user": None}],
    }
    [comment] = discussion["comments"]["nodes"]
    assert comment["bodyHTML"] == '<p dir="auto">1 &lt; 2</p>'
    assert comment["reactions"]["nodes"] == [{"content": "EYES"}]


def test_a_review_names_its_commit_if_the_pull_request_has_it(
    github: GitHub, world: World, ants: Repository
) -> None:
    pull = world.open_pull_request(ants, ants.owner, "One commit", "")
    world.push(pull, ants.owner)
    world.review(pull, ants.owner, "APPROVED", "Good")

    found = github.query(
        """query($number: Int!) { repository(owner: "panjf2000", name: "ants") {
          pullRequest(number: $number) { reviews(first: 1) { nodes { commit { oid } } } } } }""",
        number=pull.number,
    )

    [review] = found["data"]["repository"]["pullRequest"]["reviews"]["nodes"]
    assert review["commit"] == {"oid": pull.commits[-1].commit.oid}


def test_a_reviewer_whose_account_is_gone_is_shown_as_the_dialect_has_it(
    github: GitHub, world: World, ants: Repository
) -> None:
    reviewer = world.add_actor("leaver")
    pull = world.open_pull_request(ants, ants.owner, "Reviewed", "")
    world.request_review(pull, ants.owner, reviewer)
    world.delete_actor(reviewer)

    [row] = github.get(f"{ANTS}/issues/{pull.number}/events").json()

    assert row["event"] == "review_requested"
    assert row["requested_reviewer"] is None
    assert row["review_requester"]["login"] == "panjf2000"


def test_links_to_further_issues_may_name_a_cursor_that_wins_over_the_number(
    github: GitHub, world: World, ants: Repository
) -> None:
    world.dialect = Dialect(issues_name_cursors=True)
    first = github.get(f"{ANTS}/issues", state="all", per_page=50)
    following = httpx.URL(first.links["next"]["url"])

    second = github.http.get(following)
    by_cursor = github.http.get(following.copy_remove_param("page"))
    by_number = github.http.get(following.copy_remove_param("after"))

    assert {"after", "page"} <= following.params.keys()
    assert second.json() == by_cursor.json() == by_number.json()
    assert not {row["id"] for row in first.json()} & {row["id"] for row in second.json()}
    assert second.links.keys() == by_cursor.links.keys() == {"prev", "first"}
