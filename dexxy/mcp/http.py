"""Serve assistants over HTTP: one POST a question, each with an API token, and nothing is kept.

The library of the protocol is ASGI, which the web process is not: hence a process of its own. It
would keep sessions and open streams; a server that never speaks first needs neither. What stands
before it here is what `dexxy web` has around its requests: who may ask, how much, and how slowly.
"""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvicorn
from django.conf import settings
from django.http.request import split_domain_port, validate_host
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from dexxy.accounts.api_tokens import InvalidTokenError
from dexxy.accounts.models import User
from dexxy.mcp.calling import Asking, sentence_of, token_viewer
from dexxy.mcp.server import Context, make_server
from dexxy.web.database_watch import ALIVE, READY, Lack, notice_of, ready_answer

PATH = "/mcp"
# More than any question has.
LARGEST_BODY = 256 * 1024
# Connections at once; beyond them, one that asks nothing gives way to each that comes.
MOST_CONNECTIONS = 200
# Seconds until the head of a request is there, and then until it is answered.
HEAD_SECONDS = 20.0
REQUEST_SECONDS = 60.0
# Seconds that requests have to end when the process is asked to.
_LAST_SECONDS = 5
_VIEWER = "dexxy.viewer"


class RefusedError(Exception):
    """A request that no tool gets to see."""

    def __init__(self, status: HTTPStatus, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.headers = status, sentence, headers


class Application:
    """The ASGI application: guards, and behind them the library's endpoint.

    Args:
        lack: says what is missing of the database, None if nothing is.
    """

    def __init__(self, lack: Callable[[], Lack | None]) -> None:
        self._lack = lack
        self._asking = Asking()
        self._manager = StreamableHTTPSessionManager(
            make_server(self._asking, _viewer_of),
            json_response=True,
            stateless=True,
            max_request_body_size=LARGEST_BODY,
            # Ours is stricter, and knows the same names as the pages do.
            security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        has_begun = False

        async def noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await self._answer(scope, receive, noted)
        except TimeoutError:
            # Of an answer that has begun, the server closes the connection.
            if not has_begun:
                told = {"error": f"The request was not done after {REQUEST_SECONDS:.0f} seconds."}
                await _say(send, HTTPStatus.REQUEST_TIMEOUT, told, {"connection": "close"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(urlsplit(settings.DEXXY_BASE_URL).path)
        if path == ALIVE:
            await _say(send, HTTPStatus.OK, {"status": "ok"})
            return
        lack = self._lack()
        if path == READY:
            status, text = ready_answer(lack)
            await _say(send, status, {"status": text.strip()})
            return
        try:
            if lack is not None:
                sentence, again = notice_of(lack)
                status = HTTPStatus.SERVICE_UNAVAILABLE
                raise RefusedError(status, sentence, retry_after=str(again))
            scope[_VIEWER] = await self._admitted(scope, path)
        except RefusedError as refusal:
            headers = {name.replace("_", "-"): text for name, text in refusal.headers.items()}
            await _say(send, refusal.status, {"error": refusal.sentence}, headers)
            return
        await self._manager.asgi_app(scope, receive, send)

    async def _admitted(self, scope: Scope, path: str) -> User:
        """Return who asks.

        Raises:
            RefusedError: nobody is let in with this.
        """
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        if path.rstrip("/") != PATH:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"There is nothing here: ask {PATH}.")
        _check_names(headers)
        if scope["method"] != "POST":
            raise RefusedError(
                HTTPStatus.METHOD_NOT_ALLOWED, "Questions come by POST alone.", allow="POST"
            )
        kind, _, secret = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not secret.strip():
            raise _unknown("Send an API token of Dexxy: Authorization: Bearer dxy_...")
        try:
            return await self._asking.do(lambda: token_viewer(secret.strip()))
        except InvalidTokenError as error:
            raise _unknown(str(error)) from error
        except Exception as error:
            sentence = sentence_of(error)
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, sentence) from error

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._manager.run():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def _viewer_of(context: Context) -> User:
    assert context.request is not None, "over HTTP each call has its request"
    viewer = context.request.scope[_VIEWER]
    assert isinstance(viewer, User)
    return viewer


def _check_names(headers: Mapping[str, str]) -> None:
    """Refuse a page of elsewhere that makes a browser ask us by a name of its own.

    Raises:
        RefusedError: the host, or the page that asks, is none of ours.
    """
    host = headers.get("host", "")
    name, _ = split_domain_port(host)
    if not name or not validate_host(name, settings.ALLOWED_HOSTS):
        raise RefusedError(
            HTTPStatus.MISDIRECTED_REQUEST,
            "This host name is not answered to: DEXXY_ALLOWED_HOSTS names those that are.",
        )
    origin = headers.get("origin")
    own = {*settings.CSRF_TRUSTED_ORIGINS, f"http://{host}", f"https://{host}"}
    if origin is not None and origin not in own:
        raise RefusedError(HTTPStatus.FORBIDDEN, "A page of another address may not ask here.")


def _unknown(sentence: str) -> RefusedError:
    return RefusedError(HTTPStatus.UNAUTHORIZED, sentence, www_authenticate="Bearer")


async def _say(
    send: Send,
    status: HTTPStatus,
    told: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
) -> None:
    body = orjson.dumps(told)
    fixed = {"content-type": "application/json", "content-length": str(len(body))}
    pairs = {**fixed, **(headers or {})}.items()
    await send(
        {
            "type": "http.response.start",
            "status": int(status),
            "headers": [(name.encode(), text.encode()) for name, text in pairs],
        }
    )
    await send({"type": "http.response.body", "body": body})


class _Patient(H11Protocol):
    """A connection whose client has HEAD_SECONDS, and twice that at most, for a head.

    Where there are MOST_CONNECTIONS, it has less: whoever has a token would else be kept out by
    anybody who opens as many and says nothing.
    """

    # The request that was answered last when we looked before.
    _seen: Any = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._looking = self.loop.call_later(HEAD_SECONDS, self._look)
        self._made_at = self.loop.time()
        there = [one for one in self.connections if not one.transport.is_closing()]
        if len(there) > MOST_CONNECTIONS:
            self._make_room([one for one in there if isinstance(one, _Patient)])

    def connection_lost(self, exc: Exception | None) -> None:
        self._looking.cancel()
        super().connection_lost(exc)

    @staticmethod
    def _make_room(there: "Sequence[_Patient]") -> None:
        """Close who has asked nothing for the longest, of those who never did if there are any."""
        idle = [one for one in there if one._waits]
        never = [one for one in idle if one.cycle is None]
        min(never or idle, key=lambda one: one._made_at).transport.close()

    @property
    def _waits(self) -> bool:
        return self.cycle is None or bool(self.cycle.response_complete)

    def _look(self) -> None:
        if self._waits and self._seen is self.cycle:
            self.transport.close()
            return
        self._seen = self.cycle
        self._looking = self.loop.call_later(HEAD_SECONDS, self._look)


class HttpServer(uvicorn.Server):
    """Serves the application at sockets that are bound."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End when asked to, and well: the library would end the process by the same signal."""
        loop = asyncio.get_running_loop()
        # Signals reach the main thread of a process alone.
        is_main = threading.current_thread() is threading.main_thread()
        for number in (signal.SIGINT, signal.SIGTERM) if is_main else ():
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def make_http_server(lack: Callable[[], Lack | None] = lambda: None) -> HttpServer:
    """Return a server; its `run` serves until SIGTERM or SIGINT.

    Args:
        lack: says what is missing of the database, None if nothing is; it is asked for each
            request.
    """
    config = uvicorn.Config(
        Application(lack),
        http=_Patient,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Who asks is told by the token, and nothing is counted by address.
        proxy_headers=False,
        timeout_keep_alive=int(HEAD_SECONDS),
        timeout_graceful_shutdown=_LAST_SECONDS,
        h11_max_incomplete_event_size=32 * 1024,
    )
    return HttpServer(config)
