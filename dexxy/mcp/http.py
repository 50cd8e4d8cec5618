"""Serve assistants over HTTP: one POST a question, each with an API token, and nothing is kept.

The library of the protocol is ASGI, which the web process is not: hence a process of its own. It
would keep sessions and open streams; a server that never speaks first needs neither. What stands
before it here is what `dexxy web` has around its requests: who may ask, how much, and how slowly.
"""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

import orjson
import uvicorn
from django.conf import settings
from django.http.request import split_domain_port, validate_host
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import Message, Receive, Scope, Send

from dexxy.accounts.api_tokens import InvalidTokenError
from dexxy.accounts.models import User
from dexxy.mcp.calling import Asking, sentence_of, token_viewer
from dexxy.mcp.connections import HEAD_SECONDS, Connection, connection_of
from dexxy.mcp.server import Context, make_server
from dexxy.web.database_watch import ALIVE, READY, Lack, notice_of, ready_answer

PATH = "/mcp"
# More than any question has.
LARGEST_BODY = 256 * 1024
# Seconds until the body of a request is there, and until all of it is answered.
BODY_SECONDS = 20.0
REQUEST_SECONDS = 60.0
# Seconds that we read on from who is refused.
_REST_SECONDS = 2.0
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
            if has_begun:
                connection_of(scope).let_go()
                return
            told = {"error": f"The request was not done after {REQUEST_SECONDS:.0f} seconds."}
            await _say(send, HTTPStatus.REQUEST_TIMEOUT, told)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(urlsplit(settings.DEXXY_BASE_URL).path)
        if path == ALIVE:
            await _say(send, HTTPStatus.OK, {"status": "ok"})
            return
        if path == READY:
            status, text = ready_answer(self._lack())
            await _say(send, status, {"status": text.strip()})
            return
        try:
            try:
                scope[_VIEWER] = await self._let_in(scope, path)
            except RefusedError:
                await _read_rest(receive)
                raise
            body = await _body_of(receive)
        except RefusedError as refusal:
            headers = {name.replace("_", "-"): text for name, text in refusal.headers.items()}
            await _say(send, refusal.status, {"error": refusal.sentence}, headers)
            return
        if body is not None:
            await self._manager.asgi_app(scope, _replayed(body, receive), send)

    async def _let_in(self, scope: Scope, path: str) -> User:
        """Return who asks, where there is room for them.

        Raises:
            RefusedError: not now, or nobody is let in with this.
        """
        lack = self._lack()
        if lack is not None:
            sentence, again = notice_of(lack)
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, sentence, retry_after=str(again))
        viewer = await self._admitted(scope, path)
        if not connection_of(scope).let_in(viewer.pk):
            sentence = "So many questions are being answered already: ask again in a moment."
            raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, sentence, retry_after="5")
        return viewer

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


async def _body_of(receive: Receive) -> bytes | None:
    """Return a body once all of it is there; None of who left before.

    Raises:
        RefusedError: it is too long, or too slow.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                # One that is too long is read to its end: see `_read_rest`.
                if len(body) <= LARGEST_BODY:
                    body += message.get("body", b"")
                if not message.get("more_body", False):
                    break
    except TimeoutError as error:
        sentence = f"The body was not there after {BODY_SECONDS:.0f} seconds."
        raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, sentence) from error
    if len(body) > LARGEST_BODY:
        sentence = f"A request has {LARGEST_BODY // 1024} KB at most."
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, sentence)
    return bytes(body)


async def _read_rest(receive: Receive) -> None:
    """Read a body that nobody wants: a connection that is closed on one takes our answer along."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_REST_SECONDS):
            while (await receive()).get("more_body", False):
                pass


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Return what gives BODY once, and then what RECEIVE does."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


async def _say(
    send: Send,
    status: HTTPStatus,
    told: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
) -> None:
    """Answer, and end the connection: only who is let in keeps one."""
    body = orjson.dumps(told)
    fixed = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",
    }
    pairs = {**fixed, **(headers or {})}.items()
    await send(
        {
            "type": "http.response.start",
            "status": int(status),
            "headers": [(name.encode(), text.encode()) for name, text in pairs],
        }
    )
    await send({"type": "http.response.body", "body": body})


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
        http=Connection,
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
