"""Ask addresses that others chose: pictures in messages, receivers of webhooks.

Everything of that kind goes through here. The address that a name stands for is checked where the
connection is opened, so that it cannot become another one in between.
"""

import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache, partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import SOCK_STREAM, gaierror, getaddrinfo
from time import monotonic
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx
from django.conf import settings
from django.utils.translation import gettext_noop

from dexxy import __version__
from dexxy.common.errors import DexxyError

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Networks that hold an IPv4 address: NAT64, 6to4. https://www.rfc-editor.org/rfc/rfc6052
_NAT64 = ip_network("64:ff9b::/96")
# Of protocols and documents, though Python 3.11 takes them for addresses of the internet.
# https://www.iana.org/assignments/iana-ipv6-special-registry/
_NEVER = [ip_network(one) for one in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20", "5f00::/16")]
_HEADERS = {
    "User-Agent": f"Dexxy/{__version__}",
    # What is not compressed cannot grow.
    "Accept-Encoding": "identity",
}
_SENT_AT_ONCE = 2**14
# Bytes until the body of an answer begins, early hints included.
_MOST_HEAD = 2**18
# Bytes that each read counts as, at least: a connection can give them one by one.
_LEAST_READ = 128
_TOO_FAR = gettext_noop("The address leads on more than {count} times.")
# Pieces in which a body may come: each costs the same, even if it is one byte.
_MOST_PIECES = 20_000

Address = IPv4Address | IPv6Address


class OutsideError(DexxyError):
    """An address that others chose cannot be asked, or does not answer as it should."""

    code = "outside_failed"


class AddressRefusedError(OutsideError):
    """An address leads where we do not go: to our own network, or by another protocol."""

    code = "address_refused"


class UnreachableError(OutsideError):
    """Nothing answers at an address, or not what HTTP is."""

    retryable = True


class TooLateError(OutsideError):
    """An answer was not complete in time."""

    retryable = True


class TooLargeError(OutsideError):
    """An answer is longer than we take."""


@dataclass(frozen=True)
class Bounds:
    """What an answer may cost.

    Args:
        seconds: from the look-up of the name to the last byte, redirects included.
        size: of its body in bytes.
        is_cut: whether a longer body is read so far, and not refused.
        redirects: how many are followed; each is checked as the first address was.
    """

    seconds: float = 10.0
    size: int = 2**20
    redirects: int = 3
    is_cut: bool = False


@dataclass(frozen=True)
class OutsideAnswer:
    """What an address answered.

    Args:
        url: where the answer came from, behind all redirects.
        headers: of the answer, their names in lower case.
    """

    status: int
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def outside_ask(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    bounds: Bounds | None = None,
    trusted: frozenset[str] = frozenset(),
) -> OutsideAnswer:
    """Ask an address that others chose, and return what it answers, whatever its status.

    Args:
        url: http or https, without a password.
        headers: of the request, beside our own. A redirect gets them, too.
        body: what is sent; a redirect of anything but GET is not followed.
        trusted: hosts that whoever runs this Dexxy named, which may be in a network of our own.

    Raises:
        AddressRefusedError: it is private, or no address of the web; or a redirect leads there.
        UnreachableError, TooLateError, TooLargeError: there is no answer within the bounds.
    """
    bounds = bounds or Bounds()
    ends_at = monotonic() + bounds.seconds
    left = bounds.redirects if method == "GET" else 0
    sent = [*_HEADERS.items(), *(headers or {}).items()]
    backend = _GuardedBackend(ends_at, trusted)
    with httpcore.ConnectionPool(ssl_context=_authorities(), network_backend=backend) as pool:
        while True:
            checked = _checked(url)
            backend.budget += _MOST_HEAD
            send = partial(pool.stream, method, checked, headers=sent, content=body or None)
            answer = _answer(send, url, bounds, backend)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or location is None or method != "GET":
                return answer
            if left == 0:
                raise UnreachableError(_TOO_FAR.format(count=bounds.redirects))
            left, url = left - 1, _joined(url, location)


def is_outside(address: Address) -> bool:
    """Say whether ADDRESS is of the internet, or of a network in DEXXY_OUTSIDE_ALLOWED."""
    if any(address in network for network in settings.DEXXY_OUTSIDE_ALLOWED):
        return True
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_outside(inner)
        if address.is_site_local:
            return False
    if any(address in network for network in _NEVER):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise AddressRefusedError(gettext_noop("The address leads on to what is none.")) from error


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_of_the_web = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # raises where there is no such port
        has_password = "@" in parts.netloc
        whole = str(httpx.URL(url).copy_with(fragment=None)) if is_of_the_web else ""
    except (ValueError, httpx.InvalidURL) as error:
        raise AddressRefusedError(gettext_noop("That is no address of the web.")) from error
    if not is_of_the_web or has_password:
        raise AddressRefusedError(
            gettext_noop("Only http and https addresses without a password are asked.")
        )
    return whole


def _answer(
    send: Callable[[], AbstractContextManager[httpcore.Response]],
    url: str,
    bounds: Bounds,
    backend: "_GuardedBackend",
) -> OutsideAnswer:
    try:
        with send() as response:
            # As much again for what frames its pieces.
            backend.budget += 2 * bounds.size
            body = _read(response.iter_stream(), bounds)
    except (httpcore.TimeoutException, TimeoutError) as error:
        raise TooLateError(gettext_noop("The address did not answer in time.")) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError) as error:
        if monotonic() >= backend.ends_at:
            raise TooLateError(gettext_noop("The address did not answer in time.")) from error
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        if not reason:
            raise UnreachableError(gettext_noop("The address does not answer.")) from error
        raise UnreachableError(
            gettext_noop("The address does not answer: {reason}.").format(reason=reason)
        ) from error
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
    }
    return OutsideAnswer(response.status, url, headers, body)


def _read(pieces: Iterable[bytes], bounds: Bounds) -> bytes:
    body = bytearray()
    for number, piece in enumerate(pieces):
        if number > _MOST_PIECES:
            raise TooLargeError(gettext_noop("The answer comes in too many pieces."))
        body += piece
        if len(body) <= bounds.size:
            continue
        if bounds.is_cut:
            return bytes(body[: bounds.size])
        raise TooLargeError(
            gettext_noop("The answer is longer than {size} bytes.").format(size=bounds.size)
        )
    return bytes(body)


@cache
def _authorities() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class _GuardedBackend(httpcore.NetworkBackend):
    """Opens connections to addresses of the internet alone, and all of them until ENDS_AT.

    `budget` is how many bytes may still be read from them.
    """

    def __init__(self, ends_at: float, trusted: frozenset[str]) -> None:
        self.ends_at = ends_at
        self.budget = 0
        self._trusted = trusted
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        """Connect to one of the addresses that HOST has."""
        found = _resolved(host, port, self.ends_at)
        allowed = [one for one in found if host in self._trusted or is_outside(one)]
        if not allowed:
            raise AddressRefusedError(
                gettext_noop(
                    "{host} is in a network of our own: DEXXY_OUTSIDE_ALLOWED can name it."
                ).format(host=host)
            )
        for address in allowed[:-1]:
            try:
                return self._connected(address, port, 2.0)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._connected(allowed[-1], port, self._left())

    def _connected(self, address: Address, port: int, seconds: float) -> "_Stream":
        stream = self._backend.connect_tcp(str(address), port, min(seconds, self._left()))
        return _Stream(stream, self)

    def _left(self) -> float:
        return _left(self.ends_at)


class _Stream(httpcore.NetworkStream):
    """A connection that nothing keeps open longer than its backend allows, or lets say more."""

    def __init__(self, stream: httpcore.NetworkStream, backend: _GuardedBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come."""
        found = self._stream.read(max_bytes, _left(self._backend.ends_at))
        self._backend.budget -= max(len(found), _LEAST_READ)
        if self._backend.budget < 0:
            raise TooLargeError(gettext_noop("The answer is longer than we take."))
        return found

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of BUFFER."""
        # The library gives each piece that is taken the whole time again.
        for start in range(0, len(buffer), _SENT_AT_ONCE):
            self._stream.write(buffer[start : start + _SENT_AT_ONCE], _left(self._backend.ends_at))

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Go on encrypted; the certificate is that of the name, not of the address."""
        stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._backend.ends_at))
        return _Stream(stream, self._backend)

    def get_extra_info(self, info: str) -> Any:
        """Tell what the library asks about a connection."""
        return self._stream.get_extra_info(info)


def _left(ends_at: float) -> float:
    left = ends_at - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _resolved(host: str, port: int, ends_at: float) -> list[Address]:
    """Return the addresses of HOST; a thread waits, for the system's look-up has no limit."""
    found: list[Any] = []

    def look_up() -> None:
        try:
            found.append(getaddrinfo(host, port, type=SOCK_STREAM))
        except (gaierror, UnicodeError) as error:
            found.append(error)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(_left(ends_at))
    if not found:
        raise TimeoutError
    if isinstance(found[0], Exception):
        raise UnreachableError(gettext_noop("{host} is not known.").format(host=host)) from found[0]
    # The scope of a link-local address is no part of it.
    return [ip_address(str(one[4][0]).partition("%")[0]) for one in found[0]]
