"""Connections to `dexxy mcp --http`: nobody keeps others out by what they hold."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import User, Workspace
from dexxy.mcp import connections, http
from dexxy.mcp.tests.test_transports import PING, run
from dexxy.sources.models import Source

pytestmark = pytest.mark.django_db(transaction=True)

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_workspace"}}


@pytest.fixture(autouse=True)
def short_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the threads of a server keep no connection to the database beyond a test."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)


class Client:
    """A client that sends what it likes, and closes nothing by itself."""

    def __init__(self, reads: asyncio.StreamReader, writes: asyncio.StreamWriter) -> None:
        self._reads, self._writes = reads, writes

    def send(self, sent: bytes) -> None:
        self._writes.write(sent)

    async def answer(self) -> bytes:
        """Return the head and the body of one answer."""
        head = await self._reads.readuntil(b"\r\n\r\n")
        [length] = [
            int(line.partition(b":")[2])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ]
        return head + await self._reads.readexactly(length)

    async def is_waited_for(self) -> None:
        """Return when the server waits for the rest of a body."""
        head = await self._reads.readuntil(b"\r\n\r\n")
        assert head == b"HTTP/1.1 100 Continue\r\n\r\n"

    async def until_closed(self) -> bytes:
        """Return all that comes before the other side closes."""
        try:
            return await self._reads.read()
        except ConnectionResetError:
            return b""

    async def is_open(self) -> bool:
        """Say whether the other side has not closed within a moment."""
        try:
            await asyncio.wait_for(self._reads.read(1), 0.1)
        except TimeoutError:
            return True
        except ConnectionResetError:
            return False
        return False

    def leave(self) -> None:
        self._writes.close()


class Door:
    """Where clients come in."""

    def __init__(self, listener: socket.socket) -> None:
        self._address = listener.getsockname()
        self._clients: list[Client] = []

    async def client(self, sent: bytes = b"", path: str = "") -> Client:
        """Return a client that has sent so much; with a path one from another address."""
        if path:
            one = Client(*await asyncio.open_unix_connection(path))
        else:
            one = Client(*await asyncio.open_connection(*self._address))
        one.send(sent)
        self._clients.append(one)
        return one

    async def answer(self, sent: bytes) -> bytes:
        """Return what a client is answered."""
        return await (await self.client(sent)).answer()

    def close(self) -> None:
        """Let all clients leave."""
        for one in self._clients:
            one.leave()


@asynccontextmanager
async def served(*more: socket.socket) -> AsyncIterator[Door]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = http.make_http_server()
        serving = asyncio.create_task(server.serve(sockets=[listener, *more]))
        door = Door(listener)
        try:
            yield door
        finally:
            door.close()
            server.should_exit = True
            await serving


def question(secret: str, body: bytes = PING, length: int | None = None) -> bytes:
    """Return a request; with a longer length than its body has, the rest is still to come."""
    return (
        b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
        b"Content-Type: application/json\r\n"
        b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
        % (secret.encode(), length or len(body), body)
    )


def half(secret: str) -> bytes:
    """Return a request whose body does not end; the server says when it waits for more."""
    return question(secret, b"{", 1000).replace(b"Accept:", b"Expect: 100-continue\r\nAccept:")


@pytest.fixture
def secret_of_bob(bob: User, workspace: Workspace) -> str:
    return api_token_create(viewer=bob, workspace=workspace, name="his")[1]


@pytest.mark.parametrize("is_let_in", [False, True])
def test_who_does_not_end_a_head_is_let_go(
    monkeypatch: pytest.MonkeyPatch, secret: str, is_let_in: bool
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)

    async def work() -> bytes:
        async with served() as door:
            one = await door.client()
            if is_let_in:
                one.send(question(secret))
                await one.answer()
            one.send(b"POST /mcp HTTP/1.1\r\n")
            return await one.until_closed()

    assert run(work) == b""


def test_who_says_nothing_gives_way_to_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 5)

    async def work() -> tuple[bytes, bytes]:
        async with served() as door:
            silent = [await door.client() for _number in range(20)]
            silent[0].send(b"POST /mcp HTTP/1.1\r\n")
            one = await door.client(HEALTH)
            return await one.answer(), await silent[0].until_closed()

    answer, of_the_first = run(work)

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert of_the_first == b""  # it was closed


@pytest.mark.parametrize(
    "asked",
    [
        HEALTH,
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
        b"GET /elsewhere HTTP/1.1\r\nHost: localhost\r\n\r\n",
        question("dxy_wrong"),
        half("dxy_wrong"),
    ],
    ids=["health", "half_health", "elsewhere", "wrong_token", "half_wrong_token"],
)
def test_strangers_who_ask_keep_nobody_out(
    monkeypatch: pytest.MonkeyPatch, secret: str, asked: bytes
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 5)

    async def work() -> tuple[bytes, bytes]:
        async with served() as door:
            strangers = [await door.client(asked) for _number in range(5)]
            for one in strangers:
                await (one.is_waited_for if asked == half("dxy_wrong") else one.answer)()
            known = await door.client(question(secret))
            health = await door.client(HEALTH)
            return await known.answer(), await health.answer()

    for answer in run(work):
        assert answer.startswith(b"HTTP/1.1 200 OK")


def test_who_was_let_in_stays_where_strangers_come_and_go(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 3)

    async def work() -> tuple[bytes, list[bool]]:
        async with served() as door:
            known = await door.client(question(secret))
            await known.answer()
            strangers = [await door.client() for _number in range(5)]
            are_open = [await one.is_open() for one in strangers]
            known.send(question(secret))
            return await known.answer(), are_open

    answer, are_open = run(work)

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert are_open == [False, False, False, True, True]


def test_the_address_that_holds_most_gives_way_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 3)
    monkeypatch.chdir(tmp_path)  # the path of such a socket has to be short

    async def work() -> list[bool]:
        with socket.socket(socket.AF_UNIX) as elsewhere:
            elsewhere.bind("elsewhere")
            elsewhere.listen()
            async with served(elsewhere) as door:
                alone = await door.client(path="elsewhere")
                many = [await door.client() for _number in range(3)]
                return [await one.is_open() for one in (alone, *many)]

    assert run(work) == [True, False, True, True]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (question("dxy_wrong", b"{}", 100_000), b"401 Unauthorized"),
        (b"PUT /mcp HTTP/1.1\r\nContent-Length: 100000\r\n\r\n{}", b"421 Misdirected Request"),
        (b"PUT /else HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{}", b"404 Not Found"),
    ],
    ids=["wrong_token", "wrong_name", "elsewhere"],
)
def test_who_is_refused_is_told_why_and_loses_the_connection(asked: bytes, status: bytes) -> None:
    if status.startswith(b"421"):
        asked = asked.replace(b"\r\n", b"\r\nHost: evil.example.org\r\n", 1)

    async def work() -> bytes:
        async with served() as door:
            one = await door.client(asked)
            await asyncio.sleep(0.1)
            one.send(b" " * 99_998)  # a client that sends its head and its body one by one
            return await one.until_closed()

    answer = run(work)

    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"connection: close\r\n" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"].endswith(".")


def test_half_bodies_of_one_person_keep_out_neither_them_nor_others(
    monkeypatch: pytest.MonkeyPatch, secret: str, secret_of_bob: str
) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 6)
    monkeypatch.setattr(connections, "MOST_OF_A_PERSON", 3)

    async def work() -> tuple[list[bytes], list[bool]]:
        async with served() as door:
            other = await door.client(half(secret_of_bob))
            await other.is_waited_for()
            halves = []
            for _number in range(6):
                halves.append(await door.client(half(secret)))
                await halves[-1].is_waited_for()
            answers = []
            for asked in (question(secret), question(secret_of_bob), HEALTH):
                answers.append(await door.answer(asked))
            return answers, [await one.is_open() for one in (other, *halves)]

    answers, are_open = run(work)

    assert [answer.partition(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 200 OK"] * 3
    assert are_open == [True, False, False, False, False, True, True]


def test_a_body_has_so_much_time_and_no_more(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setattr(http, "BODY_SECONDS", 0.2)

    async def work() -> bytes:
        async with served() as door:
            one = await door.client(half(secret))
            await one.is_waited_for()
            return await one.until_closed()

    answer = run(work)

    assert answer.startswith(b"HTTP/1.1 408 Request Timeout")
    assert b"The body was not there" in answer


def test_who_leaves_in_the_middle_of_a_body_is_no_error(
    secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    versions = (b"", b"MCP-Protocol-Version: 2026-07-28\r\n")

    async def work() -> None:
        async with served() as door:
            for version in versions:
                asked = half(secret).replace(b"Accept:", version + b"Accept:")
                one = await door.client(asked)
                await one.is_waited_for()
                one.leave()
                await one.until_closed()
            await door.answer(question(secret))

    with caplog.at_level(logging.INFO):
        run(work)

    assert [one.getMessage() for one in caplog.records if one.levelno > logging.INFO] == []


def hold_calls(is_held: Event, are_stuck: Event, is_over: Event) -> None:
    """Let two calls of a tool wait, and no look for a token, until it is over."""
    table = Source._meta.db_table
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE')
        is_held.set()
        stuck = 0
        while stuck < 2 and not is_over.wait(0.02):
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass",
                [table],
            )
            [stuck] = cursor.fetchone() or [0]
        are_stuck.set()
        is_over.wait(30)
    connection.close()


@pytest.mark.parametrize("most", [{"MOST_OF_A_PERSON": 2}, {"MOST_CONNECTIONS": 2}])
def test_where_all_are_being_answered_one_more_is_refused_and_health_is_told(
    monkeypatch: pytest.MonkeyPatch, secret: str, source: Source, most: dict[str, int]
) -> None:
    for name, number in most.items():
        monkeypatch.setattr(connections, name, number)
    call = question(secret, json.dumps(CALL).encode())

    async def work() -> list[bytes]:
        is_held, are_stuck, is_over = Event(), Event(), Event()
        async with served() as door:
            holding = asyncio.create_task(
                asyncio.to_thread(hold_calls, is_held, are_stuck, is_over)
            )
            try:
                await asyncio.to_thread(is_held.wait, 30)
                working = [await door.client(call) for _number in range(2)]
                await asyncio.to_thread(are_stuck.wait, 30)
                answers = [await door.answer(question(secret)), await door.answer(HEALTH)]
            finally:
                is_over.set()
                await holding
            return [*answers, *[await one.answer() for one in working]]

    refused, health, *answers = run(work)

    assert refused.startswith(b"HTTP/1.1 503 Service Unavailable")
    assert b"ask again in a moment" in refused
    assert [one.partition(b"\r\n")[0] for one in (health, *answers)] == [b"HTTP/1.1 200 OK"] * 3
