"""Cursors that lead nowhere end with an error, and clocks that are off hide nothing."""

from datetime import UTC, datetime, timedelta
from itertools import count
from time import sleep, time
from typing import Any

import pytest
from werkzeug.wrappers import Response

from dexxy.integrations.models import SyncPart
from dexxy.messages.models import Message
from dexxy_simulator.faults import (
    Effect,
    Fault,
    date_is,
    date_off,
    endless,
    graphql_error,
    patched,
    status,
)
from dexxy_simulator.faults.call import Asked, Call
from tests.scene import (
    EDITS,
    LISTS,
    REQUESTS,
    Scene,
    add_thread,
    first_issue,
    first_pull,
)
from tests.truth import assert_source_equals

NO_END = (
    "GitHub does not let Dexxy read a list to its end ({})"
    " It was begun again 3 times. Dexxy will try again later."
)


def small_pages(scene: Scene) -> None:
    """Let each list of threads be read from its beginning, two at a time."""
    scene.connected.streams.filter(name__in=LISTS).update(page_size=2, watermark=None)


@pytest.mark.parametrize("stream", LISTS)
def test_a_list_that_leads_to_the_same_cursor_for_ever_stops_the_run(
    busy: Scene, stream: str
) -> None:
    small_pages(busy)
    busy.go_wrong(endless("cursor:same"), stream)

    assert busy.outcome() == ("failed", "unexpected_answer")

    assert busy.error.startswith("GitHub does not let Dexxy read a list to its end (")
    busy.recover()


@pytest.mark.slow
def test_a_list_whose_cursors_go_round_in_a_larger_circle_stops_the_run(busy: Scene) -> None:
    first: list[str] = []
    turns = count()

    def lead_back(body: Any) -> None:
        """From the third page on, lead to the second and third page in turns."""
        info = body["data"]["repository"]["list"]["pageInfo"]
        if len(first) < 2:
            first.append(info["endCursor"])
        else:
            info.update(hasNextPage=True, endCursor=first[next(turns) % 2])

    small_pages(busy)
    for number in range(40):
        add_thread(busy, "issues", f"Another {number}")
    busy.go_wrong(patched(lead_back), "issues")

    assert busy.outcome() == ("failed", "unexpected_answer")

    assert busy.error == NO_END.format("It goes on behind all that there is.")
    busy.recover()


@pytest.mark.parametrize("stream", LISTS)
def test_a_list_whose_cursor_is_always_refused_stops_the_run_after_three_new_beginnings(
    busy: Scene, stream: str
) -> None:
    small_pages(busy)
    for number in range(20):
        add_thread(busy, stream, f"Another {number}")

    def goes_on(asked: Asked) -> bool:
        request = REQUESTS[stream]
        return callable(request) and request(asked) and bool(asked.variables.get("after"))

    fault = Fault(graphql_error("INVALID_CURSOR_ARGUMENTS"), on=goes_on, times=None)
    busy.server.faults.add(fault)

    assert busy.outcome() == ("failed", "unexpected_answer")

    refused = "GitHub refused a cursor: `x` does not appear to be a valid cursor."
    assert busy.error == NO_END.format(refused)
    assert fault.happened == 4
    busy.recover()


def test_a_cursor_that_is_refused_once_costs_nothing_but_time(busy: Scene) -> None:
    small_pages(busy)
    refused = Fault(
        graphql_error("INVALID_CURSOR_ARGUMENTS"),
        on=lambda asked: bool(asked.variables.get("after")),
        times=1,
    )
    busy.server.faults.add(refused)

    assert busy.outcome() == ("done", "")

    assert busy.connected.runs.latest("pk").counts["restarts"] == 1
    assert_source_equals(busy.connected.source, busy.repository)


@pytest.mark.parametrize(
    "effect",
    [graphql_error("INVALID_CURSOR_ARGUMENTS"), endless("cursor:same")],
    ids=["refused", "same"],
)
def test_a_nested_list_without_an_end_is_a_problem_of_its_thread_and_archives_nothing(
    busy: Scene, effect: Effect
) -> None:
    busy.go_wrong(effect, "parts")

    assert busy.outcome() == ("done", "")

    assert ("issue", 10) in busy.problems
    assert all("to its end" in line for line in busy.problems.values())
    assert not SyncPart.objects.exists()
    assert not Message.objects.filter(is_archived=True).exists()
    busy.recover()


def linked_to_itself(call: Call) -> Response:
    """Let the next page of a REST list be the one that was asked for."""
    response = call.proceed()
    response.headers["Link"] = f'<{call.request.url}>; rel="next"'
    return response


@pytest.mark.parametrize("stream", EDITS)
def test_a_list_of_edits_that_links_to_itself_stops_the_run(busy: Scene, stream: str) -> None:
    busy.go_wrong(linked_to_itself, stream)

    assert busy.outcome() == ("failed", "unexpected_answer")

    assert busy.error == NO_END.format("GitHub's list of comments goes round in a circle.")
    busy.recover()


def test_a_page_of_edits_that_is_always_refused_stops_the_run_and_no_edit_is_lost(
    busy: Scene,
) -> None:
    issue = first_issue(busy.repository)
    with busy.world.at(busy.world.now()):
        for number in range(230):
            busy.world.comment(issue, busy.owner, f"At once {number}")
    busy.server.faults.add(Fault(status(422), on=lambda asked: "page=2" in asked.path, times=None))

    assert busy.outcome() == ("failed", "unexpected_answer")

    refused = "GitHub refused the request (422: Validation Failed). Update Dexxy, or report it."
    assert busy.error == NO_END.format(refused)
    busy.recover()


OFF: dict[str, Effect] = {
    "an hour fast": date_off(3600),
    "a day fast": date_off(86_400),
    "an hour slow": date_off(-3600),
    "missing": date_off(None),
    "unparsable": date_is("a quarter past nine"),
    "of another age": date_is("Fri, 31 Dec 9999 23:59:59 GMT"),
    "of no month": date_is("Mon, 99 Foo 2026 00:00:00 GMT"),
}


def the_second_passes() -> None:
    """Wait for a new second: what is edited twice in one has the same time on GitHub."""
    sleep(1 - time() % 1)


@pytest.mark.parametrize("clock", OFF)
def test_a_clock_that_is_off_hides_no_change(busy: Scene, clock: str) -> None:
    busy.server.faults.add(Fault(OFF[clock], times=None))
    assert busy.outcome() == ("done", "")
    assert_source_equals(busy.connected.source, busy.repository)
    world, owner = busy.world, busy.owner
    issue = first_issue(busy.repository)

    the_second_passes()
    world.comment(issue, owner, "And then?")
    world.edit(first_pull(busy.repository).reviews[0].comments[0], "On third thought")

    assert busy.outcome() == ("done", "")
    assert_source_equals(busy.connected.source, busy.repository)
    assert busy.outcome() == ("done", "")
    assert_source_equals(busy.connected.source, busy.repository)


def test_our_own_clock_may_be_fast_too(busy: Scene) -> None:
    busy.world.clock = lambda: datetime.now(UTC) - timedelta(hours=1)
    busy.connected.streams.all().delete()
    assert busy.outcome() == ("done", "")
    issue, pull = first_issue(busy.repository), first_pull(busy.repository)

    the_second_passes()
    busy.world.comment(issue, busy.owner, "An hour ago, by your clock")
    busy.world.edit(pull.reviews[0].comments[0], "On third thought")

    assert busy.outcome() == ("done", "")
    assert_source_equals(busy.connected.source, busy.repository)
