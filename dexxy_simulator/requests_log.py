"""What the server was asked, so that tests can assert what a sync spent."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True)
class LoggedRequest:
    """One request and what it cost: `points` of GraphQL's limit or one request of REST's."""

    method: str
    path: str
    endpoint: str
    status: int
    points: int = 0
    document: str = ""


class RequestLog:
    """All requests since the start, or since the last `clear`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: list[LoggedRequest] = []

    def add(self, entry: LoggedRequest) -> None:
        """Remember a request."""
        with self._lock:
            self._entries.append(entry)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()

    @property
    def entries(self) -> list[LoggedRequest]:
        """The requests in the order in which they were answered."""
        with self._lock:
            return list(self._entries)

    @property
    def points(self) -> int:
        """The GraphQL points of all requests."""
        return sum(entry.points for entry in self.entries)

    def count(self, endpoint: str | None = None) -> int:
        """Count the requests, all or those to one endpoint (`graphql`, `issues`, ...)."""
        return sum(endpoint in (None, entry.endpoint) for entry in self.entries)
