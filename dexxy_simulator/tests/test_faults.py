"""What goes wrong with requests, and with which."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from time import monotonic
from typing import Any

import httpx
import pytest

from dexxy_simulator.dialects import Dialect
from dexxy_simulator.faults import (
    Effect,
    Fault,
    asking_for,
    busier_than,
    cut,
    date_is,
    date_off,
    delay,
    endless,
    faster_than,
    first_over,
    gap,
    garbage,
    graphql_error,
    half_surrogates,
    heavier_than,
    huge_bodies,
    lacking,
    more_fields,
    nul_bytes,
    null_nodes,
    page_beyond,
    passing_gaps,
    passing_troubles,
    patched,
    rate_limited,
    reset,
    secondary_limit,
    stale,
    status,
    timed_out,
    times_are,
    unknown_actors,
    unknown_states,
)
from dexxy_simulator.faults.bodies import GARBAGE
from dexxy_simulator.faults.gaps import KINDS, Kind
from dexxy_simulator.faults.refusals import MESSAGES, SUSPENDED
from dexxy_simulator.model import Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tests.conftest import Clock, GitHub
from dexxy_simulator.world import World

ISSUES = """query Issues($first: Int!) { repository(owner: "panjf2000", name: "ants") {
  issues(first: $first) { pageInfo { hasNextPage endCursor }
    nodes { title body state createdAt author { __typename login } } } } }"""
ANTS = "/repos/panjf2000/ants"


def issues(github: GitHub, first: int = 4) -> httpx.Response:
    body = {"query": ISSUES, "variables": {"first": first}}
    return github.http.post(github.server.graphql_url, json=body)


def shown(response: httpx.Response) -> list[Any]:
    nodes: list[Any] = response.json()["data"]["repository"]["issues"]["nodes"]
    return nodes


def add(github: GitHub, effect: Effect, **options: Any) -> None:
    github.server.faults.add(Fault(effect, **options))


@pytest.mark.parametrize("code", MESSAGES)
@pytest.mark.parametrize(
    "ask", [issues, lambda github: github.get("/user")], ids=["graphql", "rest"]
)
def test_every_status_can_be_asked_for_and_passes(
    github: GitHub, code: int, ask: Callable[[GitHub], httpx.Response]
) -> None:
    add(github, status(code))

    refused, good = ask(github), ask(github)

    assert (refused.status_code, good.status_code) == (code, 200)
    assert refused.json()["message"] == MESSAGES[code]
    assert ("x-ratelimit-remaining" in refused.headers) is (code < 500)
    assert refused.headers["date"] == "Mon, 23 Nov 2026 12:00:00 GMT"
    assert [entry.status for entry in github.server.requests.entries] == [code, 200]


def test_a_refusal_may_have_another_message_and_more_headers(github: GitHub) -> None:
    add(github, status(403, SUSPENDED, Retry_After="7"))

    refused = github.get("/user")

    assert refused.json()["message"] == "This installation has been suspended"
    assert refused.headers["retry-after"] == "7"


def test_a_refusal_may_be_a_page(github: GitHub) -> None:
    add(github, status(502, html=True))

    assert issues(github).text.startswith("<html>")


def test_a_fault_falls_on_the_wanted_requests_so_many_times(github: GitHub) -> None:
    add(github, status(500), on="issue_comments", times=2)

    codes = [github.get(f"{ANTS}/issues/comments").status_code for _ in range(3)]

    assert github.get(f"{ANTS}/issues").status_code == 200
    assert codes == [500, 500, 200]


def test_a_fault_may_last_until_it_is_cleared(github: GitHub) -> None:
    add(github, status(500), times=None)

    codes = [github.get("/user").status_code for _ in range(5)]
    github.server.faults.clear()

    assert codes == [500] * 5
    assert github.get("/user").status_code == 200


def test_chance_is_the_same_in_every_run(github: GitHub) -> None:
    add(github, status(500), chance=0.5, times=None)

    codes = [github.get("/user").status_code for _ in range(10)]

    assert codes == [200, 200, 500, 500, 200, 500, 200, 500, 500, 200]


def test_of_several_faults_one_happens_at_a_time(github: GitHub) -> None:
    github.server.faults.add(Fault(status(500)), Fault(status(502)))

    assert [github.get("/user").status_code for _ in range(3)] == [500, 502, 200]


@pytest.mark.parametrize(
    ("condition", "size", "concerned"),
    [
        (first_over(50), 50, False),
        (first_over(50), 51, True),
        (heavier_than(50), 50, False),
        (heavier_than(50), 51, True),
        (asking_for("query Issues"), 1, True),
        (asking_for("query Other"), 1, False),
    ],
)
def test_a_condition_chooses_the_requests(
    github: GitHub, condition: Any, size: int, concerned: bool
) -> None:
    add(github, status(502), on=condition)

    assert issues(github, size).is_error is concerned


def test_page_numbers_beyond_a_limit_can_be_refused(github: GitHub) -> None:
    add(github, status(422), on=page_beyond(60), times=None)

    pages = [github.get(f"{ANTS}/issues/comments", per_page=20, page=page) for page in (3, 4)]

    assert [page.status_code for page in pages] == [200, 422]
    assert issues(github).status_code == 200


def test_a_time_out_takes_points(github: GitHub) -> None:
    add(github, timed_out(points=50))

    refused = issues(github)
    answer = github.data("{ rateLimit { used } }")

    assert refused.status_code == 502
    assert "may be the result of a timeout" in refused.json()["errors"][0]["message"]
    assert answer == {"rateLimit": {"used": 51}}


def test_requests_that_run_together_are_refused(github: GitHub) -> None:
    github.server.latency = 0.1
    add(github, secondary_limit(), on=busier_than(1), times=None)

    with ThreadPoolExecutor(3) as pool:
        codes = list(pool.map(lambda _: github.get("/user").status_code, range(3)))

    assert sorted(codes) == [200, 403, 403]
    assert github.get("/user").status_code == 200


def test_requests_that_are_too_fast_are_refused(github: GitHub) -> None:
    time = [0.0]
    add(github, secondary_limit(), on=faster_than(2, 60, lambda: time[0]), times=None)

    codes = [github.get("/user").status_code for _ in range(3)]
    time[0] = 61

    assert codes == [200, 200, 403]
    assert github.get("/user").status_code == 200


@pytest.mark.parametrize("code", [200, 403, 429])
@pytest.mark.parametrize("names_wait", [True, False])
def test_a_secondary_limit_looks_as_the_dialect_says(
    github: GitHub, world: World, code: Any, names_wait: bool
) -> None:
    world.dialect = Dialect(secondary_limit_status=code, secondary_limit_names_wait=names_wait)
    add(github, secondary_limit(wait=90), times=2)

    graphql, rest = issues(github), github.get("/user")

    assert (graphql.status_code, rest.status_code) == (code, 403 if code == 200 else code)
    assert graphql.headers.get("retry-after") == ("90" if names_wait else None)
    assert "secondary rate limit" in graphql.text
    assert "secondary rate limit" in rest.text


@pytest.mark.parametrize(("ask", "code"), [(issues, 200), (lambda g: g.get("/user"), 403)])
def test_the_hour_can_be_used_up(
    github: GitHub, clock: Clock, ask: Callable[[GitHub], httpx.Response], code: int
) -> None:
    add(github, rate_limited())

    refused = ask(github)

    assert refused.status_code == code
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert "rate limit exceeded" in refused.text
    clock.pass_by(hours=1)
    assert "rate limit exceeded" not in ask(github).text


@pytest.mark.parametrize(
    "kind",
    ["RATE_LIMITED", "RESOURCE_LIMITS_EXCEEDED", "NOT_FOUND", "FORBIDDEN", "NEW_ONE", None],
)
def test_an_answer_with_200_may_be_an_error_of_any_type(github: GitHub, kind: str | None) -> None:
    add(github, graphql_error(kind))
    add(github, graphql_error(kind, data="null"))

    first, second = issues(github).json(), issues(github).json()

    assert first["errors"][0].get("type") == kind
    assert first.keys() == {"errors"}
    assert second == {"data": None, **first}


def test_an_answer_may_break_off_with_nulls_and_an_error(github: GitHub) -> None:
    whole = shown(issues(github))
    add(github, graphql_error("RESOURCE_LIMITS_EXCEEDED", data="partial"))

    partial = issues(github)

    assert shown(partial) == [*whole[:2], None, None]
    assert partial.json()["errors"] == [
        {
            "path": ["repository", "issues", "nodes", 2],
            "type": "RESOURCE_LIMITS_EXCEEDED",
            "message": "Resource limits for this query exceeded.",
        }
    ]


@pytest.mark.parametrize(
    ("effect", "check"),
    [
        (unknown_actors(), lambda one: one["author"]["__typename"] == "Agent"),
        (unknown_states(), lambda one: one["state"] == "HALF_OPEN"),
        (more_fields(), lambda one: one["addedIn2031"] == {"isNew": True}),
        (lacking("author"), lambda one: "author" not in one),
        (nul_bytes(), lambda one: one["title"].endswith("\0end") and "\0" in one["body"]),
        (half_surrogates(), lambda one: one["title"].endswith("\ud83d")),
        (times_are("soon"), lambda one: one["createdAt"] == "soon"),
        (huge_bodies(), lambda one: len(one["body"]) == 1_000_000),
        (null_nodes(), lambda one: one is not None),
        (
            patched(lambda body: json.loads(json.dumps(body).replace("CLOSED", "AJAR"))),
            lambda one: one["state"] == "AJAR",
        ),
    ],
    ids=[
        *("actors", "states", "fields", "lacking", "nul", "half", "times", "huge", "nulls"),
        "patched",
    ],
)
def test_an_answer_may_be_other_than_it_was(
    github: GitHub, effect: Effect, check: Callable[[Any], bool]
) -> None:
    add(github, effect)

    changed, usual = issues(github, 2), issues(github, 2)

    assert check(shown(changed)[0])
    assert shown(changed) != shown(usual)
    assert changed.headers["content-length"] == str(len(changed.content))


def test_a_list_may_go_on_for_ever(github: GitHub) -> None:
    add(github, endless("x"))

    info = issues(github, 2).json()["data"]["repository"]["issues"]["pageInfo"]

    assert info == {"hasNextPage": True, "endCursor": "x"}


def test_a_date_may_be_none(github: GitHub) -> None:
    add(github, date_is("soon"))

    assert issues(github).headers["date"] == "soon"


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_may_keep_one_thing_back(
    github: GitHub, world: World, ants: Repository, kind: Kind
) -> None:
    for issue in ants.issues.values():
        world.set_labels(issue, ants.owner, ["bug"])
        world.close(issue, ants.owner)
    document = ISSUES.replace("title", "closedAt labels(first: 1) { nodes { name } } title")
    body = {"query": document, "variables": {"first": 4}}

    def ask() -> dict[str, Any]:
        answer: dict[str, Any] = github.http.post(github.server.graphql_url, json=body).json()
        return answer

    whole = ask()
    add(github, gap(Random(3), kind, says_why=True))
    kept_back = ask()

    (error,) = kept_back["errors"]
    assert error["type"] == "FORBIDDEN"
    assert error["extensions"].keys() == {"saml_failure"}
    place: Any = kept_back["data"]
    for step in error["path"][:-1]:
        place = place[step]
    last = error["path"][-1]
    fits = {"node": int, "list": "labels", "account": "author", "leaf": "closedAt"}[kind]
    assert last == fits or type(last) is fits
    assert place[last] is None
    was: Any = whole["data"]
    for step in error["path"]:
        was = was[step]
    place[last] = was
    assert kept_back["data"] == whole["data"]


def test_gaps_that_pass_are_of_all_kinds_and_may_be_silent(github: GitHub) -> None:
    whole = issues(github).json()["data"]
    github.server.faults.add(passing_gaps(seed=1, chance=0.8))
    seen: set[str] = set()
    for _ in range(60):
        answer = issues(github).json()
        for error in answer.get("errors", ()):
            seen.add(str(error["path"][-1]))
        if "errors" not in answer:
            seen.add("nothing" if answer["data"] == whole else "silent")

    assert seen == {"0", "1", "2", "3", "author", "nothing", "silent"}


def test_null_nodes_leave_the_others(github: GitHub) -> None:
    add(github, null_nodes())

    assert [one is None for one in shown(issues(github))] == [False, True, False, True]


@pytest.mark.parametrize("kind", GARBAGE)
def test_an_answer_may_be_none_at_all(github: GitHub, kind: Any) -> None:
    add(github, garbage(kind))

    response = issues(github)

    assert response.status_code == 200
    assert b'"repository":{"issues":{"nodes":[{' not in response.content or kind == "half"
    try:
        assert "data" not in (json.loads(response.content) or {})
    except ValueError:
        assert kind in ("html", "empty", "half", "not utf-8")


@pytest.mark.parametrize(
    ("seconds", "date"), [(3600, "Mon, 23 Nov 2026 13:00:00 GMT"), (None, None)]
)
def test_githubs_clock_may_be_off(github: GitHub, seconds: Any, date: str | None) -> None:
    add(github, date_off(seconds))

    assert issues(github).headers.get("date") == date


@pytest.mark.parametrize("effect", [cut(0), cut(0.5), cut(0.99), reset(), reset(0), reset(0.5)])
def test_a_connection_may_break_and_the_next_one_is_good(github: GitHub, effect: Effect) -> None:
    add(github, effect)

    with pytest.raises(httpx.TransportError):
        issues(github, 20)

    assert issues(github, 20).status_code == 200


def test_an_answer_may_come_too_late(github: GitHub) -> None:
    add(github, delay(0.3))
    github.http.timeout = httpx.Timeout(0.1)

    with pytest.raises(httpx.ReadTimeout):
        issues(github)

    github.http.timeout = httpx.Timeout(5)
    assert issues(github).status_code == 200


@pytest.mark.parametrize("latency", [0.05, lambda: 0.05])
def test_every_answer_may_take_its_time(github: GitHub, latency: Any) -> None:
    github.server.latency = latency
    started = monotonic()

    github.get("/user")

    assert monotonic() - started >= 0.05


def test_a_replica_answers_as_before(github: GitHub, world: World, ants: Repository) -> None:
    github.server.faults.keeps_answers = True
    before = github.get(f"{ANTS}/issues").json()
    world.open_issue(ants, ants.owner, "New")
    add(github, stale())

    lagging, present = github.get(f"{ANTS}/issues").json(), github.get(f"{ANTS}/issues").json()

    assert lagging == before
    assert present[0]["title"] == "New"


def test_a_server_that_stops_does_not_wait_for_a_slow_answer(world: World) -> None:
    started = monotonic()
    with SimulatorServer(world) as server:
        server.faults.add(Fault(delay(5)))
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{server.url}/meta", timeout=0.05)

    assert monotonic() - started < 3


def test_troubles_pass_and_are_all_kinds_of_things(github: GitHub) -> None:
    github.server.faults.add(passing_troubles(seed=1, chance=0.5))
    outcomes: set[int | str | None] = set()
    for _ in range(120):
        try:
            response = issues(github)
            outcomes.add(response.status_code if shown(response) else None)
        except (httpx.TransportError, KeyError, TypeError, ValueError) as error:
            outcomes.add(type(error).__name__)

    assert outcomes >= {
        *(200, "JSONDecodeError", "KeyError", "ReadError", "RemoteProtocolError", "TypeError"),
    }
