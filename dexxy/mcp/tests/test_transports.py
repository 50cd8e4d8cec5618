"""`dexxy mcp` as assistants meet it: by the client of those who define the protocol."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.db import connection
from mcp import Client, StdioServerParameters, types
from mcp.client.streamable_http import streamable_http_client
from pytest_django import DjangoDbBlocker

from dexxy.accounts.api_tokens import api_token_create, api_token_revoke
from dexxy.accounts.memberships import membership_remove
from dexxy.accounts.models import ApiToken, User, Workspace
from dexxy.cli.tests.real_proxies import MCP_HOW_TO, caddy_before, nginx_before
from dexxy.cli.tests.running import COMMAND, Running, answers, environment, free_port
from dexxy.embedded.tests.conftest import make_place, remove_place
from dexxy.mcp.catalogue import TOOLS
from dexxy.mcp.http import LARGEST_BODY
from dexxy.messages.models import Thread
from tests.servers import own_database

pytestmark = pytest.mark.django_db(transaction=True)

# The handshake of before, and the version in which each request stands for itself.
MODES = ("legacy", "auto")
Connected = Callable[[str, str], AbstractAsyncContextManager[Client]]


def settings(place: Path, **more: str) -> dict[str, str]:
    given = {
        "REDIS_URL": os.environ["REDIS_URL"],
        "DEXXY_SECRET_KEY": os.environ["DEXXY_SECRET_KEY"],
    }
    return environment(place / "data", **{**given, **own_database(), **more})


class OverHttp(Running):
    """`dexxy mcp --http` that is ready."""

    def __init__(self, place: Path) -> None:
        self.port = free_port()
        arguments = ("mcp", "--http", "--port", str(self.port))
        env = settings(place, DEXXY_ALLOWED_HOSTS="dexxy.example.org")
        super().__init__(*arguments, log=place / "mcp.log", env=env)
        self.wait_until(lambda: answers(self.port), "it is ready")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"


@pytest.fixture(scope="module")
def over_http(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[OverHttp]:
    place = make_place()
    with django_db_blocker.unblock():
        one = OverHttp(place)
    yield one
    one.end()
    remove_place(place)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    made = make_place()
    yield made
    remove_place(made)


@pytest.fixture(params=["stdio", "http"])
def connected(request: pytest.FixtureRequest, place: Path) -> Connected:
    """Connect the client over one of the transports, with a token."""
    if request.param == "http":
        url = request.getfixturevalue("over_http").url
        return lambda token, mode: connected_over_http(url, token, mode)
    env = settings(place)
    return lambda token, mode: connected_over_stdio(env, token, mode)


@asynccontextmanager
async def connected_over_http(url: str, token: str, mode: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as asking,
        Client(streamable_http_client(url, http_client=asking), mode=mode) as client,
    ):
        yield client


@asynccontextmanager
async def connected_over_stdio(env: dict[str, str], token: str, mode: str) -> Any:
    program, *arguments = [*COMMAND, "mcp"]
    server = StdioServerParameters(
        command=program, args=arguments, env={**env, "DEXXY_API_TOKEN": token}
    )
    async with Client(server, mode=mode) as client:
        yield client


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    """Run work of the client in a loop and a thread of its own, for so long.

    In the thread of the tests a loop may run: that of a browser.
    """

    async def limited() -> Any:
        async with asyncio.timeout(60):
            return await work()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(limited())).result()


def told(result: types.CallToolResult) -> dict[str, Any]:
    """Return an answer, which comes as data and as text."""
    assert not result.is_error, result.content
    [text] = result.content
    assert isinstance(text, types.TextContent)
    assert json.loads(text.text) == result.structured_content
    return result.structured_content or {}


@pytest.mark.parametrize("mode", MODES)
def test_a_client_lists_the_tools_and_who_waits(
    connected: Connected, mode: str, secret: str, waiting: Thread
) -> None:
    async def work() -> tuple[types.ListToolsResult, dict[str, Any]]:
        async with connected(secret, mode) as client:
            # The client checks an answer against the schema of the tool.
            return await client.list_tools(), told(await client.call_tool("list_waiting", {}))

    tools, answer = run(work)

    assert [tool.name for tool in tools.tools] == list(TOOLS)
    assert all(tool.annotations.read_only_hint for tool in tools.tools)
    assert [row["thread"]["number"] for row in answer["threads"]] == [7]


def test_every_tool_answers_and_refuses_in_sentences(
    connected: Connected, secret: str, waiting: Thread
) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("get_workspace", {}),
        ("search", {"query": "is:open"}),
        ("get_thread", {"reference": "#7"}),
        ("get_member", {"name": "meisand"}),
        ("get_insights", {"figures": ["flow"]}),
        ("list_changes", {"since": "2026-01-01"}),
    ]

    async def work() -> types.CallToolResult:
        async with connected(secret, "auto") as client:
            for name, arguments in calls:
                assert told(await client.call_tool(name, arguments))["notice"]
            return await client.call_tool("get_thread", {"thread_id": "1" * 19})

    refused = run(work)

    assert refused.is_error
    assert [one.text for one in refused.content] == ["There is no such thread."]


def test_a_token_that_is_revoked_ends_a_conversation(
    connected: Connected, alice: User, workspace: Workspace
) -> None:
    token, secret = api_token_create(viewer=alice, workspace=workspace, name="assistant")

    async def work() -> types.CallToolResult | Exception:
        async with connected(secret, "legacy") as client:
            told(await client.call_tool("get_workspace", {}))
            await asyncio.to_thread(revoke, token)
            try:
                return await client.call_tool("get_workspace", {})
            except Exception as error:
                return error

    ended = run(work)

    assert isinstance(ended, Exception) or ended.is_error, ended


def revoke(token: ApiToken) -> None:
    api_token_revoke(viewer=token.user, token_id=token.pk)
    connection.close()


def stdio(place: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run `dexxy mcp` with an input that is empty."""
    env = settings(place, **more)
    return subprocess.run(
        [*COMMAND, "mcp"], env=env, input="", capture_output=True, text=True, timeout=60
    )


def test_without_a_token_nobody_is_answered_over_stdio(place: Path, alice: User) -> None:
    ended = stdio(place)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("dexxy: Name an API token in DEXXY_API_TOKEN")


@pytest.mark.slow
def test_a_token_that_opens_nothing_ends_it_over_stdio(place: Path, alice: User) -> None:
    ended = stdio(place, DEXXY_API_TOKEN="dxy_nothing")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "dexxy: The token is unknown, has expired or was revoked.\n"


@pytest.mark.slow
def test_a_token_comes_from_a_file_and_the_end_of_the_input_ends_it(
    place: Path, secret: str
) -> None:
    (place / "token").write_text(f"{secret}\n")

    ended = stdio(place, DEXXY_API_TOKEN_FILE=str(place / "token"))

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.slow
def test_it_ends_when_it_is_asked_to_although_its_input_stays_open(
    place: Path, secret: str
) -> None:
    env = settings(place, DEXXY_API_TOKEN=secret)
    with subprocess.Popen(
        [*COMMAND, "mcp"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        process.stdin.flush()
        assert process.stdout.readline()

        process.send_signal(signal.SIGTERM)

        assert process.wait(30) == 0


class Asked:
    """What `dexxy mcp --http` answers to one request."""

    def __init__(self, port: int, method: str, path: str, body: bytes, **headers: str) -> None:
        asking = HTTPConnection("127.0.0.1", port, timeout=30)
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        asking.request(method, path, body, named)
        response = asking.getresponse()
        self.status, self.headers = response.status, response.headers
        self.text = response.read().decode()
        asking.close()


PING = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode()
USUAL = {
    "Content_Type": "application/json",
    "Accept": "application/json, text/event-stream",
}


def ask(over_http: OverHttp, secret: str, body: bytes = PING, **headers: str) -> Asked:
    known = {**USUAL, "Authorization": f"Bearer {secret}", **headers}
    return Asked(over_http.port, "POST", "/mcp", body, **known)


def test_over_http_each_request_has_a_token_that_opens_something(
    over_http: OverHttp, secret: str, alice: User, bob: User, workspace: Workspace
) -> None:
    _, former = api_token_create(viewer=bob, workspace=workspace, name="former")
    membership = workspace.memberships.get(user=bob)
    membership_remove(viewer=alice, membership_id=membership.pk)

    assert ask(over_http, secret).status == 200
    for answer in (
        ask(over_http, former),
        ask(over_http, "dxy_nothing"),
        ask(over_http, ""),
        Asked(over_http.port, "POST", "/mcp", PING, **USUAL),
    ):
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert json.loads(answer.text)["error"].endswith((".", "..."))


def test_over_http_a_page_of_elsewhere_is_refused(over_http: OverHttp, secret: str) -> None:
    assert ask(over_http, secret, Host="dexxy.example.org").status == 200
    assert ask(over_http, secret, Host="evil.example.org").status == 421
    own = f"http://127.0.0.1:{over_http.port}"
    assert ask(over_http, secret, Origin=own).status == 200
    assert ask(over_http, secret, Origin="https://evil.example.org").status == 403
    assert ask(over_http, secret, Origin="null").status == 403


def test_over_http_nothing_but_questions_is_taken(over_http: OverHttp, secret: str) -> None:
    got = Asked(over_http.port, "GET", "/mcp", b"", Accept="text/event-stream")
    assert (got.status, got.headers["Allow"]) == (405, "POST")
    assert Asked(over_http.port, "POST", "/elsewhere", PING, **USUAL).status == 404
    large = PING[:-1] + b" " * LARGEST_BODY + b"}"
    assert ask(over_http, secret, large).status == 413
    assert ask(over_http, secret, b"{").status == 400
    assert ask(over_http, secret, b"[" * 50_000).status == 400


def test_over_http_it_ends_well_when_it_is_asked_to(
    place: Path, running: Callable[..., Running], alice: User
) -> None:
    port = free_port()
    one = running("mcp", "--http", "--port", str(port), env=settings(place))
    one.wait_until(lambda: answers(port), "it is ready")

    assert one.stop(signal.SIGTERM) == 0
    assert "Traceback" not in one.said()


AHEAD = (
    "INSERT INTO django_migrations VALUES (9999, 'messages', '9999_x', now())",
    "DELETE FROM django_migrations WHERE id = 9999",
)
BEHIND = (
    "UPDATE django_migrations SET app = 'x' WHERE app = 'mail'",
    "UPDATE django_migrations SET app = 'mail' WHERE app = 'x'",
)
HALF_RESTORED = (
    "CREATE TABLE dexxy_unfinished_restore (erasure text NOT NULL)",
    "DROP TABLE IF EXISTS dexxy_unfinished_restore",
)


@pytest.mark.slow
def test_over_http_nothing_is_told_from_a_database_that_is_not_its_own(
    place: Path, secret: str, running: Callable[..., Running]
) -> None:
    port = free_port()
    known = {**USUAL, "Authorization": f"Bearer {secret}"}

    def asked() -> tuple[Asked, Asked]:
        return Asked(port, "POST", "/mcp", PING, **known), Asked(port, "GET", "/readyz", b"")

    def assert_refused() -> None:
        question, ready = asked()
        assert (question.status, question.headers["Retry-After"]) == (503, "30")
        waits = "Dexxy waits for its database to be brought up to date."
        assert json.loads(question.text) == {"error": waits}
        assert (ready.status, json.loads(ready.text)) == (503, {"status": "not ready: migrations"})

    try:
        execute(BEHIND[0])
        one = running("mcp", "--http", "--port", str(port), env=settings(place))
        one.wait_until(lambda: answers(port), "it lives")
        assert_refused()
        execute(AHEAD[0])
        execute(BEHIND[1])
        one.wait_until(lambda: "messages.9999_x" in one.said(), "it has seen that it is too old")
        assert_refused()
        execute(AHEAD[1])
        one.wait_until(lambda: answers(port, "/readyz"), "it goes on by itself")
        assert asked()[0].status == 200
        execute(HALF_RESTORED[0])
        one.wait_until(lambda: not answers(port, "/readyz"), "it has seen that")
        assert_refused()
    finally:
        for _, mended in (AHEAD, BEHIND, HALF_RESTORED):
            execute(mended)
    one.wait_until(lambda: answers(port, "/readyz"), "it goes on by itself")


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.slow
def test_over_http_a_port_that_is_taken_is_said_in_one_line(
    over_http: OverHttp, place: Path
) -> None:
    second = subprocess.run(
        [*COMMAND, "mcp", "--http", "--port", str(over_http.port)],
        env=settings(place),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert second.returncode == 1
    assert second.stderr.startswith(f"dexxy: Port {over_http.port} is in use: stop what uses it")


@pytest.mark.parametrize("proxy", [nginx_before, caddy_before])
def test_over_http_a_client_asks_at_the_address_of_the_pages(
    over_http: OverHttp, proxy: Any, secret: str, waiting: Thread
) -> None:
    with proxy(free_port(), over_http.port) as outside:

        async def work() -> dict[str, Any]:
            headers = {"Authorization": f"Bearer {secret}", "Host": "dexxy.example.org"}
            url = f"https://127.0.0.1:{outside}/mcp"
            async with (
                httpx2.AsyncClient(headers=headers, timeout=30, verify=False) as asking,
                Client(streamable_http_client(url, http_client=asking)) as client,
            ):
                return told(await client.call_tool("list_waiting", {}))

        assert len(run(work)["threads"]) == 1


@pytest.mark.slow
def test_the_example_of_the_how_to_runs(over_http: OverHttp, secret: str, waiting: Thread) -> None:
    [program] = re.findall(r"```python\n(.*?)```", MCP_HOW_TO.read_text(), flags=re.DOTALL)
    assert program.count("https://dexxy.example.org/mcp") == 1

    done = subprocess.run(
        [sys.executable, "-c", program.replace("https://dexxy.example.org/mcp", over_http.url)],
        env={**os.environ, "DEXXY_TOKEN": secret},
        check=True,
        capture_output=True,
        text=True,
    )

    assert done.stdout == f"50.0 {waiting.url}\n"
