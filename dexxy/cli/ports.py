"""Ports: whether one is free, and making sure it stays ours."""

import errno
import socket
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from dexxy.cli.errors import PortUnavailableError

T = TypeVar("T")

_POLL_SECONDS = 0.05


class PortClaim:
    """A port that this process will listen at, or whose child will.

    It is kept while nobody listens there, too: before the child has started, and while it is
    started again. On Linux the claim is a name in the abstract namespace, which ends with its
    process and is per network namespace, as ports are. Elsewhere it is only looked at once.
    """

    def __init__(self, address: str, port: int) -> None:
        self._name = socket.socket(socket.AF_UNIX)
        try:
            if sys.platform == "linux":
                self._name.bind(f"\0dexxy/{address}/{port}")
            _bind(address, port)
        except OSError:
            self._name.close()
            raise

    def release(self) -> None:
        self._name.close()


def resolve(host: str, port: int) -> str:
    """Return the numeric address of a host.

    Raises:
        PortUnavailableError: the host is unknown.
    """
    try:
        return str(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0])
    except (socket.gaierror, UnicodeError):
        raise PortUnavailableError(
            f"The host {host} is unknown: give an address of this machine with --host."
        ) from None


def claim_port(address: str, port: int, *, wait: float = 0.0) -> PortClaim:
    """Claim a port for this process.

    Args:
        wait: seconds for which a process before us may still be leaving it.
    Raises:
        PortUnavailableError: it is in use, or not for us.
    """
    return _patiently(lambda: PortClaim(address, port), address, port, wait)


def listen(address: str, port: int, *, wait: float = 0.0) -> socket.socket:
    """Return a socket that is bound to a port.

    Args:
        wait: seconds for which a process before us may still be leaving it.
    Raises:
        PortUnavailableError: it is in use, or not for us.
    """
    return _patiently(lambda: _bound(address, port), address, port, wait)


def usable_port(address: str, port: int = 0) -> int | None:
    """Return the port if a process could listen at it now, else None; for 0, any such port."""
    try:
        return _bind(address, port)
    except OSError:
        return None


def _patiently(take: Callable[[], T], address: str, port: int, wait: float) -> T:
    deadline = time.monotonic() + wait
    while True:
        try:
            return take()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                raise _explained(error, address, port) from None
        time.sleep(_POLL_SECONDS)


def _bind(address: str, port: int) -> int:
    with _bound(address, port) as probe:
        return int(probe.getsockname()[1])


def _bound(address: str, port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        # What has only just been closed does not count.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((address, port))
    except OSError:
        one.close()
        raise
    return one


def _explained(error: OSError, address: str, port: int) -> PortUnavailableError:
    if error.errno == errno.EADDRINUSE:
        return PortUnavailableError(
            f"Port {port} is in use: stop what uses it, or choose another one with --port."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return PortUnavailableError(
            f"Port {port} is not for ordinary users: choose one from 1024 on with --port."
        )
    return PortUnavailableError(
        f"{address} is no address of this machine ({error.strerror}): choose another with --host."
    )
