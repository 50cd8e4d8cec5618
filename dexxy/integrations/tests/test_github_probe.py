"""A probe measures what GitHub shows, and writes down nothing private."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Literal

import pytest
from werkzeug.wrappers import Response

from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.asking import MOST_POINTS
from dexxy.integrations.services.github.connecting.by_token import RepositoryUnknownError
from dexxy.integrations.services.github.connecting.probe import LADDER, repository_probe
from dexxy.integrations.services.github.connecting.probe_batches import FEW, MANY
from dexxy.integrations.services.github.connecting.probed import Probe, Shown
from dexxy_simulator.faults import (
    Fault,
    asking_for,
    first_over,
    graphql_error,
    patched,
    rate_limited,
    status,
    timed_out,
)
from dexxy_simulator.faults.call import Asked, Call
from dexxy_simulator.model import Repository
from dexxy_simulator.model.census import posts_of
from dexxy_simulator.model.threads import Thread
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World
from tests.simulated import RECORDED

Measure = Callable[[], Probe]


@pytest.fixture
def measure(github: GitHubServer) -> Measure:
    return lambda: repository_probe(full_name=RECORDED, token=DEMO_TOKEN, server=github)


def pages_of(probe: Probe, kind: str) -> list[tuple[int, int | None, str]]:
    return [(page.asked, page.came, page.outcome) for page in probe.pages if page.list == kind]


def field(probe: Probe, name: str) -> Shown:
    return next(one for one in probe.fields if one.name == name)


def test_the_ladder_is_climbed_to_the_end_of_each_list(measure: Measure) -> None:
    probe = measure()

    assert pages_of(probe, "issues") == [
        (10, 10, "answered"),
        (25, 25, "answered"),
        (50, 26, "answered"),
    ]
    assert pages_of(probe, "pull_requests")[-1] == (50, 49, "answered")
    assert pages_of(probe, "discussions") == [(10, 4, "answered")]
    assert all(page.bytes and page.cost == page.taken for page in probe.pages)
    assert probe.points == sum(page.taken or 0 for page in probe.pages) + len(probe.fields)


def test_every_size_of_every_list_costs_less_than_half_of_what_a_probe_may_spend(
    measure: Measure, world: World, ants: Repository
) -> None:
    category = world.add_category(ants, "Ideas")
    for number in range(LADDER[-1] + 1):
        world.open_issue(ants, ants.owner, f"Issue {number}")
        world.open_pull_request(ants, ants.owner, f"Pull request {number}")
        world.open_discussion(category, ants.owner, f"Discussion {number}")

    probe = measure()

    lists = ("issues", "pull_requests", "discussions")
    assert [page.asked for page in probe.pages if page.list in lists] == [*LADDER] * 3
    for what in ("threads_by_number", "parts"):
        assert pages_of(probe, what) == [(size, size, "answered") for size in FEW]
    assert 0 < probe.points < MOST_POINTS / 2


def test_what_is_asked_for_by_number_and_by_id_is_tried_too(
    measure: Measure, world: World, ants: Repository
) -> None:
    for number in range(MANY[0]):
        world.open_issue(ants, world.add_actor(f"ant-{number}"), f"Issue {number}")

    probe = measure()

    for what in ("threads_by_number", "parts"):
        assert pages_of(probe, what) == [(size, size, "answered") for size in FEW]
    *first, (asked, came, outcome) = pages_of(probe, "people")
    assert first[0] == (MANY[0], MANY[0], "answered")
    assert (asked, outcome) == (came, "answered")
    assert MANY[0] < asked < MANY[-1]


@pytest.mark.parametrize(
    ("document", "what", "tried"),
    [("ThreadsByNumber", "threads_by_number", 1), ("Parts", "parts", 2), ("People", "people", 1)],
)
def test_the_ladder_of_each_ends_where_it_is_too_much(
    measure: Measure, simulator: SimulatorServer, document: str, what: str, tried: int
) -> None:
    is_asked, seen = asking_for(f"query {document}"), list[str]()

    def late(asked: Asked) -> bool:
        if is_asked(asked):
            seen.append(document)
        return is_asked(asked) and len(seen) == tried

    simulator.faults.add(Fault(timed_out(points=3), on=late, times=None))

    probe = measure()

    found = pages_of(probe, what)
    assert [outcome for *_, outcome in found] == ["answered"] * (tried - 1) + ["query_too_heavy"]
    assert {p.list for p in probe.pages if p.outcome == "query_too_heavy"} == {what}
    assert [p.taken for p in probe.pages if p.outcome == "query_too_heavy"] == [3]


def test_what_is_too_heavy_ends_the_ladder_and_tells_its_price(
    measure: Measure, simulator: SimulatorServer
) -> None:
    simulator.faults.add(Fault(timed_out(points=40), on=first_over(25), times=None))

    probe = measure()

    assert [outcome for *_, outcome in pages_of(probe, "pull_requests")] == [
        "answered",
        "answered",
        "query_too_heavy",
    ]
    heavy = [page for page in probe.pages if page.outcome == "query_too_heavy"]
    assert [(page.asked, page.taken, page.came) for page in heavy] == [
        *((50, 40, None), (50, 40, None)),
        # Lists of a hundred are too long, too.
        (5, 40, None),
    ]
    assert heavy[0].error_text == "GitHub gave up on the request (502). Try again later."


def test_no_more_is_asked_once_the_points_are_spent(
    measure: Measure, simulator: SimulatorServer
) -> None:
    simulator.faults.add(Fault(timed_out(points=MOST_POINTS), on=first_over(25), times=None))

    probe = measure()

    assert [page.outcome for page in probe.pages] == ["answered", "answered", "query_too_heavy"]
    assert (probe.fields, probe.rest) == ([], [])
    assert probe.stopped == f"It stopped after {probe.points} points."


def test_a_limit_ends_the_probe_with_what_was_measured(
    measure: Measure, simulator: SimulatorServer
) -> None:
    simulator.faults.add(Fault(rate_limited(), on=asking_for("list: pullRequests(")))

    probe = measure()

    assert {page.list for page in probe.pages} == {"issues"}
    assert "rate limit" in probe.stopped


@pytest.mark.parametrize(
    ("lists", "is_on", "came", "shows"),
    [
        ("empty", False, 0, "answered"),
        ("null", False, None, "nothing"),
        # These take the repository along, and with it what tells that the feature is off.
        ("NOT_FOUND", None, None, "nothing"),
        ("FORBIDDEN", None, None, "access_denied"),
    ],
)
def test_it_tells_what_came_of_a_feature_that_is_off(
    measure: Measure,
    world: World,
    ants: Repository,
    lists: Literal["empty", "null", "NOT_FOUND", "FORBIDDEN"],
    is_on: bool | None,
    came: int | None,
    shows: str,
) -> None:
    world.dialect = replace(world.dialect, switched_off_lists=lists)
    ants.has_discussions_enabled = False

    probe = measure()

    found = {feature.name: feature for feature in probe.features}
    assert (found["discussions"].is_on, found["discussions"].shows) == (is_on, shows)
    assert found["issues"].is_on is True
    assert pages_of(probe, "discussions") == [(10, came, shows)]


@pytest.mark.parametrize(("knows_the_switch", "is_on"), [(True, True), (False, None)])
def test_a_server_that_is_too_old_for_a_field_is_asked_without_it(
    measure: Measure,
    world: World,
    simulator: SimulatorServer,
    knows_the_switch: bool,
    is_on: bool | None,
) -> None:
    world.dialect = replace(world.dialect, newer_fields=knows_the_switch, granted_scopes=None)

    probe = measure()

    found = {feature.name: feature for feature in probe.features}
    assert (found["pull_requests"].is_on, found["pull_requests"].shows) == (is_on, "answered")
    assert {page.outcome for page in probe.pages} == {"answered"}
    asked = [e for e in simulator.requests.entries if "hasPullRequestsEnabled" in e.document]
    of_threads = [page for page in probe.pages if page.list not in ("parts", "people")]
    assert len(asked) == (len(of_threads) if knows_the_switch else 1)


def test_a_list_that_is_null_is_nothing_and_one_that_is_refused_is_denied(
    measure: Measure, simulator: SimulatorServer
) -> None:
    def hide(body: Any) -> None:
        body["data"]["repository"]["list"] = None

    def refuse(body: Any) -> None:
        hide(body)
        path = ["repository", "list"]
        body["errors"] = [{"type": "FORBIDDEN", "path": path, "message": "Not accessible"}]

    simulator.faults.add(
        Fault(patched(hide), on=asking_for("list: discussions(")),
        Fault(patched(refuse), on=asking_for("list: pullRequests(")),
    )

    probe = measure()

    assert pages_of(probe, "discussions") == [(10, None, "nothing")]
    assert pages_of(probe, "pull_requests") == [(10, None, "access_denied")]


def test_an_address_is_given_refused_for_one_person_or_refused_by_scope(
    measure: Measure, simulator: SimulatorServer
) -> None:
    def refuse(body: Any) -> None:
        body["data"]["nodes"][0]["email"] = None
        path = ["nodes", 0, "email"]
        body["errors"] = [{"type": "FORBIDDEN", "path": path, "message": "Not accessible"}]

    given = field(measure(), "e-mail addresses")
    simulator.faults.add(Fault(patched(refuse), on=asking_for(" email")))
    refused = field(measure(), "e-mail addresses")
    simulator.faults.clear()
    simulator.faults.add(Fault(graphql_error("INSUFFICIENT_SCOPES"), on=asking_for(" email")))
    without_scope = field(measure(), "e-mail addresses")

    assert (given.is_given, given.outcome) == (True, "answered")
    assert (refused.is_given, refused.outcome) == (False, "access_denied")
    assert (without_scope.is_given, without_scope.outcome) == (False, "access_denied")
    assert "required scopes" in without_scope.error_text


def test_permissions_and_scopes_are_those_that_the_headers_name(
    measure: Measure, simulator: SimulatorServer
) -> None:
    refusal = status(403, X_Accepted_GitHub_Permissions="pull_requests=read")
    simulator.faults.add(Fault(refusal, on="pulls"))

    probe = measure()

    found = {one.name: one for one in probe.rest}
    assert (found["pulls"].status, found["pulls"].accepts) == (403, "pull_requests=read")
    assert (found["issues"].is_given, found["issues"].status) == (True, 200)
    assert (probe.token, probe.scopes) == ("classic", None)
    assert probe.limits["graphql"]["limit"] == 5000


@pytest.mark.parametrize(
    ("named", "scopes"),
    [("repo, read:org,user:email", ["read:org", "repo", "user:email"]), ("", [])],
)
def test_the_scopes_of_a_classic_token_are_told(
    measure: Measure, simulator: SimulatorServer, named: str, scopes: list[str]
) -> None:
    def name_them(call: Call) -> Response:
        response = call.proceed()
        response.headers["X-OAuth-Scopes"] = named
        return response

    simulator.faults.add(Fault(name_them, times=None))

    assert measure().scopes == scopes


def test_nothing_that_the_world_holds_is_written_down(
    measure: Measure, world: World, ants: Repository, simulator: SimulatorServer
) -> None:
    ants.is_private = True
    told = f"Could not resolve {RECORDED} for {DEMO_TOKEN}; see https://github.com/orgs/x/sso?a=b"
    simulator.faults.add(Fault(status(422, told), on="releases", times=None))
    simulator.faults.add(Fault(status(422, told), on="pulls", times=None))

    written = json.dumps(asdict(measure()))

    texts = {post.body for post in posts_of(ants)} | {
        post.title for post in posts_of(ants) if isinstance(post, Thread)
    }
    accounts = {actor.login for actor in world.actors.values()} | {ants.name, RECORDED}
    nodes = set(world.nodes)
    long_texts = {text for text in texts if len(text) > 3}
    assert {word for word in accounts | nodes | long_texts if word in written} == set()
    assert DEMO_TOKEN not in written
    assert "https://" not in written
    assert "Could not resolve [name] for [token]; see [address]" in written


def test_a_repository_is_named_only_where_everybody_can_see_it(measure: Measure) -> None:
    # The simulator is a server of its own: what is public there is not public everywhere.
    probe = measure()

    assert (probe.repository, probe.is_public, probe.server) == ("", False, "another server")


def test_a_repository_that_is_not_shown_cannot_be_probed(
    github: GitHubServer, simulator: SimulatorServer
) -> None:
    with pytest.raises(RepositoryUnknownError):
        repository_probe(full_name="nobody/nothing", token=DEMO_TOKEN, server=github)

    assert simulator.requests.count() == 1
