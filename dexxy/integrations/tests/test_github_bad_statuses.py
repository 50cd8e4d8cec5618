"""Refused, broken and slow answers: carried on, or stopped with one line and nothing half."""

from typing import Any, Literal

import httpx
import pytest
from werkzeug.wrappers import Response

from dexxy.integrations.models import RequestSize
from dexxy.integrations.services import github_client
from dexxy.messages.models import Message, Thread
from dexxy_simulator.faults import (
    Call,
    Effect,
    Fault,
    asking_for,
    cut,
    delay,
    first_over,
    garbage,
    reset,
    status,
    timed_out,
)
from tests.scene import EDITS, LISTS, REQUESTS, Scene, first_issue

GIVE_ACCESS = "Give the token read access to issues, pull requests and discussions."
REFUSALS: list[tuple[int, str, str]] = [
    (
        401,
        "bad_credentials",
        "GitHub refused the token (401). Make a new one under Settings > Developer settings, and"
        " connect again.",
    ),
    (
        403,
        "access_denied",
        "GitHub does not let this token read it (403: Resource not accessible by integration)."
        f" {GIVE_ACCESS}",
    ),
    (
        404,
        "not_found",
        "GitHub knows nothing there (404: Not Found). Check DEXXY_GITHUB_API_URL.",
    ),
    (
        410,
        "not_found",
        "GitHub knows nothing there (410: This issue was deleted). Check DEXXY_GITHUB_API_URL.",
    ),
    (
        422,
        "unexpected_answer",
        "GitHub refused the request (422: Validation Failed). Update Dexxy, or report it.",
    ),
    (
        451,
        "access_denied",
        "GitHub blocks it for legal reasons (451: Repository access blocked). Its page on GitHub"
        " says why; Dexxy looks again every hour.",
    ),
    (500, "github_server_error", "GitHub failed (500: Server Error). Try again later."),
]


# Each refusal of a query and of a REST list, and two of them everywhere; but nothing waits for
# profiles and lists of edits that may not be read.
CASES = [
    (stream, *refusal)
    for stream in REQUESTS
    for refusal in REFUSALS
    if stream == "issues"
    or refusal[0] == 500
    or (refusal[0] == 403 and stream not in {"people", *EDITS})
    or (stream == "comment_edits" and refusal[0] not in {403, 404, 410, 451})
]


@pytest.mark.parametrize(("stream", "code", "error_code", "line"), CASES)
def test_a_refusal_stops_the_run_with_one_line_and_nothing_of_the_page(
    busy: Scene, stream: str, code: int, error_code: str, line: str
) -> None:
    before = busy.stored(stream)
    busy.go_wrong(status(code), stream)

    assert busy.outcome() == ("failed", error_code)

    assert busy.error == line
    assert busy.stored(stream) == before
    busy.recover()
    assert busy.stored(stream) != before


@pytest.mark.parametrize("stream", EDITS)
@pytest.mark.parametrize("code", [404, 410])
def test_a_feature_that_is_switched_off_has_no_comments_and_loses_none(
    busy: Scene, stream: str, code: int
) -> None:
    before = busy.stored(stream)
    busy.go_wrong(status(code), stream)

    assert busy.outcome() == ("done", "")

    assert busy.stored(stream) == before
    busy.recover()


@pytest.mark.parametrize("stream", EDITS)
@pytest.mark.parametrize("code", [403, 451])
def test_a_list_of_edits_that_may_not_be_read_says_why_and_the_run_goes_on(
    busy: Scene, stream: str, code: int
) -> None:
    before = busy.stored(stream)
    busy.go_wrong(status(code), stream)

    assert busy.outcome() == ("done", "")

    [line] = [line for refused, _, line in REFUSALS if refused == code]
    assert busy.connected.streams.get(name=stream).refusal == line
    assert busy.stored(stream) == before
    busy.recover()


@pytest.mark.parametrize("stream", ["issues", "parts", "refetch", "people", "comment_edits"])
def test_too_many_requests_pause_the_run_until_github_wants_more(busy: Scene, stream: str) -> None:
    before = busy.stored(stream)
    busy.go_wrong(status(429, retry_after="30"), stream)

    assert busy.outcome() == ("paused", "")

    assert busy.stored(stream) == before
    busy.recover()
    assert busy.connected.runs.count() == 2


@pytest.mark.parametrize("code", [502, 504])
@pytest.mark.parametrize("stream", [*LISTS, *EDITS])
def test_a_list_that_github_always_gives_up_on_stops_the_run(
    busy: Scene, stream: str, code: Literal[502, 504]
) -> None:
    before = busy.stored(stream)
    busy.go_wrong(timed_out(code), stream)

    assert busy.outcome() == ("failed", "query_too_heavy")

    assert busy.error == f"GitHub gave up on the request ({code}). Try again later."
    assert busy.stored(stream) == before
    busy.recover()


@pytest.mark.parametrize("code", [502, 504])
@pytest.mark.parametrize(
    ("stream", "threads"),
    [
        ("parts", {("issue", 10), ("pull_request", 2), ("pull_request", 11)}),
        ("refetch", {("issue", 1), ("pull_request", 2)}),
    ],
)
def test_threads_that_github_always_gives_up_on_are_problems_and_the_run_goes_on(
    busy: Scene, stream: str, threads: set[tuple[str, int]], code: Literal[502, 504]
) -> None:
    before = busy.stored(stream)
    busy.go_wrong(timed_out(code), stream)

    assert busy.outcome() == ("done", "")

    assert set(busy.problems) == threads
    assert set(busy.problems.values()) == {
        f"GitHub gave up on the request ({code}). Try again later."
    }
    assert busy.stored(stream) == before
    busy.recover()


def test_profiles_that_github_always_gives_up_on_hold_nothing_up(busy: Scene) -> None:
    busy.go_wrong(timed_out(502), "people")

    assert busy.outcome() == ("done", "")

    assert busy.server.requests.count("graphql") < 30
    busy.recover()


BROKEN: dict[str, Effect] = {
    "cut off": cut(0.5),
    "reset": reset(),
    "reset inside": reset(0.5),
    "timed out": delay(0.5),
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github_client, "TIMEOUT", httpx.Timeout(0.3))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("stream", "broken"),
    [
        *((stream, "cut off") for stream in REQUESTS),
        *((stream, how) for stream in ("issues", "comment_edits") for how in BROKEN),
    ],
)
def test_a_connection_that_breaks_once_is_made_again(busy: Scene, stream: str, broken: str) -> None:
    busy.go_wrong(BROKEN[broken], stream, times=1)

    assert busy.outcome() == ("done", "")

    busy.recover()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("stream", ["issues", "comment_edits"])
@pytest.mark.parametrize(
    ("broken", "line"),
    [
        (
            "cut off",
            "127.0.0.1 cannot be reached (the connection broke). Check the network, and"
            " DEXXY_GITHUB_API_URL.",
        ),
        ("timed out", "127.0.0.1 did not answer in time. Try again later."),
    ],
)
def test_a_connection_that_always_breaks_stops_the_run(
    busy: Scene, stream: str, broken: str, line: str
) -> None:
    before = busy.stored(stream)
    busy.go_wrong(BROKEN[broken], stream)

    code = "query_too_heavy" if stream == "issues" else "github_unreachable"
    assert busy.outcome() == ("failed", code)

    assert busy.error == line
    assert busy.stored(stream) == before
    busy.recover()


@pytest.mark.usefixtures("impatient")
def test_a_network_that_breaks_everything_off_is_down_and_no_size_is_to_blame(busy: Scene) -> None:
    before = busy.stored("parts")
    for query in ("query Parts", "query Lightest"):
        busy.server.faults.add(Fault(cut(0.5), on=asking_for(query), times=None))

    assert busy.outcome() == ("failed", "github_unreachable")

    assert busy.stored("parts") == before
    assert busy.problems == {}
    assert not busy.connected.request_sizes.exclude(suspected_size=None).exists()
    busy.recover()


# Each time-out is waited for, four times at the least.
SLOW = pytest.mark.slow


def answers_showing(number: int, effect: Effect) -> Effect:
    """Let EFFECT fall on the answers that show a thread, more of it than its number."""

    def chosen(call: Call) -> Response:
        shown = call.answer().get_json(force=True)["data"].get("repository") or {}
        listed = (shown.get("list") or {}).get("nodes") or []
        threads = [*listed, *(node for name, node in shown.items() if name.startswith("t"))]
        is_shown = any(one and one.get("number") == number and len(one) > 1 for one in threads)
        return effect(call) if is_shown else call.proceed()

    return chosen


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("broken", ["cut off", pytest.param("timed out", marks=SLOW)])
@pytest.mark.parametrize("stream", ["issues", "refetch"])
def test_a_thread_whose_answer_always_breaks_off_is_a_problem_and_its_neighbours_are_read(
    busy: Scene, stream: str, broken: str
) -> None:
    number = 10 if stream == "issues" else first_issue(busy.repository).number
    behind = busy.world.open_issue(busy.repository, busy.owner, "Behind it").number
    # From the newest update down two at once: what was changed last is in its own page.
    busy.connected.streams.update(page_size=2)
    RequestSize.objects.create(repository=busy.connected, request="threads", page_size=2)
    busy.go_wrong(answers_showing(number, BROKEN[broken]), stream)

    assert busy.outcome() == ("done", "")

    assert list(busy.problems) == [("issue", number)]
    assert Thread.objects.filter(kind="issue", number=behind).exists()
    busy.recover(sweep=True)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("broken", ["cut off", pytest.param("timed out", marks=SLOW)])
def test_a_list_of_a_thread_whose_answer_always_breaks_off_is_a_problem_of_that_thread(
    busy: Scene, broken: str
) -> None:
    issue = next(one for one in busy.repository.issues.values() if one.title == "Much to say")
    on = asking_for(issue.node_id)
    RequestSize.objects.create(repository=busy.connected, request="parts", page_size=1)
    busy.server.faults.add(Fault(BROKEN[broken], on=on, times=None))

    assert busy.outcome() == ("done", "")

    assert list(busy.problems) == [("issue", issue.number)]
    assert Message.objects.filter(kind="review_comment", body="And here?").exists()
    busy.recover()


SMALLER: dict[str, Effect] = {
    "503": status(503),
    "524": status(524, "A timeout occurred", html=True),
    "a page": garbage("html"),
    "a time-out": delay(0.5),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("effect", SMALLER)
def test_what_only_large_pages_meet_makes_them_smaller(scene: Scene, effect: str) -> None:
    for number in range(20):
        scene.world.open_issue(scene.repository, scene.owner, f"Issue {number}")
    scene.connected.streams.filter(name="issues").update(watermark=None)
    scene.server.faults.add(Fault(SMALLER[effect], on=first_over(24), times=None))

    assert scene.outcome() == ("done", "")

    assert scene.problems == {}
    assert scene.connected.streams.get(name="issues").failed_size == 25
    scene.recover()


def test_a_message_of_a_megabyte_with_nul_and_a_token_is_one_short_line(busy: Scene) -> None:
    token = "ghs_1234567_" + "eyJhbGciOi.J9_-x" * 32
    busy.go_wrong(status(403, f"Bad\x00 token {token}\n" + "again " * 200_000), "issues")

    assert busy.outcome() == ("failed", "access_denied")

    assert "(403: Bad token [token] again again" in busy.error
    assert len(busy.error) < 500
    assert "\n" not in busy.error


def test_a_list_that_goes_on_at_another_server_is_not_asked_there(busy: Scene) -> None:
    def lead_away(call: Any) -> Any:
        response = call.proceed()
        response.headers["Link"] = '<http://localhost:1/repositories/1/x?page=2>; rel="next"'
        return response

    old = first_issue(busy.repository)
    with busy.world.at(old.comments[0].updated_at):
        busy.go_wrong(lead_away, "comment_edits")

    assert busy.outcome() == ("failed", "unexpected_answer")

    assert "which is not 127.0.0.1" in busy.error
    busy.recover()
