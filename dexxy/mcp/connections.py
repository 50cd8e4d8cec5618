"""Connections of assistants over HTTP: how many there are, and who gives way where there are more.

Whoever has a token would else be kept out by anybody who opens as many, and each by one colleague.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

# Connections at once; beyond them, one that waits for its client gives way to each that comes.
MOST_CONNECTIONS = 200
# Those of one person, among themselves likewise.
MOST_OF_A_PERSON = 20
# Seconds until the head of a request is there.
HEAD_SECONDS = 20.0
_STATE = "dexxy.connection"


class Connection(H11Protocol):
    """A connection whose client has HEAD_SECONDS, and twice that at most, for a head.

    Where there are MOST_CONNECTIONS, it has less.
    """

    # Who asks here, once a token has told it.
    person: int | None = None
    # When it was opened, let in or answered last.
    since = 0.0
    # The request that was answered last when we looked before.
    _seen: Any = None
    _is_let_go = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        # What answers a request gets it with its scope: see `connection_of`.
        self.app_state = {**self.app_state, _STATE: self}
        self.since = self.loop.time()
        self._looking = self.loop.call_later(HEAD_SECONDS, self._look)
        # Where nobody gives way, it stays, and `let_in` refuses: a health check is answered.
        _has_room(self._others(), MOST_CONNECTIONS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._looking.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self.since = self.loop.time()
        super().on_response_complete()

    def let_in(self, person: int) -> bool:
        """Note who asks, and say whether there is room for them."""
        if not _has_room(self._of(person), MOST_OF_A_PERSON):
            return False
        if not _has_room([one for one in self._others() if one.is_let_in], MOST_CONNECTIONS):
            return False
        self.person, self.since = person, self.loop.time()
        return True

    def let_go(self) -> None:
        """Close it at once: where its client does not read, what waits to be sent would wait on."""
        self._is_let_go = True
        self.transport.abort()

    @property
    def is_let_in(self) -> bool:
        """Whether a token was good for what is asked here."""
        return self.person is not None

    @property
    def is_waiting(self) -> bool:
        """Whether it is the client's turn: for a head, or for the rest of a body."""
        return self._is_idle or bool(self.cycle.more_body)

    @property
    def holder(self) -> int | str | None:
        """Who has it: a person, or an address as long as nobody is known."""
        return self.person if self.is_let_in or not self.client else self.client[0]

    @property
    def _is_idle(self) -> bool:
        return self.cycle is None or bool(self.cycle.response_complete)

    def _others(self) -> "list[Connection]":
        # One that is closed in good order counts, too, until its client has read all.
        return [
            one
            for one in self.connections
            if isinstance(one, Connection) and one is not self and not one._is_let_go
        ]

    def _of(self, person: int) -> "list[Connection]":
        return [one for one in self._others() if one.person == person]

    def _look(self) -> None:
        if self._is_idle and self._seen is self.cycle:
            self.let_go()
            return
        self._seen = self.cycle
        self._looking = self.loop.call_later(HEAD_SECONDS, self._look)


def connection_of(scope: Scope) -> Connection:
    """Return the connection that a request came by."""
    connection = scope["state"][_STATE]
    assert isinstance(connection, Connection)
    return connection


def _has_room(there: Sequence[Connection], most: int) -> bool:
    """Say whether one more than THERE fits, if need be because one of them is closed."""
    return len(there) < most or _make_room(there)


def _make_room(there: Sequence[Connection]) -> bool:
    """Close one of THERE, and say whether there was one that may be.

    Those that were never let in give way first, then those of who holds most, then the one that
    has waited longest. Who has asked in full, and was let in, gets an answer.
    """
    held = Counter(one.holder for one in there)

    def rank(one: Connection) -> tuple[bool, bool, int, float]:
        return one.is_let_in, not one.is_waiting, -held[one.holder], one.since

    ready = [one for one in there if one.is_waiting or not one.is_let_in]
    if ready:
        min(ready, key=rank).let_go()
    return bool(ready)
