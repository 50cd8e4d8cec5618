"""One answer, or one error that says what to do."""

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github_client import GitHubClient
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World
from tests.scripted import ScriptedApp, refusal, scripted_github

QUERY = "query { viewer { login } }"


@pytest.fixture
def app(world: World) -> ScriptedApp:
    return ScriptedApp(world)


@pytest.fixture
def client(app: ScriptedApp) -> Iterator[GitHubClient]:
    with scripted_github(app) as server, client_of(server) as client:
        yield client


def client_of(server: GitHubServer, token: str = DEMO_TOKEN) -> GitHubClient:
    return GitHubClient(api_url=server.api_url, graphql_url=server.graphql_url, token=token)


def test_a_query_answers_its_data_and_the_time_of_the_server(client: GitHubClient) -> None:
    answer = client.query(QUERY, {})

    assert answer.data == {"viewer": {"login": "dexxy-demo"}}
    assert abs(answer.date - answer.asked_at) < timedelta(seconds=10)


def test_an_answer_that_is_larger_than_wanted_is_too_heavy(
    client: GitHubClient, app: ScriptedApp
) -> None:
    body = b'{"data": {"text": "' + b"x" * 1000 + b'"}}'
    app.script.extend([refusal(200, body), refusal(200, body)])

    assert client.query(QUERY, {}, at_most=len(body)).size == len(body)
    with pytest.raises(errors.QueryTooHeavyError, match="more than 999 bytes"):
        client.query(QUERY, {}, at_most=999)


def test_a_packed_answer_is_the_same_answer(app: ScriptedApp, client: GitHubClient) -> None:
    body = json.dumps({"data": {"viewer": {"login": "ant " * 100_000}}}).encode()
    app.script.append(refusal(200, gzip.compress(body), Content_Encoding="gzip"))

    answer = client.query(QUERY, {})

    assert (answer.data, answer.size) == (json.loads(body)["data"], len(body))


def test_a_packed_answer_that_is_larger_than_wanted_is_never_unpacked_whole(
    app: ScriptedApp, client: GitHubClient
) -> None:
    app.script.append(refusal(200, gzip.compress(b" " * 50_000_000), Content_Encoding="gzip"))
    tracemalloc.start()

    with pytest.raises(errors.QueryTooHeavyError):
        client.query(QUERY, {}, at_most=1_000_000)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize(
    ("packed", "error"),
    [
        (b"not packed at all", errors.GitHubUnreachableError),
        (gzip.compress(b'{"data": {}}')[:-12], errors.QueryTooHeavyError),
    ],
    ids=["not packed", "cut off"],
)
def test_an_answer_that_is_packed_badly_is_an_error(
    app: ScriptedApp, client: GitHubClient, packed: bytes, error: type[errors.GitHubError]
) -> None:
    app.script.append(refusal(200, packed, Content_Encoding="gzip"))

    with pytest.raises(error):
        client.query(QUERY, {})


def test_a_path_of_the_rest_api_answers_its_json(client: GitHubClient) -> None:
    assert client.get("repos/panjf2000/ants").data["id"] == 134018330


@pytest.mark.parametrize(
    ("status", "kind", "sentence"),
    [
        (401, errors.BadCredentialsError, "Make a new one"),
        (403, errors.AccessDeniedError, "Give the token read access"),
        (404, errors.NotFoundError, "knows nothing there"),
        (410, errors.NotFoundError, "knows nothing there"),
        (422, errors.UnexpectedAnswerError, "refused the request (422: No)"),
        (451, errors.AccessDeniedError, "451"),
        (500, errors.GitHubServerError, "Try again later"),
        (502, errors.QueryTooHeavyError, "gave up"),
        (503, errors.GatewayError, "Try again later"),
        (504, errors.QueryTooHeavyError, "gave up"),
    ],
)
def test_each_refusal_is_an_error_of_its_own(
    app: ScriptedApp,
    client: GitHubClient,
    status: int,
    kind: type[errors.GitHubError],
    sentence: str,
) -> None:
    app.script.append(refusal(status))

    with pytest.raises(errors.GitHubError) as caught:
        client.get("user")

    assert type(caught.value) is kind
    assert sentence in str(caught.value)


@pytest.mark.parametrize("status", [403, 429])
def test_a_primary_limit_says_until_when_to_wait(
    app: ScriptedApp, client: GitHubClient, status: int
) -> None:
    reset = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=20)
    headers = {
        "x_ratelimit_remaining": "0",
        "x_ratelimit_reset": str(int(reset.timestamp())),
    }
    app.script.append(refusal(status, **headers))

    with pytest.raises(errors.RateLimitedError) as caught:
        client.get("user")

    assert caught.value.retry_at == reset


def test_a_secondary_limit_waits_as_long_as_it_asks_for(
    app: ScriptedApp, client: GitHubClient
) -> None:
    app.script.append(refusal(403, retry_after="90"))

    with pytest.raises(errors.RateLimitedError) as caught:
        client.get("user")

    wait = caught.value.retry_at - datetime.now(UTC)
    assert timedelta(seconds=80) < wait <= timedelta(seconds=90)


def test_a_secondary_limit_without_a_time_waits_a_minute(
    app: ScriptedApp, client: GitHubClient
) -> None:
    app.script.append(refusal(403, {"message": "You have exceeded a secondary rate limit"}))

    with pytest.raises(errors.RateLimitedError) as caught:
        client.get("user")

    wait = caught.value.retry_at - datetime.now(UTC)
    assert timedelta(seconds=50) < wait <= timedelta(seconds=60)


@pytest.mark.parametrize("kind", ["RATE_LIMITED", "RATE_LIMIT"])
def test_a_limit_inside_a_200_is_seen_in_both_spellings(
    app: ScriptedApp, client: GitHubClient, kind: str
) -> None:
    app.script.append(refusal(200, {"errors": [{"type": kind, "message": "API rate limit"}]}))

    with pytest.raises(errors.RateLimitedError):
        client.query(QUERY, {})


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        ({"type": "NOT_FOUND", "message": "x", "path": ["repository"]}, errors.NotFoundError),
        ({"type": "FORBIDDEN", "message": "x"}, errors.AccessDeniedError),
        ({"type": "RESOURCE_LIMITS_EXCEEDED", "message": "x"}, errors.QueryTooHeavyError),
        ({"message": "Something went wrong while executing"}, errors.QueryTooHeavyError),
        ({"type": "INVALID_CURSOR_ARGUMENTS", "message": "x"}, errors.CursorRefusedError),
        (
            {"message": "no such field", "extensions": {"code": "undefinedField"}},
            errors.UnexpectedAnswerError,
        ),
    ],
)
def test_a_200_with_errors_is_never_an_answer(
    app: ScriptedApp,
    client: GitHubClient,
    problem: dict[str, object],
    kind: type[errors.GitHubError],
) -> None:
    app.script.append(refusal(200, {"data": {"viewer": None}, "errors": [problem]}))

    with pytest.raises(errors.GitHubError) as caught:
        client.query(QUERY, {})

    assert type(caught.value) is kind


def test_a_part_that_may_be_missing_is_null(app: ScriptedApp, client: GitHubClient) -> None:
    problem = {"type": "NOT_FOUND", "message": "x", "path": ["p0"]}
    app.script.append(refusal(200, {"data": {"p0": None}, "errors": [problem]}))

    assert client.query(QUERY, {}, may_lack=["p0"]).data == {"p0": None}


def test_an_answer_that_was_cut_off_is_an_error(app: ScriptedApp, client: GitHubClient) -> None:
    app.script.append(refusal(200, b'{"data": {"viewer":'))

    with pytest.raises(errors.QueryTooHeavyError, match="cut off"):
        client.query(QUERY, {})


def test_a_list_instead_of_a_graphql_answer_is_an_error(
    app: ScriptedApp, client: GitHubClient
) -> None:
    app.script.append(refusal(200, ["not", "GraphQL"]))

    with pytest.raises(errors.UnexpectedAnswerError, match="not an object"):
        client.query(QUERY, {})


def test_a_wrong_token_is_refused(app: ScriptedApp) -> None:
    with (
        scripted_github(app) as server,
        client_of(server, "ghp_wrong") as client,
        pytest.raises(errors.BadCredentialsError),
    ):
        client.get("user")


def test_a_server_that_is_not_there_is_named() -> None:
    nowhere = GitHubServer("http://127.0.0.1:1", "http://127.0.0.1:1/graphql", "")

    with (
        client_of(nowhere) as client,
        pytest.raises(errors.GitHubUnreachableError, match=r"127\.0\.0\.1 cannot be reached \(Con"),
    ):
        client.get("user")


@pytest.mark.parametrize("off", [timedelta(hours=-3), timedelta(hours=3)])
def test_a_limit_is_as_long_as_it_is_by_github_s_own_clock(
    app: ScriptedApp, client: GitHubClient, off: timedelta
) -> None:
    there = datetime.now(UTC).replace(microsecond=0) + off
    headers = {
        "x_ratelimit_remaining": "0",
        "x_ratelimit_reset": str(int((there + timedelta(minutes=20)).timestamp())),
        "date": format_datetime(there, usegmt=True),
    }
    app.script.append(refusal(403, **headers))

    with pytest.raises(errors.RateLimitedError) as caught:
        client.get("user")

    wait = caught.value.retry_at - datetime.now(UTC)
    assert timedelta(minutes=19) < wait <= timedelta(minutes=20)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "-5"}, 1),
        ({"retry_after": "0"}, 1),
        ({"retry_after": "soon"}, 60),
        ({"retry_after": "99999999999999"}, 60),
        ({"retry_after": "9" * 5000}, 60),
        ({"retry_after": "86400"}, 3600),
        ({"x_ratelimit_remaining": "0"}, 60),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": "1"}, 1),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": "99999999999999"}, 60),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": "9999999999"}, 3600),
    ],
)
def test_an_absurd_limit_is_neither_a_busy_loop_nor_for_ever(
    app: ScriptedApp, client: GitHubClient, headers: dict[str, str], seconds: int
) -> None:
    app.script.append(refusal(429, **headers))

    with pytest.raises(errors.RateLimitedError) as caught:
        client.get("user")

    wait = (caught.value.retry_at - datetime.now(UTC)).total_seconds()
    assert seconds - 1 < wait <= seconds


@pytest.mark.parametrize(
    "path", ["http://127.0.0.2/user", "https://x.example/", "http://[", "//x/"]
)
def test_a_token_goes_to_no_other_server(client: GitHubClient, path: str) -> None:
    with pytest.raises(errors.UnexpectedAnswerError):
        client.get(path)
