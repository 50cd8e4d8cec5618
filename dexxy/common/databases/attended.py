"""Wait for PostgreSQL, and give up: a server that is frozen, or behind a network that is gone,
refuses nothing, and whoever asks it waits."""

from collections.abc import Callable, Generator
from time import monotonic
from typing import Any

import psycopg
from psycopg.waiting import Ready

AWAY = "the database does not answer"
# Seconds that a probe waits for a connection.
CONNECTING = 1.2
Waiting = Generator[Any, Any, Any]


def attended(waiting: Waiting, is_over: Callable[[], bool]) -> Waiting:
    """Do what psycopg waits for, and give it up when IS_OVER says so.

    Raises:
        psycopg.OperationalError: it does.
    """
    try:
        wanted = next(waiting)
        while True:
            ready = yield wanted
            # As it is each tenth of a second; an answer that is here is always read.
            if ready == Ready.NONE and is_over():
                raise psycopg.OperationalError(AWAY)
            wanted = waiting.send(ready)
    except StopIteration as end:
        return end.value


class Probe(psycopg.Connection[Any]):
    """A connection that waits no longer than until a time of `monotonic`."""

    deadline = 0.0

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> Waiting:
        # libpq's own limit is two seconds at least.
        until = monotonic() + CONNECTING
        return attended(super()._connect_gen(conninfo), lambda: monotonic() > until)

    def wait(self, gen: Waiting, *arguments: Any, **options: Any) -> Any:
        return super().wait(attended(gen, self._is_over), *arguments, **options)

    def _is_over(self) -> bool:
        return monotonic() > self.deadline
