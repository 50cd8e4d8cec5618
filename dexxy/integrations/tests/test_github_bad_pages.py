"""A 200 that is no answer: nothing of it is stored, and no cursor passes it."""

from collections.abc import Callable
from typing import Any, Literal

import pytest

from dexxy.messages.models import Thread
from dexxy_simulator.faults import (
    Effect,
    Fault,
    asking_for,
    garbage,
    graphql_error,
    null_nodes,
    patched,
)
from tests.scene import LISTS, Scene

Garbage = Literal["html", "empty", "null", "list", "text", "half", "not utf-8", "no data"]
CUT_OFF = "GitHub's answer was cut off or is not JSON. Try again, or check DEXXY_GITHUB_API_URL."
HTML = (
    "A page came instead of GitHub's answer. Check DEXXY_GITHUB_API_URL, and any proxy on the way."
)
NO_OBJECT = "GitHub's GraphQL answer is not an object. Check DEXXY_GITHUB_GRAPHQL_URL."
NO_DATA = "GitHub's GraphQL answer has no data. Check DEXXY_GITHUB_GRAPHQL_URL."
NO_LIST = "GitHub's comments have an unknown shape. Update Dexxy, or report it."


@pytest.mark.in_turns(3)
@pytest.mark.parametrize(
    ("stream", "kind", "code", "line"),
    [
        ("issues", "html", "github_server_error", HTML),
        ("issues", "empty", "query_too_heavy", CUT_OFF),
        ("issues", "half", "query_too_heavy", CUT_OFF),
        ("issues", "not utf-8", "query_too_heavy", CUT_OFF),
        ("issues", "null", "unexpected_answer", NO_OBJECT),
        ("issues", "list", "unexpected_answer", NO_OBJECT),
        ("issues", "text", "unexpected_answer", NO_OBJECT),
        ("issues", "no data", "unexpected_answer", NO_DATA),
        ("parts", "html", "github_server_error", HTML),
        ("parts", "null", "unexpected_answer", NO_OBJECT),
        ("refetch", "html", "github_server_error", HTML),
        ("refetch", "no data", "unexpected_answer", NO_DATA),
        ("people", "html", "github_server_error", HTML),
        ("people", "list", "unexpected_answer", NO_OBJECT),
        ("comment_edits", "html", "github_server_error", HTML),
        ("comment_edits", "half", "query_too_heavy", CUT_OFF),
        ("comment_edits", "null", "unexpected_answer", NO_LIST),
        ("comment_edits", "text", "unexpected_answer", NO_LIST),
        ("comment_edits", "no data", "unexpected_answer", NO_LIST),
    ],
)
def test_something_else_than_an_answer_stops_the_run_with_one_line(
    busy: Scene, stream: str, kind: Garbage, code: str, line: str
) -> None:
    before = busy.stored(stream)
    busy.go_wrong(garbage(kind), stream)

    assert busy.outcome() == ("failed", code)

    assert busy.error == line
    assert busy.stored(stream) == before
    busy.recover()


@pytest.mark.parametrize("stream", ["issues", "parts", "refetch", "people"])
@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (None, "null"),
        ("RESOURCE_LIMITS_EXCEEDED", "partial"),
        ("SERVICE_UNAVAILABLE", "absent"),
    ],
)
def test_a_part_of_an_answer_is_asked_for_again_and_not_taken_for_the_whole(
    busy: Scene, stream: str, kind: str | None, data: Literal["absent", "null", "partial"]
) -> None:
    busy.go_wrong(graphql_error(kind, data=data), stream, times=2)

    assert busy.outcome() == ("done", "")

    busy.recover()


@pytest.mark.parametrize("stream", LISTS)
def test_a_list_of_which_github_only_ever_shows_a_part_stops_the_run(
    busy: Scene, stream: str
) -> None:
    before = busy.stored(stream)
    busy.go_wrong(graphql_error("RESOURCE_LIMITS_EXCEEDED", data="partial"), stream)

    assert busy.outcome() == ("failed", "query_too_heavy")

    assert busy.error == (
        "GitHub answered only a part of the query (Resource limits for this query exceeded.)."
        " Try again later."
    )
    assert busy.stored(stream) == before
    busy.recover()


@pytest.mark.parametrize("stream", ["issues", "parts", "refetch"])
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("FORBIDDEN", "access_denied"),
        ("INSUFFICIENT_SCOPES", "access_denied"),
        ("NOT_FOUND", "not_found"),
    ],
)
def test_an_error_that_asking_again_does_not_mend_stops_the_run(
    busy: Scene, stream: str, kind: str, code: str
) -> None:
    before = busy.stored(stream)
    busy.go_wrong(graphql_error(kind), stream)

    assert busy.outcome() == ("failed", code)

    assert busy.error.endswith(
        ("Give the token read access to issues, pull requests and discussions.", "may read it.")
    )
    assert busy.stored(stream) == before
    busy.recover()


@pytest.mark.in_turns(3)
@pytest.mark.parametrize("errors", ["no", [1], [None], {"message": "no"}, [{"path": 5}]])
def test_errors_of_another_shape_are_errors_all_the_same(busy: Scene, errors: object) -> None:
    before = busy.stored("issues")
    busy.go_wrong(patched(lambda body: body.update(errors=errors)), "issues")

    assert busy.outcome() == ("failed", "query_too_heavy")

    assert busy.stored("issues") == before
    busy.recover()


@pytest.mark.parametrize("stream", [*LISTS, "parts", "refetch"])
def test_gaps_that_no_error_explains_archive_nothing(busy: Scene, stream: str) -> None:
    busy.go_wrong(null_nodes(), stream, times=1)

    assert busy.outcome() == ("done", "")

    busy.recover()


def test_a_thread_that_always_has_gaps_is_a_problem_and_its_neighbours_are_read(
    busy: Scene,
) -> None:
    for stream in ("issues", "refetch"):
        busy.go_wrong(null_nodes(), stream)

    assert busy.outcome() == ("done", "")

    assert list(busy.problems) == [("issue", 10)]
    assert busy.problems["issue", 10].startswith("GitHub keeps back ")
    busy.recover()


def nothing_in(*path: str) -> Effect:
    """Put null without an error where PATH leads."""

    def change(body: Any) -> None:
        for step in ("data", *path[:-1]):
            body = body[step]
        body[path[-1]] = None

    return patched(change)


UNKNOWN = "GitHub's {} have an unknown shape. Update Dexxy, or report it."


def test_a_thread_of_which_not_even_the_number_is_shown_is_stepped_over(busy: Scene) -> None:
    cursed = busy.world.open_issue(busy.repository, busy.owner, "Cursed").number
    behind = busy.world.open_issue(busy.repository, busy.owner, "Behind it").number
    busy.connected.streams.update(watermark=None)

    def refuse(body: Any) -> None:
        nodes = body["data"]["repository"]["list"].get("nodes", [])
        for index, node in enumerate(nodes):
            if node["number"] == cursed:
                nodes[index] = None
                path = ["repository", "list", "nodes", index]
                refused = {"type": "FORBIDDEN", "path": path, "message": "Not for you"}
                body.setdefault("errors", []).append(refused)

    busy.server.faults.add(Fault(patched(refuse), on=asking_for("list: issues"), times=None))

    assert busy.outcome() == ("done", "")

    stored = Thread.objects.filter(kind="issue").values_list("number", flat=True)
    assert behind in stored
    assert cursed not in stored
    assert busy.problems == {
        ("issue", 0): "GitHub shows nothing of one issue, not even its number. The next sweep asks"
        " again."
    }
    busy.recover(sweep=True)
    assert Thread.objects.filter(number=cursed).exists()


@pytest.mark.parametrize("stream", ["issues", "refetch"])
def test_a_repository_that_is_null_without_a_reason_is_not_taken_for_gone(
    busy: Scene, stream: str
) -> None:
    before = busy.stored(stream)
    busy.go_wrong(nothing_in("repository"), stream)

    assert busy.outcome() == ("failed", "github_server_error")

    assert busy.error == (
        "GitHub's answer lacks owner/village, and does not say why. Try again later."
    )
    assert busy.connected.sync_status == "error"
    assert busy.stored(stream) == before
    busy.recover()


def test_a_thread_that_is_null_without_a_reason_is_not_taken_for_deleted(busy: Scene) -> None:
    busy.go_wrong(nothing_in("repository", "t0"), "refetch")

    assert busy.outcome() == ("done", "")

    assert set(busy.problems.values()) == {
        "GitHub shows nothing of #1, and does not say why.",
        "GitHub shows nothing of #2, and does not say why.",
    }
    busy.recover()


def test_a_nested_list_that_is_null_without_a_reason_is_a_problem_of_its_thread(
    busy: Scene,
) -> None:
    busy.go_wrong(nothing_in("p0"), "parts")

    assert busy.outcome() == ("done", "")

    assert set(busy.problems) == {("issue", 10), ("pull_request", 2), ("pull_request", 11)}
    busy.recover()


@pytest.mark.in_turns(3)
@pytest.mark.parametrize("nodes", [None, {}, "none", 5, [5], [[]], [{"number": "1"}], [{}]])
def test_a_page_whose_nodes_are_none_stops_the_run_with_one_line(
    busy: Scene, nodes: object
) -> None:
    before = busy.stored("issues")
    busy.go_wrong(in_list(lambda listing: listing.update(nodes=nodes)), "issues")

    assert busy.outcome() == ("failed", "unexpected_answer")

    assert busy.error == UNKNOWN.format("issues")
    assert "\n" not in busy.error
    assert busy.stored("issues") == before
    busy.recover()


def in_list(change: Callable[[Any], Any]) -> Effect:
    """Change the page of a list of threads."""

    def change_list(body: Any) -> None:
        change(body["data"]["repository"]["list"])

    return patched(change_list)


FRAMES: dict[str, Callable[[Any], Any]] = {
    "no pageInfo": lambda listing: listing.pop("pageInfo"),
    "null pageInfo": lambda listing: listing.update(pageInfo=None),
    "no hasNextPage": lambda listing: listing["pageInfo"].pop("hasNextPage"),
    "hasNextPage in words": lambda listing: listing["pageInfo"].update(hasNextPage="yes"),
    "a cursor that is a number": lambda listing: listing["pageInfo"].update(endCursor=5),
    "no totalCount": lambda listing: listing.pop("totalCount"),
    "totalCount in words": lambda listing: listing.update(totalCount="many"),
    "totalCount below zero": lambda listing: listing.update(totalCount=-1),
}


@pytest.mark.in_turns(3)
@pytest.mark.parametrize("frame", FRAMES)
def test_a_page_with_a_broken_frame_stops_the_run_with_one_line(busy: Scene, frame: str) -> None:
    before = busy.stored("issues")
    busy.go_wrong(in_list(FRAMES[frame]), "issues")

    assert busy.outcome() == ("failed", "unexpected_answer")

    assert busy.error == UNKNOWN.format("issues")
    assert busy.stored("issues") == before
    busy.recover()


@pytest.mark.in_turns(3)
@pytest.mark.parametrize("name", [None, 5, "village", "a/b/c"])
def test_a_repository_without_a_proper_name_stops_the_run(busy: Scene, name: object) -> None:
    before = busy.stored("issues")
    change = patched(lambda body: body["data"]["repository"].update(nameWithOwner=name))
    busy.go_wrong(change, "issues")

    assert busy.outcome() == ("failed", "unexpected_answer")

    assert busy.stored("issues") == before
    busy.recover()


@pytest.mark.in_turns(3)
@pytest.mark.parametrize(
    ("limit", "outcome"),
    [
        ("full", ("failed", "unexpected_answer")),
        ({"cost": None, "remaining": 1}, ("failed", "unexpected_answer")),
        (None, ("done", "")),
        ({}, ("done", "")),
    ],
)
@pytest.mark.parametrize("stream", ["issues", "parts"])
def test_limits_of_another_shape_never_crash(
    busy: Scene, stream: str, limit: object, outcome: tuple[str, str]
) -> None:
    before = busy.stored(stream)
    busy.go_wrong(patched(lambda body: body["data"].update(rateLimit=limit)), stream)

    assert busy.outcome() == outcome

    assert (busy.stored(stream) == before) == (outcome[0] == "failed")
    busy.recover()


def test_a_list_that_goes_on_without_saying_where_stops_the_run(busy: Scene) -> None:
    before = busy.stored("issues")
    busy.go_wrong(
        in_list(lambda listing: listing["pageInfo"].update(hasNextPage=True, endCursor=None)),
        "issues",
    )

    assert busy.outcome() == ("failed", "unexpected_answer")

    assert busy.error == UNKNOWN.format("issues")
    assert busy.stored("issues") == before
    busy.recover()


@pytest.mark.in_turns(3)
@pytest.mark.parametrize("row", [None, 5, {}, {"id": 1}, {"id": 1, "issue_url": None}])
def test_a_row_of_comments_that_says_nothing_stops_the_run(busy: Scene, row: object) -> None:
    before = busy.stored("comment_edits")
    busy.go_wrong(patched(lambda rows: [*rows, row]), "comment_edits")

    assert busy.outcome() == ("failed", "unexpected_answer")

    assert busy.error == UNKNOWN.format("comments")
    assert busy.stored("comment_edits") == before
    busy.recover()


@pytest.mark.parametrize("stream", [*LISTS, "parts", "refetch", "people"])
def test_a_field_that_nobody_asked_for_is_no_matter(busy: Scene, stream: str) -> None:
    busy.go_wrong(patched(lambda body: body["data"].update(addedIn2031={"nodes": 5})), stream)

    assert busy.outcome() == ("done", "")

    busy.recover()
