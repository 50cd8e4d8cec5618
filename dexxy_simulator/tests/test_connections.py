"""Pages, cursors and their limits in GraphQL."""

from typing import Any

import pytest

from dexxy_simulator.model import Actor, Repository
from dexxy_simulator.tests.conftest import Clock, GitHub
from dexxy_simulator.world import World

PAGES = """query(
  $first: Int, $last: Int, $after: String, $before: String, $way: OrderDirection = ASC
) {
  repository(owner: "panjf2000", name: "ants") {
    issues(first: $first, last: $last, after: $after, before: $before,
           orderBy: {field: CREATED_AT, direction: $way}) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { number }
    }
  }
}"""


def page(github: GitHub, **variables: Any) -> tuple[list[int], dict[str, Any]]:
    issues = github.data(PAGES, **variables)["repository"]["issues"]
    return [node["number"] for node in issues["nodes"]], issues["pageInfo"]


@pytest.mark.parametrize("way", ["ASC", "DESC"])
def test_pages_forward_show_everything_once(github: GitHub, ants: Repository, way: str) -> None:
    seen: list[int] = []
    after = None
    while True:
        numbers, info = page(github, first=7, after=after, way=way)
        seen += numbers
        if not info["hasNextPage"]:
            break
        after = info["endCursor"]

    assert seen == sorted(ants.issues, reverse=way == "DESC")


@pytest.mark.parametrize("way", ["ASC", "DESC"])
def test_pages_backward_show_everything_once(github: GitHub, ants: Repository, way: str) -> None:
    seen: list[int] = []
    before = None
    while True:
        numbers, info = page(github, last=7, before=before, way=way)
        seen = numbers + seen
        if not info["hasPreviousPage"]:
            break
        before = info["startCursor"]

    assert seen == sorted(ants.issues, reverse=way == "DESC")


def test_a_page_tells_what_lies_on_both_sides(github: GitHub) -> None:
    _, first = page(github, first=5)
    _, middle = page(github, first=5, after=first["endCursor"])

    assert (first["hasPreviousPage"], first["hasNextPage"]) == (False, True)
    assert (middle["hasPreviousPage"], middle["hasNextPage"]) == (True, True)


def test_an_empty_page_has_no_cursors(github: GitHub) -> None:
    _, info = page(github, first=100)

    assert page(github, first=5, after=info["endCursor"]) == (
        [],
        {"hasNextPage": False, "hasPreviousPage": True, "startCursor": None, "endCursor": None},
    )


def test_a_cursor_goes_on_behind_an_issue_that_was_deleted(
    github: GitHub, world: World, ants: Repository
) -> None:
    numbers, info = page(github, first=5)
    world.delete(ants.issues[numbers[-1]])

    following, _ = page(github, first=2, after=info["endCursor"])

    assert following == sorted(ants.issues)[4:6]


def test_a_thread_that_is_updated_during_a_scan_by_update_is_missed_by_it(
    github: GitHub, world: World, ants: Repository, barry: Actor
) -> None:
    document = PAGES.replace("CREATED_AT", "UPDATED_AT")
    first = github.data(document, first=25, way="DESC")["repository"]["issues"]
    (last,) = ants.issues.keys() - {node["number"] for node in first["nodes"]}

    world.comment(ants.issues[last], barry, "Just now")

    after = first["pageInfo"]["endCursor"]
    second = github.data(document, first=25, after=after, way="DESC")["repository"]["issues"]
    assert second["nodes"] == []


def test_since_is_inclusive(github: GitHub, world: World, clock: Clock, ants: Repository) -> None:
    moment = clock.pass_by(minutes=5)
    issue = world.open_issue(ants, ants.owner, "New")
    document = """query($since: DateTime) { repository(owner: "panjf2000", name: "ants") {
      issues(first: 5, filterBy: {since: $since}) { nodes { number } } } }"""

    at = github.data(document, since=moment.isoformat())
    after = github.data(document, since=clock.pass_by(seconds=1).isoformat())

    assert at["repository"]["issues"]["nodes"] == [{"number": issue.number}]
    assert after["repository"]["issues"]["nodes"] == []


def test_only_the_wanted_states_and_labels_are_shown(github: GitHub, ants: Repository) -> None:
    document = """{ repository(owner: "panjf2000", name: "ants") {
      open: pullRequests(states: OPEN) { totalCount }
      merged: pullRequests(states: [MERGED]) { totalCount }
      questions: issues(labels: ["question"]) { totalCount }
      answered: discussions(answered: true) { totalCount } } }"""

    assert github.data(document)["repository"] == {
        "open": {"totalCount": 4},
        "merged": {"totalCount": 26},
        "questions": {"totalCount": 3},
        "answered": {"totalCount": 1},
    }


REFUSALS = {
    "issues { nodes { id } }": (
        "MISSING_PAGINATION_BOUNDARIES",
        "You must provide a `first` or `last` value to properly paginate the `issues` connection.",
    ),
    "issues(first: 101) { nodes { id } }": (
        "EXCESSIVE_PAGINATION",
        "Requesting 101 records on the `issues` connection exceeds the `first` limit of 100 "
        "records.",
    ),
    "issues(last: 101) { totalCount }": (
        "EXCESSIVE_PAGINATION",
        "Requesting 101 records on the `issues` connection exceeds the `last` limit of 100 "
        "records.",
    ),
    "issues(first: 0) { nodes { id } }": (
        "ARGUMENT_LIMIT",
        "`first` on the `issues` connection cannot be less than one.",
    ),
    'issues(first: 1, after: "abc") { nodes { id } }': (
        "INVALID_CURSOR_ARGUMENTS",
        "`abc` does not appear to be a valid cursor.",
    ),
}


@pytest.mark.parametrize("connection", REFUSALS)
def test_a_page_that_github_refuses_is_refused_in_its_words(
    github: GitHub, connection: str
) -> None:
    kind, message = REFUSALS[connection]

    answer = github.query(f'{{ repository(owner: "panjf2000", name: "ants") {{ {connection} }} }}')

    assert answer == {
        "data": {"repository": None},
        "errors": [
            {
                "type": kind,
                "path": ["repository", "issues"],
                "locations": [{"line": 1, "column": 50}],
                "message": message,
            }
        ],
    }
