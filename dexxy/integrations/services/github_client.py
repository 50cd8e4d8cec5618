"""Ask GitHub: one request, one answer or one error that says what to do.

Nothing is retried and nothing sleeps here: that is the engine's business.
"""

import re
import ssl
import zlib
from collections.abc import Collection, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from time import monotonic
from types import TracebackType
from typing import Any, Self

import httpx
from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy import __version__
from dexxy.common.counts import counts
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.gaps import Gaps
from dexxy.integrations.services.github.api.json import loads
from dexxy.integrations.services.github.api.refusals import (
    gaps_of,
    raise_for_status,
    server_time,
)

# https://docs.github.com/en/rest/about-the-rest-api/api-versions
API_VERSION = "2022-11-28"
# GitHub ends a request after 10 seconds of its own; the rest is the way.
TIMEOUT = httpx.Timeout(30, connect=10)


@dataclass(frozen=True, slots=True)
class Answer:
    """What GitHub said.

    Args:
        data: the JSON body; of a GraphQL answer its `data`.
        headers: of the response.
        asked_at: our clock, just before the request left.
        date: the same by GitHub's clock (the `Date` header) or by ours, whichever is behind: what
            changes later is later by both, so that a clock that is fast hides nothing.
        size: of the body in bytes.
        seconds: from our request until the end of the answer.
        gaps: of a GraphQL answer, the items that it lacks.
    """

    data: Any
    headers: httpx.Headers
    asked_at: datetime
    date: datetime
    size: int
    seconds: float = 0
    gaps: Gaps = field(default_factory=Gaps)

    @property
    def next_page(self) -> str:
        """The address of a REST list's next page, or ''."""
        # https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
        links = httpx.Response(200, headers=self.headers).links
        return links.get("next", {}).get("url", "")


@cache
def _authorities() -> ssl.SSLContext:
    """Return the certificate authorities that are trusted: to read them takes 20 ms each time."""
    return httpx.create_ssl_context()


class GitHubClient:
    """A connection to one GitHub server with one token.

    Args:
        api_url: the root of the REST API.
        graphql_url: the address of the GraphQL API.
        token: a token of any kind; or what signs each request by itself, because its tokens end
            while they are used, or because it is asked for with a password or by nobody.
    """

    def __init__(self, *, api_url: str, graphql_url: str, token: str | httpx.Auth) -> None:
        self._graphql_url = graphql_url
        self._http = httpx.Client(
            auth=BearerAuth(token) if isinstance(token, str) else token,
            base_url=api_url,
            headers=_HEADERS,
            timeout=TIMEOUT,
            verify=_authorities(),
            # What was renamed or transferred answers with the address that it has now.
            follow_redirects=True,
        )

    def __enter__(self) -> Self:
        self._http.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.__exit__(kind, error, traceback)

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Answer:
        """Read a path of the REST API.

        Args:
            path: below the REST root, without a slash at its start; or a whole address from a
                `Link` header.

        Raises:
            GitHubError: one of its kinds; an address on another server is not asked.
        """
        self._keep_token_home(path)
        # An empty mapping would cut the query off an address that has one.
        return self._ask("GET", path, params=dict(params) if params else None)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Send to a path of the REST API, or to an address of the pages that answers programs.

        Args:
            path: as for `get`.

        Raises:
            GitHubError: one of its kinds.
        """
        # What is no API answers in JSON only where that is asked for, by its plain name.
        headers = {"Accept": "application/json"} if path.startswith("http") else None
        return self._ask("POST", path, json=dict(body or {}), headers=headers)

    def ask_for(self, path: str) -> None:
        """Send to a path of the REST API what GitHub takes and does later, whatever it answers.

        Args:
            path: as for `get`.

        Raises:
            GitHubError: one of its kinds.
        """
        self._send("POST", path, json={})

    def patch(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Change what is at a path of the REST API.

        Args:
            path: as for `get`.

        Raises:
            GitHubError: one of its kinds.
        """
        return self._ask("PATCH", path, json=dict(body))

    def delete(self, path: str, body: Mapping[str, Any]) -> None:
        """Delete what is at a path of the REST API.

        Args:
            path: as for `get`.

        Raises:
            GitHubError: one of its kinds.
        """
        self._send("DELETE", path, json=dict(body))

    def query(
        self,
        document: str,
        variables: Mapping[str, Any],
        *,
        may_lack: Collection[str] = (),
        at_most: int | None = None,
    ) -> Answer:
        """Run a GraphQL query.

        Args:
            may_lack: the paths of items, as in `repository.issue`, that may each be NOT_FOUND or
                FORBIDDEN, whole or in part. A `*` at the end stands for every index of a list.
            at_most: bytes that the answer may have, unpacked; None for any number.

        Raises:
            QueryTooHeavyError: the answer is longer than that; it was not read to its end.
            GitHubError: one of its kinds; an answer with any other `errors` is never returned.
        """
        question = {"query": document, "variables": dict(variables)}
        answer = self._ask("POST", self._graphql_url, at_most=at_most, json=question)
        found = gaps_of(answer.data, answer.headers, may_lack=may_lack, document=document)
        return replace(answer, data=answer.data["data"], gaps=found)

    def _keep_token_home(self, path: str) -> None:
        base = self._http.base_url
        try:
            url = httpx.URL(path)
        except httpx.InvalidURL as error:
            raise errors.UnexpectedAnswerError(
                gettext_noop(
                    "GitHub's list goes on at an address that is none. Update Dexxy, or report it."
                )
            ) from error
        # An address without a scheme would lead to a server, too.
        leads_away = url.is_absolute_url or bool(url.host)
        if leads_away and (url.scheme, url.netloc) != (base.scheme, base.netloc):
            raise errors.UnexpectedAnswerError(
                gettext_noop(
                    "GitHub's list goes on at {host}, which is not {server}."
                    " Check DEXXY_GITHUB_API_URL, and any proxy on the way."
                ).format(host=errors.quoted(url.host), server=base.host)
            )

    def _ask(self, method: str, url: str, at_most: int | None = None, **content: Any) -> Answer:
        asked_at, begun = timezone.now(), monotonic()
        headers, body = self._send(method, url, at_most, **content)
        seconds = monotonic() - begun
        date = min(server_time(headers) or asked_at, asked_at)
        return Answer(_json(body), headers, asked_at, date, len(body), seconds)

    def _send(
        self, method: str, url: str, at_most: int | None = None, **content: Any
    ) -> tuple[httpx.Headers, bytes | bytearray]:
        api, began, status = "graphql" if url == self._graphql_url else "rest", monotonic(), "none"
        try:
            with self._http.stream(method, url, **content) as response:
                status = f"{response.status_code // 100}xx"
                body = response.read() if response.is_error else _read(response, at_most)
        except (httpx.HTTPError, UnicodeError) as error:
            raise _unreachable(error, url, self._http.base_url) from error
        finally:
            counts.add("github_requests", api=api, status=status)
            counts.observe("github_request_seconds", monotonic() - began, api=api)
        if response.is_error:
            raise_for_status(response)
        return response.headers, body


class BearerAuth(httpx.Auth):
    """Signs requests with one token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


_PACKED = "gzip"
# Bytes that an answer is unpacked into at a time.
_PIECE = 65_536
_HEADERS = {
    "User-Agent": f"dexxy/{__version__}",
    "Accept": "application/vnd.github+json",
    # A cache on the way must not answer for GitHub.
    "Cache-Control": "no-cache",
    "X-GitHub-Api-Version": API_VERSION,
    # https://docs.github.com/en/graphql/guides/migrating-graphql-global-node-ids
    "X-Github-Next-Global-ID": "1",
    "Accept-Encoding": _PACKED,
}


def _read(response: httpx.Response, at_most: int | None) -> bytearray:
    """Read an answer, as far as it may go: what is larger never comes into memory whole."""
    body = bytearray()
    for piece in _pieces(response):
        body += piece
        if at_most is not None and len(body) > at_most:
            body.clear()  # The error would keep it in memory until the next garbage collection.
            raise errors.QueryTooHeavyError(
                gettext_noop("GitHub's answer has more than {size} bytes. Try again later.").format(
                    size=at_most
                )
            )
    return body


def _pieces(response: httpx.Response) -> Iterator[bytes]:
    """Unpack an answer bit by bit: a packed kilobyte may be a megabyte."""
    if response.headers.get("content-encoding") != _PACKED:
        yield from response.iter_bytes()
        return
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        for packed in response.iter_raw():
            while packed:
                yield unpacking.decompress(packed, _PIECE)
                packed = unpacking.unconsumed_tail
        yield unpacking.flush()
    except zlib.error as error:
        raise httpx.DecodingError(str(error), request=response.request) from error


def _json(content: bytes | bytearray) -> Any:
    try:
        return loads(content)
    except ValueError as error:
        if content.lstrip().startswith(b"<"):
            raise errors.GatewayError(
                gettext_noop(
                    "A page came instead of GitHub's answer."
                    " Check DEXXY_GITHUB_API_URL, and any proxy on the way."
                )
            ) from error
        raise errors.QueryTooHeavyError(
            gettext_noop(
                "GitHub's answer was cut off or is not JSON."
                " Try again, or check DEXXY_GITHUB_API_URL."
            )
        ) from error


def _unreachable(error: Exception, url: str, base_url: httpx.URL) -> errors.GitHubUnreachableError:
    host = httpx.URL(url).host or base_url.host
    if isinstance(error, httpx.TimeoutException):
        did_connect = not isinstance(error, httpx.ConnectTimeout)
        kind = errors.AnswerBrokenOffError if did_connect else errors.GitHubUnreachableError
        return kind(
            gettext_noop("{host} did not answer in time. Try again later.").format(host=host)
        )
    # Not the text of every error: some quote a header, and with it the token.
    is_network = isinstance(error, httpx.NetworkError)
    # Nor the number that the system has for it: it says nothing to whoever reads a page.
    named = re.sub(r"^\[Errno -?\d+\] ", "", errors.quoted(error)) if is_network else ""
    broke_off = isinstance(error, httpx.ReadError | httpx.RemoteProtocolError | httpx.DecodingError)
    kind = errors.AnswerBrokenOffError if broke_off else errors.GitHubUnreachableError
    if not named:
        sentence = gettext_noop(
            "{host} cannot be reached (the connection broke)."
            " Check the network, and DEXXY_GITHUB_API_URL."
        )
    else:
        sentence = gettext_noop(
            "{host} cannot be reached ({reason}). Check the network, and DEXXY_GITHUB_API_URL."
        )
    return kind(sentence.format(host=host, reason=named))
