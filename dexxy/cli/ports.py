"""Ports: whether one is free, and making sure it stays ours."""

import errno
import socket
import sys
import time

from dexxy.cli.errors import PortUnavailableError

_POLL_SECONDS = 0.05


class PortClaim:
    """A port that this process will listen at, or whose child will.

    Listening is no claim by itself: granian shares its port with any process of the same user
    (SO_REUSEPORT), so a second one would start, and get half of the requests. So the claim is
    a name in Linux's abstract namespace, which ends with its process and is per network
    namespace, as ports are. Elsewhere granian does not share its port.
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
    """Return the numeric address of a host, which is what granian takes.

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
    deadline = time.monotonic() + wait
    while True:
        try:
            return PortClaim(address, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= deadline:
                raise _explained(error, address, port) from None
        time.sleep(_POLL_SECONDS)


def usable_port(address: str, port: int = 0) -> int | None:
    """Return the port if a process could listen at it now, else None; for 0, any such port."""
    try:
        return _bind(address, port)
    except OSError:
        return None


def _bind(address: str, port: int) -> int:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        # What has only just been closed does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address, port))
        return int(probe.getsockname()[1])


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
